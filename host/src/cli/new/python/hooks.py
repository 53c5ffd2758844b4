"""The handlers of {{name}}."""

import os

from tenterhook import Event, Reject, http_outcome, log

GREETING = os.getenv("GREETING", "Hello")


def on_hello(event: Event) -> None:
    """Greets whom the query names."""
    name = event.data.url.query.get("name", "world")
    http_outcome(body=f"{GREETING}, {name}!\n")


def on_order(event: Event) -> None:
    """Takes note of an order."""
    order = event.data.body.json
    if order is None or "id" not in order:
        raise Reject("an order is a JSON object with an id")
    log.info("ordered", id=order.id, attempt=event.attempt)
