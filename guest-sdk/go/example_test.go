package tenterhook_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
)

// order is an event of a test: what a sender would post.
func order() *tenterhook.Event {
	return tenterhook.Fake{
		Method:  "POST",
		URL:     "/webhooks/orders?page=2",
		Headers: []tenterhook.Header{{Name: "X-Tag", Value: "new"}},
		JSON:    map[string]any{"id": 7, "items": []any{map[string]any{"sku": "a"}, map[string]any{"sku": "b"}}, "note": nil},
	}.Event()
}

func ExampleFake_Event() {
	onGet := func(event *tenterhook.Event) *tenterhook.Response {
		return tenterhook.Text("hello " + event.Data().URL().Query().GetOr("name", "world").String())
	}
	answer := onGet(tenterhook.Fake{URL: "/webhooks/hello?name=Ada"}.Event())
	fmt.Println(answer.Status, string(answer.Body))
	// Output: 200 hello Ada
}

// The ways to a field are equal at every depth.
func ExampleEvent_Data() {
	data := order().Data()
	fmt.Println(data.Method(), data.URL().Path(), data.Headers().Get("x-tag"))
	fmt.Println(data.Get("method"), data.Get("url").Get("path"), data.Get("headers").Get("X-TAG"))
	// Output:
	// POST /webhooks/orders new
	// POST /webhooks/orders new
}

func ExampleEvent_Get() {
	event := order()
	fmt.Println(event.Get("/url/path"), event.Get("/body/json/items/1/sku"), event.Get("/body/json/nope").Exists())
	// Output: /webhooks/orders b false
}

func ExampleEvent_GetOr() {
	fmt.Println(order().GetOr("/body/json/currency", "EUR"), order().GetOr("/body/json/note", "none").IsNull())
	// Output: EUR true
}

func ExampleEvent_Session() {
	event := order()
	fmt.Println("Idempotency-Key:", event.Session(), "attempt", event.Attempt())
	// Output: Idempotency-Key: ses_00000000000000000000000000 attempt 1
}

func ExampleValue_Items() {
	for place, item := range order().Data().Body().JSON().Get("items").Items() {
		fmt.Println(place, item.Get("sku"))
	}
	// Output:
	// 0 a
	// 1 b
}

func ExampleValue_All() {
	for key, value := range order().Data().URL().Query().All() {
		fmt.Println(key, value)
	}
	// Output: page 2
}

func ExampleValue_Decode() {
	var order7 struct {
		ID    int
		Items []struct{ SKU string }
	}
	err := order().Data().Body().JSON().Decode(&order7)
	fmt.Println(order7.ID, order7.Items, err)
	// Output: 7 [{a} {b}] <nil>
}

func ExampleValue_Int() {
	id, is := order().Data().Body().JSON().Get("id").Int()
	fmt.Println(id, is)
	// Output: 7 true
}

func ExampleJSON() {
	answer := tenterhook.JSON(map[string]int{"id": 7}).WithStatus(201).WithHeader("X-Order", "7")
	fmt.Println(answer.Status, string(answer.Body), answer.Headers)
	// Output: 201 {"id":7} [{Content-Type application/json} {X-Order 7}]
}

func ExampleText() {
	fmt.Println(string(tenterhook.Text("pong\n").Body))
	// Output: pong
}

func ExampleHTML() {
	fmt.Println(tenterhook.HTML("<p>pong</p>").Headers)
	// Output: [{Content-Type text/html; charset=utf-8}]
}

func ExampleRetryAfter() {
	err := tenterhook.RetryAfter(time.Minute, "the quota is used up")
	var failure *tenterhook.Failure
	fmt.Println(errors.As(err, &failure), failure.After, failure.IsReject)
	// Output: true 1m0s false
}

func ExampleRetry() {
	fmt.Println(tenterhook.Retry("the tide is out"))
	// Output: the tide is out
}

// What wraps a rejection is one too.
func ExampleReject() {
	err := fmt.Errorf("checking the sender: %w", tenterhook.Reject("the signature is wrong"))
	fmt.Println(err)
	// Output: checking the sender: the signature is wrong
}

func ExampleCall() {
	ping := func(*tenterhook.Event) *tenterhook.Response { return tenterhook.Text("pong") }
	answer, err := tenterhook.Call(ping, order())
	fmt.Println(string(answer.Body), err)
	// Output: pong <nil>
}

func ExampleVar() {
	os.Setenv("GREETING", "hello")
	defer os.Unsetenv("GREETING")
	greeting, is := tenterhook.Var("GREETING")
	_, isThere := tenterhook.Var("NOPE")
	fmt.Println(greeting, is, isThere)
	// Output: hello true false
}

func ExampleVarNames() {
	os.Setenv("GREETING", "hello")
	defer os.Unsetenv("GREETING")
	for _, name := range tenterhook.VarNames() {
		if name == "GREETING" {
			fmt.Println(name)
		}
	}
	// Output: GREETING
}

func ExampleLog() {
	tenterhook.Log(tenterhook.Warn, "running out", slog.Int("stock", 3))
	fmt.Println(tenterhook.TakeLogs())
	// Output: [warn running out stock=3]
}

// In a sandbox slog writes there by itself; a test says so.
func ExampleNewLogHandler() {
	logger := slog.New(tenterhook.NewLogHandler())
	logger.Info("ordered", "id", 7)
	fmt.Println(tenterhook.TakeLogs())
	// Output: [info ordered id=7]
}

func ExampleTakeLogs() {
	tenterhook.Log(tenterhook.Info, "once")
	fmt.Println(tenterhook.TakeLogs(), tenterhook.TakeLogs())
	// Output: [info once] []
}
