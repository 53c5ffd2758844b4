"""What the sender of a synchronous webhook receives."""

from __future__ import annotations

import base64
import json as _json
from dataclasses import dataclass, field
from typing import Any, Union

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


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
        return cls(status, [("Content-Type", TEXT)], text.encode())

    @classmethod
    def html(cls, page: str, status: int = 200) -> Response:
        """This page, as ``text/html``."""
        return cls(status, [("Content-Type", "text/html; charset=utf-8")], page.encode())

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Response:
        """This value, as ``application/json``; bytes in it are base64."""
        return cls(status, [("Content-Type", JSON)], encode(value))

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


