package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
)

func init() { http.DefaultTransport = Transport }

type transport struct{}

// RoundTrip sends a request and gives its response as soon as that begins.
func (transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		defer request.Body.Close()
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	outgoing, err := lower(request)
	if err != nil {
		return nil, err
	}
	var body uint32
	hasBody := request.Body != nil && request.Body != http.NoBody
	if hasBody {
		if body, hasBody = owned(requestBody, outgoing); !hasBody {
			return nil, errors.New("the request's body was taken")
		}
	}
	result := abi.Returned[abi.Result]()
	handle(outgoing, 0, 0, unsafe.Pointer(result))
	if result.IsError != 0 {
		return nil, errorOf(abi.As[errorCode](&result.Case))
	}
	future := *abi.As[uint32](&result.Case)
	defer dropFuture(future)
	if hasBody {
		if err := send(request.Body, body); err != nil {
			return nil, err
		}
	}
	if err := wait(request.Context(), futureSubscribe(future)); err != nil {
		return nil, err
	}
	got := abi.Returned[answered]()
	futureGet(future, unsafe.Pointer(got))
	if got.isSome == 0 || got.isTaken != 0 {
		return nil, errors.New("there is no answer")
	}
	if got.isRefused != 0 {
		return nil, errorOf(&got.code)
	}
	return lift(request, got.response())
}

// lower gives the handle of WASI's request.
func lower(request *http.Request) (uint32, error) {
	if request.Host != "" && request.Host != request.URL.Host {
		return 0, fmt.Errorf("the request is for %s, and cannot say that it is for %s", request.URL.Host, request.Host)
	}
	headers := newFields()
	fail := func(err error) (uint32, error) {
		dropFields(headers)
		return 0, err
	}
	add := func(name, value string) error { return appendField(headers, name, value) }
	for name, values := range request.Header {
		for _, value := range values {
			if err := add(name, value); err != nil {
				return fail(err)
			}
		}
	}
	if _, is := request.Header["User-Agent"]; !is {
		if err := add("User-Agent", "Go-http-client/1.1"); err != nil {
			return fail(err)
		}
	}
	if length := lengthOf(request); length != "" {
		if err := add("Content-Length", length); err != nil {
			return fail(err)
		}
	}
	outgoing := newRequest(headers)
	if err := address(outgoing, request); err != nil {
		dropRequest(outgoing)
		return 0, err
	}
	return outgoing, nil
}

// lengthOf gives the body's length, when it is to be said: a body whose length is not known comes in pieces.
func lengthOf(request *http.Request) string {
	isEmpty := request.Body == nil || request.Body == http.NoBody
	switch {
	case !isEmpty && request.ContentLength > 0:
		return strconv.FormatInt(request.ContentLength, 10)
	case isEmpty && (request.Method == "POST" || request.Method == "PUT" || request.Method == "PATCH"):
		return "0"
	default:
		return ""
	}
}

func appendField(fields uint32, name, value string) error {
	result := abi.Returned[struct{ isError, why uint8 }]()
	text, length := abi.Parts(name)
	bytes, size := abi.Parts(value)
	fieldsAppend(fields, text, length, bytes, size, unsafe.Pointer(result))
	runtime.KeepAlive(name)
	runtime.KeepAlive(value)
	if result.isError == 0 {
		return nil
	}
	why := [...]string{"it is none", "it is the host's to say", "it cannot be changed"}
	return fmt.Errorf("the header %s cannot be sent: %s", name, why[result.why])
}

// methods are the cases of WASI's `method`, in its order.
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

func address(outgoing uint32, request *http.Request) error {
	method := request.Method
	if method == "" {
		method = "GET"
	}
	tag := uint32(0)
	for tag < uint32(len(methods)) && methods[tag] != method {
		tag++
	}
	schemes := map[string]uint32{"http": 0, "https": 1}
	scheme, isKnown := schemes[strings.ToLower(request.URL.Scheme)]
	text, length := abi.Parts(method)
	host, hostLength := abi.Parts(request.URL.Host)
	target := request.URL.RequestURI()
	path, pathLength := abi.Parts(target)
	defer runtime.KeepAlive(method)
	defer runtime.KeepAlive(target)
	if setMethod(outgoing, tag, text, length) != 0 {
		return fmt.Errorf("%q is no method", method)
	}
	// What is before an @ was made a header by the client.
	if !isKnown || setScheme(outgoing, 1, scheme, nil, 0) != 0 || setAuthority(outgoing, 1, host, hostLength) != 0 ||
		setPath(outgoing, 1, path, pathLength) != 0 {
		return fmt.Errorf("`%s` is not a URL to which a request could go", request.URL.Redacted())
	}
	return nil
}

// send writes the request's body, whose handle it takes. When the other side reads no more, its answer says why.
func send(source io.Reader, body uint32) error {
	// So many bytes one call may write: what WASI's streams allow.
	buffer := make([]byte, 4096)
	stream, is := owned(bodyWrite, body)
	if !is {
		dropOutgoingBody(body)
		return errors.New("the request's body was taken")
	}
	for {
		count, err := source.Read(buffer)
		if count > 0 && !write(stream, buffer[:count]) {
			break
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			dropOutput(stream)
			// Not finished, it is cut off.
			dropOutgoingBody(body)
			return err
		}
	}
	dropOutput(stream)
	bodyFinish(body, 0, 0, unsafe.Pointer(abi.Returned[abi.Result]()))
	return nil
}

func write(stream uint32, bytes []byte) bool {
	result := abi.Returned[abi.Short]()
	start, length := abi.Parts(bytes)
	streamWrite(stream, start, length, unsafe.Pointer(result))
	runtime.KeepAlive(bytes)
	failed := abi.As[struct {
		tag    uint8
		handle uint32
	}](&result.Case)
	if result.IsError != 0 && failed.tag == 0 {
		dropError(failed.handle)
	}
	return result.IsError == 0
}

// lift gives Go's response.
func lift(request *http.Request, answer uint32) (*http.Response, error) {
	status := int(responseStatus(answer))
	fields := responseHeaders(answer)
	entries := abi.Returned[abi.List]()
	fieldsEntries(fields, unsafe.Pointer(entries))
	dropFields(fields)
	header := http.Header{}
	for _, entry := range abi.Items[abi.Pair](*entries) {
		header.Add(entry.Name.String(), entry.Value.String())
	}
	incoming, is := owned(responseConsume, answer)
	if !is {
		dropResponse(answer)
		return nil, errors.New("the answer's body was taken")
	}
	stream, is := owned(bodyStream, incoming)
	if !is {
		dropIncomingBody(incoming)
		dropResponse(answer)
		return nil, errors.New("the answer's body was taken")
	}
	length := int64(-1)
	if declared, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil && request.Method != "HEAD" {
		length = declared
	}
	body := &responseBody{context: request.Context(), answer: answer, incoming: incoming, stream: stream}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: body, ContentLength: length, Request: request,
	}, nil
}

// responseBody reads a response's body as it comes.
type responseBody struct {
	context                  context.Context
	answer, incoming, stream uint32
	isClosed                 bool
	// Why there is no more.
	end error
}

func (b *responseBody) Read(buffer []byte) (int, error) {
	for {
		if b.isClosed {
			return 0, http.ErrBodyReadAfterClose
		}
		if b.end != nil || len(buffer) == 0 {
			return 0, b.end
		}
		if b.end = b.context.Err(); b.end != nil {
			continue
		}
		count, err := b.read(buffer)
		if count > 0 {
			return count, nil
		}
		if err == nil {
			err = wait(b.context, streamSubscribe(b.stream))
		}
		b.end = err
	}
}

// read gives what is there now.
func (b *responseBody) read(buffer []byte) (int, error) {
	result := abi.Returned[abi.Short]()
	abi.Lend(buffer, func() { streamRead(b.stream, uint64(len(buffer)), unsafe.Pointer(result)) })
	if result.IsError != 0 {
		if *abi.As[uint8](&result.Case) != 0 {
			return 0, io.EOF
		}
		return 0, streamError(result.Case[1])
	}
	found := abi.As[abi.List](&result.Case).Bytes()
	// They are there already when the host took the place that it was lent.
	return copy(buffer, found), nil
}

func (b *responseBody) Close() error {
	if !b.isClosed {
		b.isClosed = true
		dropInput(b.stream)
		dropIncomingBody(b.incoming)
		dropResponse(b.answer)
	}
	return nil
}
