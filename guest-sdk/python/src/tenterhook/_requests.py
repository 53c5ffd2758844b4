"""Makes ``requests`` send by :mod:`tenterhook.http`: a sandbox has no sockets. It is imported where ``requests`` is."""

from __future__ import annotations

import io
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from . import http

#: What describes a connection is the host's to say.
_OF_CONNECTIONS = ("connection", "host", "transfer-encoding")


def install() -> None:
    """Every session's requests by ``http`` and ``https`` go this way from now on."""
    HTTPAdapter.send = _send  # type: ignore[method-assign, assignment]


def _send(self: Any, request: Any, stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None, proxies: Any = None) -> Any:
    """Whom to trust, and by which way a request goes, is the operator's to say: ``verify``, ``cert`` and ``proxies`` are of no effect."""
    headers = [(_text(name), _text(value)) for name, value in request.headers.items() if _text(name).lower() not in _OF_CONNECTIONS]
    try:
        answer = http.request(request.method, request.url, headers=headers, data=_content(request.body), timeout=_seconds(timeout))
    except http.Timeout as error:
        raise requests.exceptions.Timeout(error, request=request) from error
    except http.Error as error:
        raise requests.exceptions.ConnectionError(error, request=request) from error
    raw = HTTPResponse(
        body=io.BytesIO(answer.content),
        headers=HTTPHeaderDict(answer.headers_all),
        status=answer.status_code,
        reason=answer.reason,
        request_method=request.method,
        preload_content=False,
    )
    return self.build_response(request, raw)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _content(body: Any) -> bytes | None:
    """Text, bytes, a file or pieces, as ``requests`` has it."""
    if isinstance(body, str):
        return body.encode()
    if body is None or isinstance(body, (bytes, bytearray, memoryview)):
        return None if body is None else bytes(body)
    return _content(body.read()) if hasattr(body, "read") else b"".join(map(_piece, body))


def _piece(piece: str | bytes) -> bytes:
    return piece.encode() if isinstance(piece, str) else piece


def _seconds(timeout: Any) -> float | None:
    """The longest of those for connecting and for reading; one holds for each part here."""
    given = [span for span in (timeout if isinstance(timeout, tuple) else (timeout,)) if isinstance(span, (int, float))]
    return max(given, default=None)
