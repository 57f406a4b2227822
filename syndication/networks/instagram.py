"""Instagram, professional accounts (developers.facebook.com/docs/instagram-platform, read 2026-11; never run there).

There are two logins: with Facebook, for accounts that belong to a Page, and with Instagram alone. A post is an image;
links in its text are no links.
"""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from pydantic import Field
from requests.auth import AuthBase

from syndication.errors import Unsupported
from syndication.models import Draft, Limits, Receipt
from syndication.networks.auth import Bearer
from syndication.networks.base import Dialogue, Secret
from syndication.networks.containers import Containers, stay_fresh
from syndication.networks.graph import (
    GRAPH,
    GRAPH_ENDS,
    GRAPH_HOST,
    RETURNS,
    Id,
    Proven,
    allow_pages,
    delete,
    exchange,
    judge,
)
from syndication.networks.http import Http, Shape
from syndication.networks.login import OAuth2Door, allow_oauth2, choose
from syndication.text import clip

_HOST = "https://graph.instagram.com"
_DOOR = OAuth2Door(
    authorize="https://www.instagram.com/oauth/authorize",
    token="https://api.instagram.com/oauth/access_token",  # noqa: S106 - an address
    scopes=("instagram_business_basic", "instagram_business_content_publish"),
    separator=",",
    pkce=False,
)
# The last one is what removes a post, since 2025-12-03.
_SCOPES = {
    "instagram_basic": "look for its posts",
    "instagram_content_publish": "post",
    "pages_show_list": "see whose accounts it may post to",
    "pages_read_engagement": "read what belongs to the Page",
    "instagram_manage_contents": "remove",
}
_LOGINS = [
    ("facebook", "with Facebook: the account belongs to a Page"),
    ("instagram", "with Instagram alone"),
]


class _Me(Shape):
    user_id: Id


class _User(Shape):
    username: str = Field(pattern=r"^[A-Za-z0-9_.]{1,60}$")


class Instagram(Containers):
    """Posts are the card with its description, which Instagram fetches from a public address."""

    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    leave: ClassVar[str] = "End it in Instagram: Settings, Website permissions, Apps and websites."
    steady: ClassVar[tuple[str, ...]] = ("user",)
    server: ClassVar[str] = GRAPH_HOST
    ends: ClassVar[date | None] = GRAPH_ENDS
    hosts: ClassVar[tuple[str, ...]] = (_HOST,)
    size: ClassVar[tuple[int, int]] = (1080, 1350)
    public: ClassVar[bool] = True
    # 30 hashtags by the documents; since 2025-12 more than five are said to be refused.
    limits: ClassVar[Limits] = Limits(
        text=2200, unit="utf16", link_in_text=False, alt=1000, image_bytes=8_000_000, hashtags=5
    )
    # Of the login with Facebook; the other one says nothing of what was granted.
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    made_at: ClassVar[str] = "media"
    published_at: ClassVar[str] = "media_publish"
    asked: ClassVar[str] = "status_code,status"
    listed: ClassVar[str] = "id,caption,timestamp"

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By either login: only the one with Facebook can remove posts, and its token has no end."""
        login = choose(desk, "login", _LOGINS)
        if login == "instagram":
            return {**self._allow_instagram(desk, server), "login": login}
        app, pages = allow_pages(desk, server, tuple(_SCOPES))
        linked = [(account, page) for page in pages if (account := page.instagram_business_account)]
        names = [(account.id, f"{page.name} (@{account.username})") for account, page in linked]
        user = choose(desk, "account", names)
        token = next(page.access_token for account, page in linked if account.id == user)
        return {**app, "access_token": token, "user": user, "login": login}

    def _allow_instagram(self, desk: Dialogue, server: str) -> Secret:
        desk.say(
            f"An app is made at developers.facebook.com; its product Instagram has an ID and secret. {RETURNS}"
        )
        short = allow_oauth2(desk, _DOOR, server)
        said = {"client_secret": short["client_secret"], "access_token": short["access_token"]}
        with Http(server, short, Bearer(short["access_token"]), judge, hosts=self.hosts) as http:
            long = exchange(http, f"{_HOST}/access_token", {"grant_type": "ig_exchange_token", **said})
        with Http(server, long, Bearer(long["access_token"]), judge, hosts=self.hosts) as http:
            me = http.read(_Me, "GET", f"{_HOST}/{GRAPH}/me", params={"fields": "user_id"})
        return {**long, "user": me.user_id}

    def auth(self, secret: Secret) -> AuthBase:
        """The Page's token with its proof, or the account's own."""
        return Proven(secret) if secret.get("login") == "facebook" else Bearer(secret.get("access_token", ""))

    def fresh(self, http: Http) -> None:
        """The account's own token lasts 60 days."""
        stay_fresh(http, f"{_HOST}/refresh_access_token", "ig_refresh_token")

    def deeds(self, secret: Secret) -> frozenset[str]:
        """A login with Instagram alone removes nothing."""
        return super().deeds(secret) - (set() if secret.get("login") == "facebook" else {"withdraw"})

    def identify(self, http: Http) -> str:
        """`@username`."""
        url = self.url(http, f"/{http.secret['user']}")
        return f"@{http.read(_User, 'GET', url, params={'fields': 'username'}).username}"

    def url(self, http: Http, path: str) -> str:
        """Each login has a Graph of its own."""
        return f"{GRAPH_HOST if http.secret['login'] == 'facebook' else _HOST}/{GRAPH}{path}"

    def facts(self, draft: Draft) -> dict[str, str]:
        """The card's address, the text, the description."""
        address = self.card_url(draft, narrowest=0.8, widest=1.91, kinds=("image/jpeg",))
        return {"image_url": address, "caption": draft.text, "alt_text": clip(draft.alt, self.limits.alt)}

    # `edit` stays unsupported: the API changes no caption.

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Only with the login by Facebook."""
        if http.secret["login"] != "facebook":
            raise Unsupported(
                "a login with Instagram alone removes no posts",
                "Remove it by hand there, or connect the account again with Facebook.",
            )
        delete(http, self.url(http, f"/{receipt.id}"))
