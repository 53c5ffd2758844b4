// What QuickJS does not bring, held to what Node.js has.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Promise as Own, enqueue, runJobs, takeUnheard } from "../src/promise.js";
import { decodeUtf8, encodeUtf8 } from "../src/text.js";

test("UTF-8 is decoded as the web's standard has it", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const usual = globalThis.TextDecoder;
  const cases = ["", "aü€😀\ufeff", "x".repeat(20_000) + "ü"].map((text) => encodeUtf8(text));
  // Every beginning of a character with every kind of what may follow.
  for (let first = 0x80; first < 0x100; first += 1) {
    for (const second of [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2]) {
      for (const rest of [[], [0x80], [0x80, 0x80], [0x80, 0x41], [0xff]]) cases.push(Uint8Array.from([first, second, ...rest]));
    }
  }
  try {
    delete globalThis.TextDecoder;
    for (const bytes of cases) assert.equal(decodeUtf8(bytes), decoder.decode(bytes), [...bytes.subarray(0, 8)].join(" "));
  } finally {
    globalThis.TextDecoder = usual;
  }
});

/** What both kinds of promises do with the same code. */
async function alike(story) {
  const [own, nodes] = [[], []];
  story(Own, (word) => own.push(word), enqueue);
  runJobs();
  story(Promise, (word) => nodes.push(word), queueMicrotask);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(own, nodes);
  assert.ok(own.length > 0);
}

test("promises settle as the language has it, in its order", () =>
  alike((P, say, later) => {
    say("begin");
    later(() => say("job"));
    P.resolve(1).then((value) => say(value)).then(() => say("after one"));
    new P((resolve) => { resolve(2); resolve(3); throw new Error("too late"); }).then(say);
    P.reject(new Error("no")).catch((error) => say(error.message)).finally(() => say("finally")).then((value) => say(String(value)));
    P.resolve(4).finally(() => { throw new Error("of finally"); }).catch((error) => say(error.message));
    P.resolve(5).finally(() => 6).then(say);
    new P((resolve) => resolve({ then: (done) => done("thenable") })).then(say);
    new P((resolve) => resolve({ get then() { throw new Error("of then"); } })).catch((error) => say(error.message));
    P.resolve(P.resolve(7)).then(say);
    P.resolve().then(() => P.reject(new Error("inner"))).catch((error) => say(error.message));
    P.resolve(8).then(null, null).then(say);
    const itself = new P((resolve) => later(() => resolve(itself)));
    itself.catch((error) => say(error.constructor.name));
    say("end");
  }));

test("several promises are one", () =>
  alike((P, say) => {
    const slow = (value) => P.resolve().then(() => P.resolve()).then(() => value);
    P.all([slow(1), 2, P.resolve(3)]).then((values) => say(values.join()));
    P.all([]).then((values) => say(values.length));
    P.all([slow(1), P.reject(new Error("one of all"))]).catch((error) => say(error.message));
    P.allSettled([slow(1), P.reject(2)]).then((all) => say(JSON.stringify(all)));
    P.any([P.reject(1), slow("any")]).then(say);
    P.any([P.reject(1), P.reject(2)]).catch((error) => say(`${error.constructor.name} ${error.errors}`));
    P.race([slow("slow"), P.resolve("fast")]).then(say);
    P.all(5).catch((error) => say(error.constructor.name));
  }));

test("who is not asked is told of", () => {
  Own.reject(new Error("asked")).catch(() => {});
  Own.reject(new Error("asked later")).then(() => {}).then(() => {}, () => {});
  Own.reject(1);
  Own.reject(2).then(() => {});
  runJobs();
  assert.deepEqual(takeUnheard(), [1, 2]);
  assert.deepEqual(takeUnheard(), []);
  assert.throws(() => new Own(), TypeError);
  // Newer than some releases of Node.js.
  const { promise, resolve } = Own.withResolvers();
  let told;
  promise.then((value) => (told = value));
  resolve("with resolvers");
  Own.try(() => { throw new Error("tried"); }).catch((error) => (told += `, ${error.message}`));
  runJobs();
  assert.equal(told, "with resolvers, tried");
  assert.equal(String(Own.resolve()), "[object Promise]");
});
