/* A response that is sent while the handler runs: a head, then chunks.
 *
 *   th_pair headers[] = {{th_str("Content-Type"), th_str("text/plain")}};
 *   th_reply_error error = th_reply_start(200, headers, 1);
 *   for (int i = 0; i < 3 && !error.kind; i++) error = th_reply_write(th_concat(th_digits(i), th_str("\n"), th_str("")));
 *   return error.kind ? th_retry(error.why.data) : th_answer_none();
 *
 * Only the sender of a synchronous trigger waits for a response. The handler returns none after it has begun one, and the response ends when the handler
 * returns; when it fails instead, the response is cut off. What is handed in is read during the call only.
 */
#ifndef TENTERHOOK_REPLY_H
#define TENTERHOOK_REPLY_H

#include "tenterhook.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a call did nothing. */
typedef struct {
  enum {
    TH_REPLY_OK = 0,
    TH_REPLY_NO_SENDER, /* nobody waits: the trigger is not the synchronous one, or the sender's time is over */
    TH_REPLY_CLOSED,    /* the sender has gone, or reads no more */
    TH_REPLY_INVALID,   /* the head cannot be sent, was sent before, or a chunk came before it */
    TH_REPLY_LIMIT      /* the response is larger than it may be */
  } kind;
  th_text why; /* for people; empty when it was done */
} th_reply_error;

/* Sends the status and the headers. */
th_reply_error th_reply_start(uint16_t status, const th_pair *headers, size_t header_count);
/* Sends a piece of the body; waits while the sender reads more slowly than it is written. */
th_reply_error th_reply_write(th_text chunk);

#ifdef __cplusplus
}
#endif
#endif
