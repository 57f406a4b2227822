"""The third step: out to the networks, never twice and never silently lost.

Whoever opens an account's mailbox delivers alone and in order: letters, deeds for posts that are out, looks at those.
"""

import json
import logging
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial

from sqlalchemy.exc import DBAPIError

from syndication.config import Config
from syndication.errors import ClaimLost, ConfigError
from syndication.models import EVERY, Lanes, State
from syndication.networks import connector
from syndication.networks.http import open_session
from syndication.pipeline.attempt import MailboxWaits, Opened, lease_of
from syndication.pipeline.follow import Follow
from syndication.pipeline.letter import Letter
from syndication.pipeline.look import Look
from syndication.pipeline.tokens import tend
from syndication.store import Store, accounts, claims, insist
from syndication.store.accounts import Mailbox
from syndication.store.claims import Claim
from syndication.traces import enabled, span
from syndication.vault import Vault

log = logging.getLogger(__name__)

_CONFIG_PAUSE = 60_000


def deliver_next(store: Store, config: Config, until: float, lanes: Lanes = EVERY) -> bool:
    """Open the most urgent due mailbox and deliver what is in it of these lanes, taking nothing new after `until`.

    `until` is by the monotonic clock. False if no mailbox is due.
    """
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), lease_of(config), lanes)
    if mailbox is None:
        return False
    try:
        rest = _drain(store, config, mailbox, until)
        if mailbox.tends:
            tend(store, config, mailbox)
        with store.write() as tx:
            accounts.hold(tx, mailbox, rest)
    except ClaimLost as lost:
        log.info("claim lost", extra={"account": mailbox.account.name, "why": lost.message})
    except ConfigError:
        # Nothing of this account can be sent before the operator has mended it; the others must not wait for that.
        with store.write() as tx:
            accounts.hold(tx, mailbox, store.now() + _CONFIG_PAUSE)
        raise
    except DBAPIError:
        # The store was away for a moment: nobody is to wait for the lease of one who has ended.
        insist(partial(_close, store, mailbox))
        raise
    return True


def _drain(store: Store, config: Config, mailbox: Mailbox, until: float) -> int:
    """Deliver letter by letter; when the mailbox may be opened next."""
    network = connector(mailbox.account.network)
    secret = Vault(config).open(mailbox.secret)
    mailbox = mailbox._replace(app=network.app_of(secret))
    with open_session(mailbox.account.server) as session:
        opened = Opened(store, config, network, mailbox, secret, session, until)
        claim = _claim(opened)
        while claim:
            kind = Look if claim.look else Follow if claim.delivery.state is State.SENT else Letter
            one = kind(opened, claim)
            try:
                with _traced(claim, network.name):
                    one.run()
            except MailboxWaits as waits:
                return waits.until
            except DBAPIError:
                insist(partial(_let_go, store, claim))
                raise
            claim = one.next if one.went_on else _claim(opened)
    return store.now()


def _claim(opened: Opened) -> Claim | None:
    with opened.store.write() as tx:
        return opened.claim(tx, opened.hold(tx))


def _let_go(store: Store, claim: Claim) -> None:
    with store.write() as tx:
        claims.give_back(tx, claim, store.now())


def _close(store: Store, mailbox: Mailbox) -> None:
    with store.write() as tx, suppress(ClaimLost):
        accounts.hold(tx, mailbox, store.now())


def _traced(claim: Claim, network: str) -> AbstractContextManager[None]:
    if not enabled():
        return nullcontext()
    one, revision = claim.delivery, json.loads(claim.event).get("revision", 1)
    facts: dict[str, str | int] = {"delivery": one.id, "attempt": one.attempt}
    return span("deliver", one.story, revision, network=network, account=one.account, **facts)
