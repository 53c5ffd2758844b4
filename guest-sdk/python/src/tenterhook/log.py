"""The session's log, which ``tenterhook sessions logs`` prints.

``print`` writes lines to it, and ``logging`` entries with a level. So do these functions, which take fields besides::

    log.warn("running out", stock=3, item="hook")

They are ``logging``'s logger ``tenterhook`` with the fields as ``extra``; any logger's ``extra`` becomes fields.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

TRACE = 5
logging.addLevelName(TRACE, "TRACE")

_logger = logging.getLogger("tenterhook")
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def trace(message: str, /, **fields: Any) -> None:
    """Logs what is of use while searching for a mistake, in detail."""
    _write(TRACE, message, fields)


def debug(message: str, /, **fields: Any) -> None:
    """Logs what is of use while searching for a mistake."""
    _write(logging.DEBUG, message, fields)


def info(message: str, /, **fields: Any) -> None:
    """Logs what happens."""
    _write(logging.INFO, message, fields)


def warn(message: str, /, **fields: Any) -> None:
    """Logs what somebody may want to look at."""
    _write(logging.WARNING, message, fields)


def error(message: str, /, **fields: Any) -> None:
    """Logs what went wrong."""
    _write(logging.ERROR, message, fields)


def _write(level: int, message: str, fields: dict[str, Any]) -> None:
    record = _logger.makeRecord(_logger.name, level, "", 0, message, (), None)
    record.__dict__["_fields"] = fields
    _logger.handle(record)


#: Writes an entry: its level's name, its text, its fields.
Sink = Callable[[str, str, list[tuple[str, str]]], None]


class Handler(logging.Handler):
    """Gives ``logging``'s entries to a sink."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(level=0)
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._sink(level(record.levelno), self.format(record), fields(record))
        except Exception:
            self.handleError(record)


def level(number: int) -> str:
    """The name of the session log's level for a level of ``logging``.

    >>> [level(number) for number in (TRACE, logging.DEBUG, logging.INFO, 25, logging.WARNING, logging.CRITICAL)]
    ['trace', 'debug', 'info', 'info', 'warn', 'error']
    """
    for limit, name in ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"), (logging.DEBUG, "debug")):
        if number >= limit:
            return name
    return "trace"


def fields(record: logging.LogRecord) -> list[tuple[str, str]]:
    """What an entry has besides its text: the keyword arguments of this module's functions, or ``extra``."""
    own = record.__dict__.get("_fields")
    if own is None:
        own = {name: value for name, value in record.__dict__.items() if name not in _OWN}
    return [(name, str(value)) for name, value in own.items()]


def install(sink: Sink) -> None:
    """Gives all of ``logging``'s entries to ``sink`` instead of to standard error, whose lines are taken for errors.

    Entries from ``INFO`` on are written, unless the handler's module has set the root logger's level itself.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        to_terminal = type(handler) is logging.StreamHandler and handler.stream in (sys.stdout, sys.stderr)
        if to_terminal or isinstance(handler, Handler):
            root.removeHandler(handler)
    root.addHandler(Handler(sink))
    if root.level == logging.WARNING:
        root.setLevel(logging.INFO)
