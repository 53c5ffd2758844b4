/* The canonical ABI for `kv`. It is compiled for WebAssembly only. */
#include "tenterhook_kv.h"

#define IMPORT(name) __attribute__((import_module("tenterhook:webhook/kv@0.1.0"), import_name(name)))

/* The variant `error`, in the contract's order. */
typedef struct {
  uint8_t tag;
  th_text text;
} failure;

typedef struct {
  uint8_t is_some;
  th_kv_entry entry;
} optional_entry;

typedef struct {
  uint8_t is_error;
  union {
    optional_entry entry;
    failure error;
  } of;
} got;

typedef struct {
  uint8_t is_error;
  union {
    uint64_t version;
    int64_t sum;
    failure error;
  } of;
} changed;

typedef struct {
  uint8_t is_error;
  union {
    uint8_t was_there;
    failure error;
  } of;
} deleted;

typedef struct {
  uint8_t is_error;
  union {
    struct {
      uint8_t is_conflict;
      union {
        uint64_t version;
        optional_entry there;
      } of;
    } swapped;
    failure error;
  } of;
} swapped;

typedef struct {
  uint8_t is_error;
  union {
    struct {
      th_kv_entry *entries;
      size_t count;
      uint8_t has_next;
      th_text next;
    } page;
    failure error;
  } of;
} listed;

IMPORT("get") void kv_get(const char *, size_t, got *);
IMPORT("set") void kv_set(const char *, size_t, const char *, size_t, uint32_t has_ttl, uint64_t ttl, changed *);
IMPORT("delete") void kv_delete(const char *, size_t, deleted *);
IMPORT("add") void kv_add(const char *, size_t, int64_t delta, uint32_t has_ttl, uint64_t ttl, changed *);
IMPORT("compare-and-swap")
void kv_swap(const char *, size_t, uint32_t is_some, uint64_t expected, const char *, size_t, uint32_t has_ttl, uint64_t ttl, swapped *);
IMPORT("list")
void kv_list(const char *, size_t, uint32_t is_some, const char *after, size_t, uint32_t limit, listed *);

static const th_kv_error ok = {TH_KV_OK, {"", 0}};

static th_kv_error error_of(const failure *error) {
  if (error->tag == 0) return (th_kv_error){TH_KV_NOT_GRANTED, th_str("the manifest does not grant `kv`: add `kv: true`")};
  th_kv_error found = {.why = error->text};
  found.kind = error->tag == 1 ? TH_KV_LIMIT : error->tag == 2 ? TH_KV_NOT_A_NUMBER : TH_KV_UNAVAILABLE;
  return found;
}

static uint64_t ttl_of(int64_t ttl_ms) { return ttl_ms < 0 ? 0 : (uint64_t)ttl_ms; }

static th_kv_entry entry_of(const optional_entry *found) {
  return found->is_some ? found->entry : (th_kv_entry){.version = 0};
}

th_kv_error th_kv_get(th_text key, th_kv_entry *entry) {
  got result;
  kv_get(key.data, key.length, &result);
  if (result.is_error) return error_of(&result.of.error);
  *entry = entry_of(&result.of.entry);
  return ok;
}

th_kv_error th_kv_set(th_text key, th_text value, int64_t ttl_ms, uint64_t *version) {
  changed result;
  kv_set(key.data, key.length, value.data, value.length, ttl_ms >= 0, ttl_of(ttl_ms), &result);
  if (result.is_error) return error_of(&result.of.error);
  if (version) *version = result.of.version;
  return ok;
}

th_kv_error th_kv_delete(th_text key, bool *was_there) {
  deleted result;
  kv_delete(key.data, key.length, &result);
  if (result.is_error) return error_of(&result.of.error);
  if (was_there) *was_there = result.of.was_there != 0;
  return ok;
}

th_kv_error th_kv_add(th_text key, int64_t delta, int64_t ttl_ms, int64_t *sum) {
  changed result;
  kv_add(key.data, key.length, delta, ttl_ms >= 0, ttl_of(ttl_ms), &result);
  if (result.is_error) return error_of(&result.of.error);
  if (sum) *sum = result.of.sum;
  return ok;
}

th_kv_error th_kv_compare_and_swap(th_text key, uint64_t expected, th_text value, int64_t ttl_ms, th_kv_entry *there, bool *is_done) {
  swapped result;
  kv_swap(key.data, key.length, expected != 0, expected, value.data, value.length, ttl_ms >= 0, ttl_of(ttl_ms), &result);
  if (result.is_error) return error_of(&result.of.error);
  *is_done = !result.of.swapped.is_conflict;
  *there = *is_done ? (th_kv_entry){key, value, result.of.swapped.of.version} : entry_of(&result.of.swapped.of.there);
  return ok;
}

th_kv_error th_kv_list(th_text prefix, th_text after, uint32_t limit, th_kv_page *page) {
  listed result;
  kv_list(prefix.data, prefix.length, after.length != 0, after.data, after.length, limit, &result);
  if (result.is_error) return error_of(&result.of.error);
  *page = (th_kv_page){.entries = result.of.page.entries, .count = result.of.page.count, .has_more = result.of.page.has_next != 0};
  if (page->has_more) page->next = result.of.page.next;
  return ok;
}
