/* Events for unit tests, which run on the author's machine without a host:
 *
 *   th_event event = th_fake("POST", "/webhooks/slug?key=value");
 *   th_fake_header(event, "Content-Type", "application/json");
 *   th_fake_body(event, th_str("{\"name\": \"Ada\"}"));
 *   th_answer answer = on_http_post(event);
 *
 * Compile the handlers and the test with tenterhook_fake.c and text.c, by any C compiler.
 */
#ifndef TENTERHOOK_FAKE_H
#define TENTERHOOK_FAKE_H

#include "tenterhook.h"

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

#endif
