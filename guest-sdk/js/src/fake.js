// Events for unit tests, which run on the author's machine without a host.

import { answer } from "./answer.js";
import { Event } from "./event.js";
import { fetch } from "./fetch.js";
import { parse, stringify } from "./json.js";
import { pairs } from "./pairs.js";
import { payload } from "./payload.js";
import { Response } from "./response.js";
import * as host from "./test_host.js";
import { encodeUtf8 } from "./text.js";
import { has } from "./value.js";

/** The event that the host would make of a request. */
export function event(request = {}) {
  const { method = "GET", url = "/webhooks/slug", trailers = [], body, json, form } = request;
  const headers = pairs(request.headers ?? []);
  if ([body, json, form].filter((given) => given !== undefined).length > 1) {
    throw new TypeError("an event has one body: give `body`, `json` or `form`");
  }
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  let content = body ?? null;
  let type;
  if (json !== undefined) [content, type] = [stringify(json), "application/json"];
  if (form !== undefined) [content, type] = [new URLSearchParams(pairs(form)).toString(), "application/x-www-form-urlencoded"];
  if (typeof content === "string") content = encodeUtf8(content);
  if (type && !names.has("content-type")) headers.push(["Content-Type", type]);
  if (content !== null && !names.has("content-length") && !names.has("transfer-encoding")) headers.push(["Content-Length", String(content.length)]);
  const bytes = content !== null && content.length > 0 ? Uint8Array.from(content) : null;
  const whole = payload({ method, url, headers, trailers: pairs(trailers), body: bytes });
  const about = {
    id: "evt_00000000000000000000000000",
    session: "ses_00000000000000000000000000",
    attempt: 1,
    createdAt: new Date(Date.UTC(2026, 0, 1)),
    trigger: "trigger",
    redispatchedFrom: null,
    ...request,
  };
  return new Event({
    id: () => about.id,
    kind: () => method.toLowerCase(),
    session: () => about.session,
    attempt: () => about.attempt,
    createdAt: () => about.createdAt.getTime() * 1000,
    trigger: () => about.trigger,
    redispatchedFrom: () => about.redispatchedFrom,
    read: (pointer) => (pointer === "/body/bytes" ? bytes : copy(find(whole, pointer))),
  });
}

/**
 * Calls a handler as the host does, and gives what the sender of a synchronous webhook would receive; null is no answer. Of an `async` handler
 * it is a promise. Meanwhile `fetch` is what `answerRequests` says, and no request leaves the machine.
 */
export function call(handler, event) {
  host.forgetReply();
  const usual = globalThis.fetch;
  globalThis.fetch = fetch;
  const end = () => {
    globalThis.fetch = usual;
  };
  let returned;
  try {
    returned = handler(event);
    if (typeof returned?.then !== "function") return answered(returned);
  } finally {
    if (typeof returned?.then !== "function") end();
  }
  return Promise.resolve(returned).then(answered).finally(end);
}

function answered(returned) {
  const response = answer(returned);
  const { reply, chunks } = host.test;
  if (!reply) return response;
  if (response) throw new TypeError("the handler returned a response after it had sent one by `reply`: return nothing");
  return new Response(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])), reply);
}

/** Gives the project a variable. */
export function setVar(name, value) {
  host.test.variables.set(name, String(value));
}

/** What was logged since the last time: `warn running out stock=3`. */
export function takeLogs() {
  return host.test.logs.splice(0);
}

/** The pieces in which the last call's handler sent its response while it ran. */
export function chunks() {
  return [...host.test.chunks];
}

/** Answers what handlers send with `fetch` from now on. */
export function answerRequests(answer) {
  host.test.answer = answer;
}

/** Forgets variables, logs, what was kept, and who answers requests. */
export function reset() {
  host.reset();
}

function find(value, pointer) {
  let inHeaders = false;
  for (const [depth, part] of pointer.split("/").slice(1).entries()) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = /^[0-9]+$/.test(key) ? value[Number(key)] : undefined;
    else if (inHeaders) value = value[Object.keys(value).find((name) => name.toLowerCase() === key.toLowerCase())];
    else value = has(value, key) ? value[key] : undefined;
    if (value === undefined) return undefined;
    inHeaders = depth === 0 && (key === "headers" || key === "trailers");
  }
  return value;
}

/** As a host gives it: a value of its own each time. */
function copy(value) {
  return value !== null && typeof value === "object" ? parse(stringify(value)) : value;
}
