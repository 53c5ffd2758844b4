/* Tests of the handlers, which need no server: make test */
#undef NDEBUG
#include <assert.h>

#include "tenterhook_fake.h"

th_answer on_hello(th_event event);
th_answer on_order(th_event event);

int main(void) {
  th_fake_var("GREETING", "Hello");
  th_answer hello = on_hello(th_fake("GET", "/webhooks/hello?name=Ada"));
  assert(hello.kind == TH_RESPONSE && hello.status == 200 && th_equal(hello.body, "Hello, Ada!\n"));

  th_event order = th_fake("POST", "/webhooks/orders");
  th_fake_body(order, th_str("{\"id\": 7}"));
  assert(on_order(order).kind == TH_NONE);
  assert(th_equal(th_fake_logs(), "info ordered id=7 attempt=1\n"));

  assert(on_order(th_fake("POST", "/webhooks/orders")).kind == TH_REJECT);
  return 0;
}
