// What a handler returns, as a response.

import { FetchResponse } from "./fetch.js";
import { Response } from "./response.js";

/** The response that a handler's return value is; null for none. */
export function answer(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof Response) return value;
  if (value instanceof FetchResponse) return value.forward();
  if (typeof value === "string" || value instanceof Uint8Array || value instanceof ArrayBuffer) {
    const response = new Response(value);
    return typeof value === "string" ? response : response.header("Content-Type", "application/octet-stream");
  }
  if (typeof value === "object") return Response.json(value);
  throw new TypeError(
    `a handler returns nothing, a Response, text, bytes, an object or a list, and not a ${typeof value}; ` +
      "to answer with any value as JSON, return Response.json(value)",
  );
}
