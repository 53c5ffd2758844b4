"""Header and form fields as their users write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Union

#: A dictionary, or pairs, which may repeat a name.
Fields = Union[Mapping[str, Any], Iterable[tuple[str, Any]]]


def pairs(fields: Fields | None) -> list[tuple[str, str]]:
    """As pairs of texts, in the order given.

    >>> pairs({"X-N": 1}), pairs([("a", "1"), ("a", "2")]), pairs(None)
    ([('X-N', '1')], [('a', '1'), ('a', '2')], [])
    """
    given = fields.items() if isinstance(fields, Mapping) else fields or ()
    return [(str(name), str(value)) for name, value in given]


def canonical(name: str) -> str:
    """``x-github-event`` as ``X-Github-Event``, as the host writes it."""
    return "-".join(part.capitalize() for part in name.split("-"))
