/* A synchronous webhook that says that it is there. */
#include "tenterhook.h"

th_answer on_ping(th_event event) {
  th_answer pong = th_answer_text(200, th_str("pong\n"));
  return th_header(pong, "X-Session", th_event_session(event).data);
}
