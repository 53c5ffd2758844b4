"""What the sender of a synchronous webhook receives."""

from __future__ import annotations

import base64
import json as _json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"

Pairs = Iterable[tuple[str, str]]


@dataclass
class Response:
    """An HTTP response: 200 and empty unless it says more.

    >>> Response.text("created", status=201).header("X-Id", "7")
    Response(status=201, headers=[('Content-Type', 'text/plain; charset=utf-8'), ('X-Id', '7')], body=b'created')
    """

    #: 200 to 599.
    status: int = 200
    #: In this order; a name may stand more than once.
    headers: list[tuple[str, str]] = field(default_factory=list)
    #: The exact bytes.
    body: bytes = b""

    @classmethod
    def text(cls, text: str, status: int = 200) -> Response:
        """This text, as ``text/plain``."""
        return cls(status, [("Content-Type", _TEXT)], text.encode())

    @classmethod
    def html(cls, page: str, status: int = 200) -> Response:
        """This page, as ``text/html``."""
        return cls(status, [("Content-Type", "text/html; charset=utf-8")], page.encode())

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Response:
        """This value, as ``application/json``; bytes in it are base64."""
        return cls(status, [("Content-Type", _JSON)], encode(value))

    def header(self, name: str, value: str) -> Response:
        """With one more header field."""
        self.headers.append((name, str(value)))
        return self


#: What a handler may return. ``None`` is no answer.
Answer = Union[None, Response, str, bytes, dict[str, Any], list[Any], tuple[int, Any]]


def answer(value: Any) -> Response | None:
    """The response that a handler's return value is.

    >>> answer("hi").body, answer({"a": [1]}).body, answer((404, "no")).status, answer((204, None)).headers
    (b'hi', b'{"a":[1]}', 404, [])
    """
    if value is None or isinstance(value, Response):
        return value
    if isinstance(value, str):
        return Response.text(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Response(200, [("Content-Type", "application/octet-stream")], bytes(value))
    if isinstance(value, (dict, list)):
        return Response.json(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int):
        response = answer(value[1]) or Response()
        response.status = value[0]
        return response
    raise TypeError(
        f"a handler returns None, a Response, text, bytes, a dict, a list or (status, answer), and not {type(value).__name__}; "
        "to answer with any value as JSON, return Response.json(value)"
    )


def encode(value: Any) -> bytes:
    """A value as JSON text without spaces."""
    return _json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_default).encode()


def _default(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


class Outcome:
    """What a handler has given with :func:`http_outcome` so far."""

    def __init__(self) -> None:
        self.response: Response | None = None
        self.is_complete = False


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
    headers: Mapping[str, str] | Pairs | None = None,
    more: bool = False,
) -> None:
    """Answers the sender of a synchronous webhook, as AutoKitteh's function of this name does.

    Args:
        status_code: The status; ignored if it is not the first of several.
        body: Text or bytes, as they are; anything else as JSON.
        json: A value to answer as JSON. Not together with ``body``.
        headers: Header fields, as a dictionary or as pairs; ignored if it is not the first of several.
        more: Whether a further call continues the body.

    Once a call without ``more`` was made, a further one is an error. A handler whose trigger is not synchronous may call it too: the
    session keeps the status.
    """
    if _current.is_complete:
        raise RuntimeError("the sender is answered already: give `more=True` to all calls of http_outcome but the last")
    if body is not None and json is not None:
        raise ValueError("http_outcome takes `body` or `json`, and not both")
    if json is not None:
        content, content_type = encode(json), _JSON
    elif body is None:
        content, content_type = b"", None
    elif isinstance(body, str):
        content, content_type = body.encode(), _TEXT
    elif isinstance(body, (bytes, bytearray, memoryview)):
        content, content_type = bytes(body), None
    else:
        content, content_type = encode(body), _JSON
    if _current.response is None:
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers or [])
        pairs = [(str(name), str(value)) for name, value in pairs]
        if content_type and not any(name.lower() == "content-type" for name, _ in pairs):
            pairs.insert(0, ("Content-Type", content_type))
        _current.response = Response(status_code, pairs, content)
    else:
        _current.response.body += content
    _current.is_complete = not more
