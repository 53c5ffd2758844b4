/* What handlers keep, ask and stream, as their authors' tests see it. */
#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "../tenterhook_fake.h"

static void keeps(void) {
  th_kv_entry entry;
  assert(!th_kv_get(th_str("a"), &entry).kind && entry.version == 0);
  uint64_t version;
  assert(!th_kv_set(th_str("a"), th_str("one"), TH_FOR_GOOD, &version).kind && version == 1);
  assert(!th_kv_get(th_str("a"), &entry).kind && entry.version == 1 && th_equal(entry.value, "one"));
  th_kv_set(th_str("b"), th_str("two"), 0, NULL);
  assert(!th_kv_get(th_str("b"), &entry).kind && entry.version == 0);
  th_kv_set(th_str("b"), th_str("two"), 60000, NULL);
  assert(!th_kv_get(th_str("b"), &entry).kind && th_equal(entry.value, "two"));
  bool was_there;
  assert(!th_kv_delete(th_str("b"), &was_there).kind && was_there);
  assert(!th_kv_delete(th_str("b"), &was_there).kind && !was_there);

  th_kv_entry there;
  bool is_done;
  th_kv_compare_and_swap(th_str("c"), 0, th_str("1"), TH_FOR_GOOD, &there, &is_done);
  assert(is_done && th_equal(there.value, "1"));
  th_kv_compare_and_swap(th_str("c"), 0, th_str("2"), TH_FOR_GOOD, &there, &is_done);
  assert(!is_done && th_equal(there.value, "1"));
  th_kv_compare_and_swap(th_str("c"), there.version, th_str("2"), TH_FOR_GOOD, &there, &is_done);
  assert(is_done && th_equal(there.value, "2"));
  th_kv_compare_and_swap(th_str("d"), 7, th_str("1"), TH_FOR_GOOD, &there, &is_done);
  assert(!is_done && there.version == 0);
  th_fake_kv_clear();
  assert(!th_kv_get(th_str("a"), &entry).kind && entry.version == 0);
}

static void adds(void) {
  int64_t sum;
  assert(!th_kv_add(th_str("n"), 5, TH_FOR_GOOD, &sum).kind && sum == 5);
  assert(!th_kv_add(th_str("n"), -7, TH_FOR_GOOD, &sum).kind && sum == -2);
  assert(!th_kv_add(th_str("least"), INT64_MIN, TH_FOR_GOOD, &sum).kind && sum == INT64_MIN);
  assert(!th_kv_add(th_str("least"), 0, TH_FOR_GOOD, &sum).kind && sum == INT64_MIN);
  th_kv_error error = th_kv_add(th_str("least"), -1, TH_FOR_GOOD, NULL);
  assert(error.kind == TH_KV_NOT_A_NUMBER && th_equal(error.why, "-9223372036854775808 and -1 add up to more than 64 bits"));
  const char *none[] = {"", "-", "one", "1 ", "9223372036854775808", "99999999999999999999"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    th_kv_set(th_str("text"), th_str(none[i]), TH_FOR_GOOD, NULL);
    error = th_kv_add(th_str("text"), 1, TH_FOR_GOOD, NULL);
    assert(error.kind == TH_KV_NOT_A_NUMBER && th_equal(error.why, "the value of `text` is not a decimal integer of 64 bits"));
  }
}

static void lists(void) {
  th_fake_kv_clear();
  const char *keys[] = {"l/b", "l/a", "other", "l/\xc3\xa4", "l/c"};
  for (size_t i = 0; i < 5; i++) th_kv_set(th_str(keys[i]), th_str(""), TH_FOR_GOOD, NULL);
  th_text all = th_str("");
  th_kv_page page = {0};
  size_t pages = 0;
  do {
    assert(!th_kv_list(th_str("l/"), page.next, 3, &page).kind);
    for (size_t i = 0; i < page.count; i++) all = th_concat(all, page.entries[i].key, th_str(" "));
    pages++;
  } while (page.has_more);
  assert(pages == 2 && th_equal(all, "l/a l/b l/c l/\xc3\xa4 "));
  assert(th_kv_list(th_str("l/"), th_str(""), 0, &page).kind == TH_KV_LIMIT);
}

static void streams(void) {
  assert(th_fake_reply().kind == TH_NONE);
  assert(th_reply_write(th_str("early")).kind == TH_REPLY_INVALID);
  assert(th_reply_start(99, NULL, 0).kind == TH_REPLY_INVALID);
  th_pair headers[] = {{th_str("X-A"), th_str("b")}};
  assert(!th_reply_start(201, headers, 1).kind && !th_reply_write(th_str("one ")).kind && !th_reply_write(th_str("two")).kind);
  assert(th_equal(th_reply_start(200, NULL, 0).why, "the head was sent before"));
  th_answer sent = th_fake_reply();
  assert(sent.kind == TH_RESPONSE && sent.status == 201 && th_equal(sent.body, "one two"));
  assert(sent.header_count == 1 && th_equal(sent.headers[0].name, "X-A") && th_equal(sent.headers[0].value, "b"));
}

static th_http_error github(th_request request, th_response *response) {
  if (!th_equal(request.url, "https://api.github.com/user")) return (th_http_error){TH_HTTP_TIMEOUT, th_str("connecting took too long")};
  static th_pair headers[1];
  headers[0] = (th_pair){th_str("X-Method"), request.method};
  *response = (th_response){.status = 201, .headers = headers, .header_count = 1, .body = request.headers[0].value};
  return (th_http_error){.kind = TH_HTTP_OK};
}

static void asks(void) {
  th_response response;
  th_pair headers[] = {{th_str("Authorization"), th_str("Bearer t")}};
  th_request request = {.url = th_str("https://api.github.com/user"), .headers = headers, .header_count = 1};
  assert(th_http_send(request, &response).kind == TH_HTTP_DENIED);
  th_fake_http(github);
  assert(!th_http_send(request, &response).kind && response.status == 201 && th_equal(response.body, "Bearer t"));
  assert(th_equal(th_http_header(&response, "x-METHOD"), "GET") && !th_http_header(&response, "x").data);
  assert(th_http_send((th_request){.url = th_str("https://b/")}, &response).kind == TH_HTTP_TIMEOUT);
}

int main(void) {
  keeps();
  adds();
  lists();
  streams();
  asks();
  return 0;
}
