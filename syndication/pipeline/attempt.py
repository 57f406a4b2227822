"""What a try of a letter and a try of a deed share: the line to the network, renewed secrets, pauses, the card."""

import hashlib
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from syndication.config import Config
from syndication.errors import CardError, DeliveryError, NotSent, RateLimited, Unknown
from syndication.models import Draft, State, Window
from syndication.networks.base import Connector
from syndication.networks.http import Http, open_http
from syndication.pipeline import budget
from syndication.pipeline.tokens import keep
from syndication.store import Store, rates
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


class Attempt(ABC):
    """One try of what was claimed."""

    def __init__(
        self, store: Store, config: Config, network: Connector, claim: Claim, secret: dict[str, str]
    ) -> None:
        self.store, self.config, self.network, self.claim = store, config, network, claim
        self.secret = secret
        self.intended = False
        self.http: Http | None = None
        self._calls = 0  # how many of its requests are counted

    @abstractmethod
    def run(self) -> None:
        """Do it, and record what came of it. Raises MailboxWaits or ClaimLost."""

    def _line(self, **settings: Any) -> Http:
        limits = self.config.delivery
        settings |= {"seconds": limits.request_limit, "deed": limits.deed_limit, "keep": self._keep}
        self.http = open_http(self.network, self.claim.mailbox.account.server, self.secret, **settings)
        return self.http

    @contextmanager
    def _recording(self) -> Iterator[Connection]:
        """A transaction that records how the try went, and what the network told and charged meanwhile."""
        with self.store.write() as tx:
            yield tx
            if http := self.http:
                mailbox, now = self.claim.mailbox, self.store.now()
                rates.note(tx, mailbox.account.name, mailbox.app, http.rates.values(), now)
                self._count(tx, Spent(micros=int(http.charged * budget.MILLION)), now)
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
