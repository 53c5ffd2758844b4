//go:build !wasip1

package tenterhook

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fake describes a request for a test; Event makes of it the event that the host would:
//
//	event := tenterhook.Fake{Method: "POST", JSON: map[string]any{"name": "Ada"}}.Event()
//	response, err := OnHttpPost(event)
//
// It begins as GET /webhooks/slug without headers, the first attempt of a trigger called trigger.
type Fake struct {
	// The HTTP method, in upper case.
	Method string
	// The request target: /webhooks/slug?key=value.
	URL string
	// In this order; a name may stand more than once. Content-Length is added with a body.
	Headers  []Header
	Trailers []Header
	// At most one of these is the body.
	Body []byte
	JSON any
	Form []Header
	// What the event says of itself.
	ID               string
	Session          string
	Attempt          int
	CreatedAt        time.Time
	Trigger          string
	RedispatchedFrom string
}

// Event gives the event. It panics when JSON has no form in JSON, or there is more than one body.
func (f Fake) Event() *Event {
	f.Method, f.URL = or(f.Method, "GET"), or(f.URL, "/webhooks/slug")
	f.ID, f.Session = or(f.ID, "evt_00000000000000000000000000"), or(f.Session, "ses_00000000000000000000000000")
	f.Trigger = or(f.Trigger, "trigger")
	if f.Attempt == 0 {
		f.Attempt = 1
	}
	if f.CreatedAt.IsZero() {
		f.CreatedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	bodies, contentType := 0, ""
	if f.Body != nil {
		bodies++
	}
	if f.JSON != nil {
		bodies++
		text, err := encode(f.JSON)
		if err != nil {
			panic("tenterhook: the body has no form in JSON: " + err.Error())
		}
		f.Body, contentType = text, "application/json"
	}
	if f.Form != nil {
		bodies++
		f.Body, contentType = []byte(encodeForm(f.Form)), "application/x-www-form-urlencoded"
	}
	if bodies > 1 {
		panic("tenterhook: an event has one body: give Body, JSON or Form")
	}
	headers := append([]Header(nil), f.Headers...)
	headers = withDefault(headers, "Content-Type", contentType)
	inPieces := slices.ContainsFunc(headers, func(header Header) bool { return strings.EqualFold(header.Name, "Transfer-Encoding") })
	if f.Body != nil && !inPieces {
		headers = withDefault(headers, "Content-Length", strconv.Itoa(len(f.Body)))
	}
	f.Headers = headers
	if len(f.Body) == 0 {
		f.Body = nil
	}
	return &Event{fakeSource{f, payload(f)}}
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func withDefault(headers []Header, name, value string) []Header {
	if value == "" {
		return headers
	}
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) {
			return headers
		}
	}
	return append(headers, Header{name, value})
}

type fakeSource struct {
	fake    Fake
	payload any
}

func (s fakeSource) id() string               { return s.fake.ID }
func (s fakeSource) kind() string             { return strings.ToLower(s.fake.Method) }
func (s fakeSource) session() string          { return s.fake.Session }
func (s fakeSource) attempt() uint32          { return uint32(s.fake.Attempt) }
func (s fakeSource) createdAt() int64         { return s.fake.CreatedAt.UnixMicro() }
func (s fakeSource) trigger() string          { return s.fake.Trigger }
func (s fakeSource) redispatchedFrom() string { return s.fake.RedispatchedFrom }

func (s fakeSource) get(pointer string) content {
	if pointer == "/body/bytes" {
		if s.fake.Body == nil {
			return nil
		}
		return s.fake.Body
	}
	switch found := s.find(pointer).(type) {
	case *ordered, []any:
		text, err := encode(found)
		if err != nil {
			panic("tenterhook: the payload has no form in JSON: " + err.Error())
		}
		return json.RawMessage(text)
	default:
		return found
	}
}

func (s fakeSource) has(pointer string) bool {
	_, isMissing := s.find(pointer).(missing)
	return !isMissing
}

func (s fakeSource) keys(pointer string) []string {
	if found, ok := s.find(pointer).(*ordered); ok {
		return found.keys
	}
	return nil
}

func (s fakeSource) find(pointer string) any {
	found, inHeaders := s.payload, false
	for depth, part := range strings.Split(pointer, "/") {
		if depth == 0 {
			continue
		}
		key := strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch below := found.(type) {
		case *ordered:
			found = below.find(key, inHeaders)
		case []any:
			index, err := strconv.ParseUint(key, 10, 31)
			if err != nil || int(index) >= len(below) {
				return missing{}
			}
			found = below[index]
		default:
			return missing{}
		}
		inHeaders = depth == 1 && (key == "headers" || key == "trailers")
	}
	return found
}
