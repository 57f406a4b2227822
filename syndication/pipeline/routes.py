"""Where a story goes by itself: which accounts take it, when, and why the others do not. Pure decisions.

Nothing here looks at what was posted before. An editor's `share` asks nobody here.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syndication.config import AccountTable, Config
from syndication.config.rules import DayHours, fold, speaks
from syndication.models import Priority, PublishEvent
from syndication.pipeline import times

_KINDS = {
    "sections": "section",
    "tags": "tag",
    "languages": "language",
    "desks": "desk",
    "priorities": "priority",
}
_MOST_SHOWN = 5


class Route(NamedTuple):
    """Whether an account takes a story by itself, and why or why not. `waits_until` is set where its hours are over."""

    account: str
    takes: bool
    why: str
    waits_until: datetime | None = None


def route(config: Config, account: str, event: PublishEvent, at: datetime) -> Route:
    """Where a story that could go out at `at` stands with an account."""
    table = config.table(account)
    if not table.publish:
        return Route(account, False, "posts only what an editor shares by hand")
    told = _told(event)
    if against := [*_missed(table, told), *_skipped(table, told)]:
        return Route(account, False, "; ".join(against))
    words = "; ".join(_matched(table, told)) or "takes every story"
    opens = opening(config, account, event.priority, at)
    if opens is None:
        return Route(account, True, words)
    begin = times.told(config, opens)
    if event.expires and event.expires <= opens:
        return Route(account, False, f"posts at {table.hours}, and the story expires before {begin}")
    return Route(account, True, f"{words}; posts at {table.hours}: waits until {begin}", opens)


def opening(config: Config, account: str, priority: Priority, at: datetime) -> datetime | None:
    """When the account's hours begin next, if they are over at `at`; None if it may post. Breaking news always may."""
    hours = config.table(account).hours
    zone = ZoneInfo(config.brand.timezone)
    local = at.astimezone(zone)
    if hours is None or priority is Priority.BREAKING or hours.hold(local.time()):
        return None
    return min(one for one in _openings(hours, local) if one > at)


def _openings(hours: DayHours, local: datetime) -> Iterator[datetime]:
    """The next times that the hours begin. A day whose clock skips or repeats them is told as the clock shows it."""
    for day in range(3):
        date = local.date() + timedelta(days=day)
        for fold_ in (0, 1):
            moment = datetime.combine(date, hours.start.replace(fold=fold_), local.tzinfo).astimezone(UTC)
            if hours.hold(moment.astimezone(local.tzinfo).time()):
                yield moment


def _told(event: PublishEvent) -> dict[str, tuple[str, ...]]:
    """What a story says of itself, under the keys of a choice."""
    return {
        "sections": tuple(filter(None, [event.section])),
        "tags": event.tags,
        "languages": (event.language,),
        "desks": tuple(filter(None, [event.desk])),
        "priorities": (event.priority.value,),
    }


def _both(key: str, wanted: Sequence[str], has: Iterable[str]) -> list[str]:
    """What a story has of what is wanted, in the story's spelling."""
    if key == "languages":
        return [one for one in has if any(speaks(one, name) for name in wanted)]
    folded = {fold(name) for name in wanted}
    return [one for one in has if fold(one) in folded]


def _missed(table: AccountTable, told: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for key, kind in _KINDS.items():
        wanted, has = getattr(table.takes, key), told[key]
        if wanted and not _both(key, wanted, has):
            yield f"{_is(kind, has)}, takes {_list(wanted)}{_near(key, wanted, has)}"


def _skipped(table: AccountTable, told: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for key, kind in _KINDS.items():
        if found := _both(key, getattr(table.skips, key), told[key]):
            yield f"{_is(kind, found)}, which it skips"


def _matched(table: AccountTable, told: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for key, kind in _KINDS.items():
        if found := _both(key, getattr(table.takes, key), told[key]):
            yield _is(kind, found)


def _is(kind: str, has: Sequence[str]) -> str:
    if not has:
        return f"no {kind}"
    return f"tags are {_list(has)}" if len(has) > 1 else f"{kind} is {has[0]}"


def _near(key: str, wanted: Sequence[str], has: Sequence[str]) -> str:
    """A hint where a name of the story is nearly one of those wanted: one of the two may be misspelt."""
    if key not in ("sections", "tags", "desks"):
        return ""
    names = {fold(name): name for name in wanted}
    for one in has:
        if near := get_close_matches(fold(one), names, n=1, cutoff=0.8):
            return f" ({names[near[0]]} and {one} are nearly the same: is one misspelt?)"
    return ""


def _list(names: Sequence[str]) -> str:
    shown = [str(name) for name in names[:_MOST_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
