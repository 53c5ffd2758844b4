"""AutoKitteh's way to answer."""

from __future__ import annotations

from typing import Any

from . import reply
from ._fields import Fields, pairs
from .response import JSON, TEXT, Response, encode


class Outcome:
    """What a handler has given with :func:`http_outcome` so far."""

    def __init__(self) -> None:
        #: What is sent when the handler ends.
        self.response: Response | None = None
        #: What is sent while it runs.
        self.reply: reply.Reply | None = None
        self.is_complete = False

    @property
    def has_begun(self) -> bool:
        return self.response is not None or self.reply is not None

    def begin(self, head: Response, more: bool) -> None:
        """The first call. Of several the sender is told at once, if one waits."""
        if more:
            try:
                self.reply = reply.start(head.status, head.headers)
            except reply.NoSender:
                pass
            else:
                return self.go_on(head.body)
        self.response = head

    def go_on(self, content: bytes) -> None:
        if self.reply is not None:
            # A piece without content would say that there is a body.
            if content:
                self.reply.write(content)
        elif self.response is not None:
            self.response.body += content


_current = Outcome()


def begin() -> Outcome:
    """Forgets the last call's outcome."""
    global _current
    _current = Outcome()
    return _current


def http_outcome(
    status_code: int = 200,
    body: Any = None,
    json: Any = None,
    headers: Fields | None = None,
    more: bool = False,
) -> None:
    """Answers the sender of a synchronous webhook, as AutoKitteh's function of this name does.

    >>> from tenterhook import fake, http_outcome
    >>> def on_http_get(event):
    ...     http_outcome(status_code=201, body="a part, ", more=True)
    ...     http_outcome(body="and the rest")
    >>> fake.call(on_http_get, fake.event())
    Response(status=201, headers=[('Content-Type', 'text/plain; charset=utf-8')], body=b'a part, and the rest')
    >>> fake.chunks()
    [b'a part, ', b'and the rest']

    Args:
        status_code: The status; ignored if it is not the first of several.
        body: Text or bytes, as they are; anything else as JSON.
        json: A value to answer as JSON. Not together with ``body``.
        headers: Header fields, as a dictionary or as pairs; ignored if it is not the first of several.
        more: Whether a further call continues the body. What was given so far is sent then, while the handler goes on; the response ends
            with the handler.

    Once a call without ``more`` was made, a further one is an error. A handler whose trigger is not synchronous may call it too: the
    session keeps the status. When the sender has gone before it had all, :class:`reply.Closed <tenterhook.reply.Closed>` is raised.
    """
    if _current.is_complete:
        raise RuntimeError("the sender is answered already: give `more=True` to all calls of http_outcome but the last")
    if body is not None and json is not None:
        raise ValueError("http_outcome takes `body` or `json`, and not both")
    content, content_type = _content(body, json)
    if _current.has_begun:
        _current.go_on(content)
    else:
        fields = pairs(headers)
        if content_type and not any(name.lower() == "content-type" for name, _ in fields):
            fields.insert(0, ("Content-Type", content_type))
        _current.begin(Response(status_code, fields, content), more)
    _current.is_complete = not more


def _content(body: Any, json: Any) -> tuple[bytes, str | None]:
    if json is not None:
        return encode(json), JSON
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), TEXT
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), None
    return encode(body), JSON
