"""Telling a person what only they can mend, once for each time it comes about: by whatever Apprise can reach.

The addresses hold secrets: they come from SYNDICATE_NOTIFY or from a file that only its owner may read. Nothing waits
for a notification: the sweep has a thread for them.
"""

import logging
import os
from datetime import UTC, datetime

from sqlalchemy import Connection

from syndication.config import Config
from syndication.errors import ConfigError
from syndication.networks import connector
from syndication.store import Store, accounts, deliveries, moment, notices
from syndication.vault import private_text

log = logging.getLogger(__name__)

ENVIRONMENT = "SYNDICATE_NOTIFY"
FILE = "notify.urls"
_AGAIN = 900_000
"""Milliseconds until what could not be told is tried again."""


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
    if not found:
        return 0
    if not _send(where, config.brand.name, "\n".join(found.values())):
        log.warning("notification not delivered", extra={"things": len(found)})
        return 0
    with store.write() as tx:
        notices.told(tx, found)
    return len(found)


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
    for number, account, story in deliveries.waiting_for_editors(tx, 100):
        words = (
            f"A post of {story} to {account} may or may not be out: syndicate resolve shows number {number}."
        )
        found[f"post {number}"] = words
    return found


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
