package tenterhook

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// Fake events are what the host makes of requests: held to the table that all SDKs are.
func TestFakeEventsAreTheHosts(t *testing.T) {
	text, err := os.ReadFile("../../plugins/echo/expected.json")
	if err != nil {
		t.Skip("the table is in the repository")
	}
	var rows []struct {
		Name, Method, URL string
		Headers, Trailers [][2]string
		Body              []byte
		Data              json.RawMessage
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		fake := Fake{Method: row.Method, URL: row.URL, Body: row.Body, Headers: []Header{{"Host", "h"}}}
		for _, pair := range row.Headers {
			fake.Headers = append(fake.Headers, Header{pair[0], pair[1]})
		}
		for _, pair := range row.Trailers {
			fake.Trailers = append(fake.Trailers, Header{pair[0], pair[1]})
		}
		if len(row.Trailers) > 0 {
			fake.Headers = append(fake.Headers, Header{"Transfer-Encoding", "chunked"})
		}
		var expected bytes.Buffer
		if err := json.Compact(&expected, row.Data); err != nil {
			t.Fatal(err)
		}
		if found := fake.Event().Data().String(); found != expected.String() {
			t.Errorf("%s:\n%s, and not\n%s", row.Name, found, expected.String())
		}
	}
}
