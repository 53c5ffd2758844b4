/* A synchronous webhook that answers with what it received. */
#include "tenterhook.h"

/* Answers with the whole of event.data as JSON, body.bytes in base64. */
th_answer on_request(th_event event) { return th_answer_json(200, th_json_of(th_get(event, ""))); }
