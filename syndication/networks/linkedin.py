"""LinkedIn, as a Page or as oneself (learn.microsoft.com/linkedin, Posts API, read 2026-11; never run against it).

LinkedIn reads no pages: the link card is made by us. Its API terms (3.1) want a member's own action for what is posted
in their name; a Page is the newsroom's own.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

import regex
from pydantic import Field, ValidationError, ValidationInfo, model_validator
from requests.auth import AuthBase

from syndication.errors import CannotTell, NotSent, RateLimited, Refused, Unauthorized, Unknown
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.life import lacking
from syndication.networks.login import OAuth2Door, allow_oauth2, choose, keep_fresh
from syndication.networks.transport import Answer
from syndication.text import clip
from syndication.text.little import little, shown
from syndication.text.same import same

# Each version lives a year at least: this one until September 2027. Later a request is answered with 426.
_VERSION = {"LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
_SCOPES = {
    "organization": {
        "w_organization_social": "post, change and remove",
        "r_organization_social": "look for its posts",
        "rw_organization_admin": "see whose Pages it may post to",
    },
    "person": {"openid": "say who it is", "profile": "say its name", "w_member_social": "post and remove"},
}
_AUTHORS = [
    ("organization", "a Page: the app needs the product Community Management API"),
    ("person", "yourself: the products Share on LinkedIn, and Sign In with LinkedIn using OpenID Connect"),
]
_ROLES = ("ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER")
_PAUSES = (2.0, 4.0, 8.0, 16.0)
_PAGE, _PAGES = 50, 10
_CLOCKS_APART = timedelta(minutes=10)

_Post = Annotated[str, Field(pattern=r"^urn:li:(share|ugcPost|activity):[0-9]{1,25}$")]
_URN = regex.compile(r"urn:li:(?:share|ugcPost|activity):[0-9]{1,25}")
_ORGANIZATION = r"^urn:li:organization:[0-9]{1,25}$"


class _Duplicate(Unknown):
    """The post is there already, says LinkedIn, and names it."""


class _Detail(Shape):
    code: str = ""


class _Details(Shape):
    inputErrors: tuple[_Detail, ...] = ()  # noqa: N815 - LinkedIn's names, here and below


class _Problem(Shape):
    errorDetails: _Details = _Details()  # noqa: N815


class _Posted(Shape):
    id: _Post

    @model_validator(mode="before")
    @classmethod
    def _told(cls, _: object, told: ValidationInfo) -> dict[str, Any]:
        """Of a new post there is no body: its name is in a header."""
        return {"id": (told.context or {}).get("x-restli-id")}


class _Shown(Shape):
    id: _Post
    commentary: str = ""
    createdAt: Annotated[int, Field(ge=0, le=10**14)] = 0  # noqa: N815


class _Posts(Shape):
    elements: tuple[_Shown, ...]


class _Upload(Shape):
    image: str = Field(pattern=r"^urn:li:image:[A-Za-z0-9_-]{1,100}$")
    uploadUrl: str  # noqa: N815


class _Uploading(Shape):
    value: _Upload


class _Image(Shape):
    status: str


class _Role(Shape):
    organization: str = Field(pattern=_ORGANIZATION)
    role: str = ""


class _Roles(Shape):
    elements: tuple[_Role, ...]


class _Organization(Shape):
    localizedName: str  # noqa: N815


class _Person(Shape):
    sub: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")
    name: str


class LinkedIn(Connector):
    """Posts carry a link card made of the story's title, its description and the card; or the card as an image."""

    name: ClassVar[str] = "linkedin"
    title: ClassVar[str] = "LinkedIn"
    leave: ClassVar[str] = "End it at LinkedIn: Settings, Data privacy, Permitted services."
    steady: ClassVar[tuple[str, ...]] = ("author",)
    server: ClassVar[str] = "https://api.linkedin.com"
    ends: ClassVar[date | None] = date(2027, 9, 1)
    hosts: ClassVar[tuple[str, ...]] = ("https://www.linkedin.com",)
    forms: ClassVar[tuple[Form, ...]] = ("made", "image")
    lasts: ClassVar[frozenset[str]] = frozenset({"link", "image", "title", "description"})
    # Images are limited by pixels, 36 million; 5 MB is what LinkedIn advises for the image of a link.
    limits: ClassVar[Limits] = Limits(
        text=3000, unit="utf16", link_in_text=False, alt=4086, image_bytes=5_000_000, hashtags=3
    )
    scopes: ClassVar[Mapping[str, str]] = _SCOPES["organization"]
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By the newsroom's own app. Access lasts 60 days; only LinkedIn's partners can renew it unasked."""
        desk.say("An app is made at linkedin.com/developers.")
        kind = choose(desk, "author", _AUTHORS)
        secret = allow_oauth2(desk, _door(kind), server)
        with open_http(self, server, secret) as http:
            if kind == "person":
                return {**secret, "author": f"urn:li:person:{_me(http).sub}"}
            asked = {"q": "roleAssignee", "state": "APPROVED", "count": "100"}
            roles = http.read(_Roles, "GET", "/rest/organizationAcls", params=asked, headers=_VERSION)
            pages = dict.fromkeys(each.organization for each in roles.elements if each.role in _ROLES)
            named = [(page, _organization(http, page).localizedName) for page in pages]
        return {**secret, "author": choose(desk, "Page", named)}

    def auth(self, secret: Secret) -> AuthBase:
        """The token of who connected the account."""
        return Bearer(secret.get("access_token", ""))

    def fresh(self, http: Http) -> None:
        """Where LinkedIn gave something to renew it with."""
        keep_fresh(http, _door("organization"))

    def lacks(self, secret: Secret) -> tuple[str, ...]:
        """A person is asked for other rights than a Page."""
        kind = "person" if ":person:" in secret.get("author", "") else "organization"
        return lacking(_SCOPES[kind], secret)

    def refine(self, answer: Answer) -> Verdict | None:
        """By status, and by the code of a fault in what was sent."""
        if answer.status == 426:
            hint = "This version of LinkedIn's API has ended: update syndication."
            return Verdict(Unauthorized, hint=hint)
        if answer.status == 409:
            return Verdict(Unknown)
        if answer.status == 429:
            # Of a member or of the whole app, in its words alone; a day's limit ends at midnight UTC.
            words = answer.words()
            until = (
                _until_midnight() if "DAY limit" in words and "retry-after" not in answer.headers else None
            )
            return Verdict(RateLimited, retry_after=until, app="APPLICATION DAY" in words)
        try:
            faults = _Problem.model_validate(answer.json()).errorDetails.inputErrors
        except ValidationError:
            return None
        return Verdict(_Duplicate) if any(fault.code == "DUPLICATE_POST" for fault in faults) else None

    def deeds(self, secret: Secret) -> frozenset[str]:
        """Apps are not shown what a person has posted."""
        return super().deeds(secret) - ({"find"} if ":person:" in secret.get("author", "") else set())

    def identify(self, http: Http) -> str:
        """The name of the Page or of the person."""
        if _is_person(http):
            return _me(http).name
        return _organization(http, http.secret["author"]).localizedName

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """An image takes the place of the link card, so that the link stands in the text."""
        return limits.model_copy(update={"link_in_text": form == "image"})

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The image first. What LinkedIn takes for a repetition may be of a post that was removed: it is looked for."""
        body: dict[str, Any] = {
            "author": http.secret["author"],
            "commentary": little(draft.text),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if content := self._content(draft, self._upload(http, draft, image)):
            body["content"] = content
        try:
            posted = http.create(_Posted, "POST", "/rest/posts", json=body, headers=_VERSION)
        except _Duplicate as doubt:
            if named := _URN.search(doubt.message):
                http.remember(urn=named[0])
            raise
        return _receipt(posted.id)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """The post that LinkedIn named, or among a Page's own since the draft was made. A person's are not shown."""
        if (urn := http.progress.get("urn")) and _stands(http, urn, draft):
            return _receipt(urn)
        if _is_person(http):
            raise CannotTell("LinkedIn does not show apps what a person has posted")
        since = (draft.created.astimezone(UTC) - _CLOCKS_APART).timestamp() * 1000
        asked = {"q": "author", "author": http.secret["author"], "sortBy": "CREATED", "count": _PAGE}
        headers = {**_VERSION, "X-RestLi-Method": "FINDER"}
        for page in range(_PAGES):
            params = {**asked, "start": page * _PAGE}
            posts = http.read(_Posts, "GET", "/rest/posts", params=params, headers=headers).elements
            for post in posts:
                if post.createdAt >= since and same(shown(post.commentary), draft.text):
                    return _receipt(post.id)
            if not posts or posts[-1].createdAt < since:
                return None
        raise CannotTell(f"the Page has posted more than {_PAGE * _PAGES} times since")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Its text; link card and image stay as they were."""
        patch = {"patch": {"$set": {"commentary": little(draft.text)}}}
        headers = {**_VERSION, "X-RestLi-Method": "PARTIAL_UPDATE"}
        http.call("POST", f"/rest/posts/{quote(receipt.id, safe='')}", json=patch, headers=headers)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """For a day or two afterwards LinkedIn refuses the same text as a repetition."""
        try:
            http.call("DELETE", f"/rest/posts/{quote(receipt.id, safe='')}", headers=_VERSION)
        except Refused as refused:
            if not refused.gone:
                raise

    def _content(self, draft: Draft, image: str | None) -> dict[str, Any] | None:
        if draft.form == "image":
            return {"media": {"id": image, "altText": clip(draft.alt, self.limits.alt)}} if image else None
        article = {
            "source": draft.link,
            "title": clip(draft.title, 400),
            "description": clip(draft.description, 4086),
        }
        return {"article": {**article, "thumbnail": image} if image else article}

    def _upload(self, http: Http, draft: Draft, image: bytes | None) -> str | None:
        """Store the image and wait until it can be used; its name."""
        file = self.card_file(draft, image)
        if file is None:
            return None
        asked = {"initializeUploadRequest": {"owner": http.secret["author"]}}
        where = {"action": "initializeUpload"}
        place = http.read(
            _Uploading, "POST", "/rest/images", params=where, json=asked, headers=_VERSION
        ).value
        http.call("PUT", place.uploadUrl, data=file[1], headers={"Content-Type": file[2]})
        for pause in _PAUSES:
            http.wait(pause)
            if _is_person(http):
                return place.image  # a person's app may not look; a moment is enough
            path = f"/rest/images/{quote(place.image, safe='')}"
            status = http.read(_Image, "GET", path, headers=_VERSION).status
            if status == "AVAILABLE":
                return place.image
            if status == "PROCESSING_FAILED":
                raise Refused(
                    "LinkedIn could not use the card", "Use a card template that draws JPEG or PNG."
                )
        raise NotSent("LinkedIn has not finished with the card; it is tried again")


def _door(kind: str) -> OAuth2Door:
    site = "https://www.linkedin.com/oauth/v2"
    token = f"{site}/accessToken"
    return OAuth2Door(authorize=f"{site}/authorization", token=token, scopes=tuple(_SCOPES[kind]), pkce=False)


def _is_person(http: Http) -> bool:
    return http.secret["author"].startswith("urn:li:person:")


def _me(http: Http) -> _Person:
    return http.read(_Person, "GET", "/v2/userinfo")


def _organization(http: Http, urn: str) -> _Organization:
    return http.read(_Organization, "GET", f"/rest/organizations/{urn.rpartition(':')[2]}", headers=_VERSION)


def _stands(http: Http, urn: str, draft: Draft) -> bool:
    """Whether the post that LinkedIn named is ours and there: it also names some that were removed."""
    try:
        post = http.read(_Shown, "GET", f"/rest/posts/{quote(urn, safe='')}", headers=_VERSION)
    except Unauthorized:
        raise CannotTell(f"LinkedIn says that it stands there as {urn}, and does not show it") from None
    except Refused:
        return False
    return same(shown(post.commentary), draft.text)


def _receipt(urn: str) -> Receipt:
    return Receipt(id=urn, url=f"https://www.linkedin.com/feed/update/{urn}")


def _until_midnight() -> float:
    now = datetime.now(UTC)
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (tomorrow - now).total_seconds()
