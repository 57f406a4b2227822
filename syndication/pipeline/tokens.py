"""What accounts are let in with: renewed ahead of time, stored before it is used, and given up in one place.

Only whoever has an account's mailbox open renews its token, so that no two do it at once.
"""

import logging
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from syndication.config import Config
from syndication.errors import ClaimLost, DeliveryError, Unauthorized
from syndication.networks import connector
from syndication.networks.base import Connector, Secret
from syndication.networks.http import open_http
from syndication.networks.life import Life, lacking
from syndication.store import Store, accounts, insist
from syndication.store.accounts import Mailbox, Token
from syndication.vault import Vault

log = logging.getLogger(__name__)

_SOONEST, _LATEST = 60_000, 86_400_000
"""Milliseconds between two looks at a token that should have been renewed and was not."""


def token_of(config: Config, network: Connector, name: str, secret: Secret, now: int) -> Token:
    """What the store keeps of the secret of the account `name`: sealed, and what is known of its life and rights."""
    life = network.life(secret)
    ends = None if life.ends is None else int(life.ends * 1000)
    table = config.table(name)
    lacks = (*network.lacks(secret), *(lacking(network.records, secret) if table.record else ()))
    return Token(Vault(config).seal(secret), ends, life.renews, _tend_at(life, now), ", ".join(lacks))


def _tend_at(life: Life, now: int) -> int | None:
    """When a token is looked after next: when it is to be renewed, else at its end; later if that is past."""
    at = life.ends if life.renew is None else life.renew
    if at is None or at * 1000 > now:
        return None if at is None else int(at * 1000)
    if life.renew is None:
        return now + _LATEST
    # A tenth of the time that is left, where anything is known of an end.
    left = 0 if life.ends is None else int(life.ends * 1000) - now
    return now + min(max(left // 10, _SOONEST), _LATEST)


def keep(store: Store, config: Config, mailbox: Mailbox, secret: Secret) -> None:
    """Store a renewed secret, before it is used. Raises ClaimLost where its mailbox is another's by now."""
    account = mailbox.account

    def write() -> None:
        with store.write() as tx:
            now = store.now()
            # Not over the secret of one who connected the account again meanwhile.
            accounts.hold(tx, mailbox, now + _lease(config))
            # Sealed while the row is locked: a change of keys comes before this or after it, never between.
            token = token_of(config, connector(account.network), account.name, secret, now)
            accounts.keep_token(tx, account.name, token)

    try:
        insist(write)  # the network takes the old one no more
    except DBAPIError:
        log.exception("renewed token lost", extra={"account": account.name})
        raise


def stop_account(tx: Connection, mailbox: Mailbox, error: Unauthorized, now: int) -> None:
    """Send nothing more from this account, and say so. Raises ClaimLost if it was connected again meanwhile."""
    accounts.hold(tx, mailbox, now)  # else that was the word about another token
    accounts.pause(tx, mailbox.account.name, error.message)
    facts = {"account": mailbox.account.name, "why": error.message, "remedy": error.hint}
    log.error("account stopped", extra=facts)


def tend(store: Store, config: Config, mailbox: Mailbox) -> None:
    """Look after the token of an opened mailbox, if that is due and no letter has done it by the way.

    Raises ClaimLost or ConfigError.
    """
    account, limit = mailbox.account, config.delivery.request_limit
    with store.write() as tx:
        accounts.hold(tx, mailbox, store.now() + _lease(config))
        sealed = accounts.to_tend(tx, account.name, store.now())
    if sealed is None:
        return
    network, secret = connector(account.network), Vault(config).open(sealed)
    kept = partial(keep, store, config, mailbox)
    try:
        with open_http(network, account.server, secret, seconds=limit, deed=limit, keep=kept) as http:
            network.fresh(http)
            secret = http.secret
    except (ClaimLost, SQLAlchemyError):
        raise
    except Unauthorized as error:
        with store.write() as tx:
            stop_account(tx, mailbox, error, store.now())
        return
    except DeliveryError as error:
        log.warning("token not renewed yet", extra={"account": account.name, "why": error.message})
    except Exception:  # a fault of a connector's must not come back at once, nor end the worker
        log.exception("connector failed", extra={"account": account.name})
    with store.write() as tx:
        accounts.tend_next(tx, account.name, _tend_at(network.life(secret), store.now()))


def _lease(config: Config) -> int:
    return int(config.delivery.lease * 1000)
