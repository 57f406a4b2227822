"""The networks we post to: a literal that anyone can read."""

from syndication.errors import ConfigError
from syndication.networks.base import Connector
from syndication.networks.bluesky import Bluesky
from syndication.networks.mastodon import Mastodon

NETWORKS: dict[str, Connector] = {
    "mastodon": Mastodon(),
    "bluesky": Bluesky(),
}


def connector(name: str) -> Connector:
    """The connector of that name. Raises ConfigError naming those there are."""
    try:
        return NETWORKS[name]
    except KeyError:
        raise ConfigError(f"no network is called {name}", f"Known: {', '.join(NETWORKS)}.") from None
