// What handlers keep, ask and stream, on this machine.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import * as fake from "../src/fake.js";
import { FetchError, Headers, KvError, Reject, Response, fetch, kv, reply, stringify } from "../src/index.js";

beforeEach(() => fake.reset());

const text = (response) => new TextDecoder().decode(response.body);

test("what is kept is read as what it was", () => {
  assert.equal(kv.get("a"), undefined);
  assert.deepEqual([kv.set("a", "one"), kv.set("b", { n: [1n] }), kv.set("c", Uint8Array.of(255))], [1, 2, 3]);
  assert.deepEqual([kv.get("a").text(), kv.getText("a"), kv.getText("z", "none")], ["one", "one", "none"]);
  assert.equal(stringify(kv.getJson("b")), '{"n":[1]}');
  assert.deepEqual([kv.getJson("z", 7), kv.get("c").value, kv.get("c").version], [7, Uint8Array.of(255), 3]);
  assert.deepEqual([kv.delete("c"), kv.delete("c"), kv.get("c")], [true, false, undefined]);
  kv.set("t", "x", { ttlMs: 0 });
  assert.equal(kv.get("t"), undefined);
  for (const nothing of [null, undefined, Promise.resolve("a")]) assert.throws(() => kv.set("a", nothing), TypeError);
  assert.throws(() => kv.set("a", "b", { ttlMs: -1 }), RangeError);
});

test("sums are exact, and of decimal integers", () => {
  assert.deepEqual([kv.add("n"), kv.add("n", 5), kv.add("n", -2n)], [1, 6, 4]);
  kv.set("big", 9007199254740992n);
  assert.equal(kv.add("big", 1), 9007199254740993n);
  kv.set("most", 2n ** 63n - 1n);
  assert.throws(() => kv.add("most"), { name: "KvError", code: "not-a-number" });
  kv.set("a", "one");
  assert.throws(() => kv.add("a"), (error) => error instanceof KvError && error.code === "not-a-number");
  assert.throws(() => kv.add("n", 0.5), KvError);
});

test("who is second finds what the first one wrote", () => {
  assert.deepEqual(kv.compareAndSwap("lock", undefined, "mine"), { done: true, version: 1 });
  const second = kv.compareAndSwap("lock", undefined, "yours");
  assert.deepEqual([second.done, second.entry.text()], [false, "mine"]);
  assert.ok(kv.compareAndSwap("lock", second.entry, "yours").done);
  assert.ok(kv.compareAndSwap("lock", kv.get("lock").version, "theirs").done);
  const once = (there) => {
    if (!there) kv.set("tags", ["b"]);
    return [...(there?.json() ?? []), "a"];
  };
  assert.deepEqual(kv.update("tags", once), ["b", "a"]);
});

test("lists are in the order of keys' bytes, in pages", () => {
  for (const key of ["u/\u{1f600}", "u/\uffee", "u/a", "v"]) kv.set(key, "");
  const keys = (entries) => Array.from(entries, ({ key }) => key);
  assert.deepEqual(keys(kv.entries("u/")), ["u/a", "u/\uffee", "u/\u{1f600}"]);
  const page = kv.list("u/", { limit: 2 });
  assert.deepEqual([keys(page.entries), page.next], [["u/a", "u/\uffee"], "u/\uffee"]);
  assert.deepEqual(keys(kv.list("u/", { after: page.next }).entries), ["u/\u{1f600}"]);
  for (let number = 0; number < 250; number += 1) kv.set(`n/${number}`, number);
  assert.equal(keys(kv.entries("n/")).length, 250);
});

test("a handler that waits is awaited", async () => {
  fake.answerRequests((request) => ({ status: 201, headers: { "Content-Type": "application/json" }, body: stringify({ asked: request.url }) }));
  const onPost = async (event) => {
    const answer = await globalThis.fetch("https://example.com/a?b#c", { method: "post", body: "x" });
    return { ...(await answer.json()), method: event.data.method };
  };
  const answered = await fake.call(onPost, fake.event({ method: "POST" }));
  assert.equal(text(answered), '{"asked":"https://example.com/a?b","method":"POST"}');
  await assert.rejects(fake.call(async () => { throw new Reject("no"); }, fake.event()), Reject);
  assert.notEqual(globalThis.fetch, fetch);
});

test("a request is as the web has it", async () => {
  const seen = [];
  fake.answerRequests((request) => {
    seen.push([request.method, request.url, request.headers, request.body && new TextDecoder().decode(request.body)]);
    return { headers: [["Set-Cookie", "a"], ["set-cookie", "b"], ["X-A", "1"], ["x-a", "2"]], body: "\ufeffgrüß" };
  });
  const answer = await fetch("https://example.com/ä b", { method: "POST", headers: { "X-B": 1 }, body: "{}" });
  assert.deepEqual(seen[0], ["POST", "https://example.com/%C3%A4%20b", [["X-B", "1"], ["Content-Type", "text/plain;charset=UTF-8"]], "{}"]);
  assert.deepEqual([answer.ok, answer.status, answer.headers.get("X-a"), answer.headers.getSetCookie()], [true, 200, "1, 2", ["a", "b"]]);
  assert.equal(await answer.text(), "grüß");
  await assert.rejects(answer.text(), /read before/);
  assert.deepEqual([...new Headers({ B: "1", a: "2" })], [["a", "2"], ["b", "1"]]);
  for (const [url, init, error] of [
    ["/relative", {}, FetchError], ["https://u:p@example.com/", {}, FetchError], ["https://example.com/", { body: "x" }, TypeError],
    ["https://example.com/", { method: "POST", body: {} }, TypeError], ["https://example.com/", { signal: {} }, /no option `signal`/],
  ]) await assert.rejects(fetch(url, init), error);
  fake.reset();
  await assert.rejects(fetch("https://example.com/"), { name: "FetchError", code: "denied" });
});

test("redirects are followed, and take no credentials elsewhere", async () => {
  const seen = [];
  const to = { 1: [302, "../b"], 2: [307, "?q"], 3: [301, "https://other.example/c"], 4: [200] };
  fake.answerRequests(({ method, url, headers, body }) => {
    const [status, location] = to[seen.push(`${method} ${url} ${headers.map(([name]) => name)} ${body?.length}`)];
    return { status, headers: location ? { Location: location } : {} };
  });
  const init = { method: "POST", body: "x", headers: { Authorization: "t", "X-A": "1" } };
  const answer = await fetch("https://example.com/d/e/f", init);
  assert.deepEqual(seen, [
    "POST https://example.com/d/e/f Authorization,X-A,Content-Type 1", "GET https://example.com/d/b Authorization,X-A undefined",
    "GET https://example.com/d/b?q Authorization,X-A undefined", "GET https://other.example/c X-A undefined",
  ]);
  assert.deepEqual([answer.url, answer.redirected, answer.status], ["https://other.example/c", true, 200]);
  fake.answerRequests(() => ({ status: 302, headers: { Location: "/" } }));
  await assert.rejects(fetch("https://example.com/"), /more than 20 times/);
  await assert.rejects(fetch("https://example.com/", { redirect: "error" }), FetchError);
  assert.equal((await fetch("https://example.com/", { redirect: "manual" })).status, 302);
});

test("an answer of others can be passed on", async () => {
  fake.answerRequests(() => ({ status: 404, headers: { "Content-Type": "text/html", "Transfer-Encoding": "chunked" }, body: "<p>" }));
  const answered = await fake.call(() => fetch("https://example.com/"), fake.event());
  assert.deepEqual([answered.status, answered.headers, text(answered)], [404, [["content-type", "text/html"]], "<p>"]);
});

test("a response is sent in pieces", () => {
  const onGet = () => {
    const answer = reply.start(201, { "X-A": 1 });
    for (const piece of ["a", Uint8Array.of(98), ""]) answer.write(piece);
  };
  const answered = fake.call(onGet, fake.event());
  assert.deepEqual([answered.status, answered.headers, text(answered)], [201, [["X-A", "1"]], "ab"]);
  assert.deepEqual(fake.chunks().map((chunk) => [...chunk]), [[97], [98]]);
  assert.throws(() => fake.call(() => { onGet(); return "c"; }, fake.event()), /return nothing/);
  assert.throws(() => fake.call(() => { onGet(); onGet(); }, fake.event()), { name: "ReplyError", code: "invalid" });
  assert.equal(fake.call(() => new Response("d"), fake.event()).status, 200);
});
