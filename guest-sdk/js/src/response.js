// What the sender of a synchronous webhook receives.

import { stringify } from "./json.js";
import { encodeUtf8 } from "./text.js";

export class Response {
  constructor(body = null, { status = 200, headers = [] } = {}) {
    this.status = status;
    this.headers = pairs(headers);
    if (body === null) this.body = new Uint8Array();
    else if (body instanceof Uint8Array) this.body = body;
    else if (body instanceof ArrayBuffer) this.body = new Uint8Array(body);
    else if (typeof body === "string") {
      this.body = encodeUtf8(body);
      this.#type("text/plain; charset=utf-8");
    } else throw new TypeError("a Response's body is text or bytes; Response.json(value) answers with any value");
  }

  static text(text, init) {
    return new Response(String(text), init);
  }

  static html(page, init) {
    const response = new Response(encodeUtf8(page), init);
    response.#type("text/html; charset=utf-8");
    return response;
  }

  static json(value, init) {
    const response = new Response(encodeUtf8(stringify(value)), init);
    response.#type("application/json");
    return response;
  }

  header(name, value) {
    this.headers.push([name, String(value)]);
    return this;
  }

  #type(type) {
    if (!this.headers.some(([name]) => name.toLowerCase() === "content-type")) this.headers.unshift(["Content-Type", type]);
  }
}

function pairs(headers) {
  const entries = typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
  return entries.map(([name, value]) => [String(name), String(value)]);
}

/** The response that a handler's return value is; null for none. */
export function answer(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof Response) return value;
  if (typeof value === "string" || value instanceof Uint8Array || value instanceof ArrayBuffer) {
    const response = new Response(value);
    return typeof value === "string" ? response : response.header("Content-Type", "application/octet-stream");
  }
  if (typeof value.then === "function") {
    throw new TypeError("a handler is not `async`: each runs alone in a sandbox, where calls to the host simply return");
  }
  if (typeof value === "object") return Response.json(value);
  throw new TypeError(
    `a handler returns nothing, a Response, text, bytes, an object or a list, and not a ${typeof value}; ` +
      "to answer with any value as JSON, return Response.json(value)",
  );
}
