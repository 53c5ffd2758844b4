"""How a handler says that it did not do its work."""

from __future__ import annotations

from datetime import timedelta

from ._time import millis


class Retry(Exception):
    """Asks for another attempt, since the cause may pass.

    Args:
        reason: What the session shows.
        after: How long to wait at the least, in seconds or as a ``timedelta``; without it, the trigger's policy says when.

    >>> raise Retry("the quota is used up", after=60)
    Traceback (most recent call last):
    ...
    tenterhook.errors.Retry: the quota is used up
    """

    def __init__(self, reason: str = "", after: float | timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = str(reason)
        #: In milliseconds; none leaves it to the trigger's policy.
        self.after_ms: int | None = millis(after, "after")


class Reject(Exception):
    """Says that this event cannot be handled: no attempt would succeed.

    Args:
        reason: What the session shows.

    >>> raise Reject("the signature is wrong")
    Traceback (most recent call last):
    ...
    tenterhook.errors.Reject: the signature is wrong
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = str(reason)
