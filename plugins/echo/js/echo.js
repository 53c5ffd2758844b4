// A synchronous webhook that answers with what it received.

import { Response } from "tenterhook";

/** Answers with the whole of `event.data` as JSON, `body.bytes` in base64. */
export function onRequest(event) {
  return Response.json(event.data);
}
