/* Write Tenterhook webhook handlers in C.
 *
 *   #include "tenterhook.h"
 *
 *   th_answer on_http_get(th_event event) {
 *     th_value name = th_get_or(event, "/url/query/name", "world");
 *     th_text body = th_concat(th_str("hello "), th_text_of(name), th_str("\n"));
 *     return th_answer_text(200, body);
 *   }
 *
 * `call: hello.c:on_http_get` in tenterhook.yaml names it, and `tenterhook build` makes the component.
 *
 * A sandbox handles one event and is thrown away, so nothing needs to be freed.
 */
#ifndef TENTERHOOK_H
#define TENTERHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A text or bytes; texts are UTF-8. There is a zero byte after the last, which `length` does not count. */
typedef struct {
  const char *data;
  size_t length;
} th_text;

/* A text of a string that ends with a zero byte. */
th_text th_str(const char *string);
bool th_equal(th_text one, const char *other);
/* The three after one another. */
th_text th_concat(th_text one, th_text two, th_text three);
/* A number's digits. */
th_text th_digits(int64_t number);
/* A text as JSON: in quotes, with escapes. */
th_text th_json_string(th_text text);

/* What a handler receives: one request. In a sandbox it is the host's, in a test a fake one. */
typedef struct th_event_impl *th_event;

/* evt_..., the same for every trigger that the event matched and for every attempt. */
th_text th_event_id(th_event event);
/* The event type: the HTTP method in lower case. */
th_text th_event_kind(th_event event);
/* ses_...: what to give to others as an idempotency key, since delivery is at least once. */
th_text th_event_session(th_event event);
/* 1 at the first attempt. */
uint32_t th_event_attempt(th_event event);
/* When the request was received, in microseconds since the Unix epoch. */
int64_t th_event_created_at(th_event event);
/* The name of the trigger that selected this handler. */
th_text th_event_trigger(th_event event);
/* evt_... of the event that this one copies, when somebody dispatched it again; else empty. */
th_text th_event_redispatched_from(th_event event);

typedef enum { TH_MISSING, TH_NULL, TH_BOOL, TH_INT, TH_UINT, TH_FLOAT, TH_TEXT, TH_BYTES, TH_JSON } th_kind;

/* One value of the payload. */
typedef struct {
  th_kind kind;
  bool boolean;    /* TH_BOOL */
  int64_t integer; /* TH_INT */
  uint64_t big;    /* TH_UINT: an integer that an int64_t does not hold */
  double number;   /* TH_FLOAT */
  th_text text;    /* TH_TEXT, TH_BYTES, and the JSON text of a map or a list: TH_JSON */
} th_value;

/* One field of the payload, read from the host now: its name ("method") or a JSON Pointer ("/url/path", "/headers/content-type",
 * "/body/bytes", "/body/json/action"). Headers are found in any case. The empty pointer is the whole payload, with body.bytes in base64. */
th_value th_get(th_event event, const char *pointer);
/* The same, but this text when the field is missing. A null that is present is null. */
th_value th_get_or(th_event event, const char *pointer, const char *fallback);
bool th_has(th_event event, const char *pointer);
/* The keys of a map, in the order received, and how many there are; none of anything else. */
const th_text *th_keys(th_event event, const char *pointer, size_t *count);
/* The pointer to a key below another: "/" and "~" in the key are escaped. */
const char *th_below(const char *pointer, th_text key);
/* The value as a text: as it is, a map or a list as JSON, null and what is missing as "null". */
th_text th_text_of(th_value value);
/* The value as JSON. */
th_text th_json_of(th_value value);

typedef struct {
  th_text name, value;
} th_pair;

/* What a handler returns: a response, none, or why it did not do its work. */
typedef struct {
  enum { TH_NONE, TH_RESPONSE, TH_RETRY, TH_REJECT } kind;
  uint16_t status;
  th_pair *headers;
  size_t header_count;
  th_text body;   /* or the reason */
  int64_t after_ms; /* of TH_RETRY; less than 0 leaves it to the trigger's policy */
} th_answer;

th_answer th_answer_none(void);
/* Texts of an answer are read after the handler has returned: what they point to must not lie on its stack. */
/* As text/plain. */
th_answer th_answer_text(uint16_t status, th_text text);
/* As application/json. */
th_answer th_answer_json(uint16_t status, th_text json);
/* With these bytes, and no word on what they are. */
th_answer th_answer_bytes(uint16_t status, th_text bytes);
/* With one more header field. */
th_answer th_header(th_answer answer, const char *name, const char *value);
/* Asks for another attempt, at the time that the trigger's policy says. */
th_answer th_retry(const char *reason);
/* Asks for another attempt, so many milliseconds from now at the earliest. */
th_answer th_retry_after(uint64_t ms, const char *reason);
/* Says that no attempt would succeed. */
th_answer th_reject(const char *reason);

typedef enum { TH_TRACE, TH_DEBUG, TH_INFO, TH_WARN, TH_ERROR } th_level;

/* Appends an entry to the session's log. */
void th_log(th_level level, const char *message);
/* With fields. */
void th_log_fields(th_level level, const char *message, const th_pair *fields, size_t count);

/* A variable or secret of the project; `data` is NULL when there is none. */
th_text th_var(const char *name);
/* The names of all variables. */
const th_text *th_var_names(size_t *count);

#ifdef __cplusplus
}
#endif
#endif
