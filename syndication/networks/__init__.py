"""The networks we post to: a literal that anyone can read, and what other packages add to it."""

from collections import UserDict
from collections.abc import MutableMapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from syndication.errors import ConfigError
from syndication.networks.base import Connector

GROUP = "syndication.networks"
"""The entry point group by which another package brings a connector: its name, and the class."""


class _Registry(UserDict[str, Any]):
    """Connectors by name. Each is written down as the place of its class, and imported when it is first asked for."""

    def __getitem__(self, name: str) -> Connector:
        known = self.data[name]
        if isinstance(known, str):
            known = self.data[name] = _made(EntryPoint(name, f"{__name__}.{known}", GROUP))
        assert isinstance(known, Connector)  # noqa: S101 - the literal below
        return known


def _made(point: EntryPoint) -> Connector:
    made: Connector = point.load()()
    return made


NETWORKS: MutableMapping[str, Connector] = _Registry(
    mastodon="mastodon:Mastodon",
    misskey="misskey:Misskey",
    bluesky="bluesky:Bluesky",
    telegram="telegram:Telegram",
    discord="discord:Discord",
    slack="slack:Slack",
    matrix="matrix:Matrix",
    micropub="micropub:Micropub",
    webhook="webhook:Webhook",
    x="x:X",
    pinterest="pinterest:Pinterest",
    reddit="reddit:Reddit",
    tumblr="tumblr:Tumblr",
    vk="vk:VK",
    facebook="facebook:Facebook",
    instagram="instagram:Instagram",
    threads="threads:Threads",
    linkedin="linkedin:LinkedIn",
    google_business="google_business:GoogleBusiness",
)

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


_FORMER = {"twitter": "x"}
"""What people go on calling a network."""


def connector(name: str) -> Connector:
    """The connector of that name. Raises ConfigError naming those there are, or why there can be none."""
    if known := NETWORKS.get(name) or _brought(name):
        return known
    if name in CLOSED:
        raise ConfigError(f"nothing can be posted to {name}", CLOSED[name])
    names, asked = network_names(), _FORMER.get(name.lower(), name.lower())
    near = get_close_matches(asked, [*names, *CLOSED], n=1)
    hint = f"{near[0]}, perhaps? " if near else ""
    raise ConfigError(f"no network is called {name}", f"{hint}Known: {', '.join(names)}.")


def network_names() -> list[str]:
    """Every network that can be connected: ours in order, then those of other packages."""
    return [*NETWORKS, *sorted({point.name for point in entry_points(group=GROUP)} - NETWORKS.keys())]


@cache
def _brought(name: str) -> Connector | None:
    for point in entry_points(group=GROUP, name=name):
        try:
            made = _made(point)
        except Exception as error:  # another package's code may raise anything
            raise ConfigError(
                f"the connector {name} of {point.value} cannot be loaded: {type(error).__name__}: {error}"
            ) from None
        if not isinstance(made, Connector) or made.name != name:
            raise ConfigError(f"{point.value} is no connector called {name}")
        return made
    return None
