/* What handlers keep between events: a small durable store, shared by all handlers of the project.
 *
 *   int64_t number;
 *   th_kv_error error = th_kv_add(th_str("orders"), 1, TH_FOR_GOOD, &number);
 *   if (error.kind) return th_retry(error.why.data);
 *
 * The project's manifest grants it with `kv: true`. Sessions run at once and are run again, so a value that depends on the one before is written with th_kv_add or
 * th_kv_compare_and_swap, not with th_kv_get and th_kv_set. What a call has answered is durable.
 *
 * What is handed in is read during the call only. What is given lives as long as the sandbox, or the test: nothing needs to be freed.
 */
#ifndef TENTERHOOK_KV_H
#define TENTERHOOK_KV_H

#include "tenterhook.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a call did nothing. */
typedef struct {
  enum {
    TH_KV_OK = 0,
    TH_KV_NOT_GRANTED,  /* the manifest does not grant it */
    TH_KV_LIMIT,        /* a key, a value, a number of calls or what the project keeps is more than it may be */
    TH_KV_NOT_A_NUMBER, /* th_kv_add met a value that is not a decimal integer, or the sum does not fit 64 bits */
    TH_KV_UNAVAILABLE   /* it cannot be done now: ask for another attempt */
  } kind;
  th_text why; /* for people; empty when it was done */
} th_kv_error;

/* A key and what is kept under it. */
typedef struct {
  th_text key;
  th_text value;    /* the exact bytes */
  uint64_t version; /* grows with every change of any key of the project, from 1 on; 0 when there is no entry */
} th_kv_entry;

/* For `ttl_ms`: a value that is written stays for good; one that th_kv_add adds to keeps its time. */
#define TH_FOR_GOOD (-1)

/* The entry of a key; of version 0 when there is none, or its time is over. */
th_kv_error th_kv_get(th_text key, th_kv_entry *entry);
/* Puts a value in the place of what is there, for so many milliseconds. Gives its version, unless `version` is NULL. */
th_kv_error th_kv_set(th_text key, th_text value, int64_t ttl_ms, uint64_t *version);
/* Removes what is there, and says whether anything was, unless `was_there` is NULL. */
th_kv_error th_kv_delete(th_text key, bool *was_there);
/* Adds to a decimal integer, of 0 when there is none, in one step. Gives the sum, unless `sum` is NULL. */
th_kv_error th_kv_add(th_text key, int64_t delta, int64_t ttl_ms, int64_t *sum);
/* As th_kv_set, if what is there has the version `expected`; 0 expects that nothing is there. Gives what is there now, and whether that is the new
 * value. */
th_kv_error th_kv_compare_and_swap(th_text key, uint64_t expected, th_text value, int64_t ttl_ms, th_kv_entry *there, bool *is_done);

/* Some of a list. */
typedef struct {
  const th_kv_entry *entries; /* in the order of their keys' bytes */
  size_t count;
  bool has_more;
  th_text next; /* where to go on: `after` of the next page */
} th_kv_page;

/* The entries whose keys begin with `prefix`, after the key `after`, which is empty before the first: at most `limit`, and no more than the host gives at
 * once. All of them:
 *
 *   th_kv_page page = {0};
 *   do {
 *     th_kv_error error = th_kv_list(th_str("user/"), page.next, 100, &page);
 *     if (error.kind) return th_retry(error.why.data);
 *     for (size_t i = 0; i < page.count; i++) th_log(TH_INFO, page.entries[i].key.data);
 *   } while (page.has_more);
 */
th_kv_error th_kv_list(th_text prefix, th_text after, uint32_t limit, th_kv_page *page);

#ifdef __cplusplus
}
#endif
#endif
