// The handlers of {{name}}.

import { type Event, Reject, Response, log, vars } from "tenterhook";

/** Greets whom the query names. */
export function onHello(event: Event): Response {
  const name = event.data.url.query.get("name", "world");
  return Response.text(`${vars.get("GREETING", "Hello")}, ${name}!\n`);
}

/** Takes note of an order. */
export function onOrder(event: Event): void {
  const order = event.data.body.json;
  if (!order?.has("id")) throw new Reject("an order is a JSON object with an id");
  log.info("ordered", { id: order.id, attempt: event.attempt });
}
