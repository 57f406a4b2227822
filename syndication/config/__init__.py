"""`syndicate.toml` -> `Config`: every key has a default, every unknown key is an error naming the nearest known one.

Paths are relative to the file's folder. Secrets never stand in the file: they come from the environment or
from key files that only their owner can read.
"""

import os
import tomllib
from pathlib import Path

from pydantic import Field, ValidationError

from syndication.config.base import ConfigTable
from syndication.config.budget import Budget
from syndication.config.faults import explain, invalid
from syndication.config.gate import Gate
from syndication.config.install import Fetch, Metadata, Queue, Serve, StoreTable
from syndication.config.looks import Brand, Cards, Colors, Section
from syndication.config.posts import AccountTable, Correct, DeliveryTable, Late, Links
from syndication.errors import ConfigError

__all__ = [
    "FILE_NAME",
    "AccountTable",
    "Brand",
    "Cards",
    "Colors",
    "Config",
    "Correct",
    "DeliveryTable",
    "Section",
    "load",
    "parse",
]

FILE_NAME = "syndicate.toml"


_AS_IT_COMES = AccountTable.model_construct()


class Config(ConfigTable):
    """All of `syndicate.toml`."""

    folder: Path = Field(
        Path(), exclude=True, description="Where the file lies; every other path starts here."
    )
    # Defaults are made without validation, for which each table would be built once more: 15 ms of every command.
    brand: Brand = Brand.model_construct()
    store: StoreTable = StoreTable.model_construct()
    queue: Queue = Queue.model_construct()
    cards: Cards = Cards.model_construct()
    metadata: Metadata = Metadata.model_construct()
    serve: Serve = Serve.model_construct()
    delivery: DeliveryTable = DeliveryTable.model_construct()
    gate: Gate = Gate.model_construct()
    late: Late = Late.model_construct()
    fetch: Fetch = Fetch.model_construct()
    links: Links = Links.model_construct()
    budget: Budget = Field(Budget.model_construct(), description="Of all accounts together.")
    accounts: dict[str, AccountTable] = Field(default_factory=dict)
    mentions: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Whom {mentions} names: a byline's name, and how each network writes that person.",
    )

    def at(self, path: Path) -> Path:
        """A path of the file, made absolute."""
        return (self.folder / path.expanduser()).absolute()

    def table(self, account: str) -> AccountTable:
        """What is set for an account; what comes with the house where nothing is."""
        return self.accounts.get(account, _AS_IT_COMES)

    @property
    def data(self) -> Path:
        """The store's own folder."""
        return self.at(self.store.folder)

    @property
    def store_url(self) -> str:
        """The store's SQLAlchemy URL: from SYNDICATE_STORE, where it may hold a password, else as configured."""
        named = os.environ.get("SYNDICATE_STORE") or self.store.url
        return named or f"sqlite:///{self.data / 'syndication.db'}"

    @property
    def redis_url(self) -> str:
        """The broker: from SYNDICATE_REDIS, where it may hold a password, else as configured. Empty: our own."""
        return os.environ.get("SYNDICATE_REDIS") or self.queue.redis

    @property
    def photos(self) -> Path:
        """Where photos are kept, each under its content hash."""
        return self.data / "photos"


def load(path: Path | None = None) -> Config:
    """Read `path`, else the file that SYNDICATE_CONFIG names, else `syndicate.toml` here.

    Raises ConfigError, naming the file and every fault, or saying how to get a file.
    """
    named = path or (Path(env) if (env := os.environ.get("SYNDICATE_CONFIG")) else None)
    file = named or Path(FILE_NAME)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: no such file", "Run `syndicate init` to make one, or name one with --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file}: cannot be read: {why}", "Name a config file with --config.") from None
    return parse(text, file)


def parse(text: str, file: Path = Path(FILE_NAME)) -> Config:
    """Read the text of a config file that lies at `file`. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {invalid(error)}") from None
    if "folder" in data:
        raise ConfigError(f"{file}: folder: unknown key", "The data folder is `folder` in [store].")
    try:
        return Config.model_validate({**data, "folder": file.parent.absolute()})
    except ValidationError as error:
        faults = "\n".join(f"  {explain(fault, Config)}" for fault in error.errors(include_url=False))
        raise ConfigError(f"{file}:\n{faults}") from None
