"""What networks say of their rate limits: how much is left and when it begins anew, as the headers of answers tell.

Whatever a server says is taken for what a stranger says: a number that is none, is negative or means years tells
nothing, and nobody is made to rest for longer than a day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from syndication.models import Window

LONGEST_PAUSE = 86_400.0
"""Seconds: a server that asks for more than a day is asked again after a day."""

_MOST = 1e12
_RESETS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")


@dataclass(frozen=True)
class Told:
    """Which headers tell of one limit: `remaining` and `reset` must be there, `limit` may.

    `name` tells limits apart that stand in one answer; if it is empty, the limit is that of the kind of request that
    was asked. `app`: it is shared by all accounts that one app speaks for.
    """

    remaining: str
    limit: str
    reset: str
    name: str = ""
    app: bool = False

    def read(self, headers: Mapping[str, str], kind: str) -> Window | None:
        """The limit as these headers tell it; None if they do not."""
        left, seconds = number(headers.get(self.remaining)), resets_in(headers.get(self.reset, ""))
        if left is None or seconds is None:
            return None
        return Window(self.name or kind, int(left), whole(headers.get(self.limit)), seconds, self.app)


def trio(prefix: str, **how: Any) -> Told:
    """The usual three headers: `prefix` and remaining, limit, reset."""
    return Told(f"{prefix}remaining", f"{prefix}limit", f"{prefix}reset", **how)


def read_all(told: tuple[Told, ...], headers: Mapping[str, str], kind: str) -> Iterator[Window]:
    """Each limit that the headers tell of."""
    return (window for one in told if (window := one.read(headers, kind)))


def number(value: object) -> float | None:
    """A count that is sane: finite, not negative, not beyond all measure. What follows a comma or `;` is left out."""
    text = str(value if value is not None else "").partition(",")[0].partition(";")[0].strip()
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found < _MOST else None  # not a number compares as false


def whole(value: object) -> int | None:
    """As `number`, rounded down."""
    found = number(value)
    return None if found is None else int(found)


def resets_in(value: str) -> float | None:
    """Seconds until a limit begins anew, at most a day: told as seconds left, as Unix time or as ISO 8601."""
    seconds = _seconds(value.strip(), datetime.now(UTC))
    return None if seconds is None else min(max(0.0, seconds), LONGEST_PAUSE)


def pause(headers: Mapping[str, str], *, limited: bool) -> float | None:
    """How many seconds a server asks to wait, from whichever header it uses; None if it does not say.

    Seconds and HTTP dates (RFC 9110 Retry-After), Unix time (Bluesky and some Mastodon-compatible servers) and
    ISO 8601 (Mastodon) are told apart by their form; a number beyond ten years of seconds is a time. The reset of
    a rate limit stands in every answer and means a pause only where the server is `limited`.
    """
    found = (resets_in(headers.get(name, "")) for name in ("retry-after", *(_RESETS if limited else ())))
    return next((seconds for seconds in found if seconds is not None), None)


def _seconds(value: str, now: datetime) -> float | None:
    try:
        found = float(value)
    except ValueError:
        moment = _moment(value)
        return (moment - now).total_seconds() if moment else None
    if not 0 <= found < 1e11:
        return None
    return found - now.timestamp() if found > 315_360_000 else found


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None
