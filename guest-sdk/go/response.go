package tenterhook

import "fmt"

// Response is what the sender of a synchronous webhook receives.
type Response struct {
	// 200 to 599; 0 is 200.
	Status int
	// In this order; a name may stand more than once.
	Headers []Header
	// The exact bytes.
	Body []byte
}

// Header is one header field.
type Header struct{ Name, Value string }

// Text answers 200 and a text, as text/plain.
func Text(text string) *Response {
	return contentResponse("text/plain; charset=utf-8", []byte(text))
}

// HTML answers 200 and a page, as text/html.
func HTML(page string) *Response {
	return contentResponse("text/html; charset=utf-8", []byte(page))
}

// JSON answers 200 and a value, as application/json. The JSON of a [Value] goes out as the host gave it. It panics when the value has no
// form in JSON, as a channel has none.
func JSON(value any) *Response {
	var text []byte
	var err error
	if payload, ok := value.(interface{ MarshalJSON() ([]byte, error) }); ok {
		text, err = payload.MarshalJSON()
	} else {
		text, err = encode(value)
	}
	if err != nil {
		panic(fmt.Sprintf("tenterhook: %T has no form in JSON: %v", value, err))
	}
	return contentResponse("application/json", text)
}

func contentResponse(contentType string, body []byte) *Response {
	return &Response{Status: 200, Headers: []Header{{"Content-Type", contentType}}, Body: body}
}

// WithStatus sets the status, 200 to 599, and gives the response.
func (r *Response) WithStatus(status int) *Response {
	r.Status = status
	return r
}

// WithHeader adds one more header field and gives the response.
func (r *Response) WithHeader(name, value string) *Response {
	r.Headers = append(r.Headers, Header{name, value})
	return r
}

// Handler is a function that `call` may name. Without a response there is no answer; without an error, it succeeds.
type Handler interface {
	func(*Event) | func(*Event) error | func(*Event) *Response | func(*Event) (*Response, error)
}

// Call calls a handler as the host does.
func Call[H Handler](handler H, event *Event) (*Response, error) {
	switch handler := any(handler).(type) {
	case func(*Event):
		handler(event)
		return nil, nil
	case func(*Event) error:
		return nil, handler(event)
	case func(*Event) *Response:
		return handler(event), nil
	case func(*Event) (*Response, error):
		return handler(event)
	default:
		panic("tenterhook: the constraint lets no other type through")
	}
}
