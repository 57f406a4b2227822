"""Which software a server runs, as it says itself: NodeInfo (schemas 2.0 and 2.1, nodeinfo.diaspora.software)."""

from urllib.parse import urlsplit

from pydantic import Field

from syndication.errors import DeliveryError, InputError, Refused
from syndication.networks.auth import Anonymous
from syndication.networks.http import Http, Shape

_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/2."

# Which connector speaks to which software. What is not named may be a fork: it is tried as the person asks.
_SPOKEN = {
    **dict.fromkeys(
        [
            "mastodon",
            "hometown",
            "gotosocial",
            "akkoma",
            "pleroma",
            "pixelfed",
            "friendica",
            "hollo",
            "takahe",
        ],
        "mastodon",
    ),
    **dict.fromkeys(["misskey", "sharkey", "cherrypick", "firefish", "foundkey"], "misskey"),
}


class _Link(Shape):
    rel: str
    href: str = Field(pattern=r"^https?://[^/\s]+/\S*$", max_length=2000)


class _Links(Shape):
    links: list[_Link]


class _Software(Shape):
    name: str = Field(pattern=r"^[A-Za-z0-9_. -]{1,60}$")


class _NodeInfo(Shape):
    software: _Software


def software_of(http: Http, network: str) -> str:
    """The software's name in lower case; empty if the server does not say.

    Raises InputError if it is one that `network` does not speak to, NotSent where there is no answer.
    """
    name = _told(http)
    if (spoken := _SPOKEN.get(name, network)) != network:
        raise InputError(
            f"{http.server} runs {name.title()}",
            f"Connect it so: syndicate connect {spoken} --server {http.server}",
        )
    return name


def _told(http: Http) -> str:
    try:
        known = http.read(_Links, "GET", "/.well-known/nodeinfo", auth=Anonymous()).links
        found = next((link.href for link in known if link.rel.startswith(_SCHEMA)), "")
        if not found:
            return ""
        # Of the address only the path: what a server names must not lead us elsewhere.
        return http.read(_NodeInfo, "GET", urlsplit(found).path, auth=Anonymous()).software.name.lower()
    except DeliveryError as error:
        if isinstance(error, Refused) or error.status == 200:  # it has none, or a page stands there
            return ""
        raise
