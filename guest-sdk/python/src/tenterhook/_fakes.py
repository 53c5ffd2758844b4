"""What a test has in the place of the host: a store, a sender that waits, and whoever answers requests."""

from __future__ import annotations

from collections.abc import Callable

from . import http, kv, reply
from .response import Response


class Store:
    """Keeps in memory, without limits. Nothing expires in it while the test runs, unless its time is 0."""

    def __init__(self) -> None:
        self._version = 0
        self._entries: dict[str, kv.Entry] = {}

    def get(self, key: str) -> kv.Entry | None:
        return self._entries.get(key)

    def set(self, key: str, value: bytes, ttl_ms: int | None) -> int:
        self._version += 1
        self._entries[key] = kv.Entry(key, value, self._version)
        if ttl_ms == 0:
            del self._entries[key]
        return self._version

    def delete(self, key: str) -> bool:
        return self._entries.pop(key, None) is not None

    def add(self, key: str, delta: int, ttl_ms: int | None) -> int:
        there = self._entries.get(key)
        try:
            number = 0 if there is None else _integer(there.value)
        except ValueError:
            raise kv.NotANumber(f"the value of `{key}` is not a decimal integer of 64 bits") from None
        total = number + delta
        if not -(2**63) <= total < 2**63:
            raise kv.NotANumber(f"{number} and {delta} add up to more than 64 bits")
        self.set(key, str(total).encode(), ttl_ms)
        return total

    def compare_and_swap(self, key: str, expected: int | None, value: bytes, ttl_ms: int | None) -> kv.Swapped:
        there = self._entries.get(key)
        if (there.version if there else None) != expected:
            return kv.Swapped(entry=there)
        return kv.Swapped(version=self.set(key, value, ttl_ms))

    def list(self, prefix: str, after: str | None, limit: int) -> kv.Page:
        if limit <= 0:
            raise kv.Limit("a page has one entry at the least, and `limit` is 0")
        found = [key for key in self._entries if key.startswith(prefix) and (after is None or key.encode() > after.encode())]
        found.sort(key=str.encode)
        entries = [self._entries[key] for key in found[:limit]]
        return kv.Page(entries, entries[-1].key if len(found) > limit else None)


def _integer(value: bytes) -> int:
    """As the host reads it: digits, perhaps with a sign, and nothing else."""
    digits = value[1:] if value[:1] in (b"-", b"+") else value
    if not digits.isdigit():
        raise ValueError(value)
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


class Sender:
    """Waits for a response, and keeps what it is sent."""

    def __init__(self) -> None:
        self.response: Response | None = None
        self.chunks: list[bytes] = []

    def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        if self.response is not None:
            raise reply.Invalid("the head was sent before")
        self.response = Response(status, headers)

    def write(self, chunk: bytes) -> None:
        if self.response is None:
            raise reply.Invalid("a chunk comes before the head: call `start` first")
        if chunk:
            self.response.body += chunk
            self.chunks.append(chunk)


class Client:
    """Asks the test; until that has said who answers, every request is denied, as it is without a rule in the manifest."""

    def __init__(self, answer: Callable[[http.Request], http.Response] | None = None) -> None:
        self._answer = answer

    def send(self, request: http.Request) -> http.Response:
        if self._answer is None:
            raise http.Denied("the request may not go there: say with fake.answer_requests who answers it")
        return self._answer(request)
