/* A host for tests: the payload is a JSON text, which pointers are looked up in. */
#include "tenterhook_fake.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST 64

struct th_event_impl {
  const char *method, *url;
  uint32_t attempt;
  th_pair headers[MOST];
  size_t header_count;
  th_text body;
};

static th_pair variables[MOST];
static size_t variable_count;
static th_text logs = {"", 0};

static th_text slice(const char *data, size_t length) { return th_concat((th_text){data, length}, th_str(""), th_str("")); }

static void add(th_text *text, th_text more) { *text = th_concat(*text, more, th_str("")); }

static void add_str(th_text *text, const char *more) { add(text, th_str(more)); }

/* --- JSON --- */

static const char *space(const char *at) {
  while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') at++;
  return at;
}

/* Where a value ends; NULL when it is none. */
static const char *skip(const char *at, int depth) {
  at = space(at);
  if (depth > 100) return NULL;
  if (*at == '"') {
    for (at++; *at != '"'; at++) {
      if ((unsigned char)*at < 32) return NULL;
      if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at)) return NULL;
      if (!*at) return NULL;
    }
    return at + 1;
  }
  if (*at == '{' || *at == '[') {
    char end = *at == '{' ? '}' : ']';
    bool is_map = *at == '{';
    at = space(at + 1);
    if (*at == end) return at + 1;
    for (;;) {
      if (is_map) {
        at = space(at);
        if (*at != '"' || !(at = skip(at, depth + 1))) return NULL;
        at = space(at);
        if (*at++ != ':') return NULL;
      }
      if (!(at = skip(at, depth + 1))) return NULL;
      at = space(at);
      if (*at == end) return at + 1;
      if (*at++ != ',') return NULL;
    }
  }
  const char *words[] = {"true", "false", "null"};
  for (int i = 0; i < 3; i++) {
    if (strncmp(at, words[i], strlen(words[i])) == 0) return at + strlen(words[i]);
  }
  const char *start = at;
  if (*at == '-') at++;
  if (!isdigit((unsigned char)*at) || (*at == '0' && isdigit((unsigned char)at[1]))) return NULL;
  while (isdigit((unsigned char)*at)) at++;
  if (*at == '.') {
    if (!isdigit((unsigned char)*++at)) return NULL;
    while (isdigit((unsigned char)*at)) at++;
  }
  if (*at == 'e' || *at == 'E') {
    at++;
    if (*at == '+' || *at == '-') at++;
    if (!isdigit((unsigned char)*at)) return NULL;
    while (isdigit((unsigned char)*at)) at++;
  }
  return at > start ? at : NULL;
}

static bool is_json(th_text text) {
  const char *end = strlen(text.data) == text.length ? skip(text.data, 0) : NULL;
  return end && *space(end) == 0;
}

static size_t utf8(unsigned code, char *out) {
  if (code < 0x80) return out[0] = (char)code, (size_t)1;
  if (code < 0x800) return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 63)), (size_t)2;
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12), out[1] = (char)(0x80 | (code >> 6 & 63)), out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18), out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63)), out[3] = (char)(0x80 | (code & 63));
  return 4;
}

static unsigned hex4(const char *at) {
  char digits[5] = {0};
  strncpy(digits, at, 4);
  return (unsigned)strtoul(digits, NULL, 16);
}

/* The text of a string with its quotes. */
static th_text unquote(const char *at, const char *end) {
  char *text = malloc((size_t)(end - at) + 1), *to = text;
  if (!text) abort();
  for (at++; at < end - 1; at++) {
    if (*at != '\\') {
      *to++ = *at;
      continue;
    }
    const char *letters = "bfnrt", *values = "\b\f\n\r\t", *found = strchr(letters, *++at);
    if (*at == 'u') {
      unsigned code = hex4(at + 1);
      at += 4;
      if (code >> 10 == 0x36 && at[1] == '\\' && at[2] == 'u') {
        code = 0x10000 + ((code & 0x3ff) << 10) + (hex4(at + 3) & 0x3ff);
        at += 6;
      }
      to += utf8(code, to);
    } else {
      *to++ = found ? values[found - letters] : *at;
    }
  }
  *to = 0;
  return (th_text){text, (size_t)(to - text)};
}

/* The value of a key in the map, or of an index in the list, at `at`; of a key that is there twice, the last. */
static const char *child(const char *at, th_text key, bool any_case) {
  at = space(at);
  bool is_map = *at == '{';
  if (!is_map && *at != '[') return NULL;
  const char *found = NULL;
  char index[24];
  size_t place = 0;
  for (at = space(at + 1); *at && *at != '}' && *at != ']'; place++) {
    th_text name;
    if (is_map) {
      const char *end = skip(at, 0);
      name = unquote(at, end);
      at = space(space(end) + 1);
    } else {
      snprintf(index, sizeof index, "%zu", place);
      name = th_str(index);
    }
    if (th_equal(name, key.data) || (any_case && strcasecmp(name.data, key.data) == 0)) found = at;
    at = space(skip(at, 0));
    if (*at == ',') at = space(at + 1);
  }
  return found;
}

static const char *find(const char *at, const char *pointer) {
  bool in_headers = false;
  for (int depth = 0; at && *pointer; depth++) {
    const char *end = strchr(pointer + 1, '/');
    size_t length = end ? (size_t)(end - pointer - 1) : strlen(pointer + 1);
    char *key = malloc(length + 1), *to = key;
    if (!key) abort();
    for (const char *from = pointer + 1; from < pointer + 1 + length; from++) {
      bool is_escape = *from == '~' && (from[1] == '0' || from[1] == '1');
      *to++ = is_escape ? (*++from == '0' ? '~' : '/') : *from;
    }
    *to = 0;
    at = child(at, (th_text){key, (size_t)(to - key)}, in_headers);
    in_headers = depth == 0 && (!strcmp(key, "headers") || !strcmp(key, "trailers"));
    free(key);
    pointer += length + 1;
  }
  return at;
}

/* --- The payload --- */

static th_text decode(th_text text, bool is_form) {
  char *plain = malloc(text.length + 1), *to = plain;
  if (!plain) abort();
  for (size_t i = 0; i < text.length; i++) {
    char c = text.data[i];
    if (c == '%' && i + 2 < text.length && isxdigit((unsigned char)text.data[i + 1]) && isxdigit((unsigned char)text.data[i + 2])) {
      char digits[3] = {text.data[i + 1], text.data[i + 2], 0};
      c = (char)strtoul(digits, NULL, 16);
      i += 2;
    } else if (is_form && c == '+') {
      c = ' ';
    }
    *to++ = c;
  }
  *to = 0;
  return (th_text){plain, (size_t)(to - plain)};
}

/* The pairs, each name once with its values joined, and as they came. */
static void add_pairs(th_text *json, const char *name, const th_pair *pairs, size_t count, bool is_header) {
  th_text joined = th_str("{"), all = th_str("[");
  for (size_t i = 0; i < count; i++) {
    add_str(&all, i ? ",[" : "[");
    add(&all, th_concat(th_json_string(pairs[i].name), th_str(","), th_json_string(pairs[i].value)));
    add_str(&all, "]");
    bool was = false;
    th_text value = pairs[i].value;
    for (size_t other = 0; other < count; other++) {
      if (other == i || !th_equal(pairs[other].name, pairs[i].name.data)) continue;
      if (other < i) was = true;
      if (other > i) value = th_concat(value, th_str(is_header && th_equal(pairs[i].name, "Cookie") ? "; " : ", "), pairs[other].value);
    }
    if (was) continue;
    if (joined.length > 1) add_str(&joined, ",");
    bool is_length = is_header && th_equal(pairs[i].name, "Content-Length");
    add(&joined, th_concat(th_json_string(pairs[i].name), th_str(":"), is_length ? value : th_json_string(value)));
  }
  add(json, th_concat(th_str("\""), th_str(name), th_str("\":")));
  add(json, th_concat(joined, th_str("},\""), th_str(name)));
  add(json, th_concat(th_str("_all\":"), all, th_str("],")));
}

static size_t form(th_text text, th_pair *pairs) {
  size_t count = 0;
  while (text.length && count < MOST) {
    const char *end = memchr(text.data, '&', text.length);
    size_t length = end ? (size_t)(end - text.data) : text.length;
    const char *equals = memchr(text.data, '=', length);
    size_t name = equals ? (size_t)(equals - text.data) : length;
    th_text value = equals ? (th_text){equals + 1, length - name - 1} : th_str("");
    if (length) pairs[count++] = (th_pair){decode((th_text){text.data, name}, true), decode(value, true)};
    size_t used = end ? length + 1 : length;
    text = (th_text){text.data + used, text.length - used};
  }
  return count;
}

static void add_text(th_text *json, const char *name, th_text text) {
  add(json, th_concat(th_str("\""), th_str(name), th_str("\":")));
  add(json, th_concat(th_json_string(text), th_str(","), th_str("")));
}

static th_text payload(th_event event) {
  th_text url = th_str(event->url), json = th_str("{"), fragment = th_str(""), query = th_str("");
  th_pair pairs[MOST];
  add_text(&json, "method", th_str(event->method));
  add_text(&json, "raw_url", url);
  add_pairs(&json, "headers", event->headers, event->header_count, true);
  add_str(&json, "\"trailers\":{},\"trailers_all\":[],\"url\":{");
  const char *mark = memchr(url.data, '#', url.length);
  if (mark) fragment = th_str(mark + 1), url = slice(url.data, (size_t)(mark - url.data));
  mark = memchr(url.data, '?', url.length);
  if (mark) query = th_str(mark + 1), url = slice(url.data, (size_t)(mark - url.data));
  const char *suffix = strncmp(url.data, "/webhooks/", 10) == 0 ? strchr(url.data + 10, '/') : NULL;
  add_text(&json, "path", decode(url, false));
  add_text(&json, "raw_path", url);
  add_text(&json, "path_suffix", decode(th_str(suffix ? suffix + 1 : ""), false));
  add_text(&json, "raw_query", query);
  add_text(&json, "fragment", decode(fragment, false));
  add_pairs(&json, "query", pairs, form(query, pairs), false);
  add(&json, th_concat(th_str("\"raw_fragment\":"), th_json_string(fragment), th_str("},\"body\":{")));
  th_value type = {.kind = TH_MISSING};
  for (size_t i = 0; i < event->header_count; i++) {
    if (th_equal(event->headers[i].name, "Content-Type")) type = (th_value){.kind = TH_TEXT, .text = event->headers[i].value};
  }
  static const char form_type[] = "application/x-www-form-urlencoded";
  if (event->body.length && type.kind == TH_TEXT && strncasecmp(type.text.data, form_type, sizeof form_type - 1) == 0) {
    add_pairs(&json, "form", pairs, form(event->body, pairs), false);
  } else {
    add_str(&json, "\"form\":null,\"form_all\":null,");
  }
  bool has_json = event->body.length && is_json(event->body);
  add(&json, th_concat(th_str("\"json_value\":"), has_json ? event->body : th_str("null"), th_str(",\"json\":")));
  add(&json, has_json && *space(event->body.data) == '{' ? event->body : th_str("null"));
  add_str(&json, ",\"bytes\":null,\"text\":");
  add(&json, event->body.length ? th_json_string(event->body) : th_str("null"));
  add_str(&json, "}}");
  return json;
}

/* --- What handlers call --- */

th_event th_fake(const char *method, const char *url) {
  th_event event = calloc(1, sizeof *event);
  if (!event) abort();
  event->method = method;
  event->url = url;
  event->attempt = 1;
  return event;
}

void th_fake_header(th_event event, const char *name, const char *value) {
  if (event->header_count == MOST) abort();
  th_text canonical = slice(name, strlen(name));
  char *at = (char *)(uintptr_t)canonical.data;
  for (bool starts = true; *at; at++) {
    *at = (char)(starts ? toupper((unsigned char)*at) : tolower((unsigned char)*at));
    starts = *at == '-';
  }
  event->headers[event->header_count++] = (th_pair){canonical, th_str(value)};
}

void th_fake_body(th_event event, th_text body) {
  event->body = body;
  th_fake_header(event, "Content-Length", th_digits((int64_t)body.length).data);
}

void th_fake_attempt(th_event event, uint32_t attempt) { event->attempt = attempt; }

void th_fake_var(const char *name, const char *value) {
  if (variable_count == MOST) abort();
  variables[variable_count++] = (th_pair){th_str(name), th_str(value)};
}

th_text th_fake_logs(void) {
  th_text taken = logs;
  logs = th_str("");
  return taken;
}

th_text th_event_id(th_event event) { return (void)event, th_str("evt_00000000000000000000000000"); }
th_text th_event_session(th_event event) { return (void)event, th_str("ses_00000000000000000000000000"); }
th_text th_event_trigger(th_event event) { return (void)event, th_str("trigger"); }
th_text th_event_redispatched_from(th_event event) { return (void)event, th_str(""); }
uint32_t th_event_attempt(th_event event) { return event->attempt; }
int64_t th_event_created_at(th_event event) { return (void)event, 1767225600000000; }

th_text th_event_kind(th_event event) {
  th_text kind = slice(event->method, strlen(event->method));
  for (char *at = (char *)(uintptr_t)kind.data; *at; at++) *at = (char)tolower((unsigned char)*at);
  return kind;
}

static const char *absolute(const char *pointer) {
  return *pointer && *pointer != '/' ? th_concat(th_str("/"), th_str(pointer), th_str("")).data : pointer;
}

th_value th_get(th_event event, const char *pointer) {
  pointer = absolute(pointer);
  if (strcmp(pointer, "/body/bytes") == 0 && event->body.length) return (th_value){.kind = TH_BYTES, .text = event->body};
  const char *at = find(payload(event).data, pointer);
  if (!at) return (th_value){.kind = TH_MISSING};
  at = space(at);
  const char *end = skip(at, 0);
  th_text text = slice(at, (size_t)(end - at));
  switch (*at) {
    case '"': return (th_value){.kind = TH_TEXT, .text = unquote(at, end)};
    case '{':
    case '[': return (th_value){.kind = TH_JSON, .text = text};
    case 't':
    case 'f': return (th_value){.kind = TH_BOOL, .boolean = *at == 't'};
    case 'n': return (th_value){.kind = TH_NULL};
    default: break;
  }
  if (strpbrk(text.data, ".eE") == NULL) {
    bool is_negative = *at == '-';
    th_text most = th_str(is_negative ? "-9223372036854775808" : "9223372036854775807");
    if (text.length < most.length || (text.length == most.length && strcmp(text.data, most.data) <= 0)) {
      return (th_value){.kind = TH_INT, .integer = strtoll(text.data, NULL, 10)};
    }
    most = th_str("18446744073709551615");
    if (!is_negative && (text.length < most.length || (text.length == most.length && strcmp(text.data, most.data) <= 0))) {
      return (th_value){.kind = TH_UINT, .big = strtoull(text.data, NULL, 10)};
    }
  }
  return (th_value){.kind = TH_FLOAT, .number = strtod(text.data, NULL)};
}

bool th_has(th_event event, const char *pointer) { return th_get(event, pointer).kind != TH_MISSING; }

const th_text *th_keys(th_event event, const char *pointer, size_t *count) {
  *count = 0;
  const char *at = find(payload(event).data, absolute(pointer));
  if (!at || *(at = space(at)) != '{') return NULL;
  th_text *keys = NULL;
  for (at = space(at + 1); *at != '}';) {
    const char *end = skip(at, 0);
    keys = realloc(keys, (*count + 1) * sizeof *keys);
    if (!keys) abort();
    keys[(*count)++] = unquote(at, end);
    at = space(skip(space(end) + 1, 0));
    if (*at == ',') at = space(at + 1);
  }
  return keys;
}

void th_log_fields(th_level level, const char *message, const th_pair *fields, size_t count) {
  static const char *const names[] = {"trace", "debug", "info", "warn", "error"};
  add(&logs, th_concat(th_str(names[level]), th_str(" "), th_str(message)));
  for (size_t i = 0; i < count; i++) {
    add(&logs, th_concat(th_str(" "), fields[i].name, th_str("=")));
    add(&logs, fields[i].value);
  }
  add_str(&logs, "\n");
}

th_text th_var(const char *name) {
  for (size_t i = variable_count; i > 0; i--) {
    if (th_equal(variables[i - 1].name, name)) return variables[i - 1].value;
  }
  return (th_text){NULL, 0};
}

const th_text *th_var_names(size_t *count) {
  static th_text names[MOST];
  for (*count = 0; *count < variable_count; ++*count) names[*count] = variables[*count].name;
  return names;
}
