// What a handler waits for: answers of others, and time. It is imported in a sandbox only.

import * as hostClock from "wasi:clocks/monotonic-clock@0.2.0";
import * as hostPoll from "wasi:io/poll@0.2.0";

import { Promise, runJobs, takeUnheard } from "./promise.js";

// An engine gives an interface as names or as one object.
const clock = hostClock.default ?? hostClock;
const { poll } = hostPoll.default ?? hostPoll;

/** What is waited for: something of the host's that becomes ready, and what is to be done then. */
const waits = [];

/** A promise of the moment when this is ready. */
export function ready(pollable) {
  return new Promise((resolve) => waits.push({ pollable, act: resolve }));
}

/** As the web and Node.js have it. */
export function setTimeout(act, delay = 0, ...values) {
  const nanos = Math.max(0, Math.min(Number(delay) || 0, 2 ** 31)) * 1e6;
  const wait = { pollable: clock.subscribeDuration(Math.round(nanos)), act: () => act(...values) };
  waits.push(wait);
  return wait;
}

export function clearTimeout(wait) {
  const place = waits.indexOf(wait);
  if (place >= 0) drop(waits.splice(place, 1)[0].pollable);
}

/** Gives back what the host holds. */
export function drop(resource) {
  resource[Symbol.dispose]?.();
}

/**
 * What a promise gives. It goes on until nothing is waited for any more, so that what a handler has begun and not waited for is done too;
 * when the promise is rejected, that is the end.
 */
export function settled(promise) {
  let outcome;
  promise.then((value) => (outcome = { value }), (error) => (outcome = { error }));
  for (;;) {
    runJobs();
    if (outcome && "error" in outcome) throw outcome.error;
    if (waits.length === 0) break;
    const indices = new Set(poll(waits.map((wait) => wait.pollable)));
    const over = waits.filter((_, index) => indices.has(index));
    waits.splice(0, waits.length, ...waits.filter((_, index) => !indices.has(index)));
    for (const wait of over) {
      drop(wait.pollable);
      wait.act();
    }
  }
  for (const error of takeUnheard()) console.error("a promise was rejected, and nobody asked it:", error);
  if (!outcome) throw new Error("the handler waits for a promise that nobody will settle");
  return outcome.value;
}
