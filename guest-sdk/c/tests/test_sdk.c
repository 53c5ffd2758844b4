/* The SDK as handlers' authors use it: on this machine, with fake events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tenterhook_fake.h"

static void expect(int line, th_text found, const char *expected) {
  if (th_equal(found, expected)) return;
  fprintf(stderr, "line %d: `%.*s`, and not `%s`\n", line, (int)found.length, found.data ? found.data : "", expected);
  exit(1);
}

#define EXPECT(found, expected) expect(__LINE__, found, expected)
#define READ(pointer) th_text_of(th_get(event, pointer))

static th_event order(void) {
  th_event event = th_fake("POST", "/webhooks/orders/new%20ones?page=2&page=3&q=a+b%zz");
  th_fake_header(event, "content-type", "application/json");
  th_fake_header(event, "x-tag", "one");
  th_fake_header(event, "X-Tag", "two");
  th_fake_header(event, "cookie", "a=1");
  th_fake_header(event, "Cookie", "b=2");
  th_fake_body(event, th_str("{\"id\": 9007199254740993, \"big\": 18446744073709551615, \"low\": -9223372036854775808, \"ratio\": 0.5, \"floats\": [1e300, 1e-10, -0.0, 0.1, 123456.789, 100.0, 5e-324],"
                             "\"no\": false, \"note\": null, \"items\": [{\"sku\": \"a/b\"}, {\"sku\": \"\\u00e9\\ud83d\\ude00\\n\"}],"
                             "\"a/b~c\": {\"\": \"deep\"}, \"twice\": 1, \"twice\": 2}"));
  return event;
}

int main(void) {
  th_event event = order();
  EXPECT(READ("method"), "POST");
  EXPECT(READ("/url/path"), "/webhooks/orders/new ones");
  EXPECT(READ("/url/path_suffix"), "new ones");
  EXPECT(READ("/url/query"), "{\"page\":\"2, 3\",\"q\":\"a b%zz\"}");
  EXPECT(READ("/url/query_all/1/1"), "3");
  EXPECT(READ("/headers/CONTENT-type"), "application/json");
  EXPECT(READ("/headers/x-tag"), "one, two");
  EXPECT(READ("/headers/Cookie"), "a=1; b=2");
  EXPECT(READ("/body/json/items/0/sku"), "a/b");
  EXPECT(READ("/body/json/items/1/sku"), "\u00e9\U0001f600\n");
  EXPECT(READ("/body/json/twice"), "2");
  EXPECT(READ(th_below(th_below("/body/json", th_str("a/b~c")), th_str(""))), "deep");
  EXPECT(READ("/body/json/id"), "9007199254740993");
  EXPECT(READ("/body/json/big"), "18446744073709551615");
  EXPECT(READ("/body/json/low"), "-9223372036854775808");
  EXPECT(READ("/body/json/ratio"), "0.5");
  EXPECT(READ("/body/json/floats/0"), "1e+300");
  EXPECT(READ("/body/json/floats/1"), "1e-10");
  EXPECT(READ("/body/json/floats/2"), "-0.0");
  EXPECT(READ("/body/json/floats/3"), "0.1");
  EXPECT(READ("/body/json/floats/4"), "123456.789");
  EXPECT(READ("/body/json/floats/5"), "100.0");
  EXPECT(READ("/body/json/floats/6"), "5e-324");
  EXPECT(READ("/body/json/no"), "false");
  EXPECT(READ("/body/form"), "null");
  EXPECT(th_text_of(th_get_or(event, "/body/json/nope", "fallback")), "fallback");
  EXPECT(th_text_of(th_get_or(event, "/body/json/note", "fallback")), "null");
  if (th_has(event, "/body/json/items/2") || !th_has(event, "/body/json/note")) return puts("has"), 1;
  if (th_get(event, "/body/bytes").kind != TH_BYTES) return puts("bytes"), 1;
  size_t count;
  const th_text *keys = th_keys(event, "/headers", &count);
  if (count != 4) return puts("keys"), 1;
  EXPECT(keys[3], "Content-Length");

  event = th_fake("PUT", "/webhooks/slug");
  th_fake_header(event, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  th_fake_body(event, th_str("a=1&b=x+y&a=2"));
  EXPECT(READ("/body/form"), "{\"a\":\"1, 2\",\"b\":\"x y\"}");
  EXPECT(READ("/body/json"), "null");
  EXPECT(th_event_kind(event), "put");

  EXPECT(th_json_string((th_text){"\"\\\n\x01\x1f\x7f\xc3\xa9", 8}), "\"\\\"\\\\\\n\\u0001\\u001f\x7f\xc3\xa9\"");
  EXPECT(th_digits(INT64_MIN), "-9223372036854775808");
  th_answer answer = th_header(th_answer_text(201, th_str("hi")), "X-A", "b");
  if (answer.kind != TH_RESPONSE || answer.status != 201 || answer.header_count != 2) return puts("answer"), 1;
  EXPECT(answer.headers[0].name, "Content-Type");
  if (th_retry("later").after_ms != -1 || th_retry_after(5, "later").after_ms != 5 || th_reject("no").kind != TH_REJECT) return puts("failures"), 1;

  th_pair fields[] = {{th_str("stock"), th_str("3")}};
  th_log_fields(TH_WARN, "running out", fields, 1);
  th_log(TH_INFO, "so it is");
  EXPECT(th_fake_logs(), "warn running out stock=3\ninfo so it is\n");
  th_fake_var("GREETING", "hello");
  EXPECT(th_var("GREETING"), "hello");
  if (th_var("NOPE").data || (th_var_names(&count), count != 1)) return puts("variables"), 1;
  return 0;
}
