package tenterhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Value is a value of the payload: a text, a number, bytes, null, or a map or a list of these. It is read from the host when it is
// first looked at, so that a handler pays for what it reads.
type Value struct{ node *node }

type node struct {
	// Nil for a value that is a default, which has nothing below it.
	source  source
	pointer string
	content content
	isRead  bool
}

func at(source source, pointer string) Value {
	return Value{&node{source: source, pointer: pointer}}
}

func detached(content content) Value {
	return Value{&node{content: content, isRead: true}}
}

func (v Value) read() content {
	if v.node == nil {
		return missing{}
	}
	if !v.node.isRead {
		v.node.content, v.node.isRead = v.node.source.get(v.node.pointer), true
	}
	return v.node.content
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// Get gives the field of a map; of one that is missing, a value that does not exist. A header's name is found in any case.
func (v Value) Get(key string) Value {
	if v.node == nil || v.node.source == nil {
		return detached(missing{})
	}
	return at(v.node.source, v.node.pointer+"/"+escape.Replace(key))
}

// GetOr gives the field of a map, or fallback when it is missing. A null that is present is null.
func (v Value) GetOr(key string, fallback any) Value {
	if found := v.Get(key); found.Exists() {
		return found
	}
	return detached(contentOf(fallback))
}

// Index gives an element of a list; beyond its end, a value that does not exist.
func (v Value) Index(index int) Value {
	return v.Get(strconv.Itoa(index))
}

// Or gives the value, or fallback when it does not exist.
func (v Value) Or(fallback any) Value {
	if v.Exists() {
		return v
	}
	return detached(contentOf(fallback))
}

// Exists tells whether the field is present; null is.
func (v Value) Exists() bool {
	if v.node != nil && !v.node.isRead {
		return v.node.source.has(v.node.pointer)
	}
	_, isMissing := v.read().(missing)
	return !isMissing
}

// IsNull tells whether it is null or missing; Exists tells which.
func (v Value) IsNull() bool {
	content := v.read()
	_, isMissing := content.(missing)
	return content == nil || isMissing
}

// Keys gives the keys of a map, in the order received; none of anything else.
func (v Value) Keys() []string {
	if v.node == nil || v.node.source == nil {
		return nil
	}
	return v.node.source.keys(v.node.pointer)
}

// All gives the keys and values of a map, in the order received; none of anything else.
func (v Value) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, key := range v.Keys() {
			if !yield(key, v.Get(key)) {
				return
			}
		}
	}
}

// Items gives the elements of a list; none of anything else.
func (v Value) Items() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		text, isJSON := v.read().(json.RawMessage)
		if !isJSON || len(text) == 0 || text[0] != '[' {
			return
		}
		for index := 0; ; index++ {
			item := v.Index(index)
			if !item.Exists() || !yield(index, item) {
				return
			}
		}
	}
}

// Str gives the text, and whether it is one.
func (v Value) Str() (string, bool) {
	text, ok := v.read().(string)
	return text, ok
}

// Bytes gives the bytes of body.bytes; nil of anything else.
func (v Value) Bytes() []byte {
	bytes, _ := v.read().([]byte)
	return bytes
}

// Bool gives true or false, and whether it is one of them.
func (v Value) Bool() (bool, bool) {
	value, ok := v.read().(bool)
	return value, ok
}

// Int gives the integer, and whether it is one that fits.
func (v Value) Int() (int64, bool) {
	value, ok := v.read().(int64)
	return value, ok
}

// Uint gives the integer, and whether it is one that fits.
func (v Value) Uint() (uint64, bool) {
	switch value := v.read().(type) {
	case int64:
		return uint64(value), value >= 0
	case uint64:
		return value, true
	default:
		return 0, false
	}
}

// Float gives the number, and whether it is one; an integer beyond 2^53 may lose its last digits.
func (v Value) Float() (float64, bool) {
	switch value := v.read().(type) {
	case int64:
		return float64(value), true
	case uint64:
		return float64(value), true
	case float64:
		return value, true
	default:
		return 0, false
	}
}

// Native gives the value as Go's own: nil, bool, int64, uint64, float64, string, []byte, []any or map[string]any.
func (v Value) Native() any {
	switch content := v.read().(type) {
	case missing:
		return nil
	case json.RawMessage:
		// It is the host's own.
		value, err := native(content)
		if err != nil {
			panic(fmt.Sprintf("tenterhook: %s: %v", v.place(), err))
		}
		return value
	default:
		return content
	}
}

// Decode puts the value into target, as json.Unmarshal does. Its error is a rejection, since another attempt would find the same.
func (v Value) Decode(target any) error {
	text, err := v.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err != nil {
		return Reject(fmt.Sprintf("%s is not as expected: %v", v.place(), err))
	}
	return nil
}

// MarshalJSON gives the value as JSON; bytes are base64, and what is missing is null.
func (v Value) MarshalJSON() ([]byte, error) {
	switch content := v.read().(type) {
	case missing:
		return []byte("null"), nil
	case json.RawMessage:
		return content, nil
	case []byte:
		return encode(base64.StdEncoding.EncodeToString(content))
	default:
		return encode(content)
	}
}

// String gives a text as it is, bytes as text, a map or a list as JSON, and what is missing as null.
func (v Value) String() string {
	switch content := v.read().(type) {
	case string:
		return content
	case []byte:
		return string(content)
	default:
		text, err := v.MarshalJSON()
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
}

// place is where the value is, as people write it: event.data["url"]["path"].
func (v Value) place() string {
	place := "event.data"
	if v.node == nil {
		return place
	}
	for index, key := range strings.Split(v.node.pointer, "/") {
		if index == 0 {
			continue
		}
		place += fmt.Sprintf("[%q]", strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~"))
	}
	return place
}
