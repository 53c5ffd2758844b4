"""Sends requests by ``wasi:http``. It is imported in a sandbox only, where ``wit_world`` is there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler, streams
from wit_world.imports import wasi_http_types as types

from .http import Denied, Error, Failed, Limit, Request, Response, Timeout

#: So many bytes one call may write: what WASI's streams allow.
_WRITTEN = 4096
_READ = 64 << 10

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")

_TOO_LONG = {
    types.ErrorCode_DnsTimeout: "resolving the name",
    types.ErrorCode_ConnectionTimeout: "connecting",
    types.ErrorCode_ConnectionReadTimeout: "a piece of the answer",
    types.ErrorCode_ConnectionWriteTimeout: "a piece of the request",
    types.ErrorCode_HttpResponseTimeout: "the answer",
}
_TOO_MUCH = {
    types.ErrorCode_ConnectionLimitReached: "requests",
    types.ErrorCode_HttpRequestBodySize: "bytes of the request's body",
    types.ErrorCode_HttpResponseBodySize: "bytes of the answer's body",
}
_FAILED = {
    types.ErrorCode_DnsError: "the name leads nowhere",
    types.ErrorCode_ConnectionRefused: "the connection was refused",
    types.ErrorCode_TlsCertificateError: "the certificate is not trusted",
    types.ErrorCode_TlsProtocolError: "TLS failed",
}


class Client:
    """Sends by the host."""

    def send(self, request: Request) -> Response:
        outgoing = _outgoing(request)
        body = outgoing.body() if request.content is not None else None
        try:
            future = outgoing_handler.handle(outgoing, _options(request.timeout))
        except Err as error:
            raise _error(error.value) from None
        with future:
            if body is not None:
                _write(body, request.content or b"")
            with future.subscribe() as pollable:
                pollable.block()
            return _received(future.get())


def _outgoing(request: Request) -> Any:
    headers = types.Fields()
    fields = list(request.headers)
    if request.content is not None and not any(name.lower() == "content-length" for name, _ in fields):
        fields.append(("Content-Length", str(len(request.content))))
    for name, value in fields:
        try:
            headers.append(name, value.encode())
        except Err as error:
            why = type(error.value).__name__.removeprefix("HeaderError_")
            raise Failed(f"the header {name} cannot be sent: {why}") from None
    outgoing = types.OutgoingRequest(headers)
    parts = urlsplit(request.url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    try:
        outgoing.set_method(_method(request.method))
        outgoing.set_scheme(types.Scheme_Https() if parts.scheme == "https" else types.Scheme_Http())
        outgoing.set_authority(parts.netloc)
        outgoing.set_path_with_query(path)
    except Err:
        raise Failed(f"`{request.method} {request.url}` is not a request that could be sent") from None
    return outgoing


def _method(method: str) -> Any:
    return getattr(types, f"Method_{method.capitalize()}")() if method in _METHODS else types.Method_Other(method)


def _options(timeout: float | None) -> Any:
    if timeout is None:
        return None
    nanos = min(max(round(timeout * 1_000_000_000), 0), 2**64 - 1)
    options = types.RequestOptions()
    for limit in (options.set_connect_timeout, options.set_first_byte_timeout, options.set_between_bytes_timeout):
        try:
            limit(nanos)
        except Err:
            # A host that has no such limit says so, and has its own.
            pass
    return options


def _write(body: Any, content: bytes) -> None:
    """Why it stops early is told with the response."""
    try:
        with body.write() as stream:
            for place in range(0, len(content), _WRITTEN):
                stream.blocking_write_and_flush(content[place : place + _WRITTEN])
        types.OutgoingBody.finish(body, None)
    except Err:
        pass


def _received(result: Any) -> Response:
    if not isinstance(result, Ok):
        raise Failed("there is no answer")
    if isinstance(result.value, Err):
        raise _error(result.value.value)
    with result.value.value as answer:
        with answer.headers() as fields:
            headers = [(name, value.decode("utf-8", "replace")) for name, value in fields.entries()]
        with answer.consume() as body, body.stream() as stream:
            return Response(answer.status(), _read(stream), headers)


def _read(stream: Any) -> bytes:
    content = bytearray()
    while True:
        try:
            content += stream.blocking_read(_READ)
        except Err as error:
            if isinstance(error.value, streams.StreamError_Closed):
                return bytes(content)
            with error.value.value as cause:
                code = types.http_error_code(cause)
                raise Failed(cause.to_debug_string()) if code is None else _error(code) from None


def _error(code: Any) -> Error:
    kind = type(code)
    if kind in (types.ErrorCode_HttpRequestDenied, types.ErrorCode_DestinationIpProhibited):
        return Denied("the request may not go there: the session's record says why")
    if kind in _TOO_LONG:
        return Timeout(f"{_TOO_LONG[kind]} took too long")
    if kind in _TOO_MUCH:
        return Limit(f"there are more {_TOO_MUCH[kind]} than there may be")
    if kind is types.ErrorCode_InternalError and code.value:
        return Failed(code.value)
    return Failed(_FAILED.get(kind) or f"the request failed: {code!r}")
