"""A synchronous webhook that answers with what it received."""

from tenterhook import Event, http_outcome


def on_request(event: Event) -> None:
    """Answers with the whole of `event.data` as JSON, `body.bytes` in base64."""
    http_outcome(json=event.data)
