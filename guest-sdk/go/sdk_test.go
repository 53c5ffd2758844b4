package tenterhook

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"
)

const body = `{"id": 9007199254740993, "big": 18446744073709551615, "ratio": 0.5, "done": false, "note": null, ` +
	`"items": [{"sku": "a/b"}, {"sku": "c~d"}], "a/b~c": {"": "deep"}}`

func order() *Event {
	headers := []Header{{"content-type", "application/json"}, {"x-tag", "one"}, {"X-Tag", "two"}, {"cookie", "a=1"}, {"Cookie", "b=2"}}
	return Fake{Method: "POST", URL: "/webhooks/orders/new%20ones?page=2&page=3&q=a+b", Headers: headers, Body: []byte(body)}.Event()
}

func expect[T comparable](t *testing.T, found, expected T) {
	t.Helper()
	if found != expected {
		t.Errorf("%v, and not %v", found, expected)
	}
}

func TestTheWaysAgreeAtEveryDepth(t *testing.T) {
	event := order()
	data := event.Data()
	for _, method := range []string{data.Method(), data.Get("method").String(), event.Get("method").String()} {
		expect(t, method, "POST")
	}
	for _, path := range []Value{data.Get("url").Get("path"), data.URL().Get("path"), data.Get("url").GetOr("path", "/"), event.Get("/url/path")} {
		expect(t, path.String(), "/webhooks/orders/new ones")
	}
	expect(t, data.URL().Path(), "/webhooks/orders/new ones")
	expect(t, data.URL().PathSuffix(), "new ones")
	expect(t, data.URL().Query().Get("page").String(), "2, 3")
	expect(t, data.Body().JSON().Get("a/b~c").Get("").String(), event.Get("/body/json/a~1b~0c/").String())
	expect(t, data.Get("body").Get("json").Get("items").Index(1).Get("sku").String(), "c~d")
}

func TestAFallbackIsForWhatIsMissingOnly(t *testing.T) {
	json := order().Data().Body().JSON()
	expect(t, json.GetOr("nope", "fallback").String(), "fallback")
	expect(t, json.GetOr("note", "fallback").IsNull() && json.Get("note").Exists(), true)
	expect(t, json.Get("nope").Get("deeper").Or(7).Native(), any(int64(7)))
	expect(t, json.Get("nope").Exists() || Value{}.Exists(), false)
	expect(t, order().GetOr("/body/json/items/2/sku", true).String(), "true")
}

func TestHeadersAreFoundInAnyCase(t *testing.T) {
	headers := order().Data().Headers()
	expect(t, headers.Get("CONTENT-type").String(), "application/json")
	expect(t, headers.Get("x-TAG").String(), "one, two")
	expect(t, headers.Get("cookie").String(), "a=1; b=2")
	length, ok := headers.Get("content-length").Int()
	expect(t, ok && int(length) == len(body), true)
	expect(t, slices.Equal(headers.Keys(), []string{"Content-Type", "X-Tag", "Cookie", "Content-Length"}), true)
}

func TestValuesAreExact(t *testing.T) {
	json := order().Data().Body().JSON()
	id, _ := json.Get("id").Int()
	big, _ := json.Get("big").Uint()
	_, fits := json.Get("big").Int()
	expect(t, fmt.Sprint(id, big, fits), "9007199254740993 18446744073709551615 false")
	var skus []string
	for _, item := range json.Get("items").Items() {
		skus = append(skus, item.Get("sku").String())
	}
	expect(t, fmt.Sprint(skus), "[a/b c~d]")
	expect(t, fmt.Sprint(json.Native().(map[string]any)["big"]), "18446744073709551615")
	var order struct {
		ID    uint64
		Items []struct{ SKU string }
	}
	expect(t, json.Decode(&order), nil)
	expect(t, order.ID == 9007199254740993 && order.Items[0].SKU == "a/b", true)
	expect(t, json.Get("id").Decode(&skus).(*Failure).IsReject, true)
}

func TestABodyHasEachOfItsFormsAndNoOther(t *testing.T) {
	form := Fake{Method: "PUT", Form: []Header{{"a", "1"}, {"b", "x y"}, {"a", "2"}}}.Event().Data().Body()
	expect(t, form.Form().String(), `{"a":"1, 2","b":"x y"}`)
	expect(t, string(form.Bytes()), "a=1&b=x+y&a=2")
	expect(t, form.JSON().IsNull() && form.JSON().Exists(), true)
	none := Fake{Body: []byte{}}.Event().Data().Body()
	_, isText := none.Text()
	expect(t, none.Bytes() == nil && !isText, true)
	binary := Fake{Body: []byte{255, 0}}.Event().Data().Body()
	expect(t, binary.String(), `{"bytes":"/wA=","form":null,"json":null,"text":null,"json_value":null,"form_all":null}`)
}

func TestAnswersAndFailures(t *testing.T) {
	response := JSON(order().Get("/body/json/items/0")).WithStatus(201).WithHeader("X-A", "b")
	expect(t, fmt.Sprintf("%d %v %s", response.Status, response.Headers, response.Body), `201 [{Content-Type application/json} {X-A b}] {"sku":"a/b"}`)
	expect(t, string(JSON(map[string]string{"<": "\u2028é"}).Body), "{\"<\":\"\u2028é\"}")
	never := fmt.Errorf("reading: %w", Reject("no"))
	expect(t, failureOf(never), Failure{Reason: "reading: no", IsReject: true})
	expect(t, failureOf(RetryAfter(time.Second, "busy")), Failure{Reason: "busy", After: time.Second})
	expect(t, failureOf(errors.New("any")), Failure{Reason: "any"})
	answered, err := Call(func(*Event) error { return Retry("later") }, order())
	expect(t, answered == nil && err.Error() == "later", true)
}

func TestLogsAndVariables(t *testing.T) {
	logger := slog.New(NewLogHandler())
	logger.With("a", 1).WithGroup("g").Warn("running out", "stock", 3, slog.Group("h", "i", true))
	Log(Trace, "small", slog.String("k", "v"))
	expect(t, fmt.Sprint(TakeLogs()), "[warn running out a=1 g.stock=3 g.h.i=true trace small k=v]")
	t.Setenv("GREETING", "hello")
	greeting, _ := Var("GREETING")
	_, is := Var("TENTERHOOK_NOPE")
	expect(t, greeting == "hello" && !is && slices.Contains(VarNames(), "GREETING"), true)
}

func TestAnEventSaysWhoItIs(t *testing.T) {
	at := time.UnixMicro(1_500_000_000_000_001).UTC()
	event := Fake{Method: "PATCH", ID: "evt_1", Session: "ses_2", Attempt: 3, CreatedAt: at, Trigger: "t", RedispatchedFrom: "evt_0"}.Event()
	expect(t, fmt.Sprintf("%s %s %d %s %s %s", event.ID(), event.Session(), event.Attempt(), event.Kind(), event.Trigger(), event.RedispatchedFrom()), "evt_1 ses_2 3 patch t evt_0")
	expect(t, event.CreatedAt(), at)
}
