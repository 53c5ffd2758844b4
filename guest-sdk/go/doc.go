// Package tenterhook is for webhook handlers in Go.
//
// A handler is a function of package main that takes an event. What it returns is what the sender of a synchronous webhook
// receives:
//
//	package main
//
//	import "github.com/tenterhook/tenterhook/guest-sdk/go"
//
//	func OnHttpGet(event *tenterhook.Event) (*tenterhook.Response, error) {
//		name := event.Data().URL().Query().GetOr("name", "world")
//		return tenterhook.Text("hello " + name.String() + "\n"), nil
//	}
//
//	func main() {}
//
// `call: hello.go:OnHttpGet` in tenterhook.yaml names it, and `tenterhook build` makes the component. A handler may also leave out
// the response, the error, or both: see [Handler].
//
// # Reading the event
//
// A field is reached in three equal ways at every depth: by its method (event.Data().URL().Path()), by key
// (event.Data().Get("url").Get("path")) and by a JSON Pointer (event.Get("/url/path")). It is read from the host when it is first
// looked at. Headers are found in any case.
//
// # Failing
//
// An error asks for another attempt, since the cause may pass; [RetryAfter] says when, and [Reject] says that no attempt would
// succeed. A panic ends the sandbox, and its message is the session's error.
//
// # Logging
//
// What is printed with fmt.Println, and entries of log and log/slog, are entries of the session's log. [os.Getenv] reads the project's
// variables, as [Var] does.
//
// # Keeping, asking, streaming
//
// The package kv keeps things between events, outbound lets net/http send requests to others, and reply sends a response while the handler
// runs. What the manifest does not grant says so when it is called.
//
// # Testing
//
// Handlers are functions, which go test runs on your machine with a [Fake] event.
package tenterhook
