/* What needs no host: texts, answers. */
#include "decimal.h"
#include "tenterhook_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Memory for so many bytes and a zero byte after them. What has no memory left cannot go on. */
static char *room(size_t length) {
  char *room = malloc(length + 1);
  if (!room) abort();
  room[length] = 0;
  return room;
}

th_text th_str(const char *string) { return (th_text){string, strlen(string)}; }

bool th_equal(th_text one, const char *other) {
  return one.data && one.length == strlen(other) && memcmp(one.data, other, one.length) == 0;
}

th_text th_concat(th_text one, th_text two, th_text three) {
  th_text all = {NULL, one.length + two.length + three.length};
  char *at = room(all.length);
  all.data = at;
  const th_text parts[] = {one, two, three};
  for (size_t i = 0; i < 3; i++) {
    if (parts[i].length) memcpy(at, parts[i].data, parts[i].length);
    at += parts[i].length;
  }
  return all;
}

static th_text digits(bool is_negative, uint64_t number) {
  char reversed[21];
  size_t count = 0;
  do {
    reversed[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  char *text = room(count + is_negative);
  if (is_negative) text[0] = '-';
  for (size_t i = 0; i < count; i++) text[is_negative + i] = reversed[count - 1 - i];
  return (th_text){text, count + is_negative};
}

th_text th_digits(int64_t number) { return digits(number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number); }

th_text th_json_string(th_text text) {
  static const char hex[] = "0123456789abcdef", letters[] = "btn.fr";
  char *json = room(text.length * 6 + 2), *at = json;
  *at++ = '"';
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '"' || c == '\\') {
      *at++ = '\\';
      *at++ = (char)c;
    } else if (c >= 8 && c <= 13 && c != 11) {
      *at++ = '\\';
      *at++ = letters[c - 8];
    } else if (c < 32) {
      memcpy(at, "\\u00", 4);
      at[4] = hex[c >> 4];
      at[5] = hex[c & 15];
      at += 6;
    } else {
      *at++ = (char)c;
    }
  }
  *at++ = '"';
  *at = 0;
  return (th_text){json, (size_t)(at - json)};
}

const char *th_below(const char *pointer, th_text key) {
  size_t length = strlen(pointer);
  char *below = room(length + 1 + 2 * key.length), *at = below + length;
  memcpy(below, pointer, length);
  *at++ = '/';
  for (size_t i = 0; i < key.length; i++) {
    char c = key.data[i];
    if (c == '~' || c == '/') {
      *at++ = '~';
      c = c == '~' ? '0' : '1';
    }
    *at++ = c;
  }
  *at = 0;
  return below;
}

/* As Python writes it, and reads it again as the same number: `0.001`, `-0.0`, `1e+300`. */
static th_text decimal(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  th_text sign = th_str(bits >> 63 ? "-" : "");
  if (bits >> 63) number = -number;
  /* JSON has no word for what is no number, and none for what is beyond all. */
  if (number != number || number - number != 0) return th_str("null");
  if (number == 0) return th_concat(sign, th_str("0.0"), th_str(""));
  char digits[TH_MOST_DIGITS], text[40];
  int point, count = th_shortest(number, digits, &point), length = 0;
  if (point < -3 || point > 16) {
    text[length++] = digits[0];
    if (count > 1) text[length++] = '.';
    memcpy(text + length, digits + 1, (size_t)count - 1);
    length += count - 1;
    int exponent = point - 1, size = exponent < 0 ? -exponent : exponent;
    text[length++] = 'e';
    text[length++] = exponent < 0 ? '-' : '+';
    if (size >= 100) text[length++] = (char)('0' + size / 100);
    text[length++] = (char)('0' + size / 10 % 10);
    text[length++] = (char)('0' + size % 10);
  } else {
    for (int at = point < 1 ? point - 1 : 0; at < (count > point ? count : point + 1); at++) {
      if (at == point) text[length++] = '.';
      text[length++] = at >= 0 && at < count ? digits[at] : '0';
    }
  }
  return th_concat(sign, (th_text){text, (size_t)length}, th_str(""));
}

th_text th_text_of(th_value value) {
  switch (value.kind) {
    case TH_BOOL: return th_str(value.boolean ? "true" : "false");
    case TH_INT: return th_digits(value.integer);
    case TH_UINT: return digits(false, value.big);
    case TH_FLOAT: return decimal(value.number);
    case TH_TEXT:
    case TH_BYTES:
    case TH_JSON: return value.text;
    default: return th_str("null");
  }
}

th_text th_json_of(th_value value) {
  return value.kind == TH_TEXT || value.kind == TH_BYTES ? th_json_string(value.text) : th_text_of(value);
}

th_value th_get_or(th_event event, const char *pointer, const char *fallback) {
  th_value value = th_get(event, pointer);
  if (value.kind == TH_MISSING) value = (th_value){.kind = TH_TEXT, .text = th_str(fallback)};
  return value;
}

th_answer th_answer_none(void) { return (th_answer){.kind = TH_NONE}; }

th_answer th_answer_bytes(uint16_t status, th_text bytes) {
  return (th_answer){.kind = TH_RESPONSE, .status = status, .body = bytes};
}

th_answer th_answer_text(uint16_t status, th_text text) {
  return th_header(th_answer_bytes(status, text), "Content-Type", "text/plain; charset=utf-8");
}

th_answer th_answer_json(uint16_t status, th_text json) {
  return th_header(th_answer_bytes(status, json), "Content-Type", "application/json");
}

th_answer th_header(th_answer answer, const char *name, const char *value) {
  th_pair *headers = (th_pair *)(void *)room((answer.header_count + 1) * sizeof *headers);
  if (answer.header_count) memcpy(headers, answer.headers, answer.header_count * sizeof *headers);
  headers[answer.header_count++] = (th_pair){th_str(name), th_str(value)};
  answer.headers = headers;
  return answer;
}

th_answer th_retry(const char *reason) { return (th_answer){.kind = TH_RETRY, .body = th_str(reason), .after_ms = -1}; }

th_answer th_retry_after(uint64_t ms, const char *reason) {
  return (th_answer){.kind = TH_RETRY, .body = th_str(reason), .after_ms = ms > INT64_MAX ? INT64_MAX : (int64_t)ms};
}

th_answer th_reject(const char *reason) { return (th_answer){.kind = TH_REJECT, .body = th_str(reason)}; }

void th_log(th_level level, const char *message) { th_log_fields(level, message, NULL, 0); }

th_text th_http_header(const th_response *response, const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < response->header_count; i++) {
    th_text other = response->headers[i].name;
    if (other.length == length && strncasecmp(other.data, name, length) == 0) return response->headers[i].value;
  }
  return (th_text){NULL, 0};
}
