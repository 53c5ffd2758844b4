// What the code that `tenterhook build` writes calls. It may change in any release.

import * as hostLog from "tenterhook:webhook/log@0.1.0";
import * as hostVars from "tenterhook:webhook/vars@0.1.0";

import { Reject, Retry } from "./errors.js";
import { Event } from "./event.js";
import { install } from "./host.js";
import { parse } from "./json.js";
import { consoleOf } from "./log.js";
import { answer } from "./response.js";

// An engine gives an interface as names or as one object.
const { log } = hostLog.default ?? hostLog;
const vars = hostVars.default ?? hostVars;

install({ log, vars: { get: (name) => vars.get(name) ?? null, names: () => vars.names() } });
globalThis.console = consoleOf();

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
  if (handler.constructor.name === "AsyncFunction") {
    throw new TypeError(
      `\`${name}\` in \`${file}\` is \`async\`, and a handler is not: each runs alone in a sandbox, where calls to the host simply return`,
    );
  }
}

/** Calls a handler. What it throws, but for the SDK's own, is the session's error, with its stack. */
export function call(handler, event) {
  seed(event.session() + event.attempt());
  let response;
  try {
    response = answer(handler(new Event(new HostSource(event))));
  } catch (error) {
    if (error instanceof Retry) throw { tag: "retry", val: { afterMs: error.afterMs, reason: error.message } };
    if (error instanceof Reject) throw { tag: "reject", val: error.message };
    console.error(error instanceof Error ? error : `uncaught: ${String(error)}`);
    throw error;
  }
  if (response === null) return null;
  return { status: response.status, headers: response.headers.map(([name, value]) => ({ name, value })), body: response.body };
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
