"""Google Business Profile: posts of a place in Search and Maps (developers.google.com/my-business, read 2026-11).

Never run against Google, which lets an app in by a form, and takes posts only of businesses with a verified location.
It looks at posts after taking them: one may vanish later without a word.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, ValidationError

from syndication.errors import CannotTell, RateLimited, Refused
from syndication.models import Draft, Limits, Receipt
from syndication.networks.base import Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.login import OAuth2Connector, OAuth2Door, allow_oauth2, choose
from syndication.networks.transport import Answer
from syndication.text import language_tag
from syndication.text.same import same

_ACCOUNTS = "https://mybusinessaccountmanagement.googleapis.com"
_LOCATIONS = "https://mybusinessbusinessinformation.googleapis.com"
_SCOPES = {"https://www.googleapis.com/auth/business.manage": "post, change and remove"}
_PAGE, _PAGES = 100, 10
_CLOCKS_APART = timedelta(minutes=10)
_FIELDS = "summary,callToAction,media"


class _Delay(Shape):
    retryDelay: str = Field("", pattern=r"^([0-9]{1,6}(\.[0-9]+)?s)?$")  # noqa: N815 - Google's names, here and below


class _Fault(Shape):
    details: tuple[_Delay, ...] = ()


class _Failed(Shape):
    error: _Fault


class _Post(Shape):
    name: str = Field(pattern=r"^accounts/[^/\s]{1,60}/locations/[^/\s]{1,60}/localPosts/[^/\s]{1,100}$")
    summary: str = ""
    state: str = ""
    searchUrl: str = ""  # noqa: N815
    createTime: AwareDatetime | None = None  # noqa: N815

    def receipt(self) -> Receipt:
        """Its address in Search, once Google has one."""
        return Receipt(id=self.name, url=self.searchUrl if urlsplit(self.searchUrl).scheme == "https" else "")


class _Posts(Shape):
    localPosts: tuple[_Post, ...] = ()  # noqa: N815
    nextPageToken: str = ""  # noqa: N815


class _Account(Shape):
    name: str = Field(pattern=r"^accounts/[^/\s]{1,60}$")


class _Accounts(Shape):
    accounts: tuple[_Account, ...] = ()


class _Location(Shape):
    name: str = Field(pattern=r"^locations/[^/\s]{1,60}$")
    title: str


class _Locations(Shape):
    locations: tuple[_Location, ...] = ()


class GoogleBusiness(OAuth2Connector):
    """Posts are a text, the card, which Google fetches from a public address, and a button with the link."""

    name: ClassVar[str] = "google_business"
    title: ClassVar[str] = "Google Business Profile"
    leave: ClassVar[str] = (
        "End it at myaccount.google.com/connections; for all locations of that login at once."
    )
    steady: ClassVar[tuple[str, ...]] = ("location",)
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    server: ClassVar[str] = "https://mybusiness.googleapis.com"
    hosts: ClassVar[tuple[str, ...]] = (_ACCOUNTS, _LOCATIONS, "https://oauth2.googleapis.com")
    # Tokens last an hour; what renews them as long as the consent.
    door: ClassVar[OAuth2Door] = OAuth2Door(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        scopes=tuple(_SCOPES),
        extra={
            "access_type": "offline",
            "prompt": "consent",
        },  # else there is nothing to renew the token with
    )
    public: ClassVar[bool] = True
    # 1,500 characters and 5 MB are what Google's help says; its API documents give no number.
    limits: ClassVar[Limits] = Limits(
        text=1500, unit="utf16", link_in_text=False, alt=0, image_bytes=5_000_000
    )
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By the newsroom's own OAuth client; asks which of its locations."""
        desk.say(
            "A client is made at console.cloud.google.com, once Google has let its project use these APIs."
        )
        secret = allow_oauth2(desk, self.door, server)
        asked = {"readMask": "name,title", "pageSize": "100"}
        with open_http(self, server, secret) as http:
            places = [
                (f"{account.name}/{location.name}", location.title)
                for account in http.read(_Accounts, "GET", f"{_ACCOUNTS}/v1/accounts").accounts
                for location in http.read(
                    _Locations, "GET", f"{_LOCATIONS}/v1/{account.name}/locations", params=asked
                ).locations
            ]
        return {**secret, "location": choose(desk, "location", places)}

    def refine(self, answer: Answer) -> Verdict | None:
        """A pause is told in the body; a post may be rejected in the answer that takes it."""
        said = answer.json()
        if isinstance(said, dict) and said.get("state") == "REJECTED":
            return Verdict(
                Refused, hint="Google's rules for posts say why: no phone numbers, nothing said twice."
            )
        if answer.status != 429:
            return None
        try:
            delays = [
                each.retryDelay for each in _Failed.model_validate(said).error.details if each.retryDelay
            ]
        except ValidationError:
            delays = []
        return Verdict(RateLimited, retry_after=float(delays[0].rstrip("s")) if delays else None)

    def identify(self, http: Http) -> str:
        """The name of the location."""
        url = f"{_LOCATIONS}/v1/locations/{http.secret['location'].rpartition('/')[2]}"
        return http.read(_Location, "GET", url, params={"readMask": "name,title"}).title

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """One request."""
        body = {"languageCode": language_tag(draft.language), "topicType": "STANDARD", **self._said(draft)}
        return http.create(_Post, "POST", _posts(http), json=body).receipt()

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the location's posts; one that was rejected is not there."""
        since = draft.created.astimezone(UTC) - _CLOCKS_APART
        asked = {"pageSize": str(_PAGE)}
        for _ in range(_PAGES):
            page = http.read(_Posts, "GET", _posts(http), params=asked)
            for post in page.localPosts:
                if _moment(post) >= since and post.state != "REJECTED" and same(post.summary, draft.text):
                    return post.receipt()
            if not page.nextPageToken:
                return None
            asked["pageToken"] = page.nextPageToken
        raise CannotTell(f"the location has more than {_PAGE * _PAGES} posts")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """All of it anew."""
        asked = {"updateMask": _FIELDS}
        post = http.read(_Post, "PATCH", f"/v4/{receipt.id}", params=asked, json=self._said(draft)).receipt()
        return receipt.model_copy(update={"url": post.url or receipt.url})

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """A post that is gone is removed."""
        try:
            http.call("DELETE", f"/v4/{receipt.id}")
        except Refused as refused:
            if not refused.gone:
                raise

    def _said(self, draft: Draft) -> dict[str, Any]:
        said: dict[str, Any] = {
            "summary": draft.text,
            "callToAction": {"actionType": "LEARN_MORE", "url": draft.link},
        }
        if draft.card is None:
            return said
        if not draft.image_url:
            raise Refused(
                "Google fetches the card from a public address, and it has none",
                "Set [cards] base_url to where the card folder is served from.",
            )
        if draft.card.size > self.limits.image_bytes:
            raise Refused(
                f"the card has {draft.card.size:,} bytes; Google takes {self.limits.image_bytes:,}",
                "Use a card template that draws a smaller file.",
            )
        return {**said, "media": [{"mediaFormat": "PHOTO", "sourceUrl": draft.image_url}]}


def _posts(http: Http) -> str:
    return f"/v4/{http.secret['location']}/localPosts"


def _moment(post: _Post) -> datetime:
    return post.createTime or datetime.min.replace(tzinfo=UTC)
