"""Reddit, by its OAuth API (reddit.com/dev/api, PRAW 8.0 as a reading of it, 2026-11; never run against Reddit).

New keys need Reddit's approval since 2025-11, and most communities remove what posts by itself: this is for a community
that is the newsroom's own, or whose moderators agreed.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib.metadata import version
from typing import Annotated, Any, ClassVar, TypeVar

import regex
from pydantic import BaseModel, Field, RootModel

from syndication.errors import CannotTell, InputError, RateLimited, Refused, Unauthorized, Unknown
from syndication.models import Draft, Form, Limits, Receipt, Window
from syndication.networks.base import Dialogue, Secret, Shown, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.login import OAuth2Connector, OAuth2Door, allow_oauth2
from syndication.networks.rates import LONGEST_PAUSE, number, resets_in
from syndication.networks.transport import Answer
from syndication.text import clip, links
from syndication.text.same import same

_SCOPES = {
    "identity": "say who it is",
    "submit": "post",
    "read": "read the community's rules",
    "history": "look for its posts",
    "edit": "remove",
    "flair": "see the community's flairs",
}
_TITLE = 300
_PAGE = 100
_PAGES = 5
_CLOCKS_APART = timedelta(minutes=2)
_BREAK = 600.0
"""Seconds to wait where Reddit says only in words how long."""

# What stands first in `json.errors` (200 answers); all else is what this community does not take.
_ERRORS = {
    "ALREADY_SUB": Verdict(
        Unknown, hint="Somebody has posted this link there already: see the community itself."
    ),
    "SUBREDDIT_NOTALLOWED": Verdict(
        Unauthorized, hint="The community's moderators must let the account post."
    ),
    "SUBREDDIT_NOEXIST": Verdict(Unauthorized, hint="The community is gone: connect the account to another."),
    "USER_REQUIRED": Verdict(Unauthorized, hint="Connect the account again: syndicate connect reddit"),
    "USER_BLOCKED": Verdict(Unauthorized, hint="The account is blocked there."),
    "SUBMIT_VALIDATION_FLAIR_REQUIRED": Verdict(
        Unauthorized, hint="The community wants a flair now: connect the account again and choose one."
    ),
}
_MARKUP = regex.compile(r"[\\`*_{}\[\]<>()#+\-.!|~^&=]")

T = TypeVar("T", bound=BaseModel)

_Name = Annotated[str, Field(pattern=r"^t3_[a-z0-9]{1,20}$")]
_Path = Annotated[str, Field(pattern=r"^/r/\w{1,50}/comments/[a-z0-9]{1,20}/[^\s?#]*$")]


class _User(Shape):
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")


class _Rules(Shape):
    is_flair_required: bool = False
    body_restriction_policy: str = "none"


class _Flair(Shape):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{1,60}$")
    text: str = ""


class _Flairs(RootModel[list[_Flair]]):
    pass


class _Made(Shape):
    name: _Name
    url: str = Field(pattern=r"^https://www\.reddit\.com/[^\s]+$")


class _Data(Shape):
    data: _Made


class _Submitted(Shape):
    json_: _Data = Field(alias="json")


class _Link(Shape):
    name: _Name
    permalink: _Path
    subreddit: str
    url: str = ""
    title: str = ""
    selftext: str = ""
    removed_by_category: str | None = None
    created_utc: float


class _Child(Shape):
    data: _Link


class _Page(Shape):
    children: tuple[_Child, ...]
    after: str | None = None


class _Listing(Shape):
    data: _Page


class Reddit(OAuth2Connector):
    """A link under the story's headline; Reddit draws the page's own card. The post's text stands below as its body."""

    name: ClassVar[str] = "reddit"
    title: ClassVar[str] = "Reddit"
    steady: ClassVar[tuple[str, ...]] = ("community", "username")
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    server: ClassVar[str] = "https://oauth.reddit.com"
    hosts: ClassVar[tuple[str, ...]] = ("https://www.reddit.com",)
    # Tokens last an hour to a day; what renews them stays the same.
    door: ClassVar[OAuth2Door] = OAuth2Door(
        authorize="https://www.reddit.com/api/v1/authorize",
        token="https://www.reddit.com/api/v1/access_token",  # noqa: S106 - an address
        scopes=tuple(_SCOPES),
        pkce=False,
        basic=True,
        extra={"duration": "permanent"},
        revoke="https://www.reddit.com/api/v1/revoke_token",
    )
    forms: ClassVar[tuple[Form, ...]] = ("crawled",)
    titled: ClassVar[bool] = True
    # 40,000 for a body of its own; far less beside a link, so that escaping never reaches it.
    limits: ClassVar[Limits] = Limits(
        text=10_000, unit="character", link_in_text=False, alt=0, image_bytes=20_000_000
    )
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """OAuth 2 with the newsroom's own app, then the community, and its flair if it wants one."""
        desk.say(
            "An app of the kind `web app` is made at reddit.com/prefs/apps, after Reddit has approved of its use."
        )
        secret = allow_oauth2(desk, self.door, server)
        with open_http(self, server, secret) as http:
            secret = {**http.secret, "username": _ask(http, _User, "/api/v1/me").name}
            community = desk.ask("Community, without r/").removeprefix("/").removeprefix("r/")
            if not regex.fullmatch(r"\w{2,50}", community):
                raise InputError(
                    f"{community[:60]} is no name of a community", "Write it as it stands after r/."
                )
            rules = _ask(http, _Rules, f"/api/v1/{community}/post_requirements")
            if rules.is_flair_required:
                flairs = _ask(http, _Flairs, f"/r/{community}/api/link_flair_v2").root
                secret["flair"] = _chosen(desk, flairs)
        body = "no" if rules.body_restriction_policy == "notAllowed" else "yes"
        return {**secret, "community": community, "body": body}

    def refine(self, answer: Answer) -> Verdict | None:
        """Reddit refuses with a 200, by the code that stands first in each error."""
        said = answer.json()
        inner = said.get("json") if isinstance(said, dict) else None
        errors = inner.get("errors") if isinstance(inner, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        code = first[0] if isinstance(first, list) and first else None
        if code == "RATELIMIT":
            # Not the header's, which is about all requests; the minutes stand in localised words.
            seconds = inner.get("ratelimit") if isinstance(inner, dict) else None
            if not isinstance(seconds, int | float):
                seconds = _BREAK
            return Verdict(RateLimited, retry_after=max(1.0, min(LONGEST_PAUSE, seconds)))
        if code == "QUOTA_FILLED":
            return Verdict(RateLimited, retry_after=3600.0)
        if first is not None:
            return _ERRORS.get(str(code), Verdict(Refused, hint="See the community's rules for posts."))
        if answer.status == 401:
            return Verdict(Unauthorized, hint="Connect the account again: syndicate connect reddit")
        return None

    def windows(self, answer: Answer, kind: str) -> Iterator[Window]:
        """Of all requests of the app in ten minutes; how many there may be is told as those used and those left."""
        said = answer.headers
        used, left, seconds = (said.get(f"x-ratelimit-{name}", "") for name in ("used", "remaining", "reset"))
        numbers = number(used), number(left), resets_in(seconds)
        if numbers[1] is not None and numbers[2] is not None:
            limit = None if numbers[0] is None else int(numbers[0] + numbers[1])
            yield Window("requests", int(numbers[1]), limit, numbers[2], app=True)

    def identify(self, http: Http) -> str:
        """`u/user in r/community`."""
        return f"u/{_ask(http, _User, '/api/v1/me').name} in r/{http.secret['community']}"

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """Only if nobody has posted the link to the community yet."""
        form = {
            "api_type": "json",
            "kind": "link",
            "sr": http.secret["community"],
            "title": clip(draft.title, _TITLE),
            "url": draft.link,
            "resubmit": "false",
            "sendreplies": "false",
        }
        if http.secret.get("flair"):
            form["flair_id"] = http.secret["flair"]
        if http.secret.get("body") == "yes":
            form["text"] = markdown(draft.text)
        made = http.create(_Submitted, "POST", "/api/submit", data=form, headers=_who(http)).json_.data
        return Receipt(id=made.name, url=made.url)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among what the account has submitted since the draft was made, the link in this community."""
        since = (draft.created - _CLOCKS_APART).timestamp()
        asked: dict[str, str | int] = {"sort": "new", "limit": _PAGE, "raw_json": 1}
        for _ in range(_PAGES):
            page = _ask(http, _Listing, f"/user/{http.secret['username']}/submitted", params=asked).data
            for link in (child.data for child in page.children):
                here = link.subreddit.casefold() == http.secret["community"].casefold()
                if here and link.created_utc >= since and same(link.url, draft.link):
                    return Receipt(id=link.name, url=f"https://www.reddit.com{link.permalink}")
            if not page.after or not page.children or page.children[-1].data.created_utc < since:
                return None
            asked["after"] = page.after
        raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The link and its title; to the account itself it looks as before where moderators removed it."""
        asked = {"id": receipt.id, "raw_json": 1}
        found = _ask(http, _Listing, "/api/info", params=asked).data.children
        link = next((child.data for child in found if child.data.name == receipt.id), None)
        if link is None or link.removed_by_category:
            return None
        return Shown(link.selftext or None, link.url, link.title)

    # `edit` stays unsupported: neither the title nor the address of a link can be changed.

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Reddit answers alike for what is gone already."""
        http.call("POST", "/api/del", data={"id": receipt.id}, headers=_who(http))


def markdown(text: str) -> str:
    """A plain text as Markdown that shows it as it is: nothing in it is markup but its links."""
    told, at = [], 0
    for start, end, url in links(text):
        told += [_MARKUP.sub(r"\\\g<0>", text[at:start]), url]
        at = end
    told.append(_MARKUP.sub(r"\\\g<0>", text[at:]))
    return "".join(told).replace("\n", "  \n")


def _chosen(desk: Dialogue, flairs: list[_Flair]) -> str:
    desk.say("\n".join(f"{flair.id}  {flair.text}" for flair in flairs))
    wanted = desk.ask("Flair")
    if wanted not in [flair.id for flair in flairs]:
        raise InputError(f"there is no flair {wanted[:60]}", "Give what stands first in its line.")
    return wanted


def _ask(http: Http, shape: type[T], path: str, params: dict[str, Any] | None = None) -> T:
    return http.read(shape, "GET", path, params=params, headers=_who(http))


def _who(http: Http) -> dict[str, str]:
    """Reddit turns away whoever does not say what they are, in this form."""
    whose = http.secret.get("username", "")
    return {
        "User-Agent": f"server:syndication:{version('syndication')}" + (f" (by /u/{whose})" if whose else "")
    }
