/* The canonical ABI of the component model for the contract in wit/. It is compiled for WebAssembly only. */
#include "tenterhook_host.h"

#include <stdlib.h>
#include <string.h>

#define IMPORT(module, name) __attribute__((import_module("tenterhook:webhook/" module "@0.1.0"), import_name(name)))

typedef uint32_t handle;

IMPORT("types", "[method]event.id") void host_id(handle, th_text *);
IMPORT("types", "[method]event.kind") void host_kind(handle, th_text *);
IMPORT("types", "[method]event.session") void host_session(handle, th_text *);
IMPORT("types", "[method]event.attempt") uint32_t host_attempt(handle);
IMPORT("types", "[method]event.created-at") int64_t host_created_at(handle);
IMPORT("types", "[method]event.trigger") void host_trigger(handle, th_text *);

/* An option<string>. */
typedef struct {
  uint8_t is_some;
  th_text text;
} optional;

IMPORT("types", "[method]event.redispatched-from") void host_redispatched_from(handle, optional *);

/* The variant `value`. */
typedef struct {
  uint8_t tag;
  union {
    uint8_t boolean;
    int64_t integer;
    uint64_t big;
    double number;
    th_text text;
  } of;
} variant;

enum { NULL_, BOOLEAN, INTEGER, UNSIGNED, NUMBER, TEXT, BYTES, JSON };

IMPORT("types", "[method]event.get")
void host_get(handle, const char *, size_t, uint32_t tag, uint64_t first, uint32_t second, variant *);
IMPORT("types", "[method]event.has") uint32_t host_has(handle, const char *, size_t);

/* A list<string>. */
typedef struct {
  th_text *items;
  size_t count;
} list;

IMPORT("types", "[method]event.keys") void host_keys(handle, const char *, size_t, list *);
IMPORT("log", "log") void host_log(uint32_t level, const char *, size_t, const th_pair *, size_t);
IMPORT("vars", "get") void host_var(const char *, size_t, optional *);
IMPORT("vars", "names") void host_var_names(list *);

/* Memory for what the host returns, with a byte more: texts end with a zero byte. */
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)align; /* malloc's is that of everything that crosses */
  char *fresh = realloc(old_size ? old : NULL, size + 1);
  if (!fresh) abort();
  fresh[size] = 0;
  return fresh;
}

static handle of(th_event event) { return (handle)(uintptr_t)event; }

#define TEXT_OF(name)                   \
  th_text th_event_##name(th_event e) { \
    th_text text;                       \
    host_##name(of(e), &text);          \
    return text;                        \
  }
TEXT_OF(id)
TEXT_OF(kind)
TEXT_OF(session)
TEXT_OF(trigger)

uint32_t th_event_attempt(th_event event) { return host_attempt(of(event)); }
int64_t th_event_created_at(th_event event) { return host_created_at(of(event)); }

th_text th_event_redispatched_from(th_event event) {
  optional first;
  host_redispatched_from(of(event), &first);
  return first.is_some ? first.text : th_str("");
}

th_value th_get(th_event event, const char *pointer) {
  variant found;
  /* No field's value: a JSON text is never empty. So one call tells what is missing from what is null. */
  host_get(of(event), pointer, strlen(pointer), JSON, 1, 0, &found);
  switch (found.tag) {
    case NULL_: return (th_value){.kind = TH_NULL};
    case BOOLEAN: return (th_value){.kind = TH_BOOL, .boolean = found.of.boolean != 0};
    case INTEGER: return (th_value){.kind = TH_INT, .integer = found.of.integer};
    case UNSIGNED: return (th_value){.kind = TH_UINT, .big = found.of.big};
    case NUMBER: return (th_value){.kind = TH_FLOAT, .number = found.of.number};
    case TEXT: return (th_value){.kind = TH_TEXT, .text = found.of.text};
    case BYTES: return (th_value){.kind = TH_BYTES, .text = found.of.text};
    default: return (th_value){.kind = found.of.text.length ? TH_JSON : TH_MISSING, .text = found.of.text};
  }
}

bool th_has(th_event event, const char *pointer) { return host_has(of(event), pointer, strlen(pointer)) != 0; }

const th_text *th_keys(th_event event, const char *pointer, size_t *count) {
  list keys;
  host_keys(of(event), pointer, strlen(pointer), &keys);
  *count = keys.count;
  return keys.items;
}

void th_log_fields(th_level level, const char *message, const th_pair *fields, size_t count) {
  host_log(level, message, strlen(message), fields, count);
}

th_text th_var(const char *name) {
  optional value;
  host_var(name, strlen(name), &value);
  return value.is_some ? value.text : (th_text){NULL, 0};
}

const th_text *th_var_names(size_t *count) {
  list names;
  host_var_names(&names);
  *count = names.count;
  return names.items;
}

/* A result<option<response>, failure>. */
typedef struct {
  uint64_t is_error;
  union {
    struct {
      uint32_t is_some;
      uint32_t status;
      const th_pair *headers;
      size_t header_count;
      th_text body;
    } ok;
    struct {
      uint64_t is_reject;
      union {
        struct {
          uint64_t is_some;
          uint64_t after_ms;
          th_text reason;
        } retry;
        th_text reject;
      } of;
    } error;
  } of;
} result;

void *th_run(uint32_t event, th_answer (*handler)(th_event)) {
  th_answer answer = handler((th_event)(uintptr_t)event);
  static result result;
  switch (answer.kind) {
    case TH_NONE: break;
    case TH_RESPONSE:
      result.of.ok.is_some = 1;
      result.of.ok.status = answer.status;
      result.of.ok.headers = answer.headers;
      result.of.ok.header_count = answer.header_count;
      result.of.ok.body = answer.body;
      break;
    case TH_RETRY:
      result.is_error = 1;
      result.of.error.of.retry.is_some = answer.after_ms >= 0;
      result.of.error.of.retry.after_ms = answer.after_ms < 0 ? 0 : (uint64_t)answer.after_ms;
      result.of.error.of.retry.reason = answer.body;
      break;
    case TH_REJECT:
      result.is_error = 1;
      result.of.error.is_reject = 1;
      result.of.error.of.reject = answer.body;
      break;
  }
  return &result;
}
