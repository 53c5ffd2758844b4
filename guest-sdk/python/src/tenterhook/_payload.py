"""The payload that the host would make of a request."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from ._fields import canonical
from .value import AttrDict, Headers

Pairs = list[tuple[str, str]]

#: More levels are no JSON to the host.
_DEEPEST = 100


@dataclass
class Request:
    """A request as a test describes it."""

    method: str
    url: str
    headers: Pairs
    trailers: Pairs
    body: bytes | None


def payload(request: Request) -> AttrDict:
    """The whole payload, with ``body.bytes`` in base64."""
    headers, trailers = _canonical(request.headers), _canonical(request.trailers)
    return AttrDict(
        method=request.method,
        url=_url(request.url),
        raw_url=request.url,
        headers=_headers(headers),
        headers_all=_lists(headers),
        trailers=_headers(trailers),
        trailers_all=_lists(trailers),
        body=_body(request),
    )


def find(value: Any, pointer: str, default: Any) -> Any:
    """The value at a JSON Pointer, or ``default`` when it is missing."""
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and re.fullmatch("[0-9]+", key) and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return default
    return value


def _canonical(pairs: Pairs) -> Pairs:
    return [(canonical(name), value) for name, value in pairs]


def _url(target: str) -> AttrDict:
    rest, _, raw_fragment = target.partition("#")
    raw_path, _, raw_query = rest.partition("?")
    below = raw_path.removeprefix("/webhooks/") if raw_path.startswith("/webhooks/") else ""
    query = _decoded(raw_query)
    return AttrDict(
        path=unquote(raw_path),
        query=_joined(query),
        raw_query=raw_query,
        fragment=unquote(raw_fragment),
        raw_fragment=raw_fragment,
        raw_path=raw_path,
        path_suffix=unquote(below.partition("/")[2]),
        query_all=_lists(query),
    )


def _body(request: Request) -> AttrDict:
    body = request.body or None
    text = None if body is None else _text(body)
    value = None if text is None else _json(text)
    form = _decoded(body.decode("utf-8", "replace")) if body is not None and _says_form(request) else None
    return AttrDict(
        bytes=None if body is None else base64.b64encode(body).decode(),
        form=None if form is None else _joined(form),
        json=value if isinstance(value, dict) else None,
        text=text,
        json_value=value,
        form_all=None if form is None else _lists(form),
    )


def _says_form(request: Request) -> bool:
    content_type = _headers(_canonical(request.headers)).get("Content-Type", "")
    return bool(content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded")


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _json(text: str) -> Any:
    """As the host reads JSON: an integer that 64 bits do not hold is a double, and what is no number or no text is no JSON."""
    try:
        value = json.loads(
            text, object_hook=AttrDict, parse_int=_integer, parse_float=_double, parse_constant=_refuse
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return value if _depth(value) <= _DEEPEST else None


def _integer(digits: str) -> int | float:
    value = int(digits)
    return value if -(2**63) <= value < 2**64 else _double(digits)


def _double(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        level = [below for one in level for below in _below(one)]
        depth += 1
    return depth - 1


def _below(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values()) or [None]
    return (value or [None]) if isinstance(value, list) else []


def _decoded(form: str) -> Pairs:
    """As the WHATWG's URL standard decodes a form: nothing is dropped."""
    return parse_qsl(form, keep_blank_values=True, errors="replace")


def _lists(pairs: Pairs) -> list[list[str]]:
    return [[name, value] for name, value in pairs]


def _joined(pairs: Pairs, separator: str = ", ") -> AttrDict:
    """Each name once, at its first place, with its values joined."""
    joined = AttrDict()
    for name, value in pairs:
        between = "; " if name == "Cookie" and separator == "; " else ", "
        joined[name] = f"{joined[name]}{between}{value}" if name in joined else value
    return joined


def _headers(pairs: Pairs) -> Headers:
    headers = Headers(_joined(pairs, "; "))
    length = headers.get("Content-Length", "")
    if re.fullmatch(r"[0-9]+", length) and int(length) < 2**64:
        headers["Content-Length"] = int(length)
    return headers
