package tenterhook

import (
	"errors"
	"time"
)

// Failure says that a handler did not do its work, and whether to try again. Any other error asks for another attempt.
type Failure struct {
	// What the session shows.
	Reason string
	// How long to wait at the least; 0 leaves it to the trigger's policy.
	After time.Duration
	// Whether no attempt would succeed.
	IsReject bool
}

func (f *Failure) Error() string { return f.Reason }

// Retry asks for another attempt, at the time that the trigger's policy says.
func Retry(reason string) error { return &Failure{Reason: reason} }

// RetryAfter asks for another attempt, delay from now at the earliest; it counts in milliseconds.
func RetryAfter(delay time.Duration, reason string) error {
	return &Failure{Reason: reason, After: delay}
}

// Reject says that this event cannot be handled: no attempt would succeed.
func Reject(reason string) error { return &Failure{Reason: reason, IsReject: true} }

// failureOf is an error as the host is told of it. A failure that another error wraps keeps its wish, with that one's text.
func failureOf(err error) Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		wrapped := *failure
		wrapped.Reason = err.Error()
		return wrapped
	}
	return Failure{Reason: err.Error()}
}
