/* What unit tests have for the project's store: without limits, and nothing expires in it while the test runs, unless its time is 0. */
#include "tenterhook_fake.h"

#include <stdlib.h>
#include <string.h>

static th_kv_entry *entries; /* in the order of their keys' bytes */
static size_t entry_count;
static uint64_t last_version;

static const th_kv_error ok = {TH_KV_OK, {"", 0}};

static th_text copied(th_text text) { return th_concat(text, th_str(""), th_str("")); }

static int compared(th_text one, th_text other) {
  size_t shorter = one.length < other.length ? one.length : other.length;
  int order = shorter ? memcmp(one.data, other.data, shorter) : 0;
  return order ? order : (one.length > other.length) - (one.length < other.length);
}

/* The place of a key, or where it would be. */
static size_t place_of(th_text key) {
  size_t place = 0;
  while (place < entry_count && compared(entries[place].key, key) < 0) place++;
  return place;
}

static th_kv_entry *find(th_text key) {
  size_t place = place_of(key);
  return place < entry_count && compared(entries[place].key, key) == 0 ? &entries[place] : NULL;
}

static bool drop(th_text key) {
  th_kv_entry *there = find(key);
  if (!there) return false;
  size_t place = (size_t)(there - entries);
  entry_count--;
  memmove(there, there + 1, (entry_count - place) * sizeof *there);
  return true;
}

static th_kv_entry put(th_text key, th_text value, int64_t ttl_ms) {
  th_kv_entry entry = {copied(key), copied(value), ++last_version};
  drop(key);
  if (ttl_ms == 0) return entry;
  size_t place = place_of(key);
  th_kv_entry *more = realloc(entries, (entry_count + 1) * sizeof *entries);
  if (!more) abort();
  entries = more;
  memmove(&entries[place + 1], &entries[place], (entry_count - place) * sizeof *entries);
  entries[place] = entry;
  entry_count++;
  return entry;
}

void th_fake_kv_clear(void) { entry_count = 0; }

th_kv_error th_kv_get(th_text key, th_kv_entry *entry) {
  th_kv_entry *there = find(key);
  *entry = there ? *there : (th_kv_entry){.version = 0};
  return ok;
}

th_kv_error th_kv_set(th_text key, th_text value, int64_t ttl_ms, uint64_t *version) {
  th_kv_entry entry = put(key, value, ttl_ms);
  if (version) *version = entry.version;
  return ok;
}

th_kv_error th_kv_delete(th_text key, bool *was_there) {
  bool was = drop(key);
  if (was_there) *was_there = was;
  return ok;
}

/* A decimal integer of 64 bits. */
static bool number_of(th_text text, int64_t *number) {
  size_t at = 0;
  bool is_negative = text.length && text.data[0] == '-';
  if (text.length && (text.data[0] == '-' || text.data[0] == '+')) at++;
  if (at == text.length) return false;
  int64_t found = 0;
  for (; at < text.length; at++) {
    char digit = text.data[at];
    if (digit < '0' || digit > '9') return false;
    /* Below 0, where there is one more. */
    if (__builtin_mul_overflow(found, 10, &found) || __builtin_sub_overflow(found, digit - '0', &found)) return false;
  }
  *number = found;
  return is_negative || !__builtin_sub_overflow((int64_t)0, found, number);
}

th_kv_error th_kv_add(th_text key, int64_t delta, int64_t ttl_ms, int64_t *sum) {
  th_kv_entry *there = find(key);
  int64_t number = 0;
  if (there && !number_of(there->value, &number)) {
    th_text why = th_concat(th_str("the value of `"), key, th_str("` is not a decimal integer of 64 bits"));
    return (th_kv_error){TH_KV_NOT_A_NUMBER, why};
  }
  int64_t next;
  if (__builtin_add_overflow(number, delta, &next)) {
    th_text both = th_concat(th_digits(number), th_str(" and "), th_digits(delta));
    return (th_kv_error){TH_KV_NOT_A_NUMBER, th_concat(both, th_str(" add up to more than 64 bits"), th_str(""))};
  }
  put(key, th_digits(next), ttl_ms);
  if (sum) *sum = next;
  return ok;
}

th_kv_error th_kv_compare_and_swap(th_text key, uint64_t expected, th_text value, int64_t ttl_ms, th_kv_entry *there, bool *is_done) {
  th_kv_entry *found = find(key);
  *is_done = (found ? found->version : 0) == expected;
  if (*is_done) *there = put(key, value, ttl_ms);
  else *there = found ? *found : (th_kv_entry){.version = 0};
  return ok;
}

th_kv_error th_kv_list(th_text prefix, th_text after, uint32_t limit, th_kv_page *page) {
  if (!limit) return (th_kv_error){TH_KV_LIMIT, th_str("a page has one entry at the least, and `limit` is 0")};
  th_kv_entry *found = malloc((entry_count + 1) * sizeof *found);
  if (!found) abort();
  *page = (th_kv_page){.entries = found};
  for (size_t i = 0; i < entry_count; i++) {
    th_text key = entries[i].key;
    bool has_prefix = key.length >= prefix.length && (!prefix.length || memcmp(key.data, prefix.data, prefix.length) == 0);
    if (!has_prefix || (after.length && compared(key, after) <= 0)) continue;
    page->has_more = page->count == limit;
    if (page->has_more) break;
    found[page->count++] = entries[i];
  }
  if (page->has_more) page->next = found[page->count - 1].key;
  return ok;
}
