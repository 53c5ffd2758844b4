// What the code that `tenterhook build` writes calls. It may change in any release.

import * as hostKv from "tenterhook:webhook/kv@0.1.0";
import * as hostLog from "tenterhook:webhook/log@0.1.0";
import * as hostReply from "tenterhook:webhook/reply@0.1.0";
import * as hostVars from "tenterhook:webhook/vars@0.1.0";
import * as hostExit from "wasi:cli/exit@0.2.0";

import { answer } from "./answer.js";
import { KvError, Reject, ReplyError, Retry } from "./errors.js";
import { Event } from "./event.js";
import { fetch } from "./fetch.js";
import { install } from "./host.js";
import { parse } from "./json.js";
import { consoleOf } from "./log.js";
import { clearTimeout, setTimeout, settled } from "./loop.js";
import { Promise, enqueue } from "./promise.js";
import { send } from "./wasi.js";

// An engine gives an interface as names or as one object.
const { log } = hostLog.default ?? hostLog;
const { exit } = hostExit.default ?? hostExit;
const [kv, reply, vars] = [hostKv, hostReply, hostVars].map((names) => names.default ?? names);

const real = {
  log,
  vars: { get: (name) => vars.get(name) ?? null, names: () => vars.names() },
  kv: {
    get: (key) => tried(kvError, () => kv.get(key)),
    set: (key, value, ttl) => tried(kvError, () => kv.set(key, value, ttl)),
    delete: (key) => tried(kvError, () => kv.delete(key)),
    add: (key, delta, ttl) => tried(kvError, () => kv.add(key, delta, ttl)),
    compareAndSwap: (key, expected, value, ttl) => tried(kvError, () => kv.compareAndSwap(key, expected, value, ttl)),
    list: (prefix, after, limit) => tried(kvError, () => kv.list(prefix, after, limit)),
  },
  reply: {
    start: (status, headers) => tried(replyError, () => reply.start(status, headers.map(([name, value]) => ({ name, value })))),
    write: (chunk) => tried(replyError, () => reply.write(chunk)),
  },
  send,
};

Object.assign(globalThis, { Promise, clearTimeout, console: consoleOf(), fetch, queueMicrotask: enqueue, setTimeout });

// The engine's own is made of the engine's promises.
Array.fromAsync = async (items, change = (item) => item) => {
  const list = [];
  for await (const item of items) list.push(await change(item, list.length));
  return list;
};

/** What the host gives, or its error as the SDK's. */
function tried(toError, ask) {
  try {
    return ask();
  } catch (error) {
    throw error.payload ? toError(error.payload) : error;
  }
}

function kvError({ tag, val }) {
  return new KvError(tag, tag === "not-granted" ? "the manifest does not grant `kv`: add `kv: true`" : val);
}

function replyError({ tag, val }) {
  const texts = { "no-sender": "nobody waits for a response", closed: "the sender has gone" };
  return new ReplyError(tag, texts[tag] ?? val);
}

/** No field's value: a JSON text is never empty. So one call tells what is missing from what is null. */
const MISSING = { tag: "json", val: "" };

class HostSource {
  constructor(event) {
    this.event = event;
  }

  id() { return this.event.id(); }
  kind() { return this.event.kind(); }
  session() { return this.event.session(); }
  attempt() { return this.event.attempt(); }
  createdAt() { return this.event.createdAt(); }
  trigger() { return this.event.trigger(); }
  redispatchedFrom() { return this.event.redispatchedFrom(); }

  read(pointer) {
    const { tag, val } = this.event.get(pointer, MISSING);
    switch (tag) {
      case "null": return null;
      case "json": return val === "" ? undefined : parse(val);
      case "integer":
      case "unsigned": return this.integer(pointer, val);
      default: return val;
    }
  }

  /** An engine may give 64 bits as a double; the JSON of what the number is in has all its digits. */
  integer(pointer, value) {
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (Number.isSafeInteger(value)) return value;
    const cut = pointer.lastIndexOf("/");
    const key = pointer.slice(cut + 1).replaceAll("~1", "/").replaceAll("~0", "~");
    return this.read(pointer.slice(0, cut))[key];
  }
}

/** Fails while the component is made when there is no such handler. */
export function check(handler, name, file) {
  if (typeof handler !== "function") throw new TypeError(`\`${name}\` in \`${file}\` is no function`);
}

/** Calls a handler, and waits for what it waits for. What it throws, but for the SDK's own, is the session's error, with its stack. */
export function call(handler, event) {
  install(real);
  seed(event.session() + event.attempt());
  let response;
  try {
    response = answer(settled(Promise.try(handler, new Event(new HostSource(event)))));
  } catch (error) {
    throw failure(error);
  }
  if (response === null) return null;
  return { status: response.status, headers: response.headers.map(([name, value]) => ({ name, value })), body: response.body };
}

/** What a handler says of its failure; what it does not say itself ends the sandbox. */
function failure(error) {
  if (error instanceof Retry) return { tag: "retry", val: { afterMs: error.afterMs, reason: error.message } };
  if (error instanceof KvError && error.code === "unavailable") return { tag: "retry", val: { afterMs: null, reason: error.message } };
  if (error instanceof Reject) return { tag: "reject", val: error.message };
  console.error(error instanceof Error ? error : `uncaught: ${String(error)}`);
  exit({ tag: "err" });
  return error;
}

/** The engine's random numbers begin where they stood when the component was made: each session gets its own. */
function seed(text) {
  let state = 0n;
  for (const character of `${text}${Date.now()}`) {
    state = BigInt.asUintN(64, (state ^ BigInt(character.codePointAt(0))) * 0x100000001b3n + 0x9e3779b97f4a7c15n);
  }
  // SplitMix64.
  Math.random = () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return Number((mixed ^ (mixed >> 31n)) >> 11n) / 2 ** 53;
  };
}
