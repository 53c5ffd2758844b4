/* The canonical ABI for `reply`. It is compiled for WebAssembly only. */
#include "tenterhook_reply.h"

#define IMPORT(name) __attribute__((import_module("tenterhook:webhook/reply@0.1.0"), import_name(name)))

/* A result<_, error>. */
typedef struct {
  uint8_t is_error;
  struct {
    uint8_t tag;
    th_text text;
  } error;
} result;

IMPORT("start") void reply_start(uint32_t status, const th_pair *, size_t, result *);
IMPORT("write") void reply_write(const char *, size_t, result *);

static th_reply_error error_of(const result *result) {
  if (!result->is_error) return (th_reply_error){TH_REPLY_OK, th_str("")};
  switch (result->error.tag) {
    case 0: return (th_reply_error){TH_REPLY_NO_SENDER, th_str("nobody waits for a response")};
    case 1: return (th_reply_error){TH_REPLY_CLOSED, th_str("the sender has gone")};
    case 2: return (th_reply_error){TH_REPLY_INVALID, result->error.text};
    default: return (th_reply_error){TH_REPLY_LIMIT, result->error.text};
  }
}

th_reply_error th_reply_start(uint16_t status, const th_pair *headers, size_t header_count) {
  result result;
  reply_start(status, headers, header_count, &result);
  return error_of(&result);
}

th_reply_error th_reply_write(th_text chunk) {
  result result;
  reply_write(chunk.data, chunk.length, &result);
  return error_of(&result);
}
