/* Requests to others, where the project's manifest lets them.
 *
 *   th_pair headers[] = {{th_str("Authorization"), th_concat(th_str("Bearer "), th_var("GITHUB_TOKEN"), th_str(""))}};
 *   th_request request = {.url = th_str("https://api.github.com/user"), .headers = headers, .header_count = 1};
 *   th_response response;
 *   th_http_error error = th_http_send(request, &response);
 *   if (error.kind) return th_retry(error.why.data);
 *
 * The manifest names each host: `outbound: ["https://api.github.com"]`. Of a secret with `hosts`, th_var gives a placeholder, and the host puts the value in its
 * place when the header goes to one of these. Redirects are not followed: they are responses like others. Every request is in the session's
 * record, with why it was refused.
 *
 * What is handed in is read during the call only. What is given lives as long as the sandbox, or the test: nothing needs to be freed.
 */
#ifndef TENTERHOOK_HTTP_H
#define TENTERHOOK_HTTP_H

#include "tenterhook.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A request. What is left out is zero. */
typedef struct {
  th_text method; /* GET when its `data` is NULL */
  th_text url;    /* with its scheme and host */
  const th_pair *headers;
  size_t header_count;
  th_text body;        /* the exact bytes; none when its `data` is NULL */
  uint64_t timeout_ms; /* how long each part may take: to connect, until the answer begins, between two pieces of it; 0 leaves it to the host */
} th_request;

/* A response, whole. */
typedef struct {
  uint16_t status;
  const th_pair *headers; /* in the order received */
  size_t header_count;
  th_text body; /* the exact bytes */
} th_response;

/* Why there is no response. */
typedef struct {
  enum {
    TH_HTTP_OK = 0,
    TH_HTTP_DENIED,  /* the manifest or the operator does not let it go there: the session's record says which rule would */
    TH_HTTP_TIMEOUT, /* something took too long */
    TH_HTTP_LIMIT,   /* a body, a number of requests or of connections is more than it may be */
    TH_HTTP_FAILED   /* it failed otherwise */
  } kind;
  th_text why; /* for people; empty when there is a response */
} th_http_error;

/* Sends it, and waits for all of the response. One with a status such as 404 is no error. */
th_http_error th_http_send(th_request request, th_response *response);
/* The first value of a header, in any case; `data` is NULL when there is none. */
th_text th_http_header(const th_response *response, const char *name);

#ifdef __cplusplus
}
#endif
#endif
