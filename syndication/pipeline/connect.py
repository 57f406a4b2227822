"""Accounts: kept once their connection was tested by reading, and tested again on demand."""

from contextlib import suppress
from functools import partial
from typing import NamedTuple

from syndication.config import Config
from syndication.errors import ClaimLost, ConfigError, InputError, Refused, Unauthorized, Unsupported
from syndication.models import Account, Limits
from syndication.networks import connector
from syndication.networks.base import OwnClient
from syndication.networks.dpop import make_key
from syndication.networks.http import open_http, origin
from syndication.pipeline.tokens import keep, token_of
from syndication.store import Store, accounts, left
from syndication.vault import Vault, private_text


class Reading(NamedTuple):
    """What a server says of an account: its name as people write it, and what it takes."""

    handle: str
    limits: Limits


CLIENT_KEY_FILE = "oauth-client.key"


def own_client(config: Config) -> OwnClient | None:
    """Ourselves as an OAuth client, with a key that is made once; None where [serve] names no public address."""
    if not config.serve.public:
        return None
    key = private_text(config.data / CLIENT_KEY_FILE, make_key())
    assert key is not None  # noqa: S101 - it is made where there is none
    return OwnClient(config.serve.public, key)


def connect_account(
    store: Store, config: Config, network: str, server: str, secret: dict[str, str], name: str
) -> Account:
    """Test an account by reading, then keep it under `name`, its secret encrypted; one of that name is renewed.

    Raises DeliveryError where the server does not take the secret, ConfigError for a bad address or no key, and
    InputError where the name is another account's: what waits for that one must not go to this.
    """
    known, renewed = connector(network), dict(secret)
    with open_http(known, server, secret, keep=renewed.update) as http:
        handle, limits = known.identify(http), known.read_limits(http)
    account = Account(name=name, network=network, server=origin(server), handle=handle, limits=limits)
    _refuse_other(store, Vault(config), account, renewed)
    with store.write() as tx:
        now = store.now()
        accounts.connect(tx, account, token_of(config, known, name, renewed, now), now)
        return accounts.get(tx, name)[0]


def _refuse_other(store: Store, vault: Vault, account: Account, secret: dict[str, str]) -> None:
    with store.read() as tx:
        known = next((one for one in accounts.ever(tx) if one.name == account.name), None)
        sealed = accounts.secrets(tx).get(account.name, b"")
    if known is None:
        return
    try:
        before = vault.open(sealed)
    except ConfigError:
        before = {}  # the key is lost, which connecting again mends; the name is all there is to go by
    steady = connector(account.network).steady if before else ()
    same = (known.network, known.server) == (account.network, account.server)
    if steady:
        same = same and all(before.get(part) == secret.get(part) for part in steady)
    else:
        same = same and known.handle == account.handle
    if not same:
        raise InputError(
            f"{account.name} is {known.handle} at {known.server} already, not {account.handle}",
            "Give this one another name with --name.",
        )


def read_account(store: Store, config: Config, name: str) -> Reading | None:
    """Test a kept account's connection by reading, and keep what its server takes now.

    Nobody else has its mailbox open meanwhile, as a token that is renewed by two at once is lost. None if a worker has
    it open, or it rests: then it is not asked. Raises DeliveryError, ConfigError or NotFound.
    """
    lease = int(config.delivery.lease * 1000)
    with store.write() as tx:
        accounts.get(tx, name)
        mailbox = accounts.open_by_name(tx, name, store.now(), lease)
    if mailbox is None:
        return None
    try:
        reading = _read(store, config, mailbox)
    finally:
        with store.write() as tx, suppress(ClaimLost):
            accounts.hold(tx, mailbox, store.now())
    with store.write() as tx:
        accounts.keep_limits(tx, name, reading.limits)
    return reading


class Left(NamedTuple):
    """An account that was disconnected: how many posts were cancelled, and why the network did not end its access.

    `words` are empty where it did.
    """

    account: Account
    cancelled: int
    words: str


def disconnect_account(store: Store, config: Config, name: str, *, offline: bool = False) -> Left:
    """End an account's access at its network, and forget it here; what waits for it is cancelled. Repeatable.

    `offline` asks no network. Raises NotFound; NotSent where there is no answer: then nothing goes out any more, and
    the token is kept, so that it can be tried again.
    """
    with store.write() as tx:
        mailbox = accounts.seize(tx, name, store.now(), int(config.delivery.lease * 1000))
        accounts.pause(tx, name, "it is being disconnected")
    words = "nobody was asked" if offline else _give_back(store, config, mailbox)
    with store.write() as tx:
        accounts.hold(tx, mailbox, store.now())
        left.leave(tx, name, Vault(config).seal({}), store.now())
        return Left(mailbox.account, left.settle(tx, store.now()), words)


def _give_back(store: Store, config: Config, mailbox: accounts.Mailbox) -> str:
    """Have the network end the access; why it did not, and what to do, empty if it did."""
    network, secret = connector(mailbox.account.network), Vault(config).open(mailbox.secret)
    if other := _shares(store, config, mailbox.account, secret):
        return f"{other} is let in by the same token, which was left good"
    kept = partial(keep, store, config, mailbox)
    try:
        with open_http(network, mailbox.account.server, secret, keep=kept) as http:
            network.revoke(http)
    except Unsupported as none:
        return f"{none.message}. {none.hint}"
    except Unauthorized:
        return ""  # it was dead already
    except Refused as refused:
        return f"{refused.message}. {network.leave}"
    return ""


def _shares(store: Store, config: Config, account: Account, secret: dict[str, str]) -> str:
    """Another connected account of the network that posts by the very same token, as a bot in two channels does."""
    with store.read() as tx:
        others = [one for one in accounts.everyone(tx) if one.network == account.network]
        sealed = {one.name: accounts.get(tx, one.name)[1] for one in others if one.name != account.name}
    tokens = {secret[part] for part in ("access_token", "token", "refresh_token") if part in secret}
    for name, one in sealed.items():
        with suppress(ConfigError):
            if tokens & set(Vault(config).open(one).values()):
                return name
    return ""


def _read(store: Store, config: Config, mailbox: accounts.Mailbox) -> Reading:
    network, secret = connector(mailbox.account.network), Vault(config).open(mailbox.secret)
    kept = partial(keep, store, config, mailbox)
    with open_http(network, mailbox.account.server, secret, keep=kept) as http:
        return Reading(network.identify(http), network.read_limits(http))
