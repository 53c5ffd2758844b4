// Tests of the handlers, which need no server: npm test

import assert from "node:assert/strict";
import { test } from "node:test";

import { Reject } from "tenterhook";
import * as fake from "tenterhook/fake";

import { onHello, onOrder } from "./hooks.js";

test("hello greets whom the query names", () => {
  fake.setVar("GREETING", "Hello");
  const answer = fake.call(onHello, fake.event({ url: "/webhooks/hello?name=Ada" }));
  assert.equal(answer?.status, 200);
  assert.equal(new TextDecoder().decode(answer?.body), "Hello, Ada!\n");
});

test("an order is taken note of", () => {
  fake.call(onOrder, fake.event({ method: "POST", url: "/webhooks/orders", json: { id: 7 } }));
  assert.deepEqual(fake.takeLogs(), ["info ordered id=7 attempt=1"]);
});

test("an order without an id is rejected", () => {
  const event = fake.event({ method: "POST", url: "/webhooks/orders", json: {} });
  assert.throws(() => fake.call(onOrder, event), Reject);
});
