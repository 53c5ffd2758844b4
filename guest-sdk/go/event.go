package tenterhook

import (
	"strings"
	"time"
)

// Event is one received request: who it is, and in Data what it says.
type Event struct{ source source }

// Data gives what the request says. Its fields are read from the host when they are first looked at.
func (e *Event) Data() Data {
	return Data{at(e.source, "")}
}

// Get gives one field of the payload in one step, by its name ("method") or a JSON Pointer ("/url/path", "/headers/content-type",
// "/body/json/action"). The empty pointer is the whole payload, with body.bytes in base64.
func (e *Event) Get(pointer string) Value {
	if pointer != "" && !strings.HasPrefix(pointer, "/") {
		pointer = "/" + pointer
	}
	return at(e.source, pointer)
}

// GetOr is Get, but gives fallback when the field is missing. A null that is present is null.
func (e *Event) GetOr(pointer string, fallback any) Value {
	return e.Get(pointer).Or(fallback)
}

// ID gives evt_…, the same for every trigger that the event matched and for every attempt.
func (e *Event) ID() string { return e.source.id() }

// Kind gives the event type: the HTTP method in lower case.
func (e *Event) Kind() string { return e.source.kind() }

// Session gives ses_…: this trigger's handling of the event, the same for every attempt. Delivery is at least once, so it is what to give
// to others as an idempotency key.
func (e *Event) Session() string { return e.source.session() }

// Attempt is 1 at the first attempt.
func (e *Event) Attempt() int { return int(e.source.attempt()) }

// CreatedAt gives the time when the request was received, to the microsecond.
func (e *Event) CreatedAt() time.Time { return time.UnixMicro(e.source.createdAt()).UTC() }

// Trigger gives the name of the trigger that selected this handler.
func (e *Event) Trigger() string { return e.source.trigger() }

// RedispatchedFrom gives evt_… of the event that this one copies, when somebody dispatched it again; else it is empty.
func (e *Event) RedispatchedFrom() string { return e.source.redispatchedFrom() }

// Data is what a request says. It is a [Value] too: Get("method") is Method().
type Data struct{ Value }

// Method gives the HTTP method as sent, upper case: GET.
func (d Data) Method() string { return d.Get("method").String() }

// URL gives the request's URL, in parts.
func (d Data) URL() URL { return URL{d.Get("url")} }

// RawURL gives the request target in origin form: /webhooks/slug?key1=value1.
func (d Data) RawURL() string { return d.Get("raw_url").String() }

// Headers gives the header fields by their names in canonical form; found in any case. Texts, except that Content-Length is an integer.
func (d Data) Headers() Value { return d.Get("headers") }

// HeadersAll gives the header fields as received: a list of lists [name, value].
func (d Data) HeadersAll() Value { return d.Get("headers_all") }

// Trailers gives the fields that followed the body, as Headers.
func (d Data) Trailers() Value { return d.Get("trailers") }

// TrailersAll gives the trailer fields as received.
func (d Data) TrailersAll() Value { return d.Get("trailers_all") }

// Body gives the request's body, in each form that it has.
func (d Data) Body() Body { return Body{d.Get("body")} }

// URL is a request's URL, in parts. It is a [Value] too.
type URL struct{ Value }

// Path gives the percent-decoded path: /webhooks/slug/a b.
func (u URL) Path() string { return u.Get("path").String() }

// RawPath gives the path as it was sent: /webhooks/slug/a%20b.
func (u URL) RawPath() string { return u.Get("raw_path").String() }

// PathSuffix gives what follows /webhooks/{slug}/, decoded; empty when nothing does.
func (u URL) PathSuffix() string { return u.Get("path_suffix").String() }

// Query gives the query's keys and values, decoded; a repeated key's values are joined with ", ".
func (u URL) Query() Value { return u.Get("query") }

// QueryAll gives the query as received: a list of lists [key, value].
func (u URL) QueryAll() Value { return u.Get("query_all") }

// RawQuery gives the text after the first ?.
func (u URL) RawQuery() string { return u.Get("raw_query").String() }

// Fragment gives the text after a #, decoded; requests of well-behaved clients have none.
func (u URL) Fragment() string { return u.Get("fragment").String() }

// RawFragment gives the text after a #.
func (u URL) RawFragment() string { return u.Get("raw_fragment").String() }

// Body is a request's body, in each form that it has. It is a [Value] too.
type Body struct{ Value }

// Bytes gives the exact bytes received; nil when there is no body.
func (b Body) Bytes() []byte { return b.Get("bytes").Bytes() }

// Text gives the bytes as a text, and whether they are valid UTF-8.
func (b Body) Text() (string, bool) { return b.Get("text").Str() }

// Form gives the fields of a URL-encoded form; null when the body is not one.
func (b Body) Form() Value { return b.Get("form") }

// FormAll gives the form as received: a list of lists [key, value].
func (b Body) FormAll() Value { return b.Get("form_all") }

// JSON gives the JSON object that the whole body is, whatever Content-Type says; null when it is not one.
func (b Body) JSON() Value { return b.Get("json") }

// JSONValue gives the JSON value that the whole body is: objects, and lists, texts and numbers too.
func (b Body) JSONValue() Value { return b.Get("json_value") }
