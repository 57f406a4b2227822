"""Which stories an account takes by itself, and at what hours it posts them."""

import re
import unicodedata
from datetime import time
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from syndication.config.base import ConfigTable
from syndication.models import Priority

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")


def fold(name: str) -> str:
    """What all spellings of a name have in common: capitals, widths, accents' order, marks of direction, blanks."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    for _ in range(2):  # folding one way may undo the other
        seen = unicodedata.normalize("NFKC", seen).casefold()
    return " ".join(unicodedata.normalize("NFKC", seen).lstrip("# ").split())


def speaks(language: str, wanted: str) -> bool:
    """Whether a language tag is of the wanted kind: `pt` takes `pt-BR`, as in RFC 4647, basic filtering."""
    tag, start = (one.lower().replace("_", "-") for one in (language, wanted))
    return tag == start or tag.startswith(f"{start}-")


class DayHours(NamedTuple):
    """A part of the day by the paper's clock, from `start` until before `end`; over midnight where `end` is earlier."""

    start: time
    end: time

    def hold(self, at: time) -> bool:
        """Whether a time of the day lies in them."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def _hours(value: object) -> object:
    if value is None or isinstance(value, DayHours):
        return value
    found = _HOURS.fullmatch(value.replace(" ", "").replace("–", "-")) if isinstance(value, str) else None
    if found is None or (found[3] == "24" and found[4] != "00"):
        raise ValueError("hours such as 06:00-23:00, or 18:00-02:00 over midnight")
    from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
    start, end = time(from_hour, from_minute), time(to_hour % 24, to_minute)
    if start == end:
        raise ValueError(
            "hours that end at another time than they begin; leave `hours` out for the whole day"
        )
    return DayHours(start, end)


def _name(value: str) -> str:
    if not fold(value):
        raise ValueError("a name that can be seen")
    return value


def _language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*", value):
        raise ValueError("a language tag such as en, pt-BR or ar")
    return value


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("one or more; leave the key out where any will do")
    return values


_Some = AfterValidator(_some)
Names = Annotated[tuple[Annotated[str, Field(max_length=300), AfterValidator(_name)], ...], _Some]
Languages = Annotated[tuple[Annotated[str, AfterValidator(_language)], ...], _Some]
Priorities = Annotated[tuple[Priority, ...], _Some]
Hours = Annotated[DayHours | None, BeforeValidator(_hours)]


class Stories(ConfigTable):
    """A choice of stories, by what their events say. A key that is left out chooses nothing."""

    sections: Names = ()
    tags: Names = ()
    languages: Languages = ()
    desks: Names = ()
    priorities: Priorities = ()


def contradiction(takes: Stories, skips: Stories) -> str:
    """The key by which nothing can ever be taken, as all of it is skipped; empty if there is none."""
    for key in ("sections", "tags", "desks"):
        wanted = {fold(name) for name in getattr(takes, key)}
        if wanted and wanted <= {fold(name) for name in getattr(skips, key)}:
            return key
    if takes.languages and all(any(speaks(one, no) for no in skips.languages) for one in takes.languages):
        return "languages"
    left = set(takes.priorities or Priority) - set(skips.priorities)
    return "" if left else "priorities"
