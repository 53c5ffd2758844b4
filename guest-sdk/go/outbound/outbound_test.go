package outbound_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
	"github.com/tenterhook/tenterhook/guest-sdk/go/outbound"
)

// onIssue is a handler that asks somebody else.
func onIssue(*tenterhook.Event) (*tenterhook.Response, error) {
	request, err := http.NewRequest("POST", "https://api.example/labels", strings.NewReader(`["bug"]`))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return tenterhook.Text(string(text)).WithStatus(response.StatusCode), err
}

// cleanup stands in for a test's *testing.T.
type cleanup []func()

func (c *cleanup) Cleanup(undo func()) { *c = append(*c, undo) }

func ExampleFake() {
	t := &cleanup{} // A test gives its *testing.T.
	outbound.Fake(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(201)
		fmt.Fprint(w, r.Method, " ", r.Host, r.URL.Path, " ", string(body))
	}))
	answer, err := onIssue(tenterhook.Fake{}.Event())
	fmt.Println(answer.Status, string(answer.Body), err)
	(*t)[0]()
	// Output: 201 POST api.example/labels ["bug"] <nil>
}

func TestAnErrorIsThatOfWhoAnswers(t *testing.T) {
	outbound.Fake(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(outbound.ErrDenied) }))
	if _, err := onIssue(tenterhook.Fake{}.Event()); !errors.Is(err, outbound.ErrDenied) {
		t.Error(err)
	}
	client := http.Client{Transport: outbound.Transport}
	if _, err := client.Get("https://api.example/"); !errors.Is(err, outbound.ErrDenied) {
		t.Error(err)
	}
}

func TestWithoutAFakeRequestsGoWhereTheySay(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "here") }))
	defer server.Close()
	for _, client := range []*http.Client{http.DefaultClient, {Transport: outbound.Transport}} {
		response, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if string(text) != "here" || err != nil {
			t.Error(string(text), err)
		}
	}
}
