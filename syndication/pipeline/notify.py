"""Telling a person what only they can mend, once for each time it comes about: by whatever Apprise can reach.

The addresses hold secrets: they come from SYNDICATE_NOTIFY or from a file that only its owner may read. Nothing waits
for a notification: the sweep has a thread for them.
"""

import logging
import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from syndication.config import Config
from syndication.errors import ConfigError
from syndication.models import State
from syndication.networks import connector
from syndication.store import Store, accounts, moment, notices
from syndication.store.notices import Needy
from syndication.vault import private_text

log = logging.getLogger(__name__)

ENVIRONMENT = "SYNDICATE_NOTIFY"
FILE = "notify.urls"
_AGAIN = 900_000
"""Milliseconds until what could not be told is tried again, and for which posts are gathered after some were told."""

_MOST_LINES = 12
_MOST_NAMES = 3
_MOST_WORDS = 300
_STATES = {
    State.UNKNOWN: ("may or may not be out", "resolve"),
    State.FAILED: ("did not go out", "resolve"),
    State.SENT: ("must be changed or removed by you", "resolve"),
    State.HELD: ("will not go out without your word", "holds"),
}


def addresses(config: Config) -> list[str]:
    """Where notifications go, as Apprise writes it; none by default. Raises ConfigError for a file others may read."""
    said = os.environ.get(ENVIRONMENT) or private_text(config.data / FILE, None) or ""
    return [line for line in said.split() if not line.startswith("#")]


def tell(store: Store, config: Config) -> int:
    """Tell what came about since the last time; how many things. Raises ConfigError."""
    where = addresses(config)
    if not where:
        return 0
    with store.write() as tx:
        now = store.now()
        notices.know(tx, troubles(tx, moment(now)), now)
        found = notices.take(tx, now, _AGAIN)
        posts, place = notices.take_posts(tx, now, _AGAIN)
    lines = [*found.values(), *lines_of(posts)]
    if not lines:
        return 0
    if not _send(where, config.brand.name, "\n".join(lines)):
        log.warning("notification not delivered", extra={"things": len(found) + len(posts)})
        return 0
    with store.write() as tx:
        notices.told(tx, found)
        if posts:
            notices.told_posts(tx, place, now + _AGAIN)
    return len(found) + len(posts)


def troubles(tx: Connection, now: datetime) -> dict[str, str]:
    """What waits for a person, by a name that stays the same as long as it does."""
    found = {}
    for one in accounts.everyone(tx):
        again = f"syndicate connect {one.network} --name {one.name}"
        if one.paused:
            found[f"account {one.name} stopped"] = f"{one.name} posts nothing any more: {one.paused}. {again}"
        elif one.ends and one.ends - now < connector(one.network).notice:
            words = f"{one.name} must be connected again by {one.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC. {again}"
            found[f"account {one.name} ends {one.ends:%Y-%m-%d}"] = words
    return found


def lines_of(posts: Sequence[Needy]) -> list[str]:
    """A line for each thing that is wrong, with how many posts it is wrong with: an outage is one line."""
    alike = dict[tuple[State, str], list[Needy]]()
    for state in _STATES:
        for post in posts:
            if post.state is state:
                alike.setdefault((state, _numberless(post)), []).append(post)
    groups = list(alike.items())
    lines = [_line(state, reason, group) for (state, reason), group in groups[:_MOST_LINES]]
    if left := sum(len(group) for _, group in groups[_MOST_LINES:]):
        lines.append(f"And {left} more, for other reasons: `syndicate resolve`, `syndicate holds`.")
    return lines


def _numberless(post: Needy) -> str:
    """Why a post needs a person, in the same words for all with the same trouble: they may name its own number."""
    return re.sub(rf"\b(resolve|--delivery) {post.id}\b", r"\1 NO", post.reason).rstrip(".")


def _line(state: State, reason: str, group: Sequence[Needy]) -> str:
    what, where = _STATES[state]
    stories, names = (_some(getattr(post, name) for post in group) for name in ("story", "account"))
    if len(group) == 1:
        number = f" {group[0].id}" if where == "resolve" else ""
        which, why, where = f"A post of {stories}", group[0].reason.rstrip("."), where + number
    else:
        which, why = f"{len(group)} posts ({stories})", reason
    words = f"{which} to {names} {what}: {why[:_MOST_WORDS]}."
    return words if "syndicate " in why else f"{words} `syndicate {where}`"


def _some(names: Iterable[str]) -> str:
    """The first few names, and how many there are besides."""
    each = list(dict.fromkeys(names))
    more = len(each) - _MOST_NAMES
    return ", ".join(each[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _send(where: list[str], paper: str, words: str) -> bool:
    try:
        from apprise import Apprise
    except ModuleNotFoundError:
        raise ConfigError(
            "notifications need Apprise, which is not installed", "pip install 'syndication[notify]'"
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines hold addresses, and so their secrets
    herald = Apprise()
    if not herald.add(where):
        raise ConfigError(
            f"an address in {ENVIRONMENT} or {FILE} is none that Apprise knows",
            "Its documentation lists them all; mailto://user:password@mail.example is one.",
        )
    return bool(herald.notify(title=f"{paper}: syndication needs you", body=words))
