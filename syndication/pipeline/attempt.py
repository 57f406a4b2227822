"""What a try of a letter and a try of a deed share: the line to the network, renewed secrets, pauses, the card."""

import hashlib
import logging
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from syndication.config import Config
from syndication.errors import CardError, ClaimLost, DeliveryError, NotSent, RateLimited, Unknown
from syndication.models import Draft, State, Window
from syndication.networks.base import Connector
from syndication.networks.http import Http, open_http
from syndication.networks.transport import Session
from syndication.pipeline import budget
from syndication.pipeline.tokens import keep
from syndication.store import Store, accounts, claims, rates
from syndication.store.accounts import Mailbox
from syndication.store.claims import Claim
from syndication.store.spending import Spent
from syndication.traces import tell

log = logging.getLogger(__name__)

FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 900.0
SERVER_PAUSE = 5.0
"""Seconds that a whole mailbox rests at the most when its server gives no answer."""


class MailboxWaits(Exception):
    """The whole mailbox is to rest until then (milliseconds), or its account is paused."""

    def __init__(self, until: int) -> None:
        super().__init__(until)
        self.until = until


class Opened(NamedTuple):
    """An opened mailbox with what all that is taken from it shares; nothing is taken after `until` (monotonic)."""

    store: Store
    config: Config
    network: Connector
    mailbox: Mailbox
    secret: dict[str, str]
    session: Session
    until: float

    def hold(self, tx: Connection) -> int:
        """Keep the mailbox for a lease; returns until when no late post is to leave it. Raises ClaimLost."""
        return accounts.hold(tx, self.mailbox, self.store.now() + lease_of(self.config))

    def claim(self, tx: Connection, paced_until: int) -> Claim | None:
        """What is next in the mailbox, which this transaction holds; None if nothing is due, or it is time to stop."""
        if time.monotonic() >= self.until:
            return None
        limits = lease_of(self.config), self.config.late.pace
        return claims.claim_held(tx, self.mailbox, self.store.now(), *limits, paced_until)


class Attempt(ABC):
    """One try of what was claimed. `went_on`: its record has looked for the `next` in the same transaction."""

    went_on = False
    next: Claim | None = None

    def __init__(self, opened: Opened, claim: Claim) -> None:
        self.opened, self.claim = opened, claim
        self.store, self.config = opened.store, opened.config
        self.network, self.secret = opened.network, opened.secret
        self.intended = False
        self.http: Http | None = None
        self._calls = 0  # how many of its requests are counted

    @abstractmethod
    def run(self) -> None:
        """Do it, and record what came of it. Raises MailboxWaits or ClaimLost."""

    def _line(self, **settings: Any) -> Http:
        limits = self.config.delivery
        settings |= {"seconds": limits.request_limit, "deed": limits.deed_limit, "keep": self._keep}
        settings["session"] = self.opened.session
        self.http = open_http(self.network, self.claim.mailbox.account.server, self.secret, **settings)
        return self.http

    @contextmanager
    def _recording(self, *, go_on: bool = False) -> Iterator[Connection]:
        """A transaction that records how the try went, and what the network told and charged meanwhile.

        `go_on` claims the next in the same one, unless the mailbox is another's by now. It is on the disk before the
        next request that makes a post public, whose intent is, or else when the mailbox is given back: power that
        fails meanwhile leaves the post in doubt, as a kill just before the record does, and the network is asked.
        """
        calls = self._calls
        try:
            with self.store.write(synced=not go_on) as tx:
                paced_until = None
                if go_on:
                    with suppress(ClaimLost):  # the record of this try is as true
                        paced_until = self.opened.hold(tx)
                yield tx
                if http := self.http:
                    mailbox, now = self.claim.mailbox, self.store.now()
                    rates.note(tx, mailbox.account.name, mailbox.app, http.rates.values(), now)
                    self._count(tx, Spent(micros=int(http.charged * budget.MILLION)), now)
                if paced_until is not None:
                    self.went_on, self.next = True, self.opened.claim(tx, paced_until)
        except DBAPIError:  # whoever records it again begins anew: nothing is claimed, and nothing counted
            self.went_on, self.next, self._calls = False, None, calls
            raise
        if http:
            http.rates.clear()
            http.charge(-http.charged)

    def _count(self, tx: Connection, what: Spent, now: int, coming: int = 0) -> None:
        """Count what was spent, with the requests made since the last count and those about to be."""
        made = self.http.calls + coming if self.http else 0
        spent = what._replace(calls=made - self._calls)
        budget.count(tx, self.config, self.claim.delivery.account, spent, now)
        self._calls = made

    def _note_pause(self, error: RateLimited, seconds: float) -> None:
        """Remember a pause that the network asked for, for all accounts that it is meant for."""
        if self.http:
            window = Window("pause", 0, None, seconds, error.app)
            self.http.rates[window.name, window.app] = window

    def _fault(self, error: Exception) -> DeliveryError:
        """A fault of ours, or an answer nobody foresaw: it must not stop the mailbox, nor be taken for "not sent"."""
        log.exception("connector failed", extra={"account": self.claim.delivery.account})
        kind = Unknown if self.intended else NotSent
        return kind(f"our own fault: {type(error).__name__}, see the log")

    def _keep(self, secret: dict[str, str]) -> None:
        keep(self.store, self.config, self.claim.mailbox, secret)
        self.secret.clear()
        self.secret.update(secret)

    def _log(self, what: str) -> None:
        delivery = self.claim.delivery
        facts_logged = {"story": delivery.story, "delivery": delivery.id, "account": delivery.account}
        log.info("delivery %s", what, extra={**facts_logged, "attempt": delivery.attempt})
        tell(outcome=what)

    def _pause(self) -> float:
        """Seconds until the next try: doubling, with up to a quarter taken off so that mailboxes spread."""
        pending = self.claim.look or self.claim.delivery.pending
        is_deed = pending is not None and self.claim.delivery.state is State.SENT
        tries = min(pending.tries if pending and is_deed else self.claim.delivery.attempt, 12)
        longest = min(FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE)
        return float(longest) * random.uniform(0.75, 1.0)  # noqa: S311


def card_bytes(config: Config, frozen: Draft) -> bytes | None:
    """The card as it was frozen. Raises CardError if the file is not what it was, and removes it."""
    if frozen.card is None:
        return None
    file = config.at(config.cards.folder) / frozen.card.file
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CardError(f"the card {frozen.card.file} cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != frozen.card.sha256:
        file.unlink(missing_ok=True)  # else it would pass for drawn
        raise CardError(f"the card {frozen.card.file} is not what it was")
    return data


def lease_of(config: Config) -> int:
    """The lease in milliseconds."""
    return milliseconds_of(config.delivery.lease_time)


def milliseconds_of(span: timedelta) -> int:
    """A span of time in the store's unit."""
    return int(span.total_seconds() * 1000)
