//go:build !wasip1

package outbound

import (
	"io"
	"net/http"
	"net/http/httptest"
)

type transport struct{}

// RoundTrip sends the request as this machine does.
func (transport) RoundTrip(request *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(request)
}

// Fake lets handler answer all requests by http.DefaultTransport and Transport until the test has ended, in the place of those that they are for.
// A handler that panics with an error gives it to who sent the request:
//
//	outbound.Fake(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(outbound.ErrDenied) }))
func Fake(t interface{ Cleanup(func()) }, handler http.Handler) {
	before := http.DefaultTransport
	http.DefaultTransport = fakeTransport{handler}
	t.Cleanup(func() { http.DefaultTransport = before })
}

type fakeTransport struct{ handler http.Handler }

func (t fakeTransport) RoundTrip(request *http.Request) (response *http.Response, err error) {
	if request.Body != nil {
		defer request.Body.Close()
	}
	received := request.Clone(request.Context())
	received.RequestURI = request.URL.RequestURI()
	if received.Host == "" {
		received.Host = request.URL.Host
	}
	if received.Body == nil {
		received.Body = io.NopCloser(http.NoBody)
	}
	defer func() {
		switch why := recover().(type) {
		case nil:
		case error:
			response, err = nil, why
		default:
			panic(why)
		}
	}()
	recorder := httptest.NewRecorder()
	t.handler.ServeHTTP(recorder, received)
	response = recorder.Result()
	response.Request = request
	return response, request.Context().Err()
}
