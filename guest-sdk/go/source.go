package tenterhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// source is where an event comes from: the host, or a test.
type source interface {
	id() string
	kind() string
	session() string
	attempt() uint32
	// createdAt is in microseconds since the Unix epoch.
	createdAt() int64
	trigger() string
	// redispatchedFrom is empty when there is none.
	redispatchedFrom() string
	// get gives the value at a JSON Pointer (RFC 6901) into the payload.
	get(pointer string) content
	has(pointer string) bool
	// keys gives the keys of a map, in order; none of anything else.
	keys(pointer string) []string
}

// content is one value of the payload as it crosses from the host: missing{}, nil, bool, int64, uint64 (only what does not fit an
// int64), float64, string, []byte, or the JSON text of a map or a list.
type content any

type missing struct{}

// host is what handlers ask of the host besides the event.
type host interface {
	log(level Level, message string, fields []field)
	variable(name string) (string, bool)
	variables() []string
}

type field struct{ name, value string }

// contentOf is a Go value as one of the payload: what a default is made of.
func contentOf(value any) content {
	switch value := value.(type) {
	case nil, bool, int64, float64, string, []byte, json.RawMessage:
		return value
	case Value:
		return value.read()
	case int:
		return int64(value)
	case int32:
		return int64(value)
	case uint32:
		return int64(value)
	case uint64:
		if value <= 1<<63-1 {
			return int64(value)
		}
		return value
	case float32:
		return float64(value)
	default:
		text, err := encode(value)
		if err != nil {
			panic(fmt.Sprintf("tenterhook: a default of type %T has no form in JSON: %v", value, err))
		}
		return json.RawMessage(text)
	}
}

// encode is a value as JSON without spaces, with characters as they are.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return unescape(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

// unescape undoes the encoder's escapes of two characters that JSON need not escape.
func unescape(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u202`)) {
		return text
	}
	plain := make([]byte, 0, len(text))
	for at := 0; at < len(text); at++ {
		switch rest := text[at:]; {
		case bytes.HasPrefix(rest, []byte(`\u2028`)):
			plain, at = append(plain, "\u2028"...), at+5
		case bytes.HasPrefix(rest, []byte(`\u2029`)):
			plain, at = append(plain, "\u2029"...), at+5
		case rest[0] == '\\' && len(rest) > 1:
			// What follows is escaped, a backslash for example.
			plain, at = append(plain, rest[0], rest[1]), at+1
		default:
			plain = append(plain, rest[0])
		}
	}
	return plain
}

// native is a JSON text as Go's own values, with integers as int64, or uint64 where that does not hold them.
func native(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return exact(value), nil
}

func exact(value any) any {
	switch value := value.(type) {
	case json.Number:
		if integer, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			return integer
		}
		if integer, err := strconv.ParseUint(value.String(), 10, 64); err == nil {
			return integer
		}
		number, _ := value.Float64()
		return number
	case []any:
		for index := range value {
			value[index] = exact(value[index])
		}
	case map[string]any:
		for key := range value {
			value[key] = exact(value[key])
		}
	}
	return value
}
