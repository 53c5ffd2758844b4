// What handlers keep between events.

import { KvError } from "./errors.js";
import { host } from "./host.js";
import { parse, stringify } from "./json.js";
import { decodeUtf8, encodeUtf8 } from "./text.js";

/** Entries that `entries` asks for at once. */
const PAGE = 100;

export class Entry {
  constructor({ key, value, version }) {
    this.key = key;
    this.value = value;
    this.version = version;
  }

  text() {
    return decodeUtf8(this.value);
  }

  json() {
    return parse(this.text());
  }
}

export function get(key) {
  const entry = host.kv.get(String(key));
  return entry ? new Entry(entry) : undefined;
}

export function getText(key, fallback) {
  return get(key)?.text() ?? fallback;
}

export function getJson(key, fallback) {
  const entry = get(key);
  return entry ? entry.json() : fallback;
}

export function set(key, value, options) {
  return host.kv.set(String(key), bytes(value), ttl(options));
}

function remove(key) {
  return host.kv.delete(String(key));
}
export { remove as delete };

export function add(key, delta = 1, options) {
  if (!Number.isSafeInteger(Number(delta))) throw new KvError("not-a-number", `${delta} is no integer that a number holds exactly`);
  const sum = host.kv.add(String(key), Number(delta), ttl(options));
  // A double is not it; what is there now is, unless another session was there in between.
  return Number.isSafeInteger(sum) ? sum : BigInt(getText(key, sum));
}

export function compareAndSwap(key, expected, value, options) {
  const version = expected instanceof Entry ? expected.version : (expected ?? null);
  const swapped = host.kv.compareAndSwap(String(key), version, bytes(value), ttl(options));
  if (swapped.tag === "done") return { done: true, version: swapped.val };
  return { done: false, entry: swapped.val ? new Entry(swapped.val) : undefined };
}

export function update(key, change, options) {
  for (let there = get(key); ; ) {
    const value = change(there);
    const swapped = compareAndSwap(key, there, value, options);
    if (swapped.done) return value;
    there = swapped.entry;
  }
}

export function list(prefix = "", { after, limit = PAGE } = {}) {
  const page = host.kv.list(String(prefix), after ?? null, limit);
  return { entries: page.entries.map((entry) => new Entry(entry)), next: page.next ?? undefined };
}

export function* entries(prefix = "") {
  let after;
  do {
    const page = list(prefix, { after });
    yield* page.entries;
    after = page.next;
  } while (after !== undefined);
}

/** A value as it is kept: text and bytes as they are, anything else as JSON. */
function bytes(value) {
  if (typeof value === "string") return encodeUtf8(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value === undefined || value === null) throw new TypeError(`${value} is no value to keep: kv.delete removes what is there`);
  if (typeof value.then === "function") throw new TypeError("a promise is no value to keep: await it");
  return encodeUtf8(stringify(value));
}

function ttl({ ttlMs } = {}) {
  if (ttlMs === undefined) return null;
  if (!(ttlMs >= 0 && Number.isFinite(ttlMs))) throw new RangeError(`ttlMs is a time in milliseconds, and not ${ttlMs}`);
  // More than a number holds exactly is for good.
  return Math.min(Math.round(ttlMs), Number.MAX_SAFE_INTEGER);
}
