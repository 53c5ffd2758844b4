// What handlers keep, send and stream, in Go: see the README above.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
	"github.com/tenterhook/tenterhook/guest-sdk/go/kv"
	"github.com/tenterhook/tenterhook/guest-sdk/go/outbound"
	"github.com/tenterhook/tenterhook/guest-sdk/go/reply"
)

// wish is what the request's JSON says.
type wish struct {
	Do, Key, Prefix, After, Expected, Method, URL string
	Value, Body                                   *string
	Size, Count, Status                           int
	Delta                                         int64
	Limit                                         uint32
	TTL                                           *int64 `json:"ttl_ms"`
	Timeout                                       int64  `json:"timeout_ms"`
	Headers                                       [][2]string
	Chunks                                        []string
	Again                                         bool
}

// OnAsk does what the request says.
func OnAsk(event *tenterhook.Event) (*tenterhook.Response, error) {
	var wish wish
	if err := event.Data().Body().JSON().Decode(&wish); err != nil {
		return nil, err
	}
	says, err := wish.grant()
	if err == nil && wish.Do == "reply" {
		return nil, nil
	}
	if err != nil {
		says = refusal(err)
	}
	answer := tenterhook.JSON(says)
	slog.Info(string(answer.Body))
	return answer, nil
}

func (w wish) grant() (any, error) {
	var options []kv.Option
	if w.TTL != nil {
		options = append(options, kv.TTL(time.Duration(*w.TTL)*time.Millisecond))
	}
	switch w.Do {
	case "get":
		entry, is, err := kv.Get(w.Key)
		return textOf(entry, is), err
	case "set":
		_, err := kv.Set(w.Key, w.content("\x00", w.Value), options...)
		return "set", err
	case "add":
		return wrap(kv.Add(w.Key, w.Delta, options...))
	case "delete":
		return wrap(kv.Delete(w.Key))
	case "swap":
		return w.swap(options)
	case "fill":
		for number := range w.Count {
			if _, err := kv.Set(fmt.Sprintf("%s%03d", w.Prefix, number), ""); err != nil {
				return nil, err
			}
		}
		return "filled", nil
	case "list":
		return w.list()
	case "page":
		return w.page()
	case "send":
		return w.send()
	case "reply":
		return nil, w.reply()
	default:
		return nil, tenterhook.Reject("nothing is called " + w.Do)
	}
}

func wrap[T any](value T, err error) (any, error) { return value, err }

func textOf(entry kv.Entry, is bool) any {
	if !is {
		return nil
	}
	return entry.Text()
}

// content is a text that is given, or one of so many bytes.
func (w wish) content(one string, given *string) string {
	if given != nil {
		return *given
	}
	return strings.Repeat(one, w.Size)
}

func (w wish) swap(options []kv.Option) (any, error) {
	var expected uint64
	switch w.Expected {
	case "there":
		entry, _, err := kv.Get(w.Key)
		if err != nil {
			return nil, err
		}
		expected = entry.Version
	case "older":
		expected = 1
	}
	there, isDone, err := kv.CompareAndSwap(w.Key, expected, *w.Value, options...)
	if isDone {
		return []any{"done", there.Text()}, err
	}
	return []any{"conflict", textOf(there, there.Version != 0)}, err
}

func (w wish) list() (any, error) {
	says := []any{0, nil, nil}
	count := 0
	for entry, err := range kv.List(w.Prefix) {
		if err != nil {
			return nil, err
		}
		if count++; count == 1 {
			says[1] = entry.Key
		}
		says[0], says[2] = count, entry.Key
	}
	return says, nil
}

func (w wish) page() (any, error) {
	page, err := kv.ListPage(w.Prefix, w.After, w.Limit)
	keys := []string{}
	for _, entry := range page.Entries {
		keys = append(keys, entry.Key)
	}
	if !page.More {
		return []any{keys, nil}, err
	}
	return []any{keys, page.Next}, err
}

func (w wish) send() (any, error) {
	var body io.Reader
	if w.Body != nil || w.Size > 0 {
		body = strings.NewReader(w.content("-", w.Body))
	}
	request, err := http.NewRequest(w.Method, w.URL, body)
	if err != nil {
		return nil, err
	}
	for _, header := range w.Headers {
		request.Header.Add(header[0], strings.ReplaceAll(header[1], "{TOKEN}", os.Getenv("TOKEN")))
	}
	client := http.Client{Timeout: time.Duration(w.Timeout) * time.Millisecond}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if w.Size > 0 {
		return []any{response.StatusCode, response.Header.Get("X-Echo"), len(text)}, err
	}
	return []any{response.StatusCode, response.Header.Get("X-Echo"), string(text)}, err
}

func (w wish) reply() error {
	var headers []tenterhook.Header
	for _, header := range w.Headers {
		headers = append(headers, tenterhook.Header{Name: header[0], Value: header[1]})
	}
	answer, err := reply.Start(w.Status, headers...)
	if err != nil {
		return err
	}
	for _, chunk := range w.Chunks {
		if _, err := io.WriteString(answer, chunk); err != nil {
			return err
		}
	}
	if w.Again {
		_, err := reply.Start(w.Status)
		_, err = answer.Write(tenterhook.JSON(refusal(err)).Body)
		return err
	}
	return nil
}

// refusal is an error as the scenario has it.
func refusal(err error) map[string]string {
	cases := []struct {
		kind error
		name string
	}{
		{kv.ErrNotGranted, "not-granted"}, {kv.ErrLimit, "limit"}, {kv.ErrNotANumber, "not-a-number"}, {kv.ErrUnavailable, "unavailable"},
		{outbound.ErrDenied, "denied"}, {outbound.ErrLimit, "limit"}, {os.ErrDeadlineExceeded, "timeout"},
		{reply.ErrNoSender, "no-sender"}, {reply.ErrClosed, "closed"}, {reply.ErrInvalid, "invalid"}, {reply.ErrLimit, "limit"},
	}
	for _, other := range cases {
		if errors.Is(err, other.kind) {
			return map[string]string{"error": other.name, "text": err.Error()}
		}
	}
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return map[string]string{"error": "timeout", "text": err.Error()}
	}
	return map[string]string{"error": "failed", "text": err.Error()}
}

func main() {}
