"""When a story's posts may go out, and until when they are worth it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from syndication.config import Config
from syndication.models import PublishEvent
from syndication.store import milliseconds


def earliest(event: PublishEvent, now: int) -> int:
    """When anything may be made of a story: now, or at its embargo."""
    return max(now, milliseconds(event.embargo)) if event.embargo else now


def told(config: Config, moment: datetime) -> str:
    """A time as the paper's own clock tells it, with the zone."""
    return f"{moment.astimezone(ZoneInfo(config.brand.timezone)):%Y-%m-%d %H:%M %Z}"


def expiry(config: Config, event: PublishEvent, due_at: int) -> int:
    """When a post that is due at `due_at` is no longer worth sending."""
    late = due_at + config.late.patience(event.priority)
    return min(late, milliseconds(event.expires)) if event.expires else late


def is_old(config: Config, event: PublishEvent, now: int) -> bool:
    """Whether a story that we see for the first time is too old to be announced as news."""
    since = max(event.published, event.embargo or event.published)
    return now - milliseconds(since) > config.late.too_old * 86_400_000
