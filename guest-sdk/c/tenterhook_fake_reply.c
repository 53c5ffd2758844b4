/* What unit tests have for a sender: one that waits, and keeps what it is sent. */
#include "tenterhook_fake.h"

static th_answer sent;

th_answer th_fake_reply(void) {
  th_answer taken = sent;
  sent = th_answer_none();
  return taken;
}

th_reply_error th_reply_start(uint16_t status, const th_pair *headers, size_t header_count) {
  if (status < 200 || status > 599) {
    th_text why = th_concat(th_str("the status "), th_digits(status), th_str(" is not one of 200 to 599"));
    return (th_reply_error){TH_REPLY_INVALID, why};
  }
  if (sent.kind == TH_RESPONSE) return (th_reply_error){TH_REPLY_INVALID, th_str("the head was sent before")};
  sent = th_answer_bytes(status, th_str(""));
  for (size_t i = 0; i < header_count; i++) {
    th_text name = th_concat(headers[i].name, th_str(""), th_str("")), value = th_concat(headers[i].value, th_str(""), th_str(""));
    sent = th_header(sent, name.data, value.data);
  }
  return (th_reply_error){TH_REPLY_OK, th_str("")};
}

th_reply_error th_reply_write(th_text chunk) {
  if (sent.kind != TH_RESPONSE) return (th_reply_error){TH_REPLY_INVALID, th_str("a chunk comes before the head")};
  sent.body = th_concat(sent.body, chunk, th_str(""));
  return (th_reply_error){TH_REPLY_OK, th_str("")};
}
