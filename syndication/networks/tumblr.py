"""Tumblr, by its API v2 in its Neue Post Format (tumblr/docs of 2024-10, read 2026-11; never run against Tumblr)."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from syndication.errors import CannotTell, InputError, RateLimited, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.base import Dialogue, Secret, Shown, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.login import EitherOAuthConnector, OAuth1Door, OAuth2Door
from syndication.networks.rates import Told, read_all, trio
from syndication.networks.transport import Answer
from syndication.text import clip, links
from syndication.text.same import same

_SCOPES = {
    "basic": "say who it is",
    "write": "post, change and remove",
    "offline_access": "be renewed by itself",
}
_PAGE = 20
_PAGES = 15
_CLOCKS_APART = timedelta(minutes=2)
_HOUR = 3600.0
_TAG = 139
"""Characters, as Tumblr's own editor allows."""

# Subcodes of a 403: so many posts or images a day, and the day is Tumblr's.
_ENOUGH_TODAY = {8004, 8011, 8023}

_HIDES = "https://href.li/?"
"""What Tumblr leads its readers out through."""

_Id = Annotated[str, Field(pattern=r"^\d{1,25}$")]


class _Blog(Shape):
    name: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    title: str = ""


class _User(Shape):
    blogs: tuple[_Blog, ...] = Field(min_length=1)


class _Info(Shape):
    user: _User


class _Me(Shape):
    response: _Info


class _Named(Shape):
    id: _Id


class _Made(Shape):
    response: _Named


class _Block(Shape):
    text: str = ""


class _Post(Shape):
    id: _Id = Field(alias="id_string")
    timestamp: float
    content: tuple[_Block, ...] = ()


class _Part(Shape):
    type: str
    text: str = ""
    url: str = ""
    title: str = ""
    poster: tuple[dict[str, Any], ...] = ()


class _Content(Shape):
    content: tuple[_Part, ...]


class _Seen(Shape):
    response: _Content


class _Page(Shape):
    posts: tuple[_Post, ...]


class _Posts(Shape):
    response: _Page


class Tumblr(EitherOAuthConnector):
    """Posts are blocks: the text, then the link with the card that Tumblr or we make of it; or card, then text."""

    name: ClassVar[str] = "tumblr"
    title: ClassVar[str] = "Tumblr"
    leave: ClassVar[str] = "End it at Tumblr: Settings, Apps."
    steady: ClassVar[tuple[str, ...]] = ("blog",)
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    server: ClassVar[str] = "https://api.tumblr.com"
    hosts: ClassVar[tuple[str, ...]] = ("https://www.tumblr.com",)
    # What renews a token of OAuth 2 is good once.
    door: ClassVar[OAuth2Door] = OAuth2Door(
        authorize="https://www.tumblr.com/oauth2/authorize",
        token="https://api.tumblr.com/v2/oauth2/token",  # noqa: S106 - an address
        scopes=tuple(_SCOPES),
        pkce=False,
    )
    old_door: ClassVar[OAuth1Door] = OAuth1Door(
        request="https://www.tumblr.com/oauth/request_token",
        authorize="https://www.tumblr.com/oauth/authorize",
        access="https://www.tumblr.com/oauth/access_token",
    )
    forms: ClassVar[tuple[Form, ...]] = ("crawled", "made", "image")
    limits: ClassVar[Limits] = Limits(
        text=4096, unit="character", link_in_text=False, alt=4096, image_bytes=10_000_000
    )
    rates: ClassVar[tuple[Told, ...]] = (
        trio("x-ratelimit-perhour-", name="hour", app=True),
        trio("x-ratelimit-perday-", name="day", app=True),
    )
    settle: ClassVar[timedelta] = timedelta(seconds=20)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By either OAuth, with the newsroom's own app; then the blog."""
        desk.say(
            "An app is made at www.tumblr.com/oauth/apps. The tokens of OAuth 1.0a do not end; those of OAuth 2 last "
            "42 minutes and are renewed by themselves."
        )
        secret = self.allow(desk, server)
        with open_http(self, server, secret) as http:
            blogs = http.read(_Me, "GET", "/v2/user/info").response.user.blogs
            secret = http.secret
        return {**secret, "blog": _chosen(desk, blogs)}

    def refine(self, answer: Answer) -> Verdict | None:
        """By the subcode of the first error; limits stand in headers of their own."""
        if answer.status == 429:
            return Verdict(RateLimited, retry_after=_reset(answer.headers), app=True)
        if answer.status == 403 and _subcode(answer) in _ENOUGH_TODAY:
            return Verdict(
                RateLimited, retry_after=_HOUR, hint="That was all Tumblr takes from the blog today."
            )
        if answer.status == 401:
            return Verdict(Unauthorized, hint="Connect the account again: syndicate connect tumblr")
        return None

    def identify(self, http: Http) -> str:
        """The blog's name, if the account still has it."""
        blogs = http.read(_Me, "GET", "/v2/user/info").response.user.blogs
        if http.secret["blog"] not in [blog.name for blog in blogs]:
            raise Unauthorized(
                "the account no longer has this blog", "Connect it again: syndicate connect tumblr"
            )
        return http.secret["blog"]

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """Beside an image there is no link card: the link stands in the text."""
        return limits.model_copy(update={"link_in_text": form == "image"})

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """All in one request."""
        made = http.create(_Made, "POST", _posts(http), **self._parts(draft, image))
        return _receipt(http, made.response.id)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """On the blog since the draft was made; what is pinned may stand first whatever its age."""
        since = (draft.created - _CLOCKS_APART).timestamp()
        for number in range(_PAGES):
            asked = {"npf": "true", "limit": _PAGE, "offset": number * _PAGE}
            posts = http.read(_Posts, "GET", _posts(http), params=asked).response.posts
            for post in posts:
                if post.timestamp >= since and same(" ".join(b.text for b in post.content), draft.text):
                    return _receipt(http, post.id)
            if len(posts) < _PAGE or posts[-1].timestamp < since:
                return None
        raise CannotTell(f"the blog has posted more than {_PAGE * _PAGES} times since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The words of the blocks, and the picture or the link's card among them."""
        try:
            asked = {"post_format": "npf"}
            blocks = http.read(_Seen, "GET", f"{_posts(http)}/{receipt.id}", params=asked).response.content
        except Refused as refused:
            if not refused.gone:
                raise
            return None
        text = "\n\n".join(block.text for block in blocks if block.type == "text")
        card = next((block for block in blocks if block.type == "link"), None)
        if card is None:
            pictured = any(block.type == "image" for block in blocks)
            return Shown(text, None if pictured else "", image=pictured)
        return Shown(text, card.url.removeprefix(_HIDES), card.title or None, bool(card.poster))

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """All of it anew."""
        made = http.read(_Made, "PUT", f"{_posts(http)}/{receipt.id}", **self._parts(draft, image))
        return _receipt(http, made.response.id)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Reblogs of others stay."""
        try:
            http.call("POST", f"/v2/blog/{http.secret['blog']}/post/delete", data={"id": receipt.id})
        except Refused as refused:
            if not refused.gone:
                raise

    def _parts(self, draft: Draft, image: bytes | None) -> dict[str, Any]:
        """The request's body: JSON, or JSON and the image as parts."""
        tags = [tag.replace(",", " ")[:_TAG] for tag in draft.tags]
        content = [_text(paragraph) for paragraph in draft.text.split("\n\n")]
        if draft.form != "image":
            return {"json": {"content": [*content, _link(draft)], "tags": ",".join(tags)}}
        file = self.card_file(draft, image)
        if draft.card is None or file is None:
            return {"json": {"content": content, "tags": ",".join(tags)}}
        size = {"width": draft.card.width, "height": draft.card.height}
        media = [{"type": draft.card.mime, "identifier": "card", **size}]
        block = {"type": "image", "media": media, "alt_text": clip(draft.alt, self.limits.alt)}
        body = json.dumps({"content": [block, *content], "tags": ",".join(tags)})
        return {"files": {"json": (None, body, "application/json"), "card": file}}


def _chosen(desk: Dialogue, blogs: tuple[_Blog, ...]) -> str:
    names = [blog.name for blog in blogs]
    if len(names) == 1:
        return names[0]
    desk.say("\n".join(f"{blog.name}  {blog.title}" for blog in blogs))
    wanted = desk.ask("Blog")
    if wanted not in names:
        raise InputError(f"the account has no blog {wanted[:60]}", "Give one of those listed.")
    return wanted


def _text(paragraph: str) -> dict[str, Any]:
    """A text block; its links are places in code points, end exclusive."""
    marked = [
        {"type": "link", "start": start, "end": end, "url": url} for start, end, url in links(paragraph)
    ]
    return {"type": "text", "text": paragraph, "formatting": marked}


def _link(draft: Draft) -> dict[str, Any]:
    """A link block. Tumblr reads the page where it is given nothing but the address."""
    block: dict[str, Any] = {"type": "link", "url": draft.link}
    if draft.form == "made":
        block |= {"title": draft.title, "description": draft.description}
        if draft.card and draft.image_url:
            size = {"width": draft.card.width, "height": draft.card.height}
            block["poster"] = [{"type": draft.card.mime, "url": draft.image_url, **size}]
    return block


def _posts(http: Http) -> str:
    return f"/v2/blog/{http.secret['blog']}/posts"


def _receipt(http: Http, post: str) -> Receipt:
    return Receipt(id=post, url=f"https://www.tumblr.com/{http.secret['blog']}/{post}")


def _subcode(answer: Answer) -> int | None:
    said = answer.json()
    errors = said.get("errors") if isinstance(said, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, int) else None


def _reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the longest of the limits that are used up begins anew (tumblr-likes#25, 2026-05)."""
    used = [one.seconds for one in read_all(Tumblr.rates, headers, "") if one.remaining == 0]
    return max(used, default=None)
