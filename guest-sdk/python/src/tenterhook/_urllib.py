"""Makes ``urllib.request`` send by :mod:`tenterhook.http`: a sandbox has no sockets. It is imported where ``urllib.request`` is."""

from __future__ import annotations

import io
import urllib.request
from http.client import HTTPMessage
from typing import Any
from urllib.error import URLError
from urllib.response import addinfourl

from . import http

#: What describes a connection is the host's to say.
_OF_CONNECTIONS = ("connection", "host")


def install() -> None:
    """Every opener's requests by ``http`` and ``https`` go this way from now on."""
    handler: Any = urllib.request.HTTPHandler
    urllib.request.AbstractHTTPHandler.do_open = _open  # type: ignore[method-assign, assignment]
    if not hasattr(urllib.request, "HTTPSHandler"):
        # Without a TLS of its own Python has none: here it is the host that speaks it.
        handler.https_open, handler.https_request = handler.http_open, handler.http_request


def _open(self: Any, http_class: Any, request: urllib.request.Request, **options: Any) -> addinfourl:
    headers = [(name, value) for name, value in request.header_items() if name.lower() not in _OF_CONNECTIONS]
    # Without one it is an object that stands for the sockets' default.
    timeout = request.timeout if isinstance(request.timeout, (int, float)) else None
    try:
        answer = http.request(request.get_method(), request.full_url, headers=headers, data=_content(request.data), timeout=timeout)
    except http.Error as error:
        raise URLError(error) from error
    message = HTTPMessage()
    for name, value in answer.headers_all:
        message.add_header(name, value)
    response = addinfourl(io.BytesIO(answer.content), message, request.full_url, answer.status_code)
    response.msg = response.reason = answer.reason  # type: ignore[attr-defined]
    return response


def _content(data: Any) -> bytes | None:
    """Bytes, a file or pieces, as ``urllib`` has it."""
    if data is None or isinstance(data, (bytes, bytearray, memoryview)):
        return None if data is None else bytes(data)
    return data.read() if hasattr(data, "read") else b"".join(data)
