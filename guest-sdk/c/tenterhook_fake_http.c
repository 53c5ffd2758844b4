/* Who answers the requests of unit tests: the test. */
#include "tenterhook_fake.h"

static th_http_error (*answers)(th_request request, th_response *response);

void th_fake_http(th_http_error (*answer)(th_request request, th_response *response)) { answers = answer; }

th_http_error th_http_send(th_request request, th_response *response) {
  if (!request.method.data) request.method = th_str("GET");
  if (!answers) return (th_http_error){TH_HTTP_DENIED, th_str("the request may not go there: the session's record says why")};
  *response = (th_response){.status = 200, .body = th_str("")};
  return answers(request, response);
}
