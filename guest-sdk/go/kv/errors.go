package kv

import "errors"

// Why a call did nothing, for errors.Is. An error's own text says more: which limit, which value.
var (
	// ErrNotGranted is that the manifest does not grant it.
	ErrNotGranted = errors.New("the manifest does not grant `kv`: add `kv: true`")
	// ErrLimit is that a key, a value, a number of calls or what the project keeps is more than it may be.
	ErrLimit = errors.New("a limit of `kv` is met")
	// ErrNotANumber is that Add met a value that is not a decimal integer, or the sum does not fit 64 bits.
	ErrNotANumber = errors.New("not a decimal integer of 64 bits")
	// ErrUnavailable is that it cannot be done now: a handler that returns it asks for another attempt.
	ErrUnavailable = errors.New("`kv` is not available now")
)
