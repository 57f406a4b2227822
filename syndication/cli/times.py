"""Times as editors type them: on the paper's own clock, or with a zone; and spans such as 90m."""

import re
from datetime import UTC, datetime, timedelta

import click

_SPAN = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


_TIME = "a time such as 2026-11-23T18:00 or 2026-11-23T18:00+01:00"
DAY = "a day such as 2026-01-31, or a time such as 2026-01-31T08:00+01:00"


def moment_of(value: str, zone: str, option: str, expected: str = _TIME) -> datetime:
    """A time with its zone, or on the clock of `zone`; of a day its first moment. Raises click's BadParameter.

    So it does where that clock shows the time twice, or never: an hour too early is not to be guessed.
    """
    from zoneinfo import ZoneInfo

    try:
        told = datetime.fromisoformat(value)
        if told.tzinfo:
            return told.astimezone(UTC)
        first, second = (told.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
        exists = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == told
    except (ValueError, OverflowError):
        raise click.BadParameter(f"found {value}, expected {expected}", param_hint=option) from None
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    what = "is twice that night" if exists else "is skipped that night"
    choice = " or ".join(one.isoformat(timespec="minutes") for one in (first, second))
    raise click.BadParameter(
        f"{value} {what} in {zone}, as the clocks change; say {choice}", param_hint=option
    )


def span_of(value: str, option: str) -> timedelta:
    """A span of time: 45s, 90m, 6h or 2d. Raises click's BadParameter."""
    if match := _SPAN.fullmatch(value.strip()):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    raise click.BadParameter(f"found {value}, expected a span such as 90m, 6h or 2d", param_hint=option)


def until_of(value: str, zone: str, option: str) -> datetime:
    """A time, or a span from now on. Raises click's BadParameter."""
    if _SPAN.fullmatch(value.strip()):
        return datetime.now(UTC) + span_of(value, option)
    return moment_of(value, zone, option)


def told_span(seconds: float) -> str:
    """A span in two words: `5 minutes`, `3 hours`, `2 days`."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return "less than a minute"
