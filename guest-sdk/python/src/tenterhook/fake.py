"""Events for unit tests, which run on the author's machine without a host.

>>> from tenterhook import fake, http_outcome, log
>>> def on_http_post(event):
...     log.info("received", path=event.data.url.path)
...     http_outcome(status_code=201, json={"hello": event.data.body.json.name})
>>> event = fake.event(method="POST", url="/webhooks/slug", json={"name": "Ada"})
>>> fake.call(on_http_post, event)
Response(status=201, headers=[('Content-Type', 'application/json')], body=b'{"hello":"Ada"}')
>>> fake.logs()
['info received path=/webhooks/slug']

Variables are the environment's: set ``os.environ`` in the test. What handlers keep is kept from one call to the next until :func:`reset`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from . import _call, _payload, http, kv, reply
from . import log as _log
from ._fakes import Client, Sender, Store
from ._fields import Fields
from ._fields import pairs as _pairs
from .event import Event
from .response import Response, encode

_logs: list[str] = []


def event(
    method: str = "GET",
    url: str = "/webhooks/slug",
    headers: Fields = (),
    *,
    body: bytes | str | None = None,
    json: Any = None,
    form: Fields | None = None,
    trailers: Fields = (),
    id: str = "evt_00000000000000000000000000",
    session: str = "ses_00000000000000000000000000",
    attempt: int = 1,
    created_at: datetime = datetime(2026, 1, 1, tzinfo=timezone.utc),
    trigger: str = "trigger",
    redispatched_from: str | None = None,
) -> Event:
    """The event that the host would make of a request.

    Args:
        method: The HTTP method, in upper case.
        url: The request target: ``/webhooks/slug?key=value``.
        headers: The header fields; pairs may repeat a name. ``Content-Length`` is added with a body, unless it is said to come
            in pieces (``Transfer-Encoding``).
        body: The body.
        json: A value that is the body, as ``application/json``.
        form: Fields that are the body, as a URL-encoded form.
        trailers: The fields that follow the body.
        id, session, attempt, created_at, trigger, redispatched_from: What the event says of itself.
    """
    pairs = _pairs(headers)
    if sum(given is not None for given in (body, json, form)) > 1:
        raise ValueError("an event has one body: give `body`, `json` or `form`")
    content_type = None
    if json is not None:
        body, content_type = encode(json), "application/json"
    elif form is not None:
        body, content_type = urlencode(_pairs(form)), "application/x-www-form-urlencoded"
    content = body.encode() if isinstance(body, str) else body
    names = {name.lower() for name, _ in pairs}
    if content_type and "content-type" not in names:
        pairs.append(("Content-Type", content_type))
    if content is not None and not names & {"content-length", "transfer-encoding"}:
        pairs.append(("Content-Length", str(len(content))))
    request = _payload.Request(method, url, pairs, _pairs(trailers), content)
    micros = round(created_at.timestamp() * 1_000_000)
    return Event(_Source(request, id, session, attempt, micros, trigger, redispatched_from))


def call(handler: Callable[[Event], Any], event: Event) -> Response | None:
    """Calls a handler as the host does, and gives what the sender of a synchronous webhook would receive; ``None`` is no answer.

    What the handler raises, :class:`~tenterhook.Retry` and :class:`~tenterhook.Reject` too, is raised.
    """
    global _sender
    _log.install(_sink)
    reply._sender = _sender = Sender()
    returned = _call.run(handler, event)
    if _sender.response is not None and returned is not None:
        raise TypeError("the handler returned a response after it had sent one by `reply`: return None")
    return returned if _sender.response is None else _sender.response


def chunks() -> list[bytes]:
    """The pieces in which the last :func:`call`'s handler sent its response while it ran; none when it returned it.

    >>> from tenterhook import http_outcome
    >>> response = call(lambda event: [http_outcome(body=part, more=True) for part in "ab"], event())
    >>> chunks()
    [b'a', b'b']
    """
    return list(_sender.chunks)


def answer_requests(answer: Callable[[http.Request], http.Response]) -> None:
    """Answers what is sent by :mod:`tenterhook.http` from now on. Without it every request is denied, as it is without a rule in the manifest.

    ``answer`` may raise what the host would: ``http.Timeout("the answer took too long")``.

    >>> from tenterhook import http
    >>> answer_requests(lambda request: http.Response(200, {"asked": request.url}))
    >>> http.get("https://example.com/").json().asked
    'https://example.com/'
    """
    http._client = Client(answer)


def reset() -> None:
    """Forgets what was kept and logged, and who answers requests: for a test's ``setUp``.

    >>> from tenterhook import kv
    >>> kv.set("a", "1") > 0
    True
    >>> reset()
    >>> kv.get("a") is None
    True
    """
    global _sender
    _logs.clear()
    kv._store, http._client = Store(), Client()
    reply._sender = _sender = Sender()


def logs() -> list[str]:
    """What was logged in :func:`call` since the last time: ``warn running out stock=3``. What is printed goes to the terminal."""
    taken = list(_logs)
    _logs.clear()
    return taken


def _sink(level: str, message: str, fields: list[tuple[str, str]]) -> None:
    _logs.append(" ".join([level, message, *(f"{name}={value}" for name, value in fields)]))


class _Source:
    def __init__(
        self,
        request: _payload.Request,
        id: str,
        session: str,
        attempt: int,
        created_at: int,
        trigger: str,
        redispatched_from: str | None,
    ) -> None:
        self._request, self._payload = request, _payload.payload(request)
        self._about = (id, session, attempt, created_at, trigger, redispatched_from)

    def id(self) -> str:
        return self._about[0]

    def kind(self) -> str:
        return self._request.method.lower()

    def session(self) -> str:
        return self._about[1]

    def attempt(self) -> int:
        return self._about[2]

    def created_at(self) -> int:
        return self._about[3]

    def trigger(self) -> str:
        return self._about[4]

    def redispatched_from(self) -> str | None:
        return self._about[5]

    def get(self, pointer: str, default: Any) -> Any:
        if pointer == "/body/bytes":
            return self._request.body or None
        return _payload.find(self._payload, pointer, default)


_sender: Sender
reset()
