/* Events for unit tests, which run on the author's machine without a host:
 *
 *   th_event event = th_fake("POST", "/webhooks/slug?key=value");
 *   th_fake_header(event, "Content-Type", "application/json");
 *   th_fake_body(event, th_str("{\"name\": \"Ada\"}"));
 *   th_answer answer = on_http_post(event);
 *
 * Compile the handlers and the test with the files tenterhook_fake*.c and text.c, by any C compiler.
 */
#ifndef TENTERHOOK_FAKE_H
#define TENTERHOOK_FAKE_H

#include "tenterhook.h"
#include "tenterhook_http.h"
#include "tenterhook_kv.h"
#include "tenterhook_reply.h"

/* The event that the host would make of a request without headers and body, the first attempt of a trigger called trigger. */
th_event th_fake(const char *method, const char *url);
/* With one more header field. */
void th_fake_header(th_event event, const char *name, const char *value);
/* With this body, and its Content-Length. A body that is JSON is given as it is written. */
void th_fake_body(th_event event, th_text body);
/* As this attempt. */
void th_fake_attempt(th_event event, uint32_t attempt);
/* Gives the project a variable. */
void th_fake_var(const char *name, const char *value);
/* What was logged since the last time: lines such as "warn running out stock=3". */
th_text th_fake_logs(void);

/* Empties the store of tenterhook_kv.h, which is empty at first. */
void th_fake_kv_clear(void);
/* What was sent by tenterhook_reply.h since the last time; of kind TH_NONE when nothing was. */
th_answer th_fake_reply(void);
/* Answers what is sent by tenterhook_http.h from now on. Without it every request is denied, as it is without a rule in the manifest:
 *
 *   static th_http_error github(th_request request, th_response *response) {
 *     assert(th_equal(request.url, "https://api.github.com/user"));
 *     response->body = th_str("{\"login\": \"ada\"}");
 *     return (th_http_error){.kind = TH_HTTP_OK};
 *   }
 *
 *   th_fake_http(github);
 *
 * The response is 200 without a body unless `answer` says otherwise. */
void th_fake_http(th_http_error (*answer)(th_request request, th_response *response));

#endif
