"""The networks we post to: a literal that anyone can read."""

from functools import cache

from syndication.errors import ConfigError
from syndication.networks.base import Connector

NAMES = ("mastodon", "bluesky")


@cache
def connector(name: str) -> Connector:
    """The connector of that name. Raises ConfigError naming those there are."""
    if name == "mastodon":
        from syndication.networks.mastodon import Mastodon

        return Mastodon()
    if name == "bluesky":
        from syndication.networks.bluesky import Bluesky

        return Bluesky()
    raise ConfigError(f"no network is called {name}", f"Known: {', '.join(NAMES)}.")
