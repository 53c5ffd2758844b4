// Package failure is how the SDK's packages say why a call did nothing.
package failure

// Failure is one of a package's errors, for errors.Is, with the host's words.
type Failure struct {
	Kind error
	Text string
}

func (f *Failure) Error() string { return f.Text }

// Unwrap gives the package's error.
func (f *Failure) Unwrap() error { return f.Kind }
