"""JSON from strangers: read with limits, and every oddity found is a fault with its place, never a traceback."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from syndication.errors import EventError, Fault

MAX_BYTES = 8_000_000
"""A body of a million characters still fits, each written as a six-byte escape."""

MAX_FAULTS = 50
_MAX_DEPTH = 8
_MAX_ITEMS = 100
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys came more than once."""

    twice: tuple[str, ...] = ()


def read_json(raw: bytes, source: str) -> tuple[Any, list[Fault]]:
    """The value in a JSON text, and what is wrong with it that a check of its fields would not see.

    Raises EventError where there is no value at all: not UTF-8, not JSON, too large.
    """
    if len(raw) > MAX_BYTES:
        raise EventError([Fault(source, f"{len(raw):,} bytes", f"at most {MAX_BYTES:,} bytes")], source)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{raw[error.start]:02x} at position {error.start}"
        raise EventError([Fault(source, found, "JSON in UTF-8")], source) from None
    if not text.strip():
        raise EventError([Fault(source, "nothing in it", "an object with the story's fields")], source)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=float, parse_constant=float
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        found = repr(text[error.pos : error.pos + 20]) if text[error.pos :].strip() else "the end of the text"
        raise EventError([Fault(place, found, f"valid JSON ({error.msg})")], source) from None
    except RecursionError:
        raise EventError([_too_deep(source)], source) from None
    faults = []
    for fault in _oddities(value):
        faults.append(fault)
        if len(faults) == MAX_FAULTS:
            break
    return value, faults


def describe(value: object) -> str:
    """What was found, in a few words; safe to print whatever it was."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str() if len(value) > 60:
            return f"{value[:48]!r}… ({len(value):,} characters)"
        case str():
            return repr(value)
        case dict():
            return "an object"
        case list() | tuple():
            return f"a list of {len(value)}"
        case float() if not math.isfinite(value):
            return "a number without bounds"
        case _:
            return repr(value)[:60]


def step(path: str, key: str | int) -> str:
    """The path of a field inside `path`, safe to print whatever a stranger called the field."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    name = key if key.isprintable() and len(key) <= 60 else repr(key[:60])
    return f"{path}.{name}" if path else name


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object(pairs)
    if len(result) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        result.twice = tuple(key for key, count in counts.items() if count > 1)
    return result


def _integer(text: str) -> int | float:
    # Python refuses to read more than 4300 digits; no field of ours takes more than 16.
    return int(text) if len(text) <= 30 else math.inf


def _oddities(root: Any) -> Iterator[Fault]:
    waiting: list[tuple[str, Any, int]] = [("", root, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, str):
            yield from _odd_text(path, value)
            continue
        if not isinstance(value, dict | list):
            continue
        if depth == _MAX_DEPTH:
            yield _too_deep(path)
            continue
        if len(value) > _MAX_ITEMS:
            yield Fault(path or "event", f"{len(value):,} entries", f"at most {_MAX_ITEMS} entries")
            continue
        if isinstance(value, _Object):
            for key in value.twice:
                yield Fault(step(path, key), "the field more than once", "each field once")
            for key in value:
                yield from _odd_text(step(path, key), key)
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [(step(path, key), inner, depth + 1) for key, inner in pairs]


def _odd_text(path: str, text: str) -> Iterator[Fault]:
    if odd := _ODD.search(text):
        character = odd.group()
        kind = "half a surrogate pair" if character >= "\ud800" else "the control character"
        found = f"{kind} U+{ord(character):04X} at position {odd.start()}"
        yield Fault(path, found, "text without control characters")


def _too_deep(path: str) -> Fault:
    return Fault(path, "objects or lists nested too deep", f"at most {_MAX_DEPTH} levels")
