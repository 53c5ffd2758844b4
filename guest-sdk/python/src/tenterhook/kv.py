"""What handlers keep between events: a small durable store, shared by all handlers of the project.

The project's manifest grants it with ``kv: true``.

>>> from tenterhook import fake, kv
>>> def on_order(event):
...     number = kv.add("orders")
...     kv.set(f"order:{number}", event.data.body.json, ttl=86400)
...     return f"order number {number}"
>>> fake.call(on_order, fake.event("POST", json={"sku": "a"})).body
b'order number 1'
>>> kv.get("order:1").json().sku
'a'

A value is text or bytes, kept as they are, or anything else, kept as its JSON; so a number that was ``set`` is one that :func:`add` adds
to. Sessions run at once and are run again, so a value that depends on the one before is written with :func:`add`, :func:`update` or
:func:`compare_and_swap`, not with :func:`get` and :func:`set`.

In a test the store is the process's own, without limits; :func:`tenterhook.fake.reset` empties it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, Union

from ._time import millis
from .errors import Retry
from .response import encode
from .value import AttrDict

#: Entries that :func:`entries` asks for at once.
_PAGE = 100


class Error(Exception):
    """Why a call did nothing."""


class NotGranted(Error):
    """The manifest does not grant it."""


class Limit(Error):
    """A key, a value, a number of calls or what the project keeps is more than it may be; the text names the limit."""


class NotANumber(Error):
    """:func:`add` met a value that is not a decimal integer, or the sum does not fit 64 bits."""


class Unavailable(Error, Retry):
    """It cannot be done now. A handler that lets it pass asks for another attempt."""


@dataclass(frozen=True)
class Entry:
    """A key and what is kept under it.

    >>> Entry("a", b'{"n": 1}', 7).json().n
    1
    """

    key: str
    #: The exact bytes.
    value: bytes
    #: Grows with every change of any key of the project; what :func:`compare_and_swap` compares.
    version: int

    @property
    def text(self) -> str:
        """The value as text. A ``UnicodeDecodeError`` when it is none."""
        return self.value.decode()

    def json(self) -> Any:
        """The value as what its JSON says. A ``ValueError`` when it is not JSON."""
        return AttrDict.parse(self.text)


@dataclass(frozen=True)
class Page:
    """Some of a list."""

    #: In the order of their keys' bytes.
    entries: list[Entry]
    #: Where to go on: ``after`` of the next page; ``None`` at the end.
    next: str | None


@dataclass(frozen=True)
class Swapped:
    """What :func:`compare_and_swap` did. It is true when the value was written."""

    #: The version of what was written; ``None`` when nothing was.
    version: int | None = None
    #: When nothing was written, what is there, if anything.
    entry: Entry | None = None

    def __bool__(self) -> bool:
        return self.version is not None


#: How long something is kept: seconds, or a ``timedelta``; ``None`` is for good.
Ttl = Union[float, timedelta, None]


class Store(Protocol):
    """What keeps: the host, or a test."""

    def get(self, key: str) -> Entry | None: ...
    def set(self, key: str, value: bytes, ttl_ms: int | None) -> int: ...
    def delete(self, key: str) -> bool: ...
    def add(self, key: str, delta: int, ttl_ms: int | None) -> int: ...
    def compare_and_swap(self, key: str, expected: int | None, value: bytes, ttl_ms: int | None) -> Swapped: ...
    def list(self, prefix: str, after: str | None, limit: int) -> Page: ...


_store: Store


def get(key: str) -> Entry | None:
    """What is under a key; ``None`` when nothing is, or its time is over.

    >>> entry = get("greeting")
    >>> entry.text if entry else "hello"
    'hello'
    """
    return _store.get(key)


def get_text(key: str, default: Any = None) -> Any:
    """The text under a key, or ``default`` when nothing is there.

    >>> get_text("greeting", "hello")
    'hello'
    """
    entry = get(key)
    return default if entry is None else entry.text


def get_json(key: str, default: Any = None) -> Any:
    """What the JSON under a key says, or ``default`` when nothing is there.

    >>> version = set("cart:7", {"items": ["a", "b"]})
    >>> get_json("cart:7")["items"], get_json("cart:8", {})
    (['a', 'b'], {})
    """
    entry = get(key)
    return default if entry is None else entry.json()


def set(key: str, value: Any, ttl: Ttl = None) -> int:  # noqa: A001
    """Puts a value in the place of what is there, for ``ttl`` or for good, and gives its version.

    >>> version = set("seen:evt_1", b"", ttl=timedelta(days=3))
    >>> get("seen:evt_1").value
    b''
    """
    return _store.set(key, _bytes(value), millis(ttl, "ttl"))


def delete(key: str) -> bool:
    """Removes what is there, and says whether anything was.

    >>> version = set("old", "1")
    >>> delete("old"), delete("old")
    (True, False)
    """
    return _store.delete(key)


def add(key: str, delta: int = 1, ttl: Ttl = None) -> int:
    """Adds to a decimal integer, of 0 when there is none, in one step, and gives the sum. What is there keeps its time unless ``ttl`` is given.

    >>> add("visits"), add("visits", 5), add("visits", -2)
    (1, 6, 4)
    """
    if not -(2**63) <= delta < 2**63:
        raise NotANumber(f"{delta} is no integer of 64 bits")
    return _store.add(key, delta, millis(ttl, "ttl"))


def compare_and_swap(key: str, expected: Entry | int | None, value: Any, ttl: Ttl = None) -> Swapped:
    """As :func:`set`, if what is there is ``expected``: an entry that was read, or its version; ``None`` expects that nothing is there.

    >>> first, second = compare_and_swap("lock", None, "mine"), compare_and_swap("lock", None, "yours")
    >>> bool(first), bool(second), second.entry.text
    (True, False, 'mine')
    >>> bool(compare_and_swap("lock", second.entry, "yours"))
    True
    """
    version = expected.version if isinstance(expected, Entry) else expected
    return _store.compare_and_swap(key, version, _bytes(value), millis(ttl, "ttl"))


def update(key: str, change: Callable[[Entry | None], Any], ttl: Ttl = None) -> Any:
    """Puts what ``change`` makes of what is there in its place, and gives it. ``change`` is called again when another session was faster.

    >>> def with_b(entry):
    ...     return sorted({*(entry.json() if entry else []), "b"})
    >>> update("tags", with_b), update("tags", with_b)
    (['b'], ['b'])
    """
    there = get(key)
    while True:
        value = change(there)
        swapped = compare_and_swap(key, there, value, ttl)
        if swapped:
            return value
        there = swapped.entry


def list(prefix: str = "", after: str | None = None, limit: int = _PAGE) -> Page:  # noqa: A001
    """A page of the entries whose keys begin with ``prefix``, after the key ``after``: at most ``limit``, and no more than the host gives at
    once. :func:`entries` goes through all pages.

    >>> versions = [set(f"user:{name}", "") for name in ("ada", "bob", "eve")]
    >>> page = list("user:", limit=2)
    >>> [entry.key for entry in page.entries], page.next
    (['user:ada', 'user:bob'], 'user:bob')
    >>> [entry.key for entry in list("user:", after=page.next).entries]
    ['user:eve']
    """
    return _store.list(prefix, after, limit)


def entries(prefix: str = "") -> Iterator[Entry]:
    """All entries whose keys begin with ``prefix``, in the order of their keys' bytes, read a page at a time.

    >>> versions = [set(f"job:{number}", number) for number in range(3)]
    >>> [entry.json() for entry in entries("job:")]
    [0, 1, 2]
    """
    after = None
    while True:
        page = list(prefix, after)
        yield from page.entries
        if page.next is None:
            return
        after = page.next


def _bytes(value: Any) -> bytes:
    """A value as it is kept."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if value is None:
        raise TypeError("None is no value to keep: kv.delete removes what is there")
    return encode(value)
