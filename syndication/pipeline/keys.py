"""The keys that accounts' secrets are sealed with, and their change, which may be broken off anywhere."""

from collections import Counter
from typing import NamedTuple

from syndication.config import Config
from syndication.errors import InputError
from syndication.store import Store, accounts
from syndication.vault import Vault, from_environment

_KEPT = 2
"""Keys that stay in the file: the one that seals, and the one before for whoever has just read a secret with it."""


class Key(NamedTuple):
    """One key: what tells it apart, and how many secrets it seals."""

    mark: str
    secrets: int


def list_keys(store: Store, config: Config) -> list[Key]:
    """The keys, the one that seals first. Raises ConfigError where one is missing."""
    vault = Vault(config)
    with store.read() as tx:
        counted = Counter(vault.which(sealed) for sealed in accounts.secrets(tx).values())
    return [Key(mark, counted[place]) for place, mark in enumerate(vault.marks)]


def rotate_keys(store: Store, config: Config) -> int:
    """Seal every secret with a new key; how many. Keys from the environment are the operator's: the first one is new.

    No secret is ever stored whose key is not kept: the new key is in the file before the first secret is sealed with
    it, and old ones leave it after the last. Raises InputError where the environment has no new key, ConfigError.
    """
    vault, own = Vault(config), not from_environment()
    with store.write() as tx:
        # Locked, so that a token that is renewed meanwhile is stored before or after, and never overwritten.
        sealed = accounts.secrets(tx, lock=True)
        old = sum(vault.which(one) > 0 for one in sealed.values())
        if own:
            vault.add_key()
        elif not old:
            raise InputError(
                f"every secret is sealed with the first key of {vault.source}",
                "Put a new one (syndicate keys new) before it, divided by a comma, for every process; then rotate.",
            )
        for name, one in sealed.items():
            accounts.keep_secret(tx, name, vault.seal_anew(one))
    if own:
        with store.write() as tx:
            accounts.secrets(tx, lock=True)
            vault.forget_keys(_KEPT)
    return len(sealed)
