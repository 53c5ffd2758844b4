"""Spans of time as the host takes them."""

from __future__ import annotations

from datetime import timedelta


def millis(span: float | timedelta | None, name: str) -> int | None:
    """Seconds or a ``timedelta`` in milliseconds, at most what 64 bits hold; ``None`` stays.

    >>> millis(1.5, "after"), millis(timedelta(minutes=1), "after"), millis(None, "after")
    (1500, 60000, None)
    """
    if span is None:
        return None
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{name} is a time in seconds, and not {span!r}")
    return min(round(seconds * 1000), 2**64 - 1)
