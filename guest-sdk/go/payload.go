//go:build !wasip1

package tenterhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// deepest is how many levels are JSON to the host.
const deepest = 100

// ordered is a map with its keys in order.
type ordered struct {
	keys   []string
	values map[string]any
}

func mapOf(pairs ...any) *ordered {
	result := &ordered{values: map[string]any{}}
	for index := 0; index < len(pairs); index += 2 {
		result.set(pairs[index].(string), pairs[index+1])
	}
	return result
}

func (o *ordered) set(key string, value any) {
	if _, is := o.values[key]; !is {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

func (o *ordered) find(key string, inAnyCase bool) any {
	if value, is := o.values[key]; is {
		return value
	}
	for _, other := range o.keys {
		if inAnyCase && strings.EqualFold(other, key) {
			return o.values[other]
		}
	}
	return missing{}
}

func (o *ordered) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	for index, key := range o.keys {
		name, err := encode(key)
		if err != nil {
			return nil, err
		}
		value, err := encode(o.values[key])
		if err != nil {
			return nil, err
		}
		if index > 0 {
			text.WriteByte(',')
		}
		text.Write(name)
		text.WriteByte(':')
		text.Write(value)
	}
	return []byte("{" + text.String() + "}"), nil
}

// payload is what the host would make of a request, with body.bytes in base64.
func payload(request Fake) *ordered {
	headers, trailers := canonical(request.Headers), canonical(request.Trailers)
	return mapOf(
		"method", request.Method,
		"url", urlOf(request.URL),
		"raw_url", request.URL,
		"headers", fieldsOf(headers),
		"headers_all", lists(headers),
		"trailers", fieldsOf(trailers),
		"trailers_all", lists(trailers),
		"body", bodyOf(request.Body, headers),
	)
}

// canonical has x-github-event as X-Github-Event, as the host writes it.
func canonical(headers []Header) []Header {
	result := make([]Header, len(headers))
	for index, header := range headers {
		parts := strings.Split(header.Name, "-")
		for part, word := range parts {
			if word != "" {
				parts[part] = strings.ToUpper(word[:1]) + strings.ToLower(word[1:])
			}
		}
		result[index] = Header{strings.Join(parts, "-"), header.Value}
	}
	return result
}

func urlOf(target string) *ordered {
	rest, rawFragment, _ := strings.Cut(target, "#")
	rawPath, rawQuery, _ := strings.Cut(rest, "?")
	below, ok := strings.CutPrefix(rawPath, "/webhooks/")
	if !ok {
		below = ""
	}
	_, suffix, _ := strings.Cut(below, "/")
	query := decodeForm(rawQuery)
	return mapOf(
		"path", decode(rawPath),
		"query", joined(query, ", "),
		"raw_query", rawQuery,
		"fragment", decode(rawFragment),
		"raw_fragment", rawFragment,
		"raw_path", rawPath,
		"path_suffix", decode(suffix),
		"query_all", lists(query),
	)
}

func bodyOf(body []byte, headers []Header) *ordered {
	if body == nil {
		return mapOf("bytes", nil, "form", nil, "json", nil, "text", nil, "json_value", nil, "form_all", nil)
	}
	var text, value, object, form, all any
	if utf8.Valid(body) {
		text = string(body)
		value = readJSON(string(body))
	}
	if _, is := value.(*ordered); is {
		object = value
	}
	contentType, _ := fieldsOf(headers).find("Content-Type", false).(string)
	mediaType, _, _ := strings.Cut(contentType, ";")
	if strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded") {
		pairs := decodeForm(string(body))
		form, all = joined(pairs, ", "), lists(pairs)
	}
	encoded := base64.StdEncoding.EncodeToString(body)
	return mapOf("bytes", encoded, "form", form, "json", object, "text", text, "json_value", value, "form_all", all)
}

// decode is percent-decoding; what is malformed stays, and what is no UTF-8 becomes the replacement character.
func decode(text string) string {
	var bytes []byte
	for at := 0; at < len(text); at++ {
		if text[at] == '%' && at+2 < len(text) {
			if value, err := strconv.ParseUint(text[at+1:at+3], 16, 8); err == nil && text[at+1] != '+' {
				bytes = append(bytes, byte(value))
				at += 2
				continue
			}
		}
		bytes = append(bytes, text[at])
	}
	return lossy(bytes)
}

// lossy replaces each longest part that could have begun a character, as the WHATWG's decoders do.
func lossy(bytes []byte) string {
	var text strings.Builder
	for len(bytes) > 0 {
		character, size := utf8.DecodeRune(bytes)
		if character == utf8.RuneError && size == 1 {
			for size < len(bytes) && couldBegin(bytes[:size+1]) {
				size++
			}
		}
		text.WriteRune(character)
		bytes = bytes[size:]
	}
	return text.String()
}

func couldBegin(bytes []byte) bool {
	for _, rest := range []string{"\x80", "\x80\x80", "\xbf", "\xbf\xbf"} {
		if utf8.ValidString(string(bytes) + rest) {
			return true
		}
	}
	return false
}

// decodeForm decodes as the WHATWG's URL standard does: nothing is dropped.
func decodeForm(form string) []Header {
	var pairs []Header
	for _, part := range strings.Split(form, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		spaces := strings.NewReplacer("+", " ")
		pairs = append(pairs, Header{decode(spaces.Replace(name)), decode(spaces.Replace(value))})
	}
	return pairs
}

func encodeForm(pairs []Header) string {
	parts := make([]string, len(pairs))
	for index, pair := range pairs {
		parts[index] = url.QueryEscape(pair.Name) + "=" + url.QueryEscape(pair.Value)
	}
	return strings.Join(parts, "&")
}

func lists(pairs []Header) []any {
	result := make([]any, len(pairs))
	for index, pair := range pairs {
		result[index] = []any{pair.Name, pair.Value}
	}
	return result
}

// joined has each name once, at its first place, with its values joined.
func joined(pairs []Header, between string) *ordered {
	result := mapOf()
	for _, pair := range pairs {
		before, is := result.values[pair.Name].(string)
		if !is {
			result.set(pair.Name, pair.Value)
			continue
		}
		mark := ", "
		if pair.Name == "Cookie" {
			mark = between
		}
		result.set(pair.Name, before+mark+pair.Value)
	}
	return result
}

func fieldsOf(headers []Header) *ordered {
	result := joined(headers, "; ")
	if text, is := result.values["Content-Length"].(string); is {
		if length, err := strconv.ParseUint(text, 10, 64); err == nil && !strings.HasPrefix(text, "+") {
			result.values["Content-Length"] = contentOf(length)
		}
	}
	return result
}

// readJSON reads as the host does: what is no number, no text or too deep is no JSON, and null then.
func readJSON(text string) any {
	if !json.Valid([]byte(text)) || hasLoneSurrogate(text) {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	value, err := readValue(decoder, 0)
	if err != nil {
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}
	return value
}

func readValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		if number, err := token.Float64(); err != nil || math.IsInf(number, 0) {
			return nil, errors.New("no number")
		}
		return exact(token), nil
	case json.Delim:
		if depth == deepest {
			return nil, errors.New("too deep")
		}
		if token == '[' {
			list := []any{}
			for decoder.More() {
				item, err := readValue(decoder, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, item)
			}
			_, err := decoder.Token()
			return list, err
		}
		result := mapOf()
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			value, err := readValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			result.set(key.(string), value)
		}
		_, err := decoder.Token()
		return result, err
	default:
		return token, nil
	}
}

// hasLoneSurrogate tells whether an escape names half of a character.
func hasLoneSurrogate(text string) bool {
	for at := 0; at < len(text); at++ {
		if text[at] != '\\' {
			continue
		}
		at++
		if at < len(text) && text[at] == 'u' {
			code := unit(text, at+1)
			isPair := code>>10 == 0xd800>>10 && strings.HasPrefix(text[min(at+5, len(text)):], `\u`) &&
				unit(text, at+7)>>10 == 0xdc00>>10
			if code>>11 == 0xd800>>11 && !isPair {
				return true
			}
			at += 4
			if isPair {
				at += 6
			}
		}
	}
	return false
}

func unit(text string, at int) uint64 {
	if at+4 > len(text) {
		return 0
	}
	// The text is valid JSON.
	code, _ := strconv.ParseUint(text[at:at+4], 16, 16)
	return code
}
