/* The handlers of {{name}}. */
#include "tenterhook.h"

/* Greets whom the query names. */
th_answer on_hello(th_event event) {
  th_text greeting = th_var("GREETING");
  th_text name = th_text_of(th_get_or(event, "/url/query/name", "world"));
  th_text text = th_concat(greeting, th_str(", "), name);
  return th_answer_text(200, th_concat(text, th_str("!"), th_str("\n")));
}

/* Takes note of an order. */
th_answer on_order(th_event event) {
  th_value id = th_get(event, "/body/json/id");
  if (id.kind == TH_MISSING) return th_reject("an order is a JSON object with an id");
  th_pair fields[] = {{th_str("id"), th_text_of(id)}, {th_str("attempt"), th_digits(th_event_attempt(event))}};
  th_log_fields(TH_INFO, "ordered", fields, 2);
  return th_answer_none();
}
