"""What could not go out in its time: dropped with the reason, or left to an editor, as `[late]` says."""

import json
from datetime import datetime

from sqlalchemy import Connection

from syndication.config import Config
from syndication.store import holds, milliseconds, overdue


def give_up(tx: Connection, config: Config, now: int) -> None:
    """Take what is too late, and surely not out, off its way; and what nobody released while it was held."""
    overdue.give_up_held(tx, now)
    if config.late.then == "ask":
        for post in overdue.expired(tx, now):
            if not _told_to_drop(post.event, now):
                words = f"{overdue.TOO_LATE}: {post.reason}" if post.reason else overdue.TOO_LATE
                holds.stop(tx, [post.id], holds.LATE, words, now, config.late.review_time)
    overdue.give_up_expired(tx, now)


def _told_to_drop(event: str, now: int) -> bool:
    """Whether the CMS itself said until when the story may be announced."""
    expires = json.loads(event).get("expires")
    return expires is not None and milliseconds(datetime.fromisoformat(expires)) <= now
