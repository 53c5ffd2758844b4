// The SDK as handlers' authors use it: on this machine, with fake events.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as fake from "../src/fake.js";
import { parse } from "../src/json.js";
import { consoleOf } from "../src/log.js";
import { Reject, Response, Retry, get, log, stringify, vars } from "../src/index.js";

const BODY =
  '{"id": 9007199254740993, "big": 18446744073709551615, "ratio": 0.5, "done": false, "note": null, ' +
  '"items": [{"sku": "a/b"}, {"sku": "c~d"}], "keys": 1, "get": 2, "a/b~c": {"": "deep"}, "__proto__": 3}';

const order = () =>
  fake.event({
    method: "POST",
    url: "/webhooks/orders/new%20ones?page=2&page=3&q=a+b",
    headers: [["content-type", "application/json"], ["x-tag", "one"], ["X-Tag", "two"], ["cookie", "a=1"], ["Cookie", "b=2"]],
    body: BODY,
  });

test("the three ways agree at every depth", () => {
  const event = order();
  const { data } = event;
  for (const method of [data.method, data["method"], data.get("method"), event.get("method")]) assert.equal(method, "POST");
  const path = "/webhooks/orders/new ones";
  for (const read of [data.url.path, data["url"]["path"], data.get("url").get("path", "/"), event.get("/url/path")]) {
    assert.equal(read, path);
  }
  assert.equal(data.url.query.page, "2, 3");
  assert.equal(data.body.json["a/b~c"][""], event.get("/body/json/a~1b~0c/"));
  assert.equal(data.body.json.items[1].sku, "c~d");
});

test("a fallback is for what is missing only", () => {
  const { data } = order();
  assert.equal(data.nope, undefined);
  assert.equal(data.get("nope", 7), 7);
  assert.equal(data.body.get("form", 7), null);
  assert.equal(data.url.query.get("toString", 7), 7);
  assert.equal(data.url.query.constructor, undefined);
  assert.equal(data.url.query.has("page") && !data.url.query.has("nope"), true);
  assert.equal(get(data.body.json, "note", 7), null);
  assert.equal(get(undefined, "note", 7), 7);
});

test("keys that are methods are read by key", () => {
  const { json } = order().data.body;
  assert.deepEqual([json["get"], json["keys"], get(json, "get"), json["__proto__"]], [2, 1, 2, 3]);
});

test("values are exact", () => {
  const { json } = order().data.body;
  assert.deepEqual([json.id, json.big, json.ratio, json.done], [9007199254740993n, 18446744073709551615n, 0.5, false]);
  assert.equal(stringify(json), BODY.replaceAll(/([:,]) /g, "$1"));
  assert.equal(stringify(parse('[12345678901234567890.5,-9007199254740993,1e20,"\\u0041\\""]')), '[12345678901234567000,-9007199254740993,100000000000000000000,"A\\""]');
  assert.equal(stringify({ bytes: Uint8Array.of(255, 0), none: undefined }), '{"bytes":"/wA="}');
  assert.equal(`${order().data.url.query}`, '{"page":"2, 3","q":"a b"}');
});

test("headers are found in any case", () => {
  const event = order();
  const { headers } = event.data;
  assert.equal(headers["CONTENT-type"], "application/json");
  assert.equal(headers.get("x-TAG"), "one, two");
  assert.equal(headers.cookie, "a=1; b=2");
  assert.ok("content-length" in headers && headers.has("CONTENT-LENGTH") && !headers.has("x-nope"));
  assert.deepEqual(Object.keys(headers), ["Content-Type", "X-Tag", "Cookie", "Content-Length"]);
  assert.equal(event.get("/headers/x-tag"), "one, two");
});

test("a body has each of its forms and no other", () => {
  const { body } = fake.event({ method: "PUT", form: [["a", "1"], ["b", "x y"], ["a", "2"]] }).data;
  assert.equal(stringify(body.form), '{"a":"1, 2","b":"x y"}');
  assert.deepEqual([body.text, body.json], ["a=1&b=x+y&a=2", null]);
  const none = fake.event({ body: "" }).data.body;
  assert.deepEqual([none.bytes, none.text, none.json_value], [null, null, null]);
  const binary = fake.event({ body: Uint8Array.of(255, 0) }).data.body;
  assert.deepEqual([binary.bytes, binary.text], [Uint8Array.of(255, 0), null]);
  assert.deepEqual(fake.event({ body: "[1]" }).data.body.json_value, [1]);
});

test("an event says who it is", () => {
  const createdAt = new Date(Date.UTC(2017, 6, 14));
  const event = fake.event({ method: "PATCH", id: "evt_1", session: "ses_2", attempt: 3, createdAt, trigger: "t", redispatchedFrom: "evt_0" });
  assert.deepEqual([event.id, event.session, event.attempt, event.kind, event.trigger], ["evt_1", "ses_2", 3, "patch", "t"]);
  assert.deepEqual([event.createdAt, event.createdAtMicros, event.redispatchedFrom], [createdAt, createdAt.getTime() * 1000, "evt_0"]);
  assert.equal(fake.event().redispatchedFrom, null);
});

test("anything sensible is an answer", () => {
  const answered = (value) => {
    const answer = fake.call(() => value, fake.event());
    return answer && [answer.status, answer.headers, new TextDecoder().decode(answer.body)];
  };
  assert.equal(answered(undefined), null);
  assert.deepEqual(answered("ü"), [200, [["Content-Type", "text/plain; charset=utf-8"]], "ü"]);
  assert.deepEqual(answered({ a: [1n] }), [200, [["Content-Type", "application/json"]], '{"a":[1]}']);
  assert.deepEqual(answered(new Response(null, { status: 204 })), [204, [], ""]);
  assert.deepEqual(answered(Response.html("<p>", { status: 201, headers: { "X-A": "b" } })), [201, [["Content-Type", "text/html; charset=utf-8"], ["X-A", "b"]], "<p>"]);
  assert.deepEqual(answered(Response.text("a").header("X-A", 1))[1][1], ["X-A", "1"]);
  assert.throws(() => answered(42), /and not a number/);
});

test("failures say whether to try again", () => {
  assert.equal(new Retry("busy").afterMs, null);
  assert.equal(new Retry("busy", { afterMs: 1500 }).afterMs, 1500);
  assert.throws(() => new Retry("busy", { afterMs: -1 }), RangeError);
  assert.ok(new Reject("never") instanceof Error);
});

test("logs and variables are the tests' own", () => {
  log.warn("running out", { stock: 3, item: "hook", list: [1n] });
  consoleOf().log("printed", 1, { a: null });
  assert.deepEqual(fake.takeLogs(), ["warn running out stock=3 item=hook list=[1]", 'info printed 1 {"a":null}']);
  fake.setVar("GREETING", "hello");
  assert.deepEqual([vars.get("GREETING"), vars.get("NOPE"), vars.get("NOPE", "x"), vars.names()], ["hello", undefined, "x", ["GREETING"]]);
});
