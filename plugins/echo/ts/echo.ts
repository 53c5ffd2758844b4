// A synchronous webhook that answers with what it received.

import { type Event, Response } from "tenterhook";

/** Answers with the whole of `event.data` as JSON, `body.bytes` in base64. */
export function onRequest(event: Event): Response {
  return Response.json(event.data);
}
