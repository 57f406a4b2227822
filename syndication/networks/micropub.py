"""Micropub: any site that speaks it (W3C Recommendation of 2017-05-23, and its extensions at indieweb.org, 2026-11)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from pydantic import Field, ValidationInfo, model_validator
from requests.auth import AuthBase
from requests.utils import parse_header_links
from selectolax.lexbor import LexborHTMLParser

from syndication.errors import CannotTell, ConfigError, NotSent, RateLimited, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import RETURN_PATH, Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http, origin
from syndication.networks.login import OAuth2Door, Token, ask_code, give_back, keep_fresh, stranger
from syndication.networks.transport import Answer
from syndication.text import clip
from syndication.text.same import same

_CLOCKS_APART = timedelta(minutes=10)
_LAST = 50
_SCOPES = ("create", "update", "delete", "media")
_HINTS = {
    401: "Connect the account again with a token that lives: syndicate connect micropub",
    403: "The token needs the scopes create, update, delete and media.",
}


class _Config(Shape):
    media: str = Field("", alias="media-endpoint", max_length=2000)


class _Metadata(Shape):
    issuer: str = ""
    authorization_endpoint: str = Field(max_length=2000)
    token_endpoint: str = Field(max_length=2000)
    revocation_endpoint: str = Field("", max_length=2000)


class _Granted(Token):
    me: str = Field(max_length=2000)
    scope: str = ""


class _Unnamed(Refused):
    """The site's page names no such place."""


class _Made(Shape):
    """What a 201 or 202 says in its Location: where the post stands, or will."""

    location: str = Field(pattern=r"^(https?://|/)[!-~]+$", max_length=2000)

    @model_validator(mode="before")
    @classmethod
    def _header(cls, _: object, info: ValidationInfo) -> object:
        return {"location": dict(info.context or {}).get("location")}


class _Item(Shape):
    properties: dict[str, list[Any]] = Field(default_factory=dict)

    def first(self, name: str) -> str:
        """The first value of a property; what of it is text, where it is markup as well."""
        value = next(iter(self.properties.get(name, [])), "")
        value = value.get("value", value.get("html", "")) if isinstance(value, dict) else value
        return value if isinstance(value, str) else ""


class _Source(Shape):
    items: tuple[_Item, ...]


class Micropub(Connector):
    """Posts are notes with the link in their text, the card as a described photo and the story's tags as categories.

    Nothing keeps a post from being made twice, and not every site lists its posts: where one does, a post whose answer
    was lost is looked for among the last of them. There is no property for a language.
    """

    name: ClassVar[str] = "micropub"
    title: ClassVar[str] = "Micropub"
    leave: ClassVar[str] = "Revoke the token at your site."
    steady: ClassVar[tuple[str, ...]] = ("endpoint",)
    forms: ClassVar[tuple[Form, ...]] = ("image", "crawled")
    # The Recommendation sets none: enough for any summary, and less than what sites refuse.
    limits: ClassVar[Limits] = Limits(
        text=5000, unit="character", link_in_text=True, alt=1500, image_bytes=10_000_000
    )
    # A 202 says that the post is being made.
    settle: ClassVar[timedelta] = timedelta(minutes=1)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By a token that the site gave (IndieAuth); where to post is read off the site."""
        with Http(server, {}, Anonymous(), lambda _: None) as http:
            page = http.call("GET", "/", headers={"Accept": "text/html"})
        site = f"{origin(server)}/"
        endpoint = _checked(server, discovered(site, page, "micropub"))
        desk.say(
            "Make an access token at your site, with the scopes create, update, delete and media; or answer `browser` "
            "to be asked by the site itself, if it speaks IndieAuth."
        )
        token = desk.ask("Access token, or browser", hidden=True)
        kept = self._allowed(desk, server, page) if token == "browser" else {"access_token": token}  # noqa: S105
        secret = {**kept, "endpoint": endpoint}
        with open_http(self, server, secret) as http:
            media = _config(http).media
        return {**secret, "media": _checked(server, _joined(endpoint, media)) if media else ""}

    def _allowed(self, desk: Dialogue, server: str, page: Answer) -> Secret:
        """By IndieAuth (indieauth.spec.indieweb.org, read 2026-11): PKCE, and the site must say that it is itself."""
        site, issuer, revoke = f"{origin(server)}/", "", ""
        try:
            url = _checked(server, discovered(site, page, "indieauth-metadata"))
            with stranger(server, named=(origin(_root(url)),)) as http:
                told = http.read(_Metadata, "GET", url)
            issuer, authorize, token = told.issuer, told.authorization_endpoint, told.token_endpoint
            revoke = _checked(server, told.revocation_endpoint) if told.revocation_endpoint else ""
        except _Unnamed:
            authorize, token = (
                discovered(site, page, f"{each}_endpoint") for each in ("authorization", "token")
            )
        door = OAuth2Door(_checked(server, authorize), _checked(server, token), _SCOPES, extra={"me": site})
        own = desk.own_client()
        redirect = desk.redirect(at=own.address + RETURN_PATH) if own else desk.redirect()
        client = {"client_id": f"{_root(redirect)}/"}
        back, form = ask_code(desk, door, server, client["client_id"], redirect)
        if issuer and back.get("iss") != issuer:
            raise Refused("the answer came from another server than was asked", "Start again.")
        with stranger(server, form, named=(origin(_root(door.token)),)) as http:
            granted = http.read(_Granted, "POST", door.token, data={**form, **client}, auth=Anonymous())
        if _site_of(granted.me) != _site_of(site):
            raise Refused(
                f"the token is for {granted.me[:100]}, not for {site}", "Log in there as the site itself."
            )
        if missing := set(_SCOPES) - set(granted.scope.split()):
            raise Refused(
                f"not all was allowed: {', '.join(sorted(missing))}", "Start again, and allow it all."
            )
        kept = {**client, "token_endpoint": door.token, **granted.secret()}
        return {**kept, "revocation_endpoint": revoke} if revoke else kept

    def auth(self, secret: Secret) -> AuthBase:
        """The token, which lasts as long as the site says."""
        return Bearer(secret.get("access_token", ""))

    def fresh(self, http: Http) -> None:
        """Where the site gave something to renew it with."""
        if "token_endpoint" in http.secret:
            keep_fresh(http, OAuth2Door("", http.secret["token_endpoint"], _SCOPES))

    def named(self, secret: Secret) -> tuple[str, ...]:
        """A site's endpoints may lie anywhere."""
        return tuple(
            {
                origin(_root(secret[name]))
                for name in ("endpoint", "media", "token_endpoint", "revocation_endpoint")
                if secret.get(name)
            }
        )

    def revoke(self, http: Http) -> None:
        """Where the site named a place for it; a token that somebody pasted is theirs to end."""
        if "revocation_endpoint" not in http.secret:
            return super().revoke(http)
        door = OAuth2Door(
            "", http.secret["token_endpoint"], _SCOPES, revoke=http.secret["revocation_endpoint"]
        )
        return give_back(http, door)

    def refine(self, answer: Answer) -> Verdict | None:
        """By the status, which says all: the names of errors do not differ from it."""
        return Verdict(Unauthorized, hint=_HINTS[answer.status]) if answer.status in _HINTS else None

    def identify(self, http: Http) -> str:
        """The site's host; its configuration is asked for, which needs the token."""
        _config(http)
        return urlsplit(http.server).netloc

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The photo first, then the note."""
        properties = {**self._properties(http, draft, image), "published": [draft.created.isoformat()]}
        body = {"type": ["h-entry"], "properties": properties}
        endpoint = http.secret["endpoint"]
        return _receipt(endpoint, http.create(_Made, "POST", endpoint, json=body).location)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the site's last posts, where it lists them (an extension: q=source without a URL)."""
        asked = {"q": "source", "limit": str(_LAST)}
        try:
            listed = http.read(_Source, "GET", http.secret["endpoint"], params=asked).items
        except (NotSent, Refused) as no:
            if isinstance(no, Unauthorized | RateLimited) or no.status is None or no.status >= 500:
                raise
            raise CannotTell("the site does not list its posts") from None
        for item in listed:
            if same(item.first("content"), draft.text) and (url := item.first("url")):
                return _receipt(http.secret["endpoint"], url)
        # Only a list that reaches back behind the draft shows that the post is not there.
        if any(
            _moment(item.first("published"), draft.created) < draft.created - _CLOCKS_APART for item in listed
        ):
            return None
        raise CannotTell("the site's list of posts does not reach back far enough")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """What the draft says takes the place of what was there."""
        body = {"action": "update", "url": receipt.id, "replace": self._properties(http, draft, image)}
        answer = http.call("POST", http.secret["endpoint"], json=body)
        moved = answer.headers.get("location") if answer.status == 201 else None
        return _receipt(receipt.id, moved) if moved else receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """At any age."""
        try:
            http.call("POST", http.secret["endpoint"], json={"action": "delete", "url": receipt.id})
        except Refused as refused:
            if not refused.gone:
                raise

    def _properties(self, http: Http, draft: Draft, image: bytes | None) -> dict[str, list[Any]]:
        said: dict[str, list[Any]] = {"content": [draft.text]}
        if draft.tags:
            said["category"] = list(draft.tags)
        if draft.form != "crawled" and draft.card:
            photo = self._photo(http, draft, image)
            said["photo"] = [
                {"value": photo, "alt": clip(draft.alt, self.limits.alt)} if draft.alt else photo
            ]
        return said

    def _photo(self, http: Http, draft: Draft, image: bytes | None) -> str:
        """The address of the card: at the site if it takes files, else its own public one."""
        file = self.card_file(draft, image)
        if file and (media := http.secret.get("media")):
            if place := _joined(media, http.read(_Made, "POST", media, files={"file": file}).location):
                return place
            raise Refused("the site took the card and told no web address for it")
        if not draft.image_url:
            raise Refused(
                "the site takes no files, and the card has no public address",
                "Set base_url in [cards] to where its folder is served.",
            )
        return draft.image_url


def discovered(site: str, page: Answer, rel: str) -> str:
    """The place that a site's page names by `rel`: in its headers, else in its HTML. Raises Refused if in neither."""
    for link in parse_header_links(page.headers.get("link", "")):
        if rel in link.get("rel", "").split():
            return _joined(site, link["url"])
    tree = LexborHTMLParser(page.body)
    for node in tree.css(f"link[rel~={rel}], a[rel~={rel}]"):
        if href := node.attributes.get("href"):
            return _joined(site, href)
    raise _Unnamed(f"{site} names no place for {rel}", f"It must link to one with rel={rel}.")


def _site_of(url: str) -> tuple[str, str]:
    """A site's address as far as it tells one from another."""
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path.rstrip("/")


def _checked(server: str, url: str) -> str:
    """An address that a site named, if tokens may be sent there. Raises Refused."""
    try:
        place = origin(_root(url))
    except (ConfigError, ValueError):
        place = ""
    if not place or (place != origin(server) and urlsplit(place).scheme != "https"):
        raise Refused(
            f"the site names an address that tokens are not sent to: {url[:200] or 'none'}"
        ) from None
    return url


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _config(http: Http) -> _Config:
    return http.read(_Config, "GET", http.secret["endpoint"], params={"q": "config"})


def _joined(base: str, said: str) -> str:
    """A web address that a site named, whole; empty if it is none."""
    try:
        url = urljoin(base, said)
    except ValueError:
        url = ""
    return url if url.startswith(("https://", "http://")) else ""


def _receipt(base: str, said: str) -> Receipt:
    url = _joined(base, said)
    return Receipt(id=url or said, url=url)


def _moment(said: str, other: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return other
    return moment if moment.tzinfo else moment.replace(tzinfo=other.tzinfo)
