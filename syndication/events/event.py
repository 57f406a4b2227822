"""A story's event from plain data: every fault at once, each in words that somebody who writes a CMS understands."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from syndication.errors import EventError, Fault, PhotoError
from syndication.events.hostile import MAX_FAULTS, describe, read_json, step
from syndication.html import one_line
from syndication.models import CardData, Frozen, Image, PublishEvent

CheckPhoto = Callable[[Path], None]

_MOMENT = "a date and time with its zone, such as 2026-11-20T08:00:00Z"
_ADDRESS = "a web address that begins with https:// or http://"
_ONE_SOURCE = "either a path or a url, one of the two"
_LIST = "a list of texts"
_PORTRAIT = "card.portrait"  # an object as `image` is
_EXPECTED = {
    "id": "a text",
    "kind": "publish, update or withdraw",
    "revision": "a whole number from 0 to 9007199254740992",
    "url": _ADDRESS,
    "headline": "a text of 1 to 500 characters",
    "byline": "a name or a list of names",
    "language": "a language tag such as en, pt-BR or ar",
    "image": "an object with a path or a url",
    "image.url": _ADDRESS,
    "image.path": "the path of a photo, as a text",
    "card": "an object: what the card shows beside the story's words",
    "card.live": "true or false",
    "card.note": "updated or corrected",
    "card.facts": "a list of at most 5 texts",
    "card.seconds": "a whole number from 1 to 360000",
    "card.pictures": "a whole number from 1 to 9999",
    _PORTRAIT: "an object with a path or a url",
    "image.focal": "two numbers from 0 to 1, such as [0.5, 0.4]",
    "published": _MOMENT,
    "modified": _MOMENT,
    "tags": _LIST,
    "priority": "breaking, normal or evergreen",
    "embargo": _MOMENT,
    "expires": _MOMENT,
    "overrides": "an object: a network's or an account's name, and the text of its post",
}
_MOMENTS = ("published", "modified", "embargo", "expires")
_LINES = ("headline", "kicker", "section", "desk")
_YEARS = range(1600, 3000)


def parse_event(
    raw: bytes, *, source: str = "event", folder: Path | None = None, check_photo: CheckPhoto | None = None
) -> PublishEvent:
    """The event in a JSON text (UTF-8). Raises EventError with every fault: where, what was found, what belongs there.

    `source` names the text in messages. `folder` is where the event's file lies: `image.path` is read from
    there, must exist, pass `check_photo` (which raises PhotoError) and comes back absolute. None means an event
    from elsewhere, which may name no files here.
    """
    data, faults = read_json(raw, source)
    return build(data, faults, source=source, folder=folder, check_photo=check_photo)


def build(
    data: Any, faults: list[Fault], *, source: str, folder: Path | None, check_photo: CheckPhoto | None
) -> PublishEvent:
    """The event made of plain data. `faults` are those known already. Raises EventError if there is any in all."""
    if not isinstance(data, dict):
        raise EventError(
            [*faults, Fault(source, describe(data), "an object with the story's fields")], source
        )
    data = {
        key: one_line(value) if key in _LINES and isinstance(value, str) else value
        for key, value in data.items()
    }
    event = None
    try:
        event = PublishEvent.model_validate(data)
    except ValidationError as error:
        # A value_error is the one rule between fields of the model itself; _own_rules tells it better.
        errors = error.errors(include_url=False)
        found = [_translate(fault, data) for fault in errors if fault["type"] != "value_error"]
    else:
        found = []
    found += _own_rules(data)
    photos = _photos(data)
    files, file_faults = dict[str, str](), list[Fault]()
    for name, one in photos.items():
        file, own_faults = _photo(name, one, folder, check_photo)
        files |= {name: file} if file else {}
        file_faults += own_faults
    known: dict[str, Fault] = {}
    for fault in [*faults, *file_faults, *found]:
        known.setdefault(fault.field, fault)
    if known or event is None:
        raise EventError(_at_most(list(known.values())), source)
    return event.with_files(files.get("image"), files.get(_PORTRAIT))


def _at_most(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= MAX_FAULTS:
        return faults
    rest = Fault(
        "and more", f"{len(faults) - MAX_FAULTS} further faults", "an event after the documented schema"
    )
    return [*faults[:MAX_FAULTS], rest]


def _translate(fault: Mapping[str, Any], data: Any) -> Fault:
    """One of pydantic's errors, in our words."""
    path = ""
    for key in fault["loc"]:
        path = step(path, key)
    kind, limits, value = fault["type"], fault.get("ctx", {}), fault["input"]
    if path == "id" and not data.get("id"):  # the model took the url in its place
        return Fault("id", "nothing, and the url cannot serve as one", "an id of at most 500 characters")
    if kind == "missing":
        return Fault(path, "nothing", _expected(path))
    if kind == "extra_forbidden":
        return _unknown(path, fault["loc"])
    if kind == "string_too_long":
        return Fault(path, describe(value), f"at most {limits['max_length']:,} characters")
    return Fault(path, describe(value), _expected(path))


def _expected(path: str) -> str:
    if path.startswith(f"{_PORTRAIT}."):
        path = f"image{path.removeprefix(_PORTRAIT)}"
    if path.startswith("image.focal"):
        return _EXPECTED["image.focal"] if path == "image.focal" else "a number from 0 to 1"
    if path.startswith("overrides."):
        return "the text of the post, not empty"
    return _EXPECTED.get(path, "a text")


def _unknown(path: str, place: tuple[str | int, ...]) -> Fault:
    parts: dict[str, type[Frozen]] = {"image": Image, "card": CardData, _PORTRAIT: Image}
    fields = parts.get(".".join(map(str, place[:-1])), PublishEvent).model_fields
    import difflib  # not paid for by events without a fault

    near = difflib.get_close_matches(str(place[-1])[:60].lower(), fields, n=1)
    known = f"{near[0]}, perhaps" if near else f"one of {', '.join(fields)}"
    return Fault(path, "a field that is not known", known)


def _own_rules(data: Mapping[str, Any]) -> Iterator[Fault]:
    """The rules that the shape of the values does not tell."""
    moments = {}
    for name in _MOMENTS:
        if (value := data.get(name)) is not None:
            moment = read_moment(value)
            if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
                yield Fault(name, describe(value), _MOMENT)
            else:
                moments[name] = moment
    if "expires" in moments and "embargo" in moments and moments["expires"] <= moments["embargo"]:
        yield Fault("expires", describe(data["expires"]), "a time after the embargo")
    if isinstance(data.get("revision"), bool):
        yield Fault("revision", describe(data["revision"]), _EXPECTED["revision"])
    headline = data.get("headline")
    if isinstance(headline, str) and not is_seen(headline):
        yield Fault("headline", describe(headline), "a headline that can be seen")
    addresses = {"url": data.get("url")}
    for name, photo in _photos(data).items():
        if (photo.get("path") is None) == (photo.get("url") is None):
            yield Fault(name, "neither" if photo.get("path") is None else "both", _ONE_SOURCE)
        addresses[f"{name}.url"] = photo.get("url")
    for path, value in addresses.items():
        if isinstance(value, str) and not is_address(value):
            yield Fault(path, "an address that is not valid or holds a password", _ADDRESS)


def is_seen(text: str) -> bool:
    """Whether a text shows anything: blanks and joiners do not."""
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in text)


def read_moment(value: object) -> datetime | None:
    """The time that a text tells, in ISO 8601; None if it tells none. A text without a zone gives a naive one."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d", value.strip()):
        return None
    try:
        return datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return None


def is_address(value: str) -> bool:
    """Whether a web address names a host and holds no password."""
    try:
        parts = urlsplit(value.strip())
        return (
            bool(parts.hostname)
            and parts.scheme in ("http", "https")
            and parts.username is None
            and (parts.port or 1) > 0
        )
    except ValueError:
        return False


def _photos(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The story's photo and its portrait, by the path of their field, where the event has an object there."""
    card = data.get("card")
    told = {"image": data.get("image"), _PORTRAIT: card.get("portrait") if isinstance(card, dict) else None}
    return {name: photo for name, photo in told.items() if isinstance(photo, dict)}


def _photo(
    name: str, photo: Mapping[str, Any], folder: Path | None, check_photo: CheckPhoto | None
) -> tuple[str | None, list[Fault]]:
    """The absolute path of a photo's file, None if the event names none, and what is wrong with it."""
    path = photo.get("path")
    if not isinstance(path, str) or not path.strip():
        return None, []
    if folder is None:
        expected = f"{name}.url, as an event from elsewhere cannot name a file here"
        return None, [Fault(f"{name}.path", describe(path), expected)]
    expected = f"a photo that exists in {folder.absolute()}"
    try:
        # Not resolve(): a photo that is a link keeps the name that the editor knows.
        file = Path(os.path.normpath(folder.absolute() / path.strip()))
        if file.is_file():
            if check_photo:
                check_photo(file)
            return str(file), []
    except PhotoError as error:
        expected = f"a sound photo ({error.message}{f'. {error.hint}' if error.hint else ''})"
    except (OSError, ValueError) as error:
        expected = f"a photo that can be read ({type(error).__name__})"
    return None, [Fault(f"{name}.path", describe(path), expected)]
