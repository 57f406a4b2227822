"""Mastodon, and servers that speak its API (docs.joinmastodon.org, read 2026-11), each with its differences."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field, RootModel
from requests.auth import AuthBase
from selectolax.lexbor import LexborHTMLParser

from syndication.errors import CannotTell, DeliveryError, NotSent, Refused, Unknown
from syndication.models import Draft, Form, Limits, Receipt, Unit
from syndication.networks.auth import Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.http import Http, Shape
from syndication.networks.login import OAuth2Door, give_back, keep_fresh, let_in, stranger
from syndication.networks.nodeinfo import software_of
from syndication.networks.rates import Told, trio
from syndication.networks.transport import Answer
from syndication.text import clip, hostless, language_tag, plain
from syndication.text.same import same

_MEDIA_TRIES = 30
_MEDIA_PAUSE = 1.0
_PAGE = 40
_PAGES = 10
_CLOCKS_APART = timedelta(minutes=10)

_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Count = Annotated[int, Field(ge=100, le=1_000_000)]


@dataclass(frozen=True)
class _Kin:
    """How a server's software differs: how long it answers a repeated key with the first post, and the rest."""

    replay: timedelta = timedelta(0)
    keys: bool = True
    fine_scopes: bool = True
    image_needed: bool = False
    short_links: bool = False
    unit: Unit = "character"
    alt: int = 1500


# A key is kept for an hour (Mastodon's PostStatusService, Hollo's statuses.ts of 2026), less what clocks and queues
# may take. Where nothing is said of keys here none are known, or they are ignored: GoToSocial (code of 2025-10),
# Friendica (2024-10), Takahe. Whoever is no Mastodon is taken to count links whole, and code points.
_HOUR = timedelta(minutes=50)
_MASTODON = _Kin(replay=_HOUR, short_links=True, unit="grapheme")
_KIN = {
    "mastodon": _MASTODON,
    "hometown": _MASTODON,
    "hollo": _Kin(replay=_HOUR),
    # Six hours (IdempotencyPlug), in memory; String.length counts graphemes.
    "pleroma": _Kin(replay=_HOUR, unit="grapheme"),
    "akkoma": _Kin(replay=_HOUR, unit="grapheme"),
    # A key is stored before the post is looked at, and answered with 400 ever after: it helps nobody. Scopes are
    # those of old only (snarfed/bridgy#927, 2025-01).
    "pixelfed": _Kin(keys=False, fine_scopes=False, image_needed=True, alt=1000),
    "friendica": _Kin(fine_scopes=False),
}


def _kin(secret: Secret) -> _Kin:
    return _KIN.get(secret.get("software", "mastodon"), _Kin())


class _Account(Shape):
    id: _Id
    username: str


class _Media(Shape):
    id: _Id
    url: str | None = None


class _Status(Shape):
    id: _Id
    url: str | None = None
    uri: str = ""
    content: str = ""
    created_at: datetime

    def receipt(self) -> Receipt:
        """What the store keeps of it. A public address that is no web link is left out."""
        url = self.url or self.uri
        return Receipt(id=self.id, url=url if urlsplit(url).scheme in ("http", "https") else "")


class _Statuses(RootModel[list[_Status]]):
    pass


class _LinkCard(Shape):
    url: str = ""
    title: str = ""
    image: str | None = None


class _Seen(Shape):
    content: str = ""
    media_attachments: tuple[_Media, ...] = ()
    card: _LinkCard | None = None


class _StatusLimits(Shape):
    max_characters: _Count = 500
    characters_reserved_per_url: Annotated[int, Field(ge=0, le=500)] = 23


class _MediaLimits(Shape):
    description_limit: _Count = 1500
    image_size_limit: Annotated[int, Field(ge=1)] = 16_777_216


class _Configuration(Shape):
    statuses: _StatusLimits = _StatusLimits()
    media_attachments: _MediaLimits = _MediaLimits()


class _Instance(Shape):
    configuration: _Configuration = _Configuration()
    # Pleroma's and Akkoma's own.
    max_toot_chars: _Count | None = None
    description_limit: _Count | None = None
    upload_limit: Annotated[int, Field(ge=1)] | None = None

    def limits(self, kin: _Kin) -> Limits:
        """What the server says it takes."""
        said, media = self.configuration.statuses, self.configuration.media_attachments
        return Limits(
            text=self.max_toot_chars or said.max_characters,
            unit=kin.unit,
            link_cost=said.characters_reserved_per_url if kin.short_links else None,
            link_in_text=True,
            alt=min(self.description_limit or media.description_limit, kin.alt),
            image_bytes=self.upload_limit or media.image_size_limit,
            hashtags=30,
        )


class _App(Shape):
    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)


class _Discovery(Shape):
    code_challenge_methods_supported: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] = ()


class Mastodon(Connector):
    """Posts carry the card as an image with its description, and the link in their text."""

    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    # Where nothing is attached each server makes the link card for itself, from the page.
    forms: ClassVar[tuple[Form, ...]] = ("image", "crawled")
    # What it asks for besides is to say who it is, by a name that depends on the server's age.
    scopes: ClassVar[Mapping[str, str]] = {
        "read:statuses": "look for its posts",
        "write:statuses": "post, change and remove",
        "write:media": "attach the card",
    }
    limits: ClassVar[Limits] = _Instance().limits(_MASTODON)
    replay: ClassVar[timedelta] = _HOUR
    rates: ClassVar[tuple[Told, ...]] = (trio("x-ratelimit-"),)
    # The key is written after the post is stored, so two requests at once may both pass; servers end a request
    # after 15 s (rack-timeout's default).
    settle: ClassVar[timedelta] = timedelta(seconds=20)
    # Some servers call themselves Mastodon, ignore keys, and show late what they took.
    shows_late: ClassVar[timedelta] = timedelta(seconds=40)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """OAuth at the account's own server, which learns of us in the same moment."""
        redirect = desk.redirect(own=True)
        with stranger(server) as http:
            software = software_of(http, self.name)
            known = _discover(http)
            scopes = _scopes(_kin({"software": software}), known)
            form = {"client_name": "syndication", "redirect_uris": redirect, "scopes": " ".join(scopes)}
            app = http.read(_App, "POST", "/api/v1/apps", data=form)
        pkce = "S256" in known.code_challenge_methods_supported
        door = _door(server, scopes, pkce=pkce)
        return {**let_in(desk, door, server, app.model_dump(), redirect), "software": software}

    def auth(self, secret: Secret) -> AuthBase:
        """The account's token, which does not expire, but at Pixelfed."""
        return Bearer(secret.get("access_token", ""))

    def fresh(self, http: Http) -> None:
        """Pixelfed's tokens last a year and can be renewed."""
        keep_fresh(http, _door(http.server, ()))

    def refine(self, answer: Answer) -> Verdict | None:
        """Pleroma answers a repeated key with 409 while it still works on the first. Words are in any language."""
        return Verdict(Unknown) if answer.status == 409 else None

    def identify(self, http: Http) -> str:
        """`@user@server`."""
        return f"@{self._account(http).username}@{urlsplit(http.server).netloc}"

    def read_limits(self, http: Http) -> Limits:
        """From the instance document, in the newer form if the server has it; what posting needs of it is kept."""
        software = software_of(http, self.name)
        secret = {**http.secret, **({"software": software} if software else {})}
        try:
            document = http.read(_Instance, "GET", "/api/v2/instance")
        except Refused:
            document = http.read(_Instance, "GET", "/api/v1/instance")
        limits = document.limits(_kin(secret))
        secret["alt"] = str(limits.alt)
        if secret != http.secret:
            http.renew(secret, http.auth)
        return limits

    def replay_of(self, secret: Secret) -> timedelta:
        """Some servers ignore keys."""
        return _kin(secret).replay

    def replies(self, secret: Secret | None = None) -> bool:
        """But where a post must be an image."""
        return secret is None or not _kin(secret).image_needed

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The image first, then the status."""
        kin = _kin(http.secret)
        if kin.image_needed and (draft.card is None or image is None or draft.form == "crawled"):
            raise Refused("a post here is an image, and this one has none", "Give the story a card.")
        body = {**self._body(http, draft, image), "visibility": "public"}
        if draft.reply_to:
            body["in_reply_to_id"] = draft.reply_to.id
        refused = http.progress.get("refused", "0")
        headers = {"Idempotency-Key": _key(draft, refused)} if kin.keys else {}
        try:
            return http.create(_Status, "POST", "/api/v1/statuses", json=body, headers=headers).receipt()
        except (NotSent, Refused) as error:
            if error.status is not None:
                # Pleroma and Akkoma keep a refusal for its key as well, and would repeat it for six hours.
                http.remember(refused=str(int(refused) + 1))
            raise

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the account's own posts since the draft was made, the one that says the same."""
        since = draft.created.astimezone(UTC) - _CLOCKS_APART
        path = f"/api/v1/accounts/{quote(self._account(http).id, safe='')}/statuses"
        params: dict[str, str | int] = {"limit": _PAGE, "exclude_reblogs": "true"}
        for _ in range(_PAGES):
            page = http.read(_Statuses, "GET", path, params=params).root
            for status in page:
                if _aware(status.created_at) >= since and _same(status.content, draft.text):
                    return status.receipt()
            if not page or min(_aware(status.created_at) for status in page) < since:
                return None
            params["max_id"] = page[-1].id
        raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The status, and its media or its link card."""
        try:
            status = http.read(_Seen, "GET", _path(receipt))
        except Refused as refused:
            if not refused.gone:
                raise
            return None
        text, card = _shown(status.content), status.card
        if card is None or status.media_attachments:
            return Shown(text, image=bool(status.media_attachments))
        return Shown(text, card.url, card.title, bool(card.image))

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Text and image anew: a status edited without its media ids loses them."""
        body = self._body(http, draft, image)
        return http.read(_Status, "PUT", _path(receipt), json=body).receipt()

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Also its media, where the server can (4.4)."""
        try:
            http.call("DELETE", _path(receipt), params={"delete_media": "true"})
        except Refused as refused:
            if not refused.gone:
                raise

    def revoke(self, http: Http) -> None:
        """By the app that we made there when the account was connected."""
        if "client_id" not in http.secret:
            return super().revoke(http)
        return give_back(http, _door(http.server, ()))

    def _body(self, http: Http, draft: Draft, image: bytes | None) -> dict[str, object]:
        card = None if draft.form == "crawled" else self.card_file(draft, image)
        media = [self._upload(http, draft, card)] if card else []
        return {"status": draft.text, "media_ids": media, "language": language_tag(draft.language)}

    def _upload(self, http: Http, draft: Draft, card: tuple[str, bytes, str]) -> str:
        """Store the image and wait until the server has processed it; its id."""
        longest = int(http.secret.get("alt", self.limits.alt))
        said = {"description": clip(draft.alt, longest, draft.language), "focus": "0.0,0.0"}
        media = http.read(_Media, "POST", "/api/v2/media", files={"file": card}, data=said)
        path = f"/api/v1/media/{quote(media.id, safe='')}"
        for _ in range(_MEDIA_TRIES):
            if media.url:
                return media.id
            http.wait(_MEDIA_PAUSE)
            media = http.read(_Media, "GET", path)  # 206 and no url while it is being processed
        raise NotSent("the server has not finished with the image; it is tried again")

    def _account(self, http: Http) -> _Account:
        return http.read(_Account, "GET", "/api/v1/accounts/verify_credentials")


def _path(receipt: Receipt) -> str:
    return f"/api/v1/statuses/{quote(receipt.id, safe='')}"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _shown(content: str) -> str:
    """The text of a status from its HTML, with whole links where the server shortens them for the eye."""
    tree = LexborHTMLParser(content)
    for anchor in tree.css("a[href]"):
        if not anchor.text().lstrip().startswith(("@", "#")):
            anchor.replace_with(anchor.attributes.get("href") or "")
    return plain(tree.html or "")


def _same(content: str, text: str) -> bool:
    """Servers mark up links, mentions and lines each in their own way."""
    return same(hostless(_shown(content)), hostless(text))


def _key(draft: Draft, refused: str) -> str:
    """The draft's key: another one after each refusal, and for another text."""
    mark = hashlib.sha256(f"{refused} {draft.text}".encode()).hexdigest()
    return f"{draft.key[:48]}{mark[:16]}"


def _discover(http: Http) -> _Discovery:
    try:
        return http.read(_Discovery, "GET", "/.well-known/oauth-authorization-server")
    except DeliveryError as error:
        if error.status is None:
            raise
        return _Discovery()  # before 4.3


def _scopes(kin: _Kin, known: _Discovery) -> tuple[str, ...]:
    """No more than we need: who we are, our own posts, posts and pictures."""
    if not kin.fine_scopes:
        return "read", "write"
    who = "profile" if "profile" in known.scopes_supported else "read:accounts"  # 4.3
    return who, "read:statuses", "write:statuses", "write:media"


def _door(server: str, scopes: tuple[str, ...], *, pkce: bool = False) -> OAuth2Door:
    authorize, token, revoke = (f"{server}/oauth/{what}" for what in ("authorize", "token", "revoke"))
    return OAuth2Door(authorize, token, scopes, pkce=pkce, revoke=revoke)
