"""The project's variables and secrets, as ``vars`` in its manifest names them.

``os.getenv`` and ``os.environ`` have them too. In a unit test they are the environment's: set them there.

>>> import os
>>> os.environ["BASE_URL"] = "https://example.org/"
>>> get("BASE_URL"), get("NOPE"), get("NOPE", "none")
('https://example.org/', None, 'none')
"""

from __future__ import annotations

import os
from typing import Protocol, overload


class _Host(Protocol):
    def names(self) -> list[str]: ...


#: The host's, in a sandbox. Values are the environment's there too.
_host: _Host | None = None


@overload
def get(name: str) -> str | None: ...
@overload
def get(name: str, default: str) -> str: ...
def get(name: str, default: str | None = None) -> str | None:
    """The value of a variable, or ``default`` when the project has no such variable."""
    return os.environ.get(name, default)


def names() -> list[str]:
    """The names of all variables."""
    return list(os.environ) if _host is None else _host.names()
