// A synchronous webhook that answers with what it received.
package main

import "github.com/tenterhook/tenterhook/guest-sdk/go"

// OnRequest answers with the whole of event.Data as JSON, body.bytes in base64.
func OnRequest(event *tenterhook.Event) *tenterhook.Response {
	return tenterhook.JSON(event.Data())
}

func main() {}
