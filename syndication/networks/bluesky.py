"""Bluesky: any AT Protocol server, by app password (atproto.com and its lexicons, read 2026-11)."""

from datetime import UTC, timedelta
from typing import Any, ClassVar, TypeVar

from pydantic import Field
from requests.auth import AuthBase

from syndication.errors import DeliveryError, NotSent, RateLimited, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape
from syndication.networks.login import stranger
from syndication.networks.transport import Answer
from syndication.text import language_tag, links

_COLLECTION = "app.bsky.feed.post"
_TID = "234567abcdefghijklmnopqrstuvwxyz"

T = TypeVar("T")


class _Expired(NotSent):
    """The access token is over; the session can be renewed."""


class _Missing(Refused):
    """There is no such record."""


class _Swapped(Refused):
    """The record is not what the request took it to be."""


# Names of errors (com.atproto lexicons and the reference server): here 400 says what HTTP says with 401 and 429.
_ERRORS: dict[str, type[DeliveryError]] = {
    "ExpiredToken": _Expired,
    "RecordNotFound": _Missing,
    "InvalidSwap": _Swapped,
    "RateLimitExceeded": RateLimited,
    **dict.fromkeys(
        ["InvalidToken", "AuthMissing", "AuthenticationRequired", "AccountNotFound", "AccountTakedown",
         "AccountSuspended", "AccountDeactivated", "RepoNotFound", "RepoTakendown", "RepoSuspended",
         "RepoDeactivated"],
        Unauthorized,
    ),
}  # fmt: skip


class _Session(Shape):
    """What createSession and refreshSession answer (com.atproto.server)."""

    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    accessJwt: str = Field(min_length=1)  # noqa: N815 - the lexicon's names
    refreshJwt: str = Field(min_length=1)  # noqa: N815


class _Whose(Shape):
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]+$")


class _Written(Shape):
    uri: str = Field(pattern=r"^at://[^/\s]+/[^/\s]+/[^/\s]+$")
    cid: str


class _Record(_Written):
    value: dict[str, Any]


class _Upload(Shape):
    blob: dict[str, Any]


class Bluesky(Connector):
    """Posts are text with a link card of our own making: the card as its thumbnail."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    server: ClassVar[str] = "https://bsky.social"
    forms: ClassVar[tuple[Form, ...]] = ("made",)
    # app.bsky.feed.post, app.bsky.embed.external; the card's thumbnail has no description, so `alt` is not used.
    limits: ClassVar[Limits] = Limits(
        text=300, text_bytes=3000, link_in_text=False, alt=2000, image_bytes=1_000_000, hashtags=8
    )
    # The key is the record's own: the same post can never stand there twice.
    replay: ClassVar[timedelta] = timedelta(days=3650)
    settle: ClassVar[timedelta] = timedelta(seconds=2)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By an app password, which is used once and not kept."""
        who = desk.ask("Handle").removeprefix("@")
        desk.say("An app password is made at Bluesky: Settings, Privacy and security, App passwords.")
        password = desk.ask("App password", hidden=True)
        said = {"identifier": who, "password": password}
        with stranger(server, {"password": password}) as http:
            return http.read(_Session, "POST", _xrpc("server.createSession"), json=said).model_dump()

    def auth(self, secret: Secret) -> AuthBase:
        """The session's access token, good for about two hours."""
        return Bearer(secret.get("accessJwt", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """By the name of the error."""
        said = answer.json() if answer.status >= 400 else None
        name = said.get("error") if isinstance(said, dict) else None
        kind = _ERRORS.get(name) if isinstance(name, str) else None
        return Verdict(kind) if kind else None

    def fresh(self, http: Http) -> None:
        """A session's access token lasts two hours, and only the server says whether it still does."""
        _alive(http)

    def identify(self, http: Http) -> str:
        """`@handle`."""
        return f"@{http.read(_Whose, 'GET', _xrpc('server.getSession')).handle}"

    def read_limits(self, http: Http) -> Limits:
        """The lexicon's; servers do not differ."""
        return self.limits

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """Under the draft's own record key, and only if nothing stands there yet."""
        body = {**_at(http, draft), "record": _post(http, draft, image), "swapRecord": None}
        try:
            written = http.create(_Written, "POST", _xrpc("repo.putRecord"), json=body)
        except _Swapped as taken:
            if found := self.find(http, draft):
                return found
            raise Refused(f"another post stands at the key of this one: {taken.message}") from None
        return _receipt(http, written)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """The record at the draft's key, if it is the draft's."""
        record = _get(http, _at(http, draft))
        if record is None or record.value.get("createdAt") != _stamp(draft):
            return None
        return _receipt(http, record)

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """The record anew, with the time it was first posted."""
        place = _place(receipt)
        current = _get(http, place)
        if current is None:
            raise Refused(
                "the post is no longer there", "It was removed at Bluesky; nothing is left to edit."
            )
        record = {**_post(http, draft, image), "createdAt": current.value.get("createdAt")}
        body = {**place, "record": record, "swapRecord": current.cid}
        return _receipt(http, http.read(_Written, "POST", _xrpc("repo.putRecord"), json=body))

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """The server takes the removal of a record that is gone for done."""
        http.call("POST", _xrpc("repo.deleteRecord"), json=_place(receipt))


def _xrpc(name: str) -> str:
    return f"/xrpc/com.atproto.{name}"


def _alive(http: Http) -> None:
    """Make sure of the session before anything is sent: renew it if its access token is over."""
    try:
        http.call("GET", _xrpc("server.getSession"))
    except _Expired:
        _renew(http)


def _renew(http: Http) -> None:
    auth = Bearer(http.secret.get("refreshJwt", ""))
    try:
        session = http.read(_Session, "POST", _xrpc("server.refreshSession"), auth=auth)
    except (_Expired, Refused) as over:
        raise Unauthorized(
            f"the session is over: {over.message}",
            "Connect the account again: syndicate connect bluesky",
            status=over.status,
        ) from None
    http.renew(session.model_dump(), Bearer(session.accessJwt))


def _get(http: Http, place: dict[str, str]) -> _Record | None:
    try:
        # Records are public: read without a token, which may be over.
        return http.read(_Record, "GET", _xrpc("repo.getRecord"), params=place, auth=Anonymous())
    except _Missing:
        return None


def _at(http: Http, draft: Draft) -> dict[str, str]:
    return {"repo": http.secret["did"], "collection": _COLLECTION, "rkey": record_key(draft)}


def _place(receipt: Receipt) -> dict[str, str]:
    repo, collection, rkey = receipt.id.removeprefix("at://").split("/")
    return {"repo": repo, "collection": collection, "rkey": rkey}


def _receipt(http: Http, written: _Written) -> Receipt:
    key = written.uri.rpartition("/")[2]
    url = f"https://bsky.app/profile/{http.secret['handle']}/post/{key}"
    return Receipt(id=written.uri, url=url, version=written.cid)


def _stamp(draft: Draft) -> str:
    return draft.created.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record_key(draft: Draft) -> str:
    """The draft's record key: a TID (atproto.com/specs/tid), 13 characters that sort by time.

    The time is the draft's to the millisecond; what a TID has beyond that comes from the draft's key, so that two
    drafts of one millisecond get different ones.
    """
    mark = int(draft.key[:16], 16)
    micros = int(draft.created.timestamp() * 1000) * 1000 + mark % 1000
    number = micros << 10 | (mark // 1000) % 1024
    return "".join(_TID[number >> shift & 31] for shift in range(60, -1, -5))


def facets(text: str) -> list[dict[str, Any]]:
    """What makes the links of a text clickable: their places in UTF-8 bytes, end exclusive."""
    found = []
    for start, end, url in links(text):
        first = len(text[:start].encode())
        index = {"byteStart": first, "byteEnd": first + len(text[start:end].encode())}
        found.append({"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": url}]})
    return found


def _post(http: Http, draft: Draft, image: bytes | None) -> dict[str, Any]:
    external = {"uri": draft.link, "title": draft.title, "description": draft.description}
    return {
        "$type": _COLLECTION,
        "text": draft.text,
        "facets": facets(draft.text),
        "langs": [language_tag(draft.language)],
        "embed": {"$type": "app.bsky.embed.external", "external": {**external, **_thumb(http, draft, image)}},
        "createdAt": _stamp(draft),
    }


def _thumb(http: Http, draft: Draft, image: bytes | None) -> dict[str, Any]:
    if draft.card is None or image is None:
        return {}
    if len(image) > Bluesky.limits.image_bytes:
        raise Refused(
            f"the card has {len(image):,} bytes; Bluesky takes {Bluesky.limits.image_bytes:,}",
            "Use a card template that draws a smaller file.",
        )
    headers = {"Content-Type": draft.card.mime}
    return {"thumb": http.read(_Upload, "POST", _xrpc("repo.uploadBlob"), data=image, headers=headers).blob}
