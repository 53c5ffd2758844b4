"""What the code that ``tenterhook build`` writes calls. It may change in any release."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

from componentize_py_types import Err
from wit_world.imports import tenterhook_webhook_types as types
from wit_world.imports import vars as _vars

from . import _call, http, kv, log, reply, vars
from ._host import HostSource, Sender, Store, sink
from ._load import Project
from ._wasi import Client
from .errors import Reject, Retry
from .event import Event

__all__ = ["Project", "call"]


def call(project: Project, function: str, event: types.Event) -> types.Response | None:
    """Calls a handler. What is raised, but for the SDK's own, ends the sandbox, and its traceback is the session's error."""
    _prepare()
    try:
        response = _call.run(project.function(function), Event(HostSource(event)))
    except Retry as retry:
        raise Err(types.Failure_Retry(types.RetryLater(retry.after_ms, retry.reason))) from retry
    except Reject as reject:
        raise Err(types.Failure_Reject(reject.reason)) from reject
    except BaseException as error:
        sys.stdout.flush()
        print(project.explained(error), file=sys.stderr, flush=True)
        os._exit(1)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    if response is None:
        return None
    headers = [types.Pair(name, value) for name, value in response.headers]
    return types.Response(response.status, headers, bytes(response.body))


class _NotYet:
    """What the host gives while the component is made: a module's own code runs then, and no handler."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "a module's own code runs when the component is made, where there is no host: use `kv`, `http` and `reply` in a handler"
        )


kv._store = http._client = reply._sender = _NotYet()  # type: ignore[assignment]


def _prepare() -> None:
    vars._host = _vars
    kv._store, http._client, reply._sender = Store(), Client(), Sender()
    log.install(sink)
    # Line by line, so that what is printed and what is logged are in order.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # The picture of the interpreter has its state of when it was made.
    random.seed()


def __getattr__(name: str) -> Any:
    raise AttributeError(f"this release of the SDK and that of `tenterhook build` do not fit: there is no {name!r}")
