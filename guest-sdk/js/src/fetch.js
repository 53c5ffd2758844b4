// Requests to others, as the web has them.

import { FetchError } from "./errors.js";
import { host } from "./host.js";
import { parse } from "./json.js";
import { pairs } from "./pairs.js";
import { Response } from "./response.js";
import { decodeUtf8, encodeUtf8 } from "./text.js";

/** How often a request is sent on, as the standard has it. */
const REDIRECTS = 20;
const OPTIONS = ["method", "headers", "body", "redirect", "timeoutMs"];

/** Header fields, found in any case. */
export class Headers {
  #fields;

  constructor(fields = []) {
    this.#fields = pairs(fields).map(([name, value]) => [name.toLowerCase(), value]);
  }

  get(name) {
    const values = this.#fields.filter(([other]) => other === name.toLowerCase()).map(([, value]) => value);
    return values.length > 0 ? values.join(", ") : null;
  }

  has(name) {
    return this.get(name) !== null;
  }

  getSetCookie() {
    return this.#fields.filter(([name]) => name === "set-cookie").map(([, value]) => value);
  }

  forEach(act) {
    for (const [name, value] of this) act(value, name, this);
  }

  *keys() {
    for (const [name] of this) yield name;
  }

  *values() {
    for (const [, value] of this) yield value;
  }

  *entries() {
    for (const name of [...new Set(this.#fields.map(([name]) => name))].sort()) {
      if (name === "set-cookie") for (const value of this.getSetCookie()) yield [name, value];
      else yield [name, this.get(name)];
    }
  }

  [Symbol.iterator]() {
    return this.entries();
  }
}

/** What was answered, whole. */
export class FetchResponse {
  #body;

  constructor({ status = 200, headers = [], body = new Uint8Array(0), url = "", redirected = false }) {
    this.#body = typeof body === "string" ? encodeUtf8(body) : body;
    Object.assign(this, { status, headers: new Headers(headers), url, redirected, type: "basic", bodyUsed: false });
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  #take() {
    if (this.bodyUsed) throw new TypeError("the body was read before: keep what it gave");
    this.bodyUsed = true;
    return this.#body;
  }

  /** What a handler answers that passes it on: without what was between others, and this host says anew. */
  forward() {
    const between = ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
    return new Response(this.#take(), { status: this.status, headers: [...this.headers].filter(([name]) => !between.includes(name)) });
  }

  async bytes() {
    return this.#take();
  }

  async arrayBuffer() {
    const { buffer, byteOffset, byteLength } = this.#take();
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }

  async text() {
    // A mark of the byte order is none of the text.
    return decodeUtf8(this.#take()).replace(/^\ufeff/, "");
  }

  async json() {
    const text = await this.text();
    // The engine's own says of a mistake where it is; a number of many digits stays exact.
    JSON.parse(text);
    return parse(text);
  }
}

export async function fetch(resource, init = {}) {
  const unknown = Object.keys(init).find((name) => !OPTIONS.includes(name) && init[name] !== undefined);
  if (unknown !== undefined) throw new TypeError(`fetch has no option \`${unknown}\` here: it has ${OPTIONS.join(", ")}`);
  let request = prepared(String(resource?.href ?? resource), init);
  for (let redirects = 0; ; redirects += 1) {
    const { status, headers, body } = await host.send(request);
    const response = new FetchResponse({ status, headers, body, url: request.url, redirected: redirects > 0 });
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(status) || location === null || init.redirect === "manual") return response;
    if (init.redirect === "error") throw new FetchError("failed", `\`${request.url}\` leads elsewhere, to \`${location}\``);
    if (redirects === REDIRECTS) throw new FetchError("failed", `\`${request.url}\` leads elsewhere more than ${REDIRECTS} times`);
    request = redirected(request, status, resolve(request.url, location));
  }
}

function prepared(url, { method = "GET", headers = [], body, timeoutMs }) {
  const request = { method: method.toUpperCase(), url: escaped(url), headers: pairs(headers), body: null, timeoutMs };
  if (!/^https?:\/\/[^/?#\s]+/i.test(url)) throw new FetchError("failed", `\`${url}\` is not a URL to which a request could go`);
  if (/^[^/?#]*\/\/[^/?#]*@/.test(url)) {
    throw new FetchError("failed", "a URL with a user's name and password is written down in many places: send the header Authorization");
  }
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) throw new RangeError(`timeoutMs is a time in milliseconds, and not ${timeoutMs}`);
  if (body === undefined || body === null) return request;
  if (["GET", "HEAD"].includes(request.method)) throw new TypeError(`a request with the method ${request.method} has no body`);
  if (typeof body === "string") {
    request.body = encodeUtf8(body);
    if (!request.headers.some(([name]) => name.toLowerCase() === "content-type")) {
      request.headers.push(["Content-Type", "text/plain;charset=UTF-8"]);
    }
  } else if (body instanceof Uint8Array) request.body = body;
  else if (body instanceof ArrayBuffer) request.body = new Uint8Array(body);
  else throw new TypeError("a request's body is text or bytes: JSON.stringify makes a text of a value");
  return request;
}

/** What is asked next, as the standard has it: what others must not learn is left behind. */
function redirected(request, status, url) {
  const isRead = (status === 303 && request.method !== "HEAD") || ([301, 302].includes(status) && request.method === "POST");
  const isElsewhere = origin(request.url) !== origin(url);
  const headers = request.headers.filter(([name]) => {
    if (isRead && name.toLowerCase().startsWith("content-")) return false;
    return !(isElsewhere && ["authorization", "cookie", "proxy-authorization"].includes(name.toLowerCase()));
  });
  return { ...request, url, headers, ...(isRead ? { method: "GET", body: null } : {}) };
}

function origin(url) {
  return /^[^/]+\/\/[^/?#]*/.exec(url)[0].toLowerCase();
}

/** A reference against where it stands. */
function resolve(base, reference) {
  if (/^https?:\/\//i.test(reference)) return escaped(reference);
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) throw new FetchError("failed", `\`${base}\` leads to \`${reference}\`, to which no request goes`);
  if (reference.startsWith("//")) return escaped(base.slice(0, base.indexOf(":") + 1) + reference);
  const path = base.slice(origin(base).length).split(/[?#]/)[0] || "/";
  if (reference.startsWith("?")) return escaped(origin(base) + path + reference);
  const whole = reference.startsWith("/") ? reference : path.slice(0, path.lastIndexOf("/") + 1) + reference;
  const [, route, rest] = /^([^?#]*)(.*)$/.exec(whole);
  const parts = [];
  for (const part of route.split("/").slice(1)) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return escaped(`${origin(base)}/${parts.join("/")}${rest}`);
}

/** As it is sent: without its fragment, and with what a URL cannot hold escaped. */
function escaped(url) {
  return url.split("#")[0].replace(/[^!-~]|["<>\\^`{|}]/gu, encodeURIComponent);
}
