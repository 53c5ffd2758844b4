"""Requests to others, where the project's manifest lets them.

>>> from tenterhook import fake, http, vars
>>> def on_push(event):
...     token = vars.get("GITHUB_TOKEN", "")
...     user = http.get("https://api.github.com/user", headers={"Authorization": f"Bearer {token}"}, timeout=5)
...     return user.raise_for_status().json().login
>>> fake.answer_requests(lambda request: http.Response(200, {"login": "ada"}))
>>> fake.call(on_push, fake.event("POST")).body
b'ada'

The manifest names each host: ``outbound: ["https://api.github.com"]``. Of a secret with ``hosts``, ``vars.get`` gives a placeholder, and the host
puts the value in its place when the header goes to one of these. Redirects are not followed: they are responses like others.

The functions are like those of ``requests``. ``urllib.request`` works too, and follows redirects. Every request is in the session's record, with
why it was refused. A unit test answers them itself: :func:`tenterhook.fake.answer_requests`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol, Union
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from ._fields import Fields, canonical, pairs
from .response import JSON, encode
from .value import AttrDict, Headers


class Error(OSError):
    """Why there is no response."""


class Denied(Error):
    """The manifest or the operator does not let the request go there: the session's record says which rule would."""


class Timeout(Error, TimeoutError):
    """Something took too long; the text says what."""


class Limit(Error):
    """A body, a number of requests or of connections is more than it may be; the text says which."""


class Failed(Error):
    """It failed otherwise; the text says how."""


class HTTPError(Error):
    """:meth:`Response.raise_for_status` met a status of 400 or more."""

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.response = response


@dataclass
class Request:
    """A request as it is sent."""

    #: ``GET``.
    method: str
    #: With its scheme and host.
    url: str
    #: In this order; a name may stand more than once.
    headers: list[tuple[str, str]] = field(default_factory=list)
    #: The exact bytes; ``None`` sends no body.
    content: bytes | None = None
    #: In seconds, how long each part may take: to connect, until the answer begins, and between two pieces of it.
    timeout: float | None = None


class Response:
    """A response, whole.

    A test makes one of text or bytes, as they are, or of anything else, as JSON.

    >>> answer = Response(201, {"id": 7}, headers={"X-Id": 7})
    >>> answer.status_code, answer.ok, answer.headers["x-id"], answer.text, answer.json().id
    (201, True, '7', '{"id":7}', 7)
    """

    def __init__(self, status_code: int = 200, content: Any = b"", headers: Fields = (), url: str = "") -> None:
        self.status_code = status_code
        #: As received; a name may stand more than once.
        self.headers_all = pairs(headers)
        #: By name, found in any case; a repeated one's values are joined.
        self.headers = Headers()
        for name, value in self.headers_all:
            name = canonical(name)
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        if isinstance(content, str):
            content = content.encode()
        #: The exact bytes.
        self.content: bytes = bytes(content) if isinstance(content, (bytes, bytearray, memoryview)) else encode(content)
        #: What was asked.
        self.url = url

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def reason(self) -> str:
        """The status in words: ``Not Found``."""
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def text(self) -> str:
        """The body as text, by the ``charset`` of its type or as UTF-8; what is none is replaced."""
        for part in self.headers.get("Content-Type", "").split(";")[1:]:
            name, _, charset = part.strip().partition("=")
            if name.lower() == "charset":
                try:
                    return self.content.decode(charset.strip("\"'"), "replace")
                except LookupError:
                    break
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as what its JSON says, objects as :class:`~tenterhook.AttrDict`. A ``ValueError`` when it is not JSON."""
        return AttrDict.parse(self.content.decode())

    def raise_for_status(self) -> Response:
        """Itself, or an :class:`HTTPError` when the status is 400 or more.

        >>> Response(404, url="https://example.com/a").raise_for_status()
        Traceback (most recent call last):
        ...
        tenterhook.http.HTTPError: 404 Not Found for https://example.com/a
        """
        if self.ok:
            return self
        raise HTTPError(f"{self.status_code} {self.reason}".strip() + f" for {self.url}", self)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


class Client(Protocol):
    """Who sends: the host, or a test."""

    def send(self, request: Request) -> Response: ...


_client: Client

#: How long each part may take: seconds, or a ``timedelta``; ``None`` leaves it to the host.
Span = Union[float, timedelta, None]


def request(
    method: str,
    url: str,
    *,
    params: Fields | None = None,
    headers: Fields | None = None,
    data: Fields | str | bytes | None = None,
    json: Any = None,
    auth: tuple[str, str] | None = None,
    timeout: Span = None,
) -> Response:
    """Sends a request, and waits for all of the response.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, [request.method, request.url]))
    >>> request("PROPFIND", "https://example.com/files", params={"q": "a b"}).json()
    ['PROPFIND', 'https://example.com/files?q=a+b']

    Args:
        method: The HTTP method.
        url: With its scheme and host.
        params: Fields that are added to the URL's query.
        headers: Header fields, as a dictionary or as pairs.
        data: The body: text or bytes as they are, or a form's fields.
        json: A value that is the body, as JSON. Not together with ``data``.
        auth: A user's name and password, for ``Authorization: Basic …``.
        timeout: How long each part may take, in seconds: to connect, until the answer begins, and between two pieces of it. The host's own
            limits hold too.

    Raises:
        Error: There is no response. One with a status such as 404 is no error here; see :meth:`Response.raise_for_status`.
    """
    sent = Request(method.upper(), _url(url, params), pairs(headers), None, _seconds(timeout))
    names = {name.lower() for name, _ in sent.headers}
    if data is not None and json is not None:
        raise ValueError("a request has one body: give `data` or `json`")
    content_type = None
    if json is not None:
        sent.content, content_type = encode(json), JSON
    elif isinstance(data, str):
        sent.content = data.encode()
    elif isinstance(data, (bytes, bytearray, memoryview)):
        sent.content = bytes(data)
    elif data is not None:
        sent.content, content_type = urlencode(pairs(data)).encode(), "application/x-www-form-urlencoded"
    if content_type and "content-type" not in names:
        sent.headers.append(("Content-Type", content_type))
    if auth is not None and "authorization" not in names:
        sent.headers.append(("Authorization", "Basic " + base64.b64encode(":".join(auth).encode()).decode()))
    response = _client.send(sent)
    response.url = sent.url
    return response


def get(url: str, **options: Any) -> Response:
    """A ``GET`` request, with the options of :func:`request`.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, "hello"))
    >>> get("https://example.com/").text
    'hello'
    """
    return request("GET", url, **options)


def head(url: str, **options: Any) -> Response:
    """A ``HEAD`` request, with the options of :func:`request`.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, [request.method, request.content]))
    >>> head("https://example.com/").status_code
    200
    """
    return request("HEAD", url, **options)


def post(url: str, **options: Any) -> Response:
    """A ``POST`` request, with the options of :func:`request`.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, request.content, dict(request.headers)))
    >>> answer = post("https://example.com/orders", json={"sku": "a"})
    >>> answer.text, answer.headers["content-type"]
    ('{"sku":"a"}', 'application/json')
    >>> post("https://example.com/orders", data={"sku": "a b"}).text
    'sku=a+b'
    """
    return request("POST", url, **options)


def put(url: str, **options: Any) -> Response:
    """A ``PUT`` request, with the options of :func:`request`.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, [request.method, request.content]))
    >>> put("https://example.com/a", data="b").json()
    ['PUT', 'Yg==']
    """
    return request("PUT", url, **options)


def patch(url: str, **options: Any) -> Response:
    """A ``PATCH`` request, with the options of :func:`request`.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, [request.method, request.content]))
    >>> patch("https://example.com/a", data=b"b").json()
    ['PATCH', 'Yg==']
    """
    return request("PATCH", url, **options)


def delete(url: str, **options: Any) -> Response:
    """A ``DELETE`` request, with the options of :func:`request`.

    >>> from tenterhook import fake
    >>> fake.answer_requests(lambda request: Response(200, [request.method, request.content]))
    >>> delete("https://example.com/a").json()
    ['DELETE', None]
    """
    return request("DELETE", url, **options)


def _url(url: str, params: Fields | None) -> str:
    """As it is sent: with what a URL cannot hold escaped, and without its fragment, which is its reader's."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise Failed(f"`{url}` is not a URL to which a request could go")
    if parts.username is not None:
        raise Failed("a URL with a user's name and password is written down in many places: give `auth`")
    query = "&".join(filter(None, [parts.query, urlencode(pairs(params))]))
    authority = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    return urlunsplit((parts.scheme.lower(), authority, _escaped(parts.path) or "/", _escaped(query), ""))


def _escaped(text: str) -> str:
    return quote(text, safe="!#$%&'()*+,/:;=?@[]~")


def _seconds(timeout: Span) -> float | None:
    return timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
