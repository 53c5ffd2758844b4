"""What the host gives. It is imported in a sandbox only, where ``wit_world`` is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from componentize_py_types import Err
from wit_world.imports import kv as _kv
from wit_world.imports import log as _log
from wit_world.imports import reply as _reply
from wit_world.imports import tenterhook_webhook_types as types

from . import kv, reply
from .log import Sink
from .value import AttrDict

#: No field's value: a JSON text is never empty. So one call tells what is missing from what is null.
_MISSING = types.Value_Json("")


class HostSource:
    """Reads from the host's resource."""

    def __init__(self, event: types.Event) -> None:
        self._event = event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name)

    def get(self, pointer: str, default: Any) -> Any:
        value = self._event.get(pointer, _MISSING)
        if isinstance(value, types.Value_Null):
            return None
        if isinstance(value, types.Value_Json):
            return AttrDict.parse(value.value) if value.value else default
        return value.value


def _sink() -> Sink:
    levels = {name: getattr(_log.Level, name.upper()) for name in ("trace", "debug", "info", "warn", "error")}

    def write(level: str, message: str, fields: list[tuple[str, str]]) -> None:
        _log.log(levels[level], message, [types.Pair(name, value) for name, value in fields])

    return write


sink: Sink = _sink()


class Store:
    """Keeps in the project's store."""

    def get(self, key: str) -> kv.Entry | None:
        with _kv_errors():
            return _entry(_kv.get(key))

    def set(self, key: str, value: bytes, ttl_ms: int | None) -> int:
        with _kv_errors():
            return _kv.set(key, value, ttl_ms)

    def delete(self, key: str) -> bool:
        with _kv_errors():
            return _kv.delete(key)

    def add(self, key: str, delta: int, ttl_ms: int | None) -> int:
        with _kv_errors():
            return _kv.add(key, delta, ttl_ms)

    def compare_and_swap(self, key: str, expected: int | None, value: bytes, ttl_ms: int | None) -> kv.Swapped:
        with _kv_errors():
            swapped = _kv.compare_and_swap(key, expected, value, ttl_ms)
        if isinstance(swapped, _kv.Swapped_Done):
            return kv.Swapped(version=swapped.value)
        return kv.Swapped(entry=_entry(swapped.value))

    def list(self, prefix: str, after: str | None, limit: int) -> kv.Page:
        with _kv_errors():
            page = _kv.list(prefix, after, min(max(limit, 0), 2**32 - 1))
        return kv.Page([kv.Entry(entry.key, entry.value, entry.version) for entry in page.entries], page.next)


def _entry(entry: Any) -> kv.Entry | None:
    return None if entry is None else kv.Entry(entry.key, entry.value, entry.version)


@contextmanager
def _kv_errors() -> Iterator[None]:
    try:
        yield
    except Err as error:
        raise _kv_error(error.value) from None


def _kv_error(error: Any) -> kv.Error:
    if isinstance(error, _kv.Error_NotGranted):
        return kv.NotGranted("the manifest does not grant `kv`: add `kv: true`")
    if isinstance(error, _kv.Error_Limit):
        return kv.Limit(error.value)
    if isinstance(error, _kv.Error_NotANumber):
        return kv.NotANumber(error.value)
    return kv.Unavailable(error.value)


class Sender:
    """Sends to whoever waits for the session's response."""

    def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        with _reply_errors():
            _reply.start(status, [types.Pair(name, value) for name, value in headers])

    def write(self, chunk: bytes) -> None:
        with _reply_errors():
            _reply.write(chunk)


@contextmanager
def _reply_errors() -> Iterator[None]:
    try:
        yield
    except Err as error:
        raise _reply_error(error.value) from None


def _reply_error(error: Any) -> reply.Error:
    if isinstance(error, _reply.Error_NoSender):
        return reply.NoSender("nobody waits for a response")
    if isinstance(error, _reply.Error_Closed):
        return reply.Closed("the sender has gone")
    if isinstance(error, _reply.Error_Limit):
        return reply.Limit(error.value)
    return reply.Invalid(error.value)
