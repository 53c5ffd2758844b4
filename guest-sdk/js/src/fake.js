// Events for unit tests, which run on the author's machine without a host.

import { Event } from "./event.js";
import { entries, variables } from "./host.js";
import { parse, stringify } from "./json.js";
import { payload } from "./payload.js";
import { answer } from "./response.js";
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

/** Calls a handler as the host does, and gives what the sender of a synchronous webhook would receive; null is no answer. */
export function call(handler, event) {
  return answer(handler(event));
}

/** Gives the project a variable. */
export function setVar(name, value) {
  variables.set(name, String(value));
}

/** What was logged since the last time: `warn running out stock=3`. */
export function takeLogs() {
  return entries.splice(0);
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

function pairs(fields) {
  const entries = typeof fields[Symbol.iterator] === "function" ? [...fields] : Object.entries(fields);
  return entries.map(([name, value]) => [String(name), String(value)]);
}
