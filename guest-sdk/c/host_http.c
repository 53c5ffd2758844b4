/* The canonical ABI for requests by WASI 0.2. It is compiled for WebAssembly only. */
#include "tenterhook_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IMPORT(module, name) __attribute__((import_module("wasi:" module "@0.2.0"), import_name(name)))

typedef uint32_t handle;

/* The variant `error-code`: of its cases' values only a text that may be there is read. */
typedef struct {
  uint8_t tag;
  union {
    struct {
      uint8_t is_some;
      th_text text;
    } text;
    uint64_t size[3];
  } of;
} error_code;

/* A result<_, error-code>, or one with a handle. */
typedef struct {
  uint8_t is_error;
  union {
    handle handle;
    error_code code;
  } of;
} answer;

/* A result with a handle and no error. */
typedef struct {
  uint8_t is_error;
  handle handle;
} made;

/* A result<_, stream-error>, or one with a list. */
typedef struct {
  uint8_t is_error;
  union {
    th_text bytes;
    struct {
      uint8_t is_closed;
      handle error;
    } failed;
  } of;
} streamed;

IMPORT("http/types", "[constructor]fields") handle fields_new(void);
IMPORT("http/types", "[method]fields.append")
void fields_append(handle, const char *, size_t, const char *, size_t, uint8_t result[2]);

/* A list<tuple<string, list<u8>>>. */
typedef struct {
  th_pair *items;
  size_t count;
} pairs;

/* An option<result<result<handle, error-code>>>. */
typedef struct {
  uint8_t is_some;
  struct {
    uint8_t is_taken;
    answer answer;
  } of;
} got;

/* An option<error-code>. */
typedef struct {
  uint8_t is_some;
  error_code code;
} optional_code;

IMPORT("http/types", "[method]fields.entries") void fields_entries(handle, pairs *);
IMPORT("http/types", "[resource-drop]fields") void fields_drop(handle);
IMPORT("http/types", "[constructor]outgoing-request") handle request_new(handle headers);
IMPORT("http/types", "[method]outgoing-request.body") void request_body(handle, made *);
IMPORT("http/types", "[method]outgoing-request.set-method") uint32_t set_method(handle, uint32_t tag, const char *, size_t);
IMPORT("http/types", "[method]outgoing-request.set-scheme")
uint32_t set_scheme(handle, uint32_t is_some, uint32_t tag, const char *, size_t);
IMPORT("http/types", "[method]outgoing-request.set-authority")
uint32_t set_authority(handle, uint32_t is_some, const char *, size_t);
IMPORT("http/types", "[method]outgoing-request.set-path-with-query")
uint32_t set_path(handle, uint32_t is_some, const char *, size_t);
IMPORT("http/types", "[method]outgoing-body.write") void body_write(handle, made *);
IMPORT("http/types", "[static]outgoing-body.finish")
void body_finish(handle, uint32_t has_trailers, handle trailers, answer *);
IMPORT("http/types", "[resource-drop]outgoing-body") void outgoing_drop(handle);
IMPORT("http/types", "[constructor]request-options") handle options_new(void);
IMPORT("http/types", "[method]request-options.set-connect-timeout") uint32_t set_connect(handle, uint32_t is_some, uint64_t);
IMPORT("http/types", "[method]request-options.set-first-byte-timeout") uint32_t set_first(handle, uint32_t is_some, uint64_t);
IMPORT("http/types", "[method]request-options.set-between-bytes-timeout") uint32_t set_between(handle, uint32_t is_some, uint64_t);
IMPORT("http/outgoing-handler", "handle") void request_send(handle, uint32_t has_options, handle options, answer *);
IMPORT("http/types", "[method]future-incoming-response.subscribe") handle future_subscribe(handle);
IMPORT("http/types", "[method]future-incoming-response.get") void future_get(handle, got *);
IMPORT("http/types", "[resource-drop]future-incoming-response") void future_drop(handle);
IMPORT("http/types", "[method]incoming-response.status") uint32_t response_status(handle);
IMPORT("http/types", "[method]incoming-response.headers") handle response_headers(handle);
IMPORT("http/types", "[method]incoming-response.consume") void response_consume(handle, made *);
IMPORT("http/types", "[resource-drop]incoming-response") void response_drop(handle);
IMPORT("http/types", "[method]incoming-body.stream") void body_stream(handle, made *);
IMPORT("http/types", "[resource-drop]incoming-body") void incoming_drop(handle);
IMPORT("http/types", "http-error-code") void http_error_code(handle error, optional_code *);
IMPORT("io/error", "[method]error.to-debug-string") void error_text(handle, th_text *);
IMPORT("io/error", "[resource-drop]error") void error_drop(handle);
IMPORT("io/poll", "[method]pollable.block") void poll_block(handle);
IMPORT("io/poll", "[resource-drop]pollable") void poll_drop(handle);
IMPORT("io/streams", "[method]input-stream.blocking-read") void stream_read(handle, uint64_t most, streamed *);
IMPORT("io/streams", "[resource-drop]input-stream") void input_drop(handle);
IMPORT("io/streams", "[method]output-stream.blocking-write-and-flush")
void stream_write(handle, const char *, size_t, streamed *);
IMPORT("io/streams", "[resource-drop]output-stream") void output_drop(handle);

static const th_http_error ok = {TH_HTTP_OK, {"", 0}};

static th_http_error failed(th_text why) { return (th_http_error){TH_HTTP_FAILED, why}; }

static th_http_error late(const char *what) {
  return (th_http_error){TH_HTTP_TIMEOUT, th_concat(th_str(what), th_str(" took too long"), th_str(""))};
}

static th_http_error limit(const char *what) {
  return (th_http_error){TH_HTTP_LIMIT, th_concat(th_str("there are more "), th_str(what), th_str(" than there may be"))};
}

/* The cases of `error-code`, in its order. */
static const char *const codes[] = {
    "DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable", "destination-IP-prohibited",
    "destination-IP-unroutable", "connection-refused", "connection-terminated", "connection-timeout", "connection-read-timeout",
    "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error", "TLS-certificate-error", "TLS-alert-received",
    "HTTP-request-denied", "HTTP-request-length-required", "HTTP-request-body-size", "HTTP-request-method-invalid",
    "HTTP-request-URI-invalid", "HTTP-request-URI-too-long", "HTTP-request-header-section-size", "HTTP-request-header-size",
    "HTTP-request-trailer-section-size", "HTTP-request-trailer-size", "HTTP-response-incomplete", "HTTP-response-header-section-size",
    "HTTP-response-header-size", "HTTP-response-body-size", "HTTP-response-trailer-section-size", "HTTP-response-trailer-size",
    "HTTP-response-transfer-coding", "HTTP-response-content-coding", "HTTP-response-timeout", "HTTP-upgrade-failed",
    "HTTP-protocol-error", "loop-detected", "configuration-error", "internal-error",
};

static th_http_error error_of(const error_code *code) {
  switch (code->tag) {
    case 0: return late("resolving the name");
    case 1: return failed(th_str("the name leads nowhere"));
    case 4:
    case 15: return (th_http_error){TH_HTTP_DENIED, th_str("the request may not go there: the session's record says why")};
    case 6: return failed(th_str("the connection was refused"));
    case 8: return late("connecting");
    case 9: return late("a piece of the answer");
    case 10: return late("a piece of the request");
    case 11: return limit("requests");
    case 12: return failed(th_str("TLS failed"));
    case 13: return failed(th_str("the certificate is not trusted"));
    case 17: return limit("bytes of the request's body");
    case 28: return limit("bytes of the answer's body");
    case 33: return late("the answer");
    case 38:
      if (code->of.text.is_some) return failed(code->of.text.text);
  }
  return failed(th_concat(th_str("the request failed: "), th_str(codes[code->tag]), th_str("")));
}

static th_http_error append(handle fields, th_text name, th_text value) {
  static const char *const reasons[] = {"it is none", "it is the host's to say", "it cannot be changed"};
  uint8_t result[2];
  fields_append(fields, name.data, name.length, value.data, value.length, result);
  if (!result[0]) return ok;
  return failed(th_concat(th_concat(th_str("the header "), name, th_str(" cannot be sent: ")), th_str(reasons[result[1]]), th_str("")));
}

static bool is_scheme(th_text url, const char *scheme) {
  size_t length = strlen(scheme);
  return url.length >= length && strncasecmp(url.data, scheme, length) == 0;
}

static bool address(handle outgoing, th_text url) {
  bool is_tls = is_scheme(url, "https://");
  if (!is_tls && !is_scheme(url, "http://")) return false;
  const char *host = url.data + (is_tls ? 8 : 7), *end = url.data + url.length, *at = host;
  const char *fragment = memchr(host, '#', (size_t)(end - host));
  if (fragment) end = fragment;
  while (at < end && *at != '/' && *at != '?') at++;
  th_text path = {at, (size_t)(end - at)};
  /* A path begins with a slash. */
  if (at == end || *at != '/') path = th_concat(th_str("/"), path, th_str(""));
  return !set_scheme(outgoing, 1, is_tls, NULL, 0) && !set_authority(outgoing, 1, host, (size_t)(at - host)) &&
         !set_path(outgoing, 1, path.data, path.length);
}

static bool has_length(const th_request *request) {
  for (size_t i = 0; i < request->header_count; i++) {
    th_text name = request->headers[i].name;
    if (name.length == 14 && strncasecmp(name.data, "Content-Length", 14) == 0) return true;
  }
  return false;
}

static th_http_error lower(const th_request *request, handle *outgoing) {
  static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  handle fields = fields_new();
  th_http_error error = ok;
  for (size_t i = 0; i < request->header_count && !error.kind; i++) {
    error = append(fields, request->headers[i].name, request->headers[i].value);
  }
  if (request->body.data && !has_length(request) && !error.kind) {
    error = append(fields, th_str("Content-Length"), th_digits((int64_t)request->body.length));
  }
  if (error.kind) return error;
  *outgoing = request_new(fields);
  th_text method = request->method.data ? request->method : th_str("GET");
  uint32_t tag = 0;
  while (tag < 9 && !th_equal(method, methods[tag])) tag++;
  if (set_method(*outgoing, tag, method.data, method.length)) return failed(th_str("the method is none"));
  if (!address(*outgoing, request->url)) {
    return failed(th_concat(th_str("`"), request->url, th_str("` is not a URL to which a request could go")));
  }
  return ok;
}

static handle options_of(uint64_t timeout_ms) {
  uint64_t nanoseconds = timeout_ms > UINT64_MAX / 1000000 ? UINT64_MAX : timeout_ms * 1000000;
  handle options = options_new();
  /* A host that has no such limit says so, and has its own. */
  set_connect(options, 1, nanoseconds);
  set_first(options, 1, nanoseconds);
  set_between(options, 1, nanoseconds);
  return options;
}

/* Why it stops early is told with the response. */
static void write_body(handle body, th_text bytes) {
  made stream;
  body_write(body, &stream);
  if (stream.is_error) return;
  streamed written = {0};
  /* So many bytes one call may write: what WASI's streams allow. */
  for (size_t at = 0; at < bytes.length && !written.is_error; at += 4096) {
    size_t left = bytes.length - at;
    stream_write(stream.handle, bytes.data + at, left < 4096 ? left : 4096, &written);
  }
  output_drop(stream.handle);
  answer finished;
  /* Not finished, it is cut off. */
  if (written.is_error) outgoing_drop(body);
  else body_finish(body, 0, 0, &finished);
}

static th_http_error stream_error(handle error) {
  optional_code code;
  http_error_code(error, &code);
  th_text why;
  if (!code.is_some) error_text(error, &why);
  error_drop(error);
  return code.is_some ? error_of(&code.code) : failed(why);
}

static th_http_error read_body(handle stream, th_text *body) {
  char *all = malloc(1);
  size_t length = 0;
  for (;;) {
    streamed piece;
    stream_read(stream, 64 << 10, &piece);
    if (piece.is_error && piece.of.failed.is_closed) break;
    if (piece.is_error) {
      return stream_error(piece.of.failed.error);
    }
    char *more = realloc(all, length + piece.of.bytes.length + 1);
    if (!more) abort();
    all = more;
    memcpy(all + length, piece.of.bytes.data, piece.of.bytes.length);
    length += piece.of.bytes.length;
    if (piece.of.bytes.length) free((void *)piece.of.bytes.data);
  }
  if (!all) abort();
  all[length] = 0;
  *body = (th_text){all, length};
  return ok;
}

static th_http_error receive(handle incoming, th_response *response) {
  response->status = (uint16_t)response_status(incoming);
  handle fields = response_headers(incoming);
  pairs headers;
  fields_entries(fields, &headers);
  fields_drop(fields);
  response->headers = headers.items;
  response->header_count = headers.count;
  made body, stream;
  response_consume(incoming, &body);
  if (body.is_error) return failed(th_str("the answer's body was taken"));
  body_stream(body.handle, &stream);
  if (stream.is_error) return failed(th_str("the answer's body was taken"));
  th_http_error error = read_body(stream.handle, &response->body);
  input_drop(stream.handle);
  incoming_drop(body.handle);
  response_drop(incoming);
  return error;
}

th_http_error th_http_send(th_request request, th_response *response) {
  handle outgoing;
  th_http_error error = lower(&request, &outgoing);
  if (error.kind) return error;
  made body = {.is_error = 1};
  if (request.body.data) {
    request_body(outgoing, &body);
    if (body.is_error) return failed(th_str("the request's body was taken"));
  }
  answer sent;
  request_send(outgoing, request.timeout_ms != 0, request.timeout_ms ? options_of(request.timeout_ms) : 0, &sent);
  if (sent.is_error) return error_of(&sent.of.code);
  if (!body.is_error) write_body(body.handle, request.body);
  handle ready = future_subscribe(sent.of.handle);
  poll_block(ready);
  poll_drop(ready);
  got got;
  future_get(sent.of.handle, &got);
  future_drop(sent.of.handle);
  if (!got.is_some || got.of.is_taken) return failed(th_str("there is no answer"));
  return got.of.answer.is_error ? error_of(&got.of.answer.of.code) : receive(got.of.answer.of.handle, response);
}
