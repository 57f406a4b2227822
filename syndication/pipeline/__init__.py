"""The story, top to bottom: accept what a CMS says, prepare cards and words, deliver, settle what is in doubt.

Nothing here knows of a queue: whoever calls these functions again until nothing is due does the whole job.
"""

import logging
import time
from typing import NamedTuple

from syndication.config import Config
from syndication.models import BULK, EVERY, NEWS, Lanes
from syndication.pipeline.accept import Accepted, Verdict, accept
from syndication.pipeline.archive import Archive, Part, redraw_archive
from syndication.pipeline.connect import connect_account, disconnect_account, read_account
from syndication.pipeline.deliver import deliver_next
from syndication.pipeline.desk import Shared, resolve, share, withdraw
from syndication.pipeline.hold import Choice, end_over, hold, resume
from syndication.pipeline.late import give_up
from syndication.pipeline.outlook import Outlook, Step, foresee
from syndication.pipeline.prepare import prepare_next
from syndication.store import Store, accounts, clock, left, overdue, seals, stories

log = logging.getLogger(__name__)

__all__ = [
    "Accepted",
    "Archive",
    "Choice",
    "Due",
    "Outlook",
    "Part",
    "Shared",
    "Step",
    "Verdict",
    "accept",
    "connect_account",
    "deliver_next",
    "disconnect_account",
    "foresee",
    "hold",
    "mailboxes_due",
    "news_comes",
    "prepare_next",
    "read_account",
    "redraw_archive",
    "resolve",
    "resume",
    "run_due",
    "share",
    "sweep",
    "withdraw",
]


class Due(NamedTuple):
    """What could be taken up now: stories to draw, mailboxes to open, and both of the bulk lanes."""

    stories: int
    mailboxes: int
    bulk: int


def sweep(store: Store, config: Config, elapsed: float | None = None) -> Due:
    """Turn what was left behind into what can be taken up, and say how much there is.

    `elapsed` is the seconds since the caller's last sweep by the monotonic clock; None where this is its first.
    """
    with store.write() as tx:
        now = store.now()
        if jump := clock.watch(tx, now, None if elapsed is None else int(elapsed * 1000)):
            log.warning("the machine's clock was set, and leases with it", extra={"seconds": jump / 1000})
        end_over(tx, config, now)  # first, as it locks stories, and only then their posts
        overdue.doubt_expired(tx, now)
        give_up(tx, config, now)
        left.settle(tx, now)
        seals.seal_new(tx)
        bulk = stories.count_due(tx, now, BULK) + accounts.count_due(tx, now, BULK)
        return Due(stories.count_due(tx, now, NEWS), accounts.count_due(tx, now, NEWS), bulk)


def mailboxes_due(store: Store, lanes: Lanes = EVERY) -> int:
    """How many mailboxes could be opened now by whoever serves these lanes; cheaper than a sweep."""
    with store.read() as tx:
        return accounts.count_due(tx, store.now(), lanes)


def news_comes(store: Store) -> bool:
    """Whether news fell due lately, and is still to be drawn or sent: what may wait for a quiet moment waits for it."""
    with store.read() as tx:
        return accounts.brings(tx, NEWS, store.now())


def run_due(store: Store, config: Config, *, seconds: float = 3600.0) -> int:
    """Do everything that is due, here and now, with no queue; how many stories and mailboxes that were."""
    until, done = time.monotonic() + seconds, 0
    sweep(store, config)
    while time.monotonic() < until:
        worked = prepare_next(store, config) is not None
        worked = deliver_next(store, config, until) or worked
        if not worked:
            break
        done += 1
    return done
