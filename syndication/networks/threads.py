"""Threads (developers.facebook.com/documentation/threads, read 2026-11; never run against the network)."""

from typing import ClassVar

import regex
from pydantic import Field
from requests.auth import AuthBase

from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Bearer
from syndication.networks.base import Dialogue, Secret
from syndication.networks.containers import Containers, stay_fresh
from syndication.networks.graph import RETURNS, Id, delete, exchange, judge
from syndication.networks.http import Http, Shape
from syndication.networks.login import OAuth2Door, allow_oauth2
from syndication.text import clip

_DOOR = OAuth2Door(
    authorize="https://threads.net/oauth/authorize",
    token="https://graph.threads.net/oauth/access_token",  # noqa: S106 - an address
    scopes=("threads_basic", "threads_content_publish", "threads_delete"),
    separator=",",
    pkce=False,
)
_NO_TOPIC = regex.compile(r"[.&\p{C}]")


class _Me(Shape):
    id: Id
    username: str = Field(pattern=r"^[A-Za-z0-9_.]{1,60}$")


class Threads(Containers):
    """Posts show the card of the linked page, or the card as an image with its description."""

    name: ClassVar[str] = "threads"
    title: ClassVar[str] = "Threads"
    leave: ClassVar[str] = "End it in Threads: Settings, Account, Website permissions."
    steady: ClassVar[tuple[str, ...]] = ("user",)
    server: ClassVar[str] = "https://graph.threads.net"
    forms: ClassVar[tuple[Form, ...]] = ("crawled", "image")
    public: ClassVar[bool] = True
    # 500 "characters, emoji by their UTF-8 bytes"; the length of `alt` is what other clients use.
    limits: ClassVar[Limits] = Limits(
        text=500, unit="emoji-bytes", link_in_text=False, alt=1000, image_bytes=8_000_000, hashtags=1
    )
    made_at: ClassVar[str] = "threads"
    answers_at: ClassVar[str] = "replies"
    published_at: ClassVar[str] = "threads_publish"
    asked: ClassVar[str] = "status,error_message"
    listed: ClassVar[str] = "id,text,timestamp"

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By an app of its own kind, whose id and secret are not those of the Meta app around it."""
        desk.say(
            f"An app is made at developers.facebook.com; its use case Threads has an ID and secret. {RETURNS}"
        )
        short = allow_oauth2(desk, _DOOR, server)
        said = {"client_secret": short["client_secret"], "access_token": short["access_token"]}
        with Http(server, short, Bearer(short["access_token"]), judge) as http:
            long = exchange(http, "/access_token", {"grant_type": "th_exchange_token", **said})
        with Http(server, long, Bearer(long["access_token"]), judge) as http:
            return {**long, "user": self._me(http).id}

    def auth(self, secret: Secret) -> AuthBase:
        """The account's token, good for 60 days."""
        return Bearer(secret.get("access_token", ""))

    def fresh(self, http: Http) -> None:
        """In the second half of its 60 days."""
        stay_fresh(http, "/refresh_access_token", "th_refresh_token")

    def identify(self, http: Http) -> str:
        """`@username`."""
        return f"@{self._me(http).username}"

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """An image takes the place of a link's card, so that the link stands in the text."""
        return limits.model_copy(update={"link_in_text": form == "image"})

    def url(self, http: Http, path: str) -> str:
        """Threads has a Graph and a version of its own."""
        return f"/v1.0{path}"

    def facts(self, draft: Draft) -> dict[str, str]:
        """A text with a link, or an image with its description; the story's first tag as the topic."""
        said = {"text": draft.text, **self._topic(draft)}
        if draft.reply_to:
            said["reply_to_id"] = draft.reply_to.id
        if draft.form != "image" or not draft.card:
            return {"media_type": "TEXT", **said, "link_attachment": draft.link}
        kinds = ("image/jpeg", "image/png")
        address = self.card_url(draft, narrowest=0.1, widest=10, kinds=kinds)
        alt = clip(draft.alt, self.limits.alt)
        return {"media_type": "IMAGE", **said, "image_url": address, "alt_text": alt}

    # `edit` stays unsupported: the API has none.

    def replies(self, secret: Secret | None = None) -> bool:
        """Any of the account's own."""
        return True

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """At most 100 a day."""
        delete(http, self.url(http, f"/{receipt.id}"))

    def _me(self, http: Http) -> _Me:
        return http.read(_Me, "GET", "/v1.0/me", params={"fields": "id,username"})

    def _topic(self, draft: Draft) -> dict[str, str]:
        """1 to 50 characters without full stops and ampersands (create-posts, topic_tag)."""
        topics = [_NO_TOPIC.sub("", tag).strip() for tag in draft.tags]
        return next(({"topic_tag": topic} for topic in topics if 1 <= len(topic) <= 50), {})
