// The handlers of {{name}}.

import { Reject, Response, log, vars } from "tenterhook";

/**
 * Greets whom the query names.
 * @param {import("tenterhook").Event} event
 */
export function onHello(event) {
  const name = event.data.url.query.get("name", "world");
  return Response.text(`${vars.get("GREETING", "Hello")}, ${name}!\n`);
}

/**
 * Takes note of an order.
 * @param {import("tenterhook").Event} event
 */
export function onOrder(event) {
  const order = event.data.body.json;
  if (!order?.has("id")) throw new Reject("an order is a JSON object with an id");
  log.info("ordered", { id: order.id, attempt: event.attempt });
}
