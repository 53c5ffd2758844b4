/* What handlers keep, send and stream, in C: see the README above. */
#include <stdlib.h>
#include <string.h>

#include "tenterhook_http.h"
#include "tenterhook_kv.h"
#include "tenterhook_reply.h"

static th_text joined(th_text one, const char *two, th_text three) { return th_concat(one, th_str(two), three); }

/* A field of the request's JSON. */
static th_value wish(th_event event, const char *name) { return th_get(event, th_below("/body/json", th_str(name))); }

static th_text text(th_event event, const char *name) {
  th_value value = wish(event, name);
  return value.kind == TH_TEXT ? value.text : (th_text){NULL, 0};
}

static int64_t number(th_event event, const char *name, int64_t otherwise) {
  th_value value = wish(event, name);
  return value.kind == TH_INT ? value.integer : otherwise;
}

/* A text that is given, or one of so many bytes. */
static th_text content(th_event event, const char *name, char byte) {
  th_text given = text(event, name);
  size_t size = (size_t)number(event, "size", 0);
  if (given.data || !size) return given;
  char *bytes = malloc(size);
  if (!bytes) abort();
  memset(bytes, byte, size);
  return (th_text){bytes, size};
}

/* An item of a list of lists. */
static th_text item(th_event event, const char *list, size_t place, size_t column) {
  const char *row = th_below(th_below("/body/json", th_str(list)), th_digits((int64_t)place));
  return th_get(event, th_below(row, th_digits((int64_t)column))).text;
}

static size_t count(th_event event, const char *list) {
  size_t count = 0;
  while (th_has(event, th_below(th_below("/body/json", th_str(list)), th_digits((int64_t)count)))) count++;
  return count;
}

static th_text refusal(const char *name, th_text why) {
  th_text head = th_concat(th_str("{\"error\":\""), th_str(name), th_str("\",\"text\":"));
  return th_concat(head, th_json_string(why), th_str("}"));
}

static th_text value_of(th_kv_entry entry) { return entry.version ? th_json_string(entry.value) : th_str("null"); }

static th_kv_error swap(th_event event, th_text key, int64_t ttl, th_text *says) {
  th_text how = text(event, "expected");
  uint64_t expected = th_equal(how, "older") ? 1 : 0;
  th_kv_entry there;
  bool is_done;
  if (th_equal(how, "there")) {
    th_kv_error error = th_kv_get(key, &there);
    if (error.kind) return error;
    expected = there.version;
  }
  th_kv_error error = th_kv_compare_and_swap(key, expected, text(event, "value"), ttl, &there, &is_done);
  *says = th_concat(th_str(is_done ? "[\"done\"," : "[\"conflict\","), value_of(there), th_str("]"));
  return error;
}

static th_kv_error list(th_text prefix, th_text *says) {
  size_t count = 0;
  th_text first = th_str("null"), last = first;
  th_kv_page page = {0};
  do {
    th_kv_error error = th_kv_list(prefix, page.next, 100, &page);
    if (error.kind) return error;
    for (size_t i = 0; i < page.count; i++) {
      last = th_json_string(page.entries[i].key);
      if (count++ == 0) first = last;
    }
  } while (page.has_more);
  *says = th_concat(joined(th_str("["), "", th_digits((int64_t)count)), th_str(","), joined(first, ",", joined(last, "]", th_str(""))));
  return (th_kv_error){.kind = TH_KV_OK};
}

static th_kv_error page(th_event event, th_text *says) {
  th_kv_page page = {0};
  th_kv_error error = th_kv_list(text(event, "prefix"), text(event, "after"), (uint32_t)number(event, "limit", 0), &page);
  th_text keys = th_str("[[");
  for (size_t i = 0; i < page.count; i++) keys = joined(keys, i ? "," : "", th_json_string(page.entries[i].key));
  *says = th_concat(joined(keys, "],", th_str("")), page.has_more ? th_json_string(page.next) : th_str("null"), th_str("]"));
  return error;
}

static th_kv_error fill(th_event event) {
  th_kv_error error = {.kind = TH_KV_OK};
  for (int64_t i = 0; i < number(event, "count", 0) && !error.kind; i++) {
    const char *zeros = i < 10 ? "00" : i < 100 ? "0" : "";
    error = th_kv_set(joined(text(event, "prefix"), zeros, th_digits(i)), th_str(""), TH_FOR_GOOD, NULL);
  }
  return error;
}

static th_text keep(th_event event, th_text what) {
  static const char *const kinds[] = {"", "not-granted", "limit", "not-a-number", "unavailable"};
  th_text key = text(event, "key"), says = th_concat(th_str("\""), what, th_str("\""));
  int64_t ttl = number(event, "ttl_ms", TH_FOR_GOOD), sum = 0;
  bool was_there = false;
  th_kv_entry entry = {.version = 0};
  th_kv_error error = {.kind = TH_KV_OK};
  if (th_equal(what, "get")) {
    error = th_kv_get(key, &entry);
    says = value_of(entry);
  } else if (th_equal(what, "set")) {
    error = th_kv_set(key, content(event, "value", 0), ttl, NULL);
  } else if (th_equal(what, "add")) {
    error = th_kv_add(key, number(event, "delta", 0), ttl, &sum);
    says = th_digits(sum);
  } else if (th_equal(what, "delete")) {
    error = th_kv_delete(key, &was_there);
    says = th_str(was_there ? "true" : "false");
  } else if (th_equal(what, "swap")) {
    error = swap(event, key, ttl, &says);
  } else if (th_equal(what, "fill")) {
    error = fill(event);
    says = th_str("\"filled\"");
  } else if (th_equal(what, "list")) {
    error = list(text(event, "prefix"), &says);
  } else if (th_equal(what, "page")) {
    error = page(event, &says);
  }
  return error.kind ? refusal(kinds[error.kind], error.why) : says;
}

/* A header's value with the variable's in the place of {TOKEN}. */
static th_text filled(th_text value) {
  const char *at = value.data ? strstr(value.data, "{TOKEN}") : NULL;
  if (!at) return value;
  return th_concat((th_text){value.data, (size_t)(at - value.data)}, th_var("TOKEN"), th_str(at + 7));
}

static th_text ask(th_event event) {
  static const char *const kinds[] = {"", "denied", "timeout", "limit", "failed"};
  size_t header_count = count(event, "headers");
  th_pair *headers = calloc(header_count + 1, sizeof *headers);
  if (!headers) abort();
  for (size_t i = 0; i < header_count; i++) headers[i] = (th_pair){item(event, "headers", i, 0), filled(item(event, "headers", i, 1))};
  th_request request = {.method = text(event, "method"), .url = text(event, "url"), .headers = headers, .header_count = header_count};
  request.body = content(event, "body", '-');
  request.timeout_ms = (uint64_t)number(event, "timeout_ms", 0);
  th_response response;
  th_http_error error = th_http_send(request, &response);
  if (error.kind) return refusal(kinds[error.kind], error.why);
  bool is_large = number(event, "size", 0) != 0;
  th_text body = is_large ? th_digits((int64_t)response.body.length) : th_json_string(response.body);
  th_text head = th_concat(th_str("["), th_digits(response.status), th_str(","));
  return th_concat(joined(head, "", th_json_string(th_http_header(&response, "x-echo"))), th_str(","), joined(body, "]", th_str("")));
}

static th_text refused(th_reply_error error) {
  static const char *const kinds[] = {"", "no-sender", "closed", "invalid", "limit"};
  return refusal(kinds[error.kind], error.why);
}

static th_reply_error stream(th_event event) {
  size_t header_count = count(event, "headers"), chunks = count(event, "chunks");
  th_pair *headers = calloc(header_count + 1, sizeof *headers);
  if (!headers) abort();
  for (size_t i = 0; i < header_count; i++) headers[i] = (th_pair){item(event, "headers", i, 0), item(event, "headers", i, 1)};
  uint16_t status = (uint16_t)number(event, "status", 200);
  th_reply_error error = th_reply_start(status, headers, header_count);
  for (size_t i = 0; i < chunks && !error.kind; i++) {
    const char *place = th_below("/body/json/chunks", th_digits((int64_t)i));
    error = th_reply_write(th_get(event, place).text);
  }
  if (!error.kind && th_has(event, "/body/json/again")) error = th_reply_write(refused(th_reply_start(status, NULL, 0)));
  return error;
}

/* Does what the request says. */
th_answer on_ask(th_event event) {
  th_text what = text(event, "do"), says;
  if (th_equal(what, "reply")) {
    th_reply_error error = stream(event);
    if (!error.kind) return th_answer_none();
    says = refused(error);
  } else {
    says = th_equal(what, "send") ? ask(event) : keep(event, what);
  }
  th_log(TH_INFO, says.data);
  return th_answer_json(200, says);
}
