"""Pinterest, by its API v5 (its OpenAPI document 5.23.0 of 2025-12-11 and developers.pinterest.com, read 2026-11; never
run against Pinterest).

An app with Trial access makes pins that only their creator sees; newsrooms need Standard access.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from syndication.errors import CannotTell, InputError, Refused, Unauthorized
from syndication.models import Draft, Limits, Receipt
from syndication.networks.base import Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.life import Life, life_of
from syndication.networks.login import OAuth2Connector, OAuth2Door, allow_oauth2
from syndication.networks.rates import Told, trio
from syndication.networks.transport import Answer
from syndication.text import clip
from syndication.text.same import same

_SCOPES = {
    "boards:read": "see its boards",
    "boards:write": "pin to its boards",
    "pins:read": "look for its pins",
    "pins:write": "make, change and remove pins",
    "user_accounts:read": "say who it is",
}
_TITLE = 100
_PAGE = 250
_PAGES = 20
_CLOCKS_APART = timedelta(minutes=2)

_Id = Annotated[str, Field(pattern=r"^\d{1,30}$")]


class _Board(Shape):
    id: _Id
    name: str
    privacy: str = "PUBLIC"


class _Boards(Shape):
    items: tuple[_Board, ...]
    bookmark: str | None = None


class _Account(Shape):
    username: str = Field(pattern=r"^[\w.-]{1,100}$")


class _Pin(Shape):
    id: _Id
    link: str | None = None
    description: str | None = None
    created_at: datetime | None = None

    def receipt(self) -> Receipt:
        """What the store keeps of it."""
        return Receipt(id=self.id, url=f"https://www.pinterest.com/pin/{self.id}/")


class _Pins(Shape):
    items: tuple[_Pin, ...]
    bookmark: str | None = None


class Pinterest(OAuth2Connector):
    """A pin is the card, upright, with title, text and link beside it."""

    name: ClassVar[str] = "pinterest"
    title: ClassVar[str] = "Pinterest"
    leave: ClassVar[str] = "End it at Pinterest: Settings, Security, Connected apps."
    steady: ClassVar[tuple[str, ...]] = ("board",)
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    server: ClassVar[str] = "https://api.pinterest.com"
    # Tokens last 30 days and their renewal 60. Apps of before 2025-09-25 ask for renewals that go on, newer ones get
    # them.
    door: ClassVar[OAuth2Door] = OAuth2Door(
        authorize="https://www.pinterest.com/oauth/",
        token="https://api.pinterest.com/v5/oauth/token",  # noqa: S106 - an address
        scopes=tuple(_SCOPES),
        separator=",",
        pkce=False,
        basic=True,
    )
    size: ClassVar[tuple[int, int]] = (1000, 1500)
    titled: ClassVar[bool] = True
    lasts: ClassVar[frozenset[str]] = frozenset({"image"})
    # The document names no bound for the image; 20 MB is what Pinterest's help says of uploads.
    limits: ClassVar[Limits] = Limits(
        text=800, unit="character", link_in_text=False, alt=500, image_bytes=20_000_000, hashtags=5
    )
    # Since 2026 the limit's header lists several; the first counts.
    rates: ClassVar[tuple[Told, ...]] = (trio("x-ratelimit-"),)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """OAuth 2 with the newsroom's own app, then the board that it pins to."""
        desk.say(
            "An app is made at developers.pinterest.com; with Trial access nobody but you sees its pins: "
            "ask for Standard access."
        )
        secret = allow_oauth2(desk, self.door, server)
        with open_http(self, server, secret) as http:
            boards = _boards(http)
            secret = http.secret
        return {**secret, "board": _chosen(desk, boards)}

    def life(self, secret: Secret) -> Life:
        """Each renewal moves the end of the next one: an account that never posts is kept alive by them."""
        return replace(life_of(secret), moves=True)

    def refine(self, answer: Answer) -> Verdict | None:
        """As the common table; what a person can do about it."""
        if answer.status == 401:
            return Verdict(Unauthorized, hint="Connect the account again: syndicate connect pinterest")
        if answer.status == 403:
            return Verdict(
                Unauthorized,
                hint="See that the app has the access it needs, and the account may write to the board.",
            )
        return None

    def identify(self, http: Http) -> str:
        """`@username`."""
        return f"@{http.read(_Account, 'GET', '/v5/user_account').username}"

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """All in one request. There is no pin without an image."""
        if not (file := self.card_file(draft, image)):
            raise Refused(
                "a pin needs an image, and this story has no card", "Give the account a card template."
            )
        _, content, mime = file
        source = {"source_type": "image_base64", "content_type": mime, "data": b64encode(content).decode()}
        body = {**_words(draft), "board_id": http.secret["board"], "media_source": source}
        return http.create(_Pin, "POST", "/v5/pins", json=body).receipt()

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """On the board: the pin since the draft was made that says the same. Their order is not documented."""
        since = draft.created.astimezone(UTC) - _CLOCKS_APART
        asked: dict[str, str | int] = {"page_size": _PAGE}
        for _ in range(_PAGES):
            page = http.read(_Pins, "GET", f"/v5/boards/{http.secret['board']}/pins", params=asked)
            for pin in page.items:
                new = pin.created_at is None or _aware(pin.created_at) >= since
                if new and same(pin.link or "", draft.link) and same(pin.description or "", draft.text):
                    return pin.receipt()
            if not page.bookmark:
                return None
            asked["bookmark"] = page.bookmark
        raise CannotTell(f"the board holds more than {_PAGE * _PAGES} pins")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Title, text, link and description; the image of a pin cannot be changed (and not all apps may do this)."""
        return http.read(_Pin, "PATCH", f"/v5/pins/{receipt.id}", json=_words(draft)).receipt()

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Gone for good, with what others said under it."""
        try:
            http.call("DELETE", f"/v5/pins/{receipt.id}")
        except Refused as refused:
            if not refused.gone:
                raise


def _boards(http: Http) -> list[_Board]:
    asked: dict[str, str | int] = {"page_size": _PAGE}
    boards: list[_Board] = []
    for _ in range(_PAGES):
        page = http.read(_Boards, "GET", "/v5/boards", params=asked)
        boards += page.items
        if not page.bookmark:
            break
        asked["bookmark"] = page.bookmark
    return boards


def _chosen(desk: Dialogue, boards: list[_Board]) -> str:
    if not boards:
        raise InputError("the account has no board", "Make one at Pinterest, then connect again.")
    if len(boards) == 1:
        return boards[0].id
    desk.say("\n".join(f"{board.id}  {board.name} ({board.privacy.lower()})" for board in boards))
    wanted = desk.ask("Board")
    chosen = [board.id for board in boards if wanted in (board.id, board.name)]
    if len(chosen) != 1:
        raise InputError(
            f"{len(chosen)} boards are called {wanted[:60]}", "Give the number that stands before it."
        )
    return chosen[0]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _words(draft: Draft) -> dict[str, str]:
    return {
        "title": clip(draft.title, _TITLE),
        "description": draft.text,
        "link": draft.link,
        "alt_text": clip(draft.alt, Pinterest.limits.alt),
    }
