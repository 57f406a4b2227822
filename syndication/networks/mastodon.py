"""Mastodon, and servers that speak its API (docs.joinmastodon.org, read 2026-11)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, urlsplit

import regex
from pydantic import Field, RootModel
from requests.auth import AuthBase
from selectolax.lexbor import LexborHTMLParser

from syndication.errors import CannotTell, NotSent, Refused, Unknown
from syndication.models import Draft, Limits, Receipt
from syndication.networks.auth import Bearer, connect_mastodon
from syndication.networks.base import Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape
from syndication.networks.transport import Answer
from syndication.text import clip, hostless, language_tag, plain

_MEDIA_TRIES = 30
_MEDIA_PAUSE = 1.0
_PAGE = 40
_PAGES = 10
_CLOCKS_APART = timedelta(minutes=10)
_NOT_SAID = regex.compile(r"[^\p{L}\p{M}\p{N}]+")

_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Count = Annotated[int, Field(ge=100, le=1_000_000)]


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


class _StatusLimits(Shape):
    max_characters: _Count = 500
    characters_reserved_per_url: Annotated[int, Field(ge=1, le=500)] = 23


class _MediaLimits(Shape):
    description_limit: _Count = 1500
    image_size_limit: Annotated[int, Field(ge=1)] = 16_777_216


class _Configuration(Shape):
    statuses: _StatusLimits = _StatusLimits()
    media_attachments: _MediaLimits = _MediaLimits()


class _Instance(Shape):
    configuration: _Configuration = _Configuration()
    max_toot_chars: _Count | None = None  # Pleroma and Akkoma

    def limits(self) -> Limits:
        """What the server says it takes."""
        said, media = self.configuration.statuses, self.configuration.media_attachments
        return Limits(
            text=self.max_toot_chars or said.max_characters,
            link_cost=said.characters_reserved_per_url,
            link_in_text=True,
            alt=media.description_limit,
            image_bytes=media.image_size_limit,
            hashtags=30,
        )


class Mastodon(Connector):
    """Posts carry the card as an image with its description, and the link in their text."""

    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    limits: ClassVar[Limits] = _Instance().limits()
    # Kept for an hour after the post (PostStatusService), less what clocks and queues may take.
    replay: ClassVar[timedelta] = timedelta(minutes=50)
    # The key is written after the post is stored, so two requests at once may both pass; servers end a request
    # after 15 s (rack-timeout's default).
    settle: ClassVar[timedelta] = timedelta(seconds=20)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """OAuth at the account's own server, which learns of us in the same moment."""
        return connect_mastodon(desk, server)

    def auth(self, secret: Secret) -> AuthBase:
        """The account's token, which does not expire."""
        return Bearer(secret.get("access_token", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """Two servers answer a repeated key with an error: Pleroma 409 while it works, Pixelfed 400 ever after."""
        repeated = answer.status == 400 and "idempotency" in answer.words().lower()
        return Verdict(Unknown) if repeated or answer.status == 409 else None

    def identify(self, http: Http) -> str:
        """`@user@server`."""
        return f"@{self._account(http).username}@{urlsplit(http.server).netloc}"

    def read_limits(self, http: Http) -> Limits:
        """From the instance document, in the newer form if the server has it."""
        try:
            return http.read(_Instance, "GET", "/api/v2/instance").limits()
        except Refused:
            return http.read(_Instance, "GET", "/api/v1/instance").limits()

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The image first, then the status."""
        body = {**self._body(http, draft, image), "visibility": "public"}
        headers = {"Idempotency-Key": draft.key[:64]}
        return http.create(_Status, "POST", "/api/v1/statuses", json=body, headers=headers).receipt()

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the account's own posts since the draft was made, the one that says the same."""
        since = draft.created.astimezone(UTC) - _CLOCKS_APART
        wanted = _said(draft.text)
        path = f"/api/v1/accounts/{quote(self._account(http).id, safe='')}/statuses"
        params: dict[str, str | int] = {"limit": _PAGE, "exclude_reblogs": "true"}
        for _ in range(_PAGES):
            page = http.read(_Statuses, "GET", path, params=params).root
            for status in page:
                if _aware(status.created_at) >= since and _said(_shown(status.content)) == wanted:
                    return status.receipt()
            if not page or min(_aware(status.created_at) for status in page) < since:
                return None
            params["max_id"] = page[-1].id
        raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Text and image anew: a status edited without its media ids loses them."""
        body = self._body(http, draft, image)
        return http.read(_Status, "PUT", _path(receipt), json=body).receipt()

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Also its media, where the server can (4.4)."""
        try:
            http.call("DELETE", _path(receipt), params={"delete_media": "true"})
        except Refused as refused:
            if refused.status not in (404, 410):
                raise

    def _body(self, http: Http, draft: Draft, image: bytes | None) -> dict[str, object]:
        media = [self._upload(http, draft, image)] if draft.card and image else []
        return {"status": draft.text, "media_ids": media, "language": language_tag(draft.language)}

    def _upload(self, http: Http, draft: Draft, image: bytes) -> str:
        """Store the image and wait until the server has processed it; its id."""
        assert draft.card is not None  # noqa: S101 - asked before
        file = (f"card.{draft.card.mime.partition('/')[2]}", image, draft.card.mime)
        said = {"description": clip(draft.alt, self.limits.alt), "focus": "0.0,0.0"}
        media = http.read(_Media, "POST", "/api/v2/media", files={"file": file}, data=said)
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


def _said(text: str) -> str:
    """What two renderings of one text have in common: letters and digits."""
    return _NOT_SAID.sub("", hostless(text)).casefold()
