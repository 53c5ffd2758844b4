// Package reply sends a response while the handler runs: a head, then chunks.
//
//	func OnExport(*tenterhook.Event) error {
//		answer, err := reply.Start(200, tenterhook.Header{Name: "Content-Type", Value: "text/csv"})
//		if err != nil {
//			return err
//		}
//		return csv.NewWriter(answer).WriteAll(rows)
//	}
//
// Only the sender of a synchronous trigger waits for a response. The handler returns none after it has begun one, and the response ends when
// the handler returns; when it fails instead, the response is cut off.
//
// A unit test reads what was sent with [Take].
package reply

import (
	"errors"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
)

// Why a call did nothing, for errors.Is. An error's own text says more.
var (
	// ErrNoSender is that nobody waits for this session's response: its trigger is not the synchronous one, or the sender's time is over.
	ErrNoSender = errors.New("nobody waits for a response")
	// ErrClosed is that the sender has gone, or reads no more.
	ErrClosed = errors.New("the sender has gone")
	// ErrInvalid is that the head cannot be sent, was sent before, or the response has no body.
	ErrInvalid = errors.New("the response cannot be sent")
	// ErrLimit is that the response is larger than it may be.
	ErrLimit = errors.New("the response is larger than it may be")
)

// Writer is a response that has begun. It is an io.Writer and an io.StringWriter: what is written is sent at once, so put a bufio.Writer around
// it for many small pieces. A write waits while the sender reads more slowly.
type Writer struct{ _ [0]func() }

// Start sends the status and the headers.
func Start(status int, headers ...tenterhook.Header) (*Writer, error) {
	// What is no status at all is refused by the host as 0 is.
	if status < 0 || status > 999 {
		status = 0
	}
	if err := start(uint32(status), headers); err != nil {
		return nil, err
	}
	return &Writer{}, nil
}

// Write sends a piece of the body.
func (w *Writer) Write(chunk []byte) (int, error) {
	if err := write(chunk); err != nil {
		return 0, err
	}
	return len(chunk), nil
}

// WriteString is Write for a text.
func (w *Writer) WriteString(chunk string) (int, error) { return w.Write([]byte(chunk)) }
