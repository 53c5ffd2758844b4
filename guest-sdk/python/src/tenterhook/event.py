"""What a handler receives."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from .value import AttrDict, Headers, Lazy

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MISSING = object()

_DATA = ("method", "url", "raw_url", "headers", "headers_all", "trailers", "trailers_all", "body")
_URL = ("path", "query", "raw_query", "fragment", "raw_fragment", "raw_path", "path_suffix", "query_all")
_BODY = ("bytes", "form", "json", "text", "json_value", "form_all")


class Source(Protocol):
    """Where an event comes from: the host, or a test."""

    def id(self) -> str: ...
    def kind(self) -> str: ...
    def session(self) -> str: ...
    def attempt(self) -> int: ...
    def created_at(self) -> int:
        """In microseconds since the Unix epoch."""
        ...

    def trigger(self) -> str: ...
    def redispatched_from(self) -> str | None: ...
    def get(self, pointer: str, default: Any) -> Any:
        """The value at a JSON Pointer (RFC 6901), or ``default`` when it is missing."""
        ...


class Event:
    """One received request: who it is, and in :attr:`data` what it says."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._data: AttrDict | None = None

    @property
    def data(self) -> AttrDict:
        """What the request says: ``method``, ``url``, ``raw_url``, ``headers``, ``body`` and so on.

        Fields are attributes and keys; each is read from the host when it is first looked at. Headers are found in any case,
        ``body.bytes`` is ``bytes``, and ``body.json`` has JSON's values as Python's own.
        """
        if self._data is None:
            self._data = Lazy(_DATA, self._field)
        return self._data

    def _field(self, key: str) -> Any:
        if key == "url":
            return Lazy(_URL, lambda part: self._source.get(f"/url/{part}", None))
        if key == "body":
            return Lazy(_BODY, lambda part: self._source.get(f"/body/{part}", None))
        value = self._source.get(f"/{key}", None)
        return Headers(value) if key in ("headers", "trailers") else value

    def get(self, pointer: str, default: Any = None) -> Any:
        """One field of the payload in one step, or ``default`` when it is missing.

        ``pointer`` is a field's name (``method``) or a JSON Pointer: ``/url/path``, ``/headers/content-type``, ``/body/json/action``.
        No more than the field is copied into the sandbox. The empty pointer is the whole payload, with ``body.bytes`` in base64.
        """
        if pointer and not pointer.startswith("/"):
            pointer = f"/{pointer}"
        found = self._source.get(pointer, _MISSING)
        return default if found is _MISSING else found

    @property
    def id(self) -> str:
        """``evt_…``, the same for every trigger that the event matched and for every attempt."""
        return self._source.id()

    @property
    def kind(self) -> str:
        """The event type: the HTTP method in lower case."""
        return self._source.kind()

    @property
    def session(self) -> str:
        """``ses_…``: this trigger's handling of the event, the same for every attempt.

        Delivery is at least once, so it is what to give to others as an idempotency key.
        """
        return self._source.session()

    #: AutoKitteh's name of :attr:`session`.
    session_id = session

    @property
    def attempt(self) -> int:
        """1 at the first attempt."""
        return self._source.attempt()

    @property
    def created_at(self) -> datetime:
        """When the request was received, to the microsecond, in UTC."""
        return _EPOCH + timedelta(microseconds=self._source.created_at())

    @property
    def trigger(self) -> str:
        """The name of the trigger that selected this handler."""
        return self._source.trigger()

    @property
    def redispatched_from(self) -> str | None:
        """``evt_…`` of the event that this one copies, when somebody dispatched it again.

        What that one made a handler do may be done already.
        """
        return self._source.redispatched_from()

    def __repr__(self) -> str:
        return f"<Event {self.id} {self.kind}>"
