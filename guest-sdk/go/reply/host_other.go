//go:build !wasip1

package reply

import (
	"fmt"
	"slices"
	"sync"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/failure"
)

// sent is what a unit test's sender, who waits, has been sent.
var sent struct {
	sync.Mutex
	response *tenterhook.Response
}

// Take gives, in a test, what was sent since the last call; nil when nothing was.
func Take() *tenterhook.Response {
	sent.Lock()
	defer sent.Unlock()
	response := sent.response
	sent.response = nil
	return response
}

func start(status uint32, headers []tenterhook.Header) error {
	sent.Lock()
	defer sent.Unlock()
	if status < 200 || status > 599 {
		return &failure.Failure{Kind: ErrInvalid, Text: fmt.Sprintf("the status %d is not one of 200 to 599", status)}
	}
	if sent.response != nil {
		return &failure.Failure{Kind: ErrInvalid, Text: "the head was sent before"}
	}
	sent.response = &tenterhook.Response{Status: int(status), Headers: slices.Clone(headers), Body: []byte{}}
	return nil
}

func write(chunk []byte) error {
	sent.Lock()
	defer sent.Unlock()
	if sent.response == nil {
		return &failure.Failure{Kind: ErrInvalid, Text: "a chunk comes before the head"}
	}
	sent.response.Body = append(sent.response.Body, chunk...)
	return nil
}
