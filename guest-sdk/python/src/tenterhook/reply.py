"""A response that is sent while the handler runs: a head, then chunks.

>>> from tenterhook import fake, reply
>>> def on_http_get(event):
...     answer = reply.start(200, {"Content-Type": "text/plain"})
...     for number in range(3):
...         answer.write(f"{number}\\n")
>>> fake.call(on_http_get, fake.event()).body
b'0\\n1\\n2\\n'
>>> fake.chunks()
[b'0\\n', b'1\\n', b'2\\n']

:func:`tenterhook.http_outcome` with ``more=True`` does the same. Only the sender of a synchronous trigger waits for a response. It ends when
the handler returns; when the handler fails instead, it is cut off, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from typing import Protocol

from ._fields import Fields, pairs


class Error(Exception):
    """Why a call did nothing."""


class NoSender(Error):
    """Nobody waits for this session's response: its trigger is not the synchronous one, or the sender's time is over."""


class Closed(Error):
    """The sender has gone, or reads no more."""


class Invalid(Error):
    """The head cannot be sent, was sent before, or the response has no body; the text says which."""


class Limit(Error):
    """The response is larger than it may be; the text names the limit."""


class Sender(Protocol):
    """Who waits for a response: the host's, or a test."""

    def start(self, status: int, headers: list[tuple[str, str]]) -> None: ...
    def write(self, chunk: bytes) -> None: ...


_sender: Sender


class Reply:
    """A response that has begun."""

    def write(self, chunk: str | bytes) -> None:
        """Sends a piece of the body; waits while the sender reads more slowly than it is written.

        >>> from tenterhook import fake
        >>> fake.call(lambda event: start().write("a part"), fake.event()).body
        b'a part'
        """
        _sender.write(chunk.encode() if isinstance(chunk, str) else bytes(chunk))


def start(status_code: int = 200, headers: Fields = ()) -> Reply:
    """Sends the status and the headers.

    >>> from tenterhook import fake
    >>> fake.call(lambda event: start(202, {"X-Id": 7}) and None, fake.event())
    Response(status=202, headers=[('X-Id', '7')], body=b'')
    """
    _sender.start(status_code, pairs(headers))
    return Reply()
