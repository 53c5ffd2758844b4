// Package outbound lets net/http send requests from a sandbox, where the project's manifest lets them. Import it for that alone, and use
// http.Get, http.DefaultClient or an http.Client of your own:
//
//	import (
//		"net/http"
//
//		_ "github.com/tenterhook/tenterhook/guest-sdk/go/outbound"
//	)
//
// The manifest names each host: `outbound: ["https://api.github.com"]`. Of a secret with `hosts`, os.Getenv and [tenterhook.Var] give a
// placeholder, and the host puts the value in its place when a header with it goes to one of these:
//
//	request.Header.Set("Authorization", "Bearer "+os.Getenv("GITHUB_TOKEN"))
//
// Each request is checked, those too that an http.Client makes to follow a redirect. Every one is in the session's record, with why it was refused. A request ends at its
// context's deadline and an http.Client's Timeout; the host's own limits hold too. Requests of several goroutines run at once.
//
// In a unit test requests go where they say, or to [Fake].
//
// [tenterhook.Var]: https://pkg.go.dev/github.com/tenterhook/tenterhook/guest-sdk/go#Var
package outbound

import (
	"errors"
	"net/http"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/failure"
)

// Transport sends requests by the host. In a sandbox http.DefaultTransport is this one.
var Transport http.RoundTripper = transport{}

// Why there is no response, for errors.Is. What took too long is os.ErrDeadlineExceeded, and its Timeout() is true.
var (
	// ErrDenied is that the manifest or the operator does not let the request go there: the session's record says which rule would.
	ErrDenied = errors.New("the request may not go there: the session's record says why")
	// ErrLimit is that a body, a number of requests or of connections is more than it may be.
	ErrLimit = errors.New("a limit of requests is met")
)

// late is what took too long, as net/http's users know it.
type late struct{ failure.Failure }

// Timeout is what net.Error has.
func (*late) Timeout() bool { return true }

// Temporary is what net.Error has.
func (*late) Temporary() bool { return true }
