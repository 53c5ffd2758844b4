// What the sender of a synchronous webhook receives.

import { stringify } from "./json.js";
import { pairs } from "./pairs.js";
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
