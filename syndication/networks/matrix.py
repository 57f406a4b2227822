"""Matrix: one room, at any homeserver (spec.matrix.org, client-server API v1.15, read 2026-07 and 2026-11)."""

import hashlib
import html
import json
import secrets
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from pydantic import Field
from requests.auth import AuthBase

from syndication.errors import CannotTell, RateLimited, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.http import Http, Shape
from syndication.networks.transport import Answer
from syndication.text import links

_V3 = "/_matrix/client/v3"
_KEY = "syndication.key"
"""What of an event's content holds our key: other clients pass over names they do not know."""

_CLOCKS_APART = timedelta(minutes=10)
_PAGE = 100
_PAGES = 10
_RECONNECT = "Connect the account again: syndicate connect matrix"
_INVITE = "Let the account into the room, with the right to post."


class _Flow(Shape):
    type: str


class _Flows(Shape):
    flows: tuple[_Flow, ...]


class _Login(Shape):
    access_token: str = Field(min_length=1)
    user_id: str = Field(pattern=r"^@[!-~]+:[!-~]+$", max_length=255)


class _Room(Shape):
    room_id: str = Field(pattern=r"^![!-~]+$", max_length=255)


class _Who(Shape):
    user_id: str


class _Upload(Shape):
    content_uri: str = Field(pattern=r"^mxc://[!-.0-~]+/[A-Za-z0-9_-]+$", max_length=500)


class _Sent(Shape):
    event_id: str = Field(pattern=r"^\$[!-~]+$", max_length=255)


class _Event(_Sent):
    content: dict[str, Any] = Field(default_factory=dict)
    origin_server_ts: int = 0


class _Replacing(Shape):
    content: dict[str, Any] = Field(default_factory=dict)


class _Relations(Shape):
    replaced: _Replacing | None = Field(None, alias="m.replace")


class _Unsigned(Shape):
    relations: _Relations = Field(_Relations(), alias="m.relations")


class _Seen(Shape):
    content: dict[str, Any] = Field(default_factory=dict)
    unsigned: _Unsigned = _Unsigned()


class _Page(Shape):
    chunk: tuple[_Event, ...]
    end: str | None = None


class Matrix(Connector):
    """Posts are the card as an image with the text as its caption, or a notice.

    A captioned image has no field for alt text (its `body` is the caption, since v1.10), nor has any event one for its
    language. Whether a link's page is shown is up to each reader's server. Posts go to rooms that are not encrypted.
    """

    name: ClassVar[str] = "matrix"
    title: ClassVar[str] = "Matrix"
    steady: ClassVar[tuple[str, ...]] = ("user", "room")
    forms: ClassVar[tuple[Form, ...]] = ("image", "crawled")
    # An event takes 65,536 bytes; an edit says its text four times, twice with HTML's entities: at most twelvefold.
    # 50 MiB of media are Synapse's default; few servers take less.
    limits: ClassVar[Limits] = Limits(
        text=5000, unit="byte", link_in_text=True, alt=0, image_bytes=10_000_000
    )
    # The specification does not say how long a transaction's id is known. Synapse keeps them for 24 hours in its
    # database (1.163, _cleanup_old_transaction_ids), and half an hour in memory, as Dendrite does.
    replay: ClassVar[timedelta] = timedelta(minutes=25)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By a password, used once and not kept, or in the browser where the server wants that; and one room."""
        with Http(server, {}, Anonymous(), self.refine) as http:
            flows = {flow.type for flow in http.read(_Flows, "GET", f"{_V3}/login").flows}
            said = _by_password(desk) if "m.login.password" in flows else _by_browser(desk, http.server)
        with Http(
            server, {"said": said.get("password", said.get("token", ""))}, Anonymous(), self.refine
        ) as http:
            body = {**said, "initial_device_display_name": "syndication"}
            login = http.read(_Login, "POST", f"{_V3}/login", json=body)
        secret = {"access_token": login.access_token, "user": login.user_id}
        room = quote(desk.ask("Room, such as #news:matrix.example"), safe="")
        with Http(server, secret, self.auth(secret), self.refine) as http:
            return {**secret, "room": http.read(_Room, "POST", f"{_V3}/join/{room}", json={}).room_id}

    def auth(self, secret: Secret) -> AuthBase:
        """The login's token, which ends when the session is signed out."""
        return Bearer(secret.get("access_token", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """The pause stands in milliseconds in the body, where it is in no header."""
        if answer.status < 400:
            return None
        said = answer.json()
        limited = isinstance(said, dict) and said.get("errcode") == "M_LIMIT_EXCEEDED"
        if limited and "retry-after" not in answer.headers:
            pause = said.get("retry_after_ms")
            return Verdict(RateLimited, max(0, pause) / 1000 if isinstance(pause, int) else None)
        hints = {401: _RECONNECT, 403: _INVITE}
        return Verdict(Unauthorized, hint=hints[answer.status]) if answer.status in hints else None

    def identify(self, http: Http) -> str:
        """`@user:server`; asks besides whether the room is encrypted."""
        user = http.read(_Who, "GET", f"{_V3}/account/whoami").user_id
        try:
            http.call("GET", f"{_room(http)}/state/m.room.encryption")
        except Refused as refused:
            if not refused.gone:
                raise
            return user
        raise Refused("the room is encrypted, which is for people among themselves", "Choose a public room.")

    def replies(self, secret: Secret | None = None) -> bool:
        """Any of the account's own."""
        return True

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The image first, then the event."""
        content = {**self._content(http, draft, image), _KEY: draft.key}
        if draft.reply_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": draft.reply_to.id}}
        return _receipt(http, http.create(_Sent, "PUT", _send(http, draft.key), json=content))

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """The account's event since the draft was made that carries its key."""
        since = (draft.created - _CLOCKS_APART).timestamp() * 1000
        only = json.dumps({"types": ["m.room.message"], "senders": [http.secret["user"]]})
        asked = {"dir": "b", "limit": str(_PAGE), "filter": only}
        for _ in range(_PAGES):
            page = http.read(_Page, "GET", f"{_room(http)}/messages", params=asked)
            for event in page.chunk:
                if event.content.get(_KEY) == draft.key:
                    return _receipt(http, event)
            if page.end is None or any(event.origin_server_ts < since for event in page.chunk):
                return None
            asked["from"] = page.end
        raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The event as its newest edit says it; link cards are made by those who read it."""
        try:
            seen = http.read(_Seen, "GET", f"{_room(http)}/event/{quote(receipt.id, safe='')}")
        except Refused as refused:
            if not refused.gone:
                raise
            return None
        if "body" not in seen.content:  # what was removed keeps its place, and none of its words
            return None
        newest = seen.unsigned.relations.replaced
        content = newest.content.get("m.new_content", {}) if newest else seen.content
        return Shown(str(content.get("body", "")), image=content.get("msgtype") == "m.image")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """By an event that replaces what the first one says; it goes to readers who know no edits as `* text`."""
        content = self._content(http, draft, image)
        relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": receipt.id}}
        whole = {**content, "body": f"* {draft.text}", "m.new_content": content, **relation}
        whole["formatted_body"] = f"* {content['formatted_body']}"
        http.read(
            _Sent,
            "PUT",
            _send(http, _mark(receipt.id, draft.text, str(draft.card), str(draft.created))),
            json=whole,
        )
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Its edits before the event itself: they are events of their own, and hold the words as well."""
        event = quote(receipt.id, safe="")
        try:
            path = _room(http).replace("/v3/", "/v1/") + f"/relations/{event}/m.replace"
            for edit in http.read(_Page, "GET", path, params={"limit": _PAGE}).chunk:
                _redact(http, edit.event_id)
            _redact(http, receipt.id)
        except Refused as refused:
            if not refused.gone:
                raise

    def revoke(self, http: Http) -> None:
        """Signing the session out ends its token."""
        http.call("POST", f"{_V3}/logout", json={})

    def _content(self, http: Http, draft: Draft, image: bytes | None) -> dict[str, Any]:
        said = {
            "body": draft.text,
            "format": "org.matrix.custom.html",
            "formatted_body": formatted(draft.text),
        }
        file = None if draft.form == "crawled" else self.card_file(draft, image)
        if file is None or draft.card is None:
            return {"msgtype": "m.notice", **said}
        name, data, mime = file
        upload = http.read(
            _Upload, "POST", "/_matrix/media/v3/upload", params={"filename": name}, data=data,
            headers={"Content-Type": mime},
        )  # fmt: skip
        info = {"mimetype": mime, "size": len(data), "w": draft.card.width, "h": draft.card.height}
        return {"msgtype": "m.image", "filename": name, "url": upload.content_uri, "info": info, **said}


def formatted(text: str) -> str:
    """The text as HTML: its links made ones by us, as clients differ on where a link ends."""
    parts, at = [], 0
    for start, end, url in links(text):
        parts += [_escaped(text[at:start]), f'<a href="{html.escape(url)}">{_escaped(url)}</a>']
        at = end
    return "".join([*parts, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _by_password(desk: Dialogue) -> dict[str, Any]:
    user = {"type": "m.id.user", "user": desk.ask("User name")}
    return {"type": "m.login.password", "identifier": user, "password": desk.ask("Password", hidden=True)}


def _by_browser(desk: Dialogue, server: str) -> dict[str, Any]:
    """Single sign-on: the server sends the browser back with a token that is good once."""
    state = secrets.token_urlsafe(32)
    back = f"{desk.redirect()}?{urlencode({'state': state})}"
    url = f"{server}{_V3}/login/sso/redirect?{urlencode({'redirectUrl': back})}"
    return {"type": "m.login.token", "token": desk.visit(url, "state", state).get("loginToken", "")}


def _room(http: Http) -> str:
    return f"{_V3}/rooms/{quote(http.secret['room'], safe='')}"


def _send(http: Http, transaction: str) -> str:
    return f"{_room(http)}/send/m.room.message/{transaction}"


def _mark(*parts: str) -> str:
    """A transaction's id for a deed that may be repeated: the same for the same."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _redact(http: Http, event: str) -> None:
    path = f"{_room(http)}/redact/{quote(event, safe='')}/{_mark('redact', event)}"
    http.call("PUT", path, json={})


def _receipt(http: Http, sent: _Sent) -> Receipt:
    place = f"{quote(http.secret['room'], safe='!')}/{quote(sent.event_id, safe='')}"
    via = http.secret["user"].partition(":")[2]
    return Receipt(id=sent.event_id, url=f"https://matrix.to/#/{place}?via={via}")
