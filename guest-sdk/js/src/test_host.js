// The host of a unit test.

import { FetchError, KvError, ReplyError } from "./errors.js";
import { install } from "./host.js";
import { pairs } from "./pairs.js";
import { encodeUtf8 } from "./text.js";

/** What a test says to its host, and sees of it. */
export let test;

/** A host of a test that begins. */
export function reset() {
  test = { logs: [], variables: new Map(), entries: new Map(), version: 0, answer: null };
  forgetReply();
  install({ log, vars, kv, reply, send });
}

/** What was sent of a response belongs to one call of a handler. */
export function forgetReply() {
  test.reply = null;
  test.chunks = [];
}

const log = (level, message, fields) => {
  test.logs.push([level, message, ...fields.map(({ name, value }) => `${name}=${value}`)].join(" "));
};

const vars = { get: (name) => test.variables.get(name) ?? null, names: () => [...test.variables.keys()] };

/** Keeps in memory, without limits. Nothing expires in it while the test runs, unless its time is 0. */
const kv = {
  get: (key) => test.entries.get(key) ?? null,
  set(key, value, ttlMs) {
    test.version += 1;
    test.entries.set(key, { key, value: Uint8Array.from(value), version: test.version });
    if (ttlMs === 0) test.entries.delete(key);
    return test.version;
  },
  delete: (key) => test.entries.delete(key),
  add(key, delta, ttlMs) {
    const there = test.entries.get(key);
    const text = there ? new TextDecoder().decode(there.value) : "0";
    const number = /^[+-]?[0-9]+$/.test(text) ? BigInt(text) : null;
    if (number === null || BigInt.asIntN(64, number) !== number) {
      throw new KvError("not-a-number", `the value of \`${key}\` is not a decimal integer of 64 bits`);
    }
    const sum = number + BigInt(delta);
    if (BigInt.asIntN(64, sum) !== sum) throw new KvError("not-a-number", `${number} and ${delta} add up to more than 64 bits`);
    kv.set(key, encodeUtf8(String(sum)), ttlMs);
    return Number(sum);
  },
  compareAndSwap(key, expected, value, ttlMs) {
    const there = kv.get(key);
    if ((there?.version ?? null) !== expected) return { tag: "conflict", val: there };
    return { tag: "done", val: kv.set(key, value, ttlMs) };
  },
  list(prefix, after, limit) {
    if (!(limit > 0)) throw new KvError("limit", "a page has one entry at the least, and `limit` is 0");
    const order = (one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two));
    const keys = [...test.entries.keys()].filter((key) => key.startsWith(prefix) && (after === null || order(key, after) > 0));
    const page = keys.sort(order).slice(0, limit).map(kv.get);
    return { entries: page, next: keys.length > limit ? page[page.length - 1].key : null };
  },
};

/** Waits for a response, and keeps what it is sent. */
const reply = {
  start(status, headers) {
    if (test.reply) throw new ReplyError("invalid", "the head was sent before");
    test.reply = { status, headers };
  },
  write(chunk) {
    if (!test.reply) throw new ReplyError("invalid", "a chunk comes before the head: call `start` first");
    if (chunk.length > 0) test.chunks.push(Uint8Array.from(chunk));
  },
};

/** Asks the test; until that has said who answers, every request is denied, as it is without a rule in the manifest. */
async function send(request) {
  if (!test.answer) throw new FetchError("denied", "the request may not go there: say with fake.answerRequests who answers it");
  const { status = 200, headers = [], body = "" } = await test.answer(request);
  return { status, headers: pairs(headers), body: typeof body === "string" ? encodeUtf8(body) : body };
}

reset();
