"""What Facebook, Instagram and Threads share: Meta's Graph API (developers.facebook.com/docs, read 2026-11)."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import requests
from pydantic import AliasChoices, Field, RootModel, ValidationError

from syndication.errors import CannotTell, NotSent, RateLimited, Refused, Unauthorized, Unknown
from syndication.models import Draft, Window
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape
from syndication.networks.login import OAuth2Door, Token, allow_oauth2
from syndication.networks.transport import Answer
from syndication.text.same import same

GRAPH = "v25.0"
GRAPH_ENDS = date(2028, 7, 29)
"""When Meta switches this version off, by its changelog of 2026-07-29: calls then go to the next one, unasked."""

GRAPH_HOST = "https://graph.facebook.com"

Id = Annotated[str, Field(pattern=r"^[0-9]{1,40}$")]

_PAGE, _PAGES = 50, 10
_CLOCKS_APART = timedelta(minutes=10)
_RECONNECT = "Connect the account again: syndicate connect"
_RIGHTS = (
    "The login lacks a right, or lost it: connect again and allow all that is asked; the app may need review."
)
_BLOCKED = (
    "Meta has blocked this for now: open the account in its app, do what it asks for, then resume here."
)
_FETCH = "Meta could not fetch the card: it must lie at a public https address ([cards] base_url)."
RETURNS = (
    "Meta sends browsers back to https addresses only: register one of yours there, and say --redirect here."
)
CARD_HINT = "Use a card size that the network takes: a JPEG of at most 8 MB, from 4:5 to 1.91:1."


class Gone(Refused):
    """There is no such thing, or this login does not see it: Meta does not tell these apart."""


class NotReady(NotSent):
    """What is to be published is not known yet where it is published."""


# Codes of errors, and their subcodes, which say more. Texts are never read: they come in the reader's language.
# Docs: graph-api/guides/error-handling; instagram-platform/reference/error-codes; threads/troubleshooting.
_CODES: dict[int, Verdict] = {
    **dict.fromkeys([1, 2], Verdict(Unknown)),
    **dict.fromkeys([4, 9, 17, 32, 341, 613, *range(80_000, 80_015)], Verdict(RateLimited)),
    **dict.fromkeys([3, 10, *range(200, 300)], Verdict(Unauthorized, hint=_RIGHTS)),
    **dict.fromkeys([102, 190], Verdict(Unauthorized, hint=_RECONNECT)),
    **dict.fromkeys([36_000, 36_001, 36_003], Verdict(Refused, hint=CARD_HINT)),
    368: Verdict(Unauthorized, hint=_BLOCKED),
    506: Verdict(Unknown, hint="The last post of this account says the same."),
    9004: Verdict(Refused, hint=_FETCH),
    9007: Verdict(NotReady, retry_after=30),
    1_609_005: Verdict(Refused, hint="Facebook cannot read the story's page: its Sharing Debugger says why."),
}
_SUBCODES: dict[int, Verdict] = {
    33: Verdict(Gone),
    492: Verdict(Unauthorized, hint=f"Who connected the account has no role there any more. {_RECONNECT}"),
    1_346_003: Verdict(Refused, hint="Meta takes the words or the link for abuse: change them."),
    1_390_008: Verdict(RateLimited),
    1_404_078: Verdict(Unauthorized, hint="The Page needs Meta's publishing authorisation: get it there."),
    1_404_102: Verdict(Refused, hint="Meta says that it is against its community standards: change it."),
    2_207_052: Verdict(Refused, hint=_FETCH),
    # A container that was there a moment ago: a known race (trypostit/trypost#280, 2026-08).
    4_279_009: Verdict(NotReady, retry_after=30),
    **dict.fromkeys([2_207_050, 2_207_051, 4_279_013, 4_854_002], Verdict(Unauthorized, hint=_BLOCKED)),
}


class _Fault(Shape):
    code: int = 0
    error_subcode: int = 0
    is_transient: bool = False


class _Failed(Shape):
    error: _Fault


_APP_LIMIT = 4
_Percent = Annotated[float, Field(0, ge=0, le=1_000_000)]


class _Usage(Shape):
    """How much of a limit is used, in percent by three measures, and the minutes until calls are taken again."""

    call_count: _Percent
    total_time: _Percent
    total_cputime: _Percent
    estimated_time_to_regain_access: float = Field(0, ge=0, le=1440)

    def window(self, name: str, *, app: bool) -> Window:
        left = 100 - int(min(100, max(self.call_count, self.total_time, self.total_cputime)))
        return Window(name, left, 100, 60 * self.estimated_time_to_regain_access or _LOOK_AGAIN, app)


class _Usages(RootModel[dict[str, list[_Usage]]]):
    pass


_LOOK_AGAIN = 900.0  # seconds: limits slide, and mostly nobody is told when there is room again


def usage(answer: Answer) -> Iterator[Window]:
    """How much of the limits of the account's business and of the app is left, in percent."""
    for uses in _usages(answer).root.values():
        for one in uses:
            yield one.window("business", app=False)
    try:
        told = answer.headers.get("x-app-usage", "")
        yield _Usage.model_validate_json(told).window("app", app=True)
    except ValidationError:
        return


def judge(answer: Answer) -> Verdict | None:
    """What an answer of the Graph means, by its codes."""
    try:
        fault = _Failed.model_validate(answer.json()).error
    except ValidationError:
        return None
    verdict = _SUBCODES.get(fault.error_subcode) or _CODES.get(fault.code)
    if verdict is None and answer.status < 400:
        verdict = Verdict(Refused)
    if verdict is None and fault.is_transient:
        verdict = Verdict(Unknown)
    if verdict and verdict.kind is RateLimited:
        return replace(verdict, retry_after=_regained(answer), app=fault.code == _APP_LIMIT)
    return verdict


def _regained(answer: Answer) -> float | None:
    """Seconds until calls are taken again: a header tells minutes for each thing that is limited."""
    minutes = [one.estimated_time_to_regain_access for uses in _usages(answer).root.values() for one in uses]
    return 60 * max(minutes, default=0) or None


def _usages(answer: Answer) -> _Usages:
    try:
        return _Usages.model_validate_json(answer.headers.get("x-business-use-case-usage", ""))
    except ValidationError:
        return _Usages({})


class Proven(Bearer):
    """A token with the proof that who sends it knows the app's secret (docs/graph-api/securing-requests)."""

    def __init__(self, secret: Secret) -> None:
        token = secret.get("access_token", "")
        super().__init__(token)
        key = secret.get("client_secret", "").encode()
        self._proof = hmac.new(key, token.encode(), hashlib.sha256).hexdigest()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with both."""
        request.prepare_url(request.url or "", {"appsecret_proof": self._proof})
        return super().__call__(request)


class _Linked(Shape):
    id: Id
    username: str = ""


class Page(Shape):
    """A Page that a login may speak for: its own token, and the Instagram account that belongs to it."""

    id: Id
    name: str
    access_token: str = Field(min_length=1)
    instagram_business_account: _Linked | None = None


class _Pages(Shape):
    data: tuple[Page, ...]


class _Permission(Shape):
    permission: str
    status: str = ""


class _Permissions(Shape):
    data: tuple[_Permission, ...]


def allow_pages(desk: Dialogue, server: str, scopes: tuple[str, ...]) -> tuple[Secret, tuple[Page, ...]]:
    """Facebook's login with the newsroom's own app: the app, and the Pages that it may post to.

    A person's token of an hour becomes one of 60 days, whose Pages' tokens have no end.
    """
    desk.say(
        f"An app is made at developers.facebook.com: Business, with Facebook Login for Business. {RETURNS}"
    )
    dialog, token = (
        f"https://www.facebook.com/{GRAPH}/dialog/oauth",
        f"{GRAPH_HOST}/{GRAPH}/oauth/access_token",
    )
    door = OAuth2Door(authorize=dialog, token=token, scopes=scopes, separator=",", pkce=False)
    short = allow_oauth2(desk, door, server)
    app = {name: short[name] for name in ("client_id", "client_secret")}
    said = {"grant_type": "fb_exchange_token", **app, "fb_exchange_token": short["access_token"]}
    with Http(server, short, Anonymous(), judge) as http:
        long = {**app, **exchange(http, f"/{GRAPH}/oauth/access_token", said)}
    asked = {"fields": "id,name,access_token,instagram_business_account{id,username}", "limit": "100"}
    with Http(server, long, Proven(long), judge) as http:
        allowed = http.read(_Permissions, "GET", f"/{GRAPH}/me/permissions").data
        app["scope"] = " ".join(each.permission for each in allowed if each.status == "granted")
        return app, http.read(_Pages, "GET", f"/{GRAPH}/me/accounts", params=asked).data


def exchange(http: Http, url: str, asked: dict[str, str]) -> Secret:
    """A token for another one. Meta wants both in the address, which therefore stands in no log and no error."""
    return http.read(Token, "GET", url, params=asked, auth=Anonymous()).secret()


class Made(Shape):
    """A thing that was made."""

    id: Id


class Done(Shape):
    """A deed that was done: where it was not, Meta may answer 200 as well."""

    success: Literal[True]


class Post(Shape):
    """A post as lists show it."""

    id: str = Field(pattern=r"^[0-9]{1,40}(_[0-9]{1,40})?$")
    text: str = Field("", validation_alias=AliasChoices("message", "caption", "text"))
    posted: datetime = Field(validation_alias=AliasChoices("created_time", "timestamp"))


class _Cursors(Shape):
    after: str = ""


class _Paging(Shape):
    cursors: _Cursors = _Cursors()
    next: str = ""


class _Posts(Shape):
    data: tuple[Post, ...]
    paging: _Paging = _Paging()


def find_post(http: Http, url: str, fields: str, draft: Draft) -> Post | None:
    """Among an account's own posts since the draft was made, newest first, the one that says the same."""
    since = draft.created.astimezone(UTC) - _CLOCKS_APART
    asked: dict[str, str | int] = {"fields": fields, "limit": _PAGE}
    for _ in range(_PAGES):
        page = http.read(_Posts, "GET", url, params=asked)
        for post in page.data:
            if _aware(post.posted) >= since and same(post.text, draft.text):
                return post
        # By the last of the page: one that is pinned to the top may be old.
        if not page.paging.next or (page.data and _aware(page.data[-1].posted) < since):
            return None
        asked["after"] = page.paging.cursors.after
    raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def delete(http: Http, url: str) -> None:
    """Remove a thing; one that is gone already is removed."""
    try:
        http.read(Done, "DELETE", url)
    except Gone:
        return
