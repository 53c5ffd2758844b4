"""Write Tenterhook webhook handlers in Python.

A handler is a function that takes an event. A synchronous trigger's sender receives what it answers::

    from tenterhook import Event, http_outcome

    def on_http_get(event: Event):
        name = event.data.get("url").get("query").get("name", "world")
        http_outcome(body=f"hello {name}\\n")

``call: hello.py:on_http_get`` in ``tenterhook.yaml`` names it, and ``tenterhook build`` makes the component.

``event.data`` reads in three equal ways at every depth: ``event.data.url.path``, ``event.data["url"]["path"]`` and
``event.data.get("url").get("path", "/")``. A field is read from the host when it is first looked at.

``print`` and ``logging`` write to the session's log, ``os.getenv`` reads the project's variables. Raise :class:`Retry` to be
called again and :class:`Reject` when no attempt would succeed; any other exception fails the attempt with its traceback.

:mod:`tenterhook.kv` keeps things between events, :mod:`tenterhook.http` sends requests to others, and :mod:`tenterhook.reply` sends a response
while the handler runs. What the manifest does not grant says so when it is called.

:mod:`tenterhook.fake` has events for unit tests, which need no host.
"""

from . import fake, http, kv, log, reply, vars
from .errors import Reject, Retry
from .event import Event
from .outcome import http_outcome
from .response import Answer, Response
from .value import AttrDict, Headers

__all__ = [
    "Answer",
    "AttrDict",
    "Event",
    "Headers",
    "Reject",
    "Response",
    "Retry",
    "fake",
    "http",
    "http_outcome",
    "kv",
    "log",
    "reply",
    "vars",
]
__version__ = "0.1.0"
