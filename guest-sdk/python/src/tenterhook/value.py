"""Dictionaries whose keys are attributes too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_UNREAD = object()


class AttrDict(dict[str, Any]):
    """A dictionary whose keys are attributes too, at every depth.

    As of any dictionary, a key that is missing is a ``KeyError`` (as an attribute, an ``AttributeError``), ``get`` gives ``None``
    or its default then, and a ``None`` that is there is given as ``None``.

    >>> order = AttrDict.parse('{"id": 9007199254740993, "items": [{"sku": "a"}]}')
    >>> order.id, order["items"][0].sku, order.get("note", "none")
    (9007199254740993, 'a', 'none')

    A key that is the name of a dictionary's method, such as ``items``, is read by key.
    """

    __slots__ = ()

    @staticmethod
    def parse(text: str) -> Any:
        """The value of a JSON text, with each object in it an :class:`AttrDict`."""
        return json.loads(text, object_hook=AttrDict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            pass
        # Tools ask for names such as `__deepcopy__`, and expect nothing more than this.
        shown = ", ".join(map(repr, list(self)[:20]))
        raise AttributeError(f"there is no field {name!r}; the fields are: {shown or 'none'}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"there is no field {name!r}", name=name, obj=self) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *filter(str.isidentifier, self)})


class Headers(AttrDict):
    """Header fields by their names in canonical form, found in any case.

    >>> headers = Headers({"Content-Type": "text/plain", "Content-Length": 2})
    >>> headers["content-type"], headers.get("CONTENT-LENGTH"), "x-nope" in headers, list(headers)
    ('text/plain', 2, False, ['Content-Type', 'Content-Length'])
    """

    __slots__ = ()

    def _name(self, key: object) -> object:
        if not isinstance(key, str) or super().__contains__(key):
            return key
        low = key.lower()
        return next((name for name in self if name.lower() == low), key)

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(self._name(key))  # type: ignore[index]

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(self._name(key), value)  # type: ignore[index]

    def __delitem__(self, key: str) -> None:
        super().__delitem__(self._name(key))  # type: ignore[arg-type]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(self._name(key))

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(self._name(key), default)  # type: ignore[call-overload]

    def pop(self, key: str, *default: Any) -> Any:
        return super().pop(self._name(key), *default)  # type: ignore[arg-type]

    def setdefault(self, key: str, default: Any = None) -> Any:
        return super().setdefault(self._name(key), default)  # type: ignore[arg-type]


class Lazy(AttrDict):
    """A dictionary with known keys, each of whose values is read when it is first looked at."""

    # Its keys are there from the start, with `_UNREAD` for values, so that what Python does to dictionaries behind the back of
    # their methods finds the right size and order.
    __slots__ = ("_read",)

    def __init__(self, keys: Iterable[str], read: Callable[[str], Any]) -> None:
        super().__init__(dict.fromkeys(keys, _UNREAD))
        object.__setattr__(self, "_read", read)

    def _whole(self) -> AttrDict:
        for key in self:
            self[key]
        return self

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if value is _UNREAD:
            value = self._read(key)
            self[key] = value
        return value

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def keys(self):  # type: ignore[no-untyped-def]
        return super().keys()

    def items(self):  # type: ignore[no-untyped-def]
        return super(Lazy, self._whole()).items()

    def values(self):  # type: ignore[no-untyped-def]
        return super(Lazy, self._whole()).values()

    def pop(self, key: str, *default: Any) -> Any:
        return super(Lazy, self._whole()).pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        return super(Lazy, self._whole()).popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        return super(Lazy, self._whole()).setdefault(key, default)

    def copy(self) -> AttrDict:
        return AttrDict(self.items())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Lazy):
            other._whole()
        return super(Lazy, self._whole()).__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __or__(self, other: Any) -> Any:
        return super(Lazy, self._whole()).__or__(other)

    def __ror__(self, other: Any) -> Any:
        return super(Lazy, self._whole()).__ror__(other)

    def __repr__(self) -> str:
        return super(Lazy, self._whole()).__repr__()

    def __reduce__(self) -> Any:
        return (AttrDict, (dict(self.items()),))

    __hash__ = None  # type: ignore[assignment]
