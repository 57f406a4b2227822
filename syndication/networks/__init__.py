"""The networks we post to: a literal that anyone can read, and what other packages add to it."""

from functools import cache
from importlib.metadata import entry_points

from syndication.errors import ConfigError
from syndication.networks.base import Connector
from syndication.networks.bluesky import Bluesky
from syndication.networks.discord import Discord
from syndication.networks.facebook import Facebook
from syndication.networks.google_business import GoogleBusiness
from syndication.networks.instagram import Instagram
from syndication.networks.linkedin import LinkedIn
from syndication.networks.mastodon import Mastodon
from syndication.networks.matrix import Matrix
from syndication.networks.micropub import Micropub
from syndication.networks.misskey import Misskey
from syndication.networks.pinterest import Pinterest
from syndication.networks.reddit import Reddit
from syndication.networks.slack import Slack
from syndication.networks.telegram import Telegram
from syndication.networks.threads import Threads
from syndication.networks.tumblr import Tumblr
from syndication.networks.vk import VK
from syndication.networks.webhook import Webhook
from syndication.networks.x import X

NETWORKS: dict[str, Connector] = {
    "mastodon": Mastodon(),
    "misskey": Misskey(),
    "bluesky": Bluesky(),
    "telegram": Telegram(),
    "discord": Discord(),
    "slack": Slack(),
    "matrix": Matrix(),
    "micropub": Micropub(),
    "webhook": Webhook(),
    "x": X(),
    "pinterest": Pinterest(),
    "reddit": Reddit(),
    "tumblr": Tumblr(),
    "vk": VK(),
    "facebook": Facebook(),
    "instagram": Instagram(),
    "threads": Threads(),
    "linkedin": LinkedIn(),
    "google_business": GoogleBusiness(),
}

# Places that people ask for and nobody can post to from outside: what ended or is missing, and what to do instead.
CLOSED: dict[str, str] = {
    "google_plus": (
        "Google+ is gone: its APIs ended on 7 March 2019, the network itself on 2 April 2019. Today Google's readers "
        "are reached by a news sitemap and the page's own tags (Search, News, Discover), and those of a place on the "
        "map by google_business."
    ),
    "whatsapp_channels": (
        "WhatsApp has no interface for publishing to Channels; tools that drive a logged-in phone break its terms. "
        "Put a share link on the page, and paste the post by hand: its link shows the card."
    ),
    "flipboard": (
        "Flipboard takes no posts: it reads feeds. Offer it an RSS feed of at least 20 stories, each with an image of "
        "500 pixels or more on its short side."
    ),
}

GROUP = "syndication.networks"
"""The entry point group by which another package brings a connector: its name, and the class."""


def connector(name: str) -> Connector:
    """The connector of that name. Raises ConfigError naming those there are, or why there can be none."""
    if known := NETWORKS.get(name) or _brought(name):
        return known
    if name in CLOSED:
        raise ConfigError(f"nothing can be posted to {name}", CLOSED[name])
    raise ConfigError(f"no network is called {name}", f"Known: {', '.join(network_names())}.")


def network_names() -> list[str]:
    """Every network that can be connected: ours in order, then those of other packages."""
    return [*NETWORKS, *sorted({point.name for point in entry_points(group=GROUP)} - NETWORKS.keys())]


@cache
def _brought(name: str) -> Connector | None:
    for point in entry_points(group=GROUP, name=name):
        try:
            made = point.load()()
        except Exception as error:  # another package's code may raise anything
            raise ConfigError(
                f"the connector {name} of {point.value} cannot be loaded: {type(error).__name__}: {error}"
            ) from None
        if not isinstance(made, Connector) or made.name != name:
            raise ConfigError(f"{point.value} is no connector called {name}")
        return made
    return None
