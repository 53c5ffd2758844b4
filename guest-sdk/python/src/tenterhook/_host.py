"""The event of a host. It is imported in a sandbox only, where ``wit_world`` is there."""

from __future__ import annotations

from typing import Any

from wit_world.imports import log as _log
from wit_world.imports import types

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
