"""One call of a handler, in a sandbox or in a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import outcome, response
from .event import Event
from .response import Response


def run(handler: Callable[[Event], Any], event: Event) -> Response | None:
    """What the handler answers: with ``http_outcome`` if it called that, else with what it returns. ``None`` too when it was sent already."""
    given = outcome.begin()
    returned = handler(event)
    # A handler that was written for AutoKitteh may return anything besides.
    return given.response if given.has_begun else response.answer(returned)
