"""X, by its API v2 (its OpenAPI document 2.167 and docs.x.com of 2026-08, read 2026-11; never run against X).

Since 2026 each request is paid for, a post with a link thirteen times as dear as one without. A link in a reply of our
own would save nothing, as the reply is a post with a link; and self-serve apps may reply only where they were
summoned. Whoever wants the cheap post leaves `{link}` out of the account's template.
"""

import html
from collections.abc import Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field

from syndication.errors import CannotTell, RateLimited, Refused, Unauthorized, Unknown
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.base import Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.login import EitherOAuthConnector, OAuth1Door, OAuth2Door
from syndication.networks.rates import Told, trio
from syndication.networks.transport import Answer
from syndication.text import clip
from syndication.text.same import same
from syndication.text.weighted import found

_SCOPES = {
    "tweet.read": "look for its posts",
    "tweet.write": "post and remove",
    "users.read": "say who it is",
    "media.write": "attach the card",
    "offline.access": "be renewed by itself",
}
# Since 2026-04-20 (docs.x.com/x-api/getting-started/pricing, read 2026-11).
_POST, _POST_WITH_LINK, _DESCRIPTION = Decimal("0.015"), Decimal("0.200"), Decimal("0.005")
_SHOWN, _REMOVED = Decimal("0.005"), Decimal("0.010")

_PAGE = 100
_PAGES = 5
_CLOCKS_APART = timedelta(minutes=2)
_RECONNECT = "Connect the account again: syndicate connect x"
_CREDITS = "The app's credits are used up: buy some in X's developer console, then resume the account."
_RIGHTS = "In X's developer console give the app `Read and write`; then connect the account again."
# The last part of a problem's `type`.
_PROBLEMS = {
    "usage-capped": Verdict(Unauthorized, hint=_CREDITS),
    "credits": Verdict(Unauthorized, hint=_CREDITS),
    "client-forbidden": Verdict(Unauthorized, hint=_RIGHTS),
    "oauth1-permissions": Verdict(Unauthorized, hint=_RIGHTS),
    "not-authorized-for-resource": Verdict(Unauthorized, hint=_RIGHTS),
    "rate-limit-exceeded": Verdict(RateLimited),
    "invalid-request": Verdict(Refused),
}

_Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class _Named(Shape):
    id: _Id


class _User(_Named):
    username: str = Field(pattern=r"^[A-Za-z0-9_]{1,50}$")


class _Link(Shape):
    url: str | None = None
    expanded_url: str | None = None
    media_key: str | None = None


class _Entities(Shape):
    urls: list[_Link] | None = None


class _Post(_Named):
    text: str
    entities: _Entities = _Entities()

    def said(self) -> str:
        """Its text with the links we wrote, and without the one that X puts there for an image."""
        text = html.unescape(self.text)
        for link in self.entities.urls or ():
            if link.url:
                text = text.replace(link.url, "" if link.media_key else link.expanded_url or "")
        return text


class _Meta(Shape):
    next_token: str | None = None


class _Whole(Shape):
    data: _Named


class _Me(Shape):
    data: _User


class _Posts(Shape):
    data: tuple[_Post, ...] = ()
    meta: _Meta


class X(EitherOAuthConnector):
    """Posts show the page's own card for their link, or the card as an image with its description."""

    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    leave: ClassVar[str] = (
        "End it at X: Settings, Security and account access, Apps and sessions, Connected apps."
    )
    steady: ClassVar[tuple[str, ...]] = ("user_id",)
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    server: ClassVar[str] = "https://api.x.com"
    # Tokens of OAuth 2 last two hours, and what renews them is good once.
    door: ClassVar[OAuth2Door] = OAuth2Door(
        authorize="https://x.com/i/oauth2/authorize",
        token="https://api.x.com/2/oauth2/token",  # noqa: S106 - an address
        scopes=tuple(_SCOPES),
        basic=True,
        revoke="https://api.x.com/2/oauth2/revoke",
    )
    old_door: ClassVar[OAuth1Door] = OAuth1Door(
        request="https://api.x.com/oauth/request_token",
        authorize="https://api.x.com/oauth/authorize",
        access="https://api.x.com/oauth/access_token",
    )
    forms: ClassVar[tuple[Form, ...]] = ("crawled", "image")
    # Two hashtags at most is X's own advice to publishers.
    limits: ClassVar[Limits] = Limits(
        text=280,
        unit="weighted",
        link_cost=23,
        link_in_text=True,
        alt=1000,
        image_bytes=5_000_000,
        hashtags=2,
    )
    # For what was asked and in a day, by the account and by the app (node-twitter-api-v2#495 and #553).
    rates: ClassVar[tuple[Told, ...]] = (
        trio("x-rate-limit-"),
        trio("x-user-limit-24hour-", name="day"),
        trio("x-app-limit-24hour-", name="day", app=True),
    )
    # The list of an account's posts lags behind by seconds.
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By either OAuth, with the newsroom's own app."""
        desk.say(
            "An app is made at console.x.com: give it `Read and write`, and the address that the browser returns to. "
            "OAuth 1.0a suits a newsroom's own account: its tokens do not end. Those of OAuth 2 last two hours "
            "and are renewed by themselves."
        )
        secret = self.allow(desk, server)
        with open_http(self, server, secret) as http:
            user = _me(http)
            return {**http.secret, "user_id": user.id, "username": user.username}

    def refine(self, answer: Answer) -> Verdict | None:
        """By the type of the problem. A 2xx without data is none."""
        said = answer.json()
        if not isinstance(said, dict) or (answer.status < 300 and "data" in said):
            return None
        problem = _problem(said)
        if answer.status == 402:
            return Verdict(Unauthorized, hint=_CREDITS)
        if verdict := _PROBLEMS.get(str(problem.get("type")).rpartition("/")[2]):
            return verdict
        if answer.status == 403:
            # A post repeated has no type or code of its own. X words its problems in English only, this one alike
            # in 2023-04 and 2026-02 (node-twitter-api-v2#469, iembot#163); worded otherwise it would pause the account.
            if "duplicate" in str(problem.get("detail", problem.get("message"))):
                return Verdict(Unknown)
            return Verdict(
                Unauthorized,
                hint="X's words say why; see that the account is not locked, and its app may write.",
            )
        return Verdict(Unauthorized, hint=_RECONNECT) if answer.status == 401 else None

    def identify(self, http: Http) -> str:
        """`@username`."""
        return f"@{_me(http).username}"

    def price(self, draft: Draft) -> Decimal:
        """By whether X sees a link in the text; the description of an image is a request of its own."""
        described = draft.form == "image" and draft.card and draft.alt
        return (_POST_WITH_LINK if found(draft.text) else _POST) + (_DESCRIPTION if described else 0)

    def replies(self, secret: Secret | None = None) -> bool:
        """Any of the account's own."""
        return True

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The image and its description first, where it is attached, then the post."""
        body: dict[str, Any] = {"text": draft.text}
        if draft.reply_to:
            body["reply"] = {"in_reply_to_tweet_id": draft.reply_to.id}
        if draft.form == "image" and (file := self.card_file(draft, image)):
            body["media"] = {"media_ids": [self._upload(http, draft, file)]}
        return _receipt(http, http.create(_Whole, "POST", "/2/tweets", json=body).data.id)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the account's own posts since the draft was made. Each that is shown is paid for."""
        start = (draft.created.astimezone(UTC) - _CLOCKS_APART).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {
            "max_results": _PAGE,
            "start_time": start,
            "post.fields": "entities",
            "exclude": "retweets" if draft.reply_to else "replies,retweets",
        }
        for _ in range(_PAGES):
            page = http.read(_Posts, "GET", f"/2/users/{http.secret['user_id']}/tweets", params=asked)
            http.charge(_SHOWN * len(page.data))
            for post in page.data:
                if same(post.said(), draft.text):
                    return _receipt(http, post.id)
            if not page.meta.next_token:
                return None
            asked["pagination_token"] = page.meta.next_token
        raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")

    # `edit` stays unsupported: only accounts with Premium, for an hour at most, and what comes is a new post.

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Costs a cent."""
        try:
            http.call("DELETE", f"/2/tweets/{receipt.id}")
            http.charge(_REMOVED)
        except Refused as refused:
            if not refused.gone:
                raise

    def _upload(self, http: Http, draft: Draft, file: tuple[str, bytes, str]) -> str:
        said = {"media_category": "tweet_image"}
        media = http.read(_Whole, "POST", "/2/media/upload", files={"media": file}, data=said).data.id
        if alt := clip(draft.alt, self.limits.alt):
            described = {"id": media, "metadata": {"alt_text": {"text": alt}}}
            http.call("POST", "/2/media/metadata", json=described)
        return media


def _me(http: Http) -> _User:
    return http.read(_Me, "GET", "/2/users/me").data


def _receipt(http: Http, post: str) -> Receipt:
    return Receipt(id=post, url=f"https://x.com/{http.secret['username']}/status/{post}")


def _problem(said: dict[str, Any]) -> dict[str, Any]:
    """What went wrong: the answer itself, or the first of its errors."""
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and "type" not in said else said
    return first if isinstance(first, dict) else {}
