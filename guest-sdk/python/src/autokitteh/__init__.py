"""AutoKitteh's names for what handlers of webhooks use, so that a project moves here without a change of its Python files.

What this host does not have (durable activities, connections, subscriptions) is an error that says so when it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tenterhook import AttrDict, Event, http_outcome, log

__all__ = ["AttrDict", "Event", "activity", "http_outcome", "outcome"]

_F = TypeVar("_F", bound=Callable[..., Any])

_ABSENT = {
    "next_event": "a handler here gets one event and ends: write a trigger for the next one",
    "subscribe": "a handler here gets one event and ends: write a trigger for the next one",
    "unsubscribe": "a handler here gets one event and ends: write a trigger for the next one",
    "start": "a handler here starts no other: send a request to a trigger's URL",
    "get_webhook_url": "a webhook's URL is the host's address, `/webhooks/` and the trigger's endpoint",
}


def activity(function: _F) -> _F:
    """Marks what AutoKitteh would run once in a durable session. Here a handler that was cut off runs again from its start."""
    return function


def outcome(v: Any) -> None:
    """Logs a value."""
    log.info("outcome", value=v)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    why = _ABSENT.get(name, "see `tenterhook import` for what carries over")
    raise AttributeError(f"Tenterhook has no `autokitteh.{name}`: {why}")
