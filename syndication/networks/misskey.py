"""Misskey and its forks, Sharkey above all (their code, read 2026-11; never run against a real server)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from pydantic import Field, RootModel
from requests.auth import AuthBase

from syndication.errors import CannotTell, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.http import Http, Shape
from syndication.networks.login import stranger
from syndication.networks.nodeinfo import software_of
from syndication.networks.transport import Answer
from syndication.text import clip
from syndication.text.same import same

_PERMISSIONS = "read:account,write:notes,write:drive"
_PAGE = 100
_PAGES = 10
_CLOCKS_APART = timedelta(minutes=10)
_EDITING = frozenset({"sharkey"})
"""Who has notes/edit (Sharkey's code); Misskey itself edits nothing."""

_Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


class _Missing(Refused):
    """There is no such note."""


# By the code of ApiError: before 2023 all of these came with status 400 or 403 alike.
_CODES: dict[str, Verdict] = {
    **dict.fromkeys(
        ["AUTHENTICATION_FAILED", "CREDENTIAL_REQUIRED", "PERMISSION_DENIED"],
        Verdict(Unauthorized, hint="Connect the account again: syndicate connect misskey"),
    ),
    **dict.fromkeys(
        ["YOUR_ACCOUNT_SUSPENDED", "YOUR_ACCOUNT_MOVED", "ACCOUNT_LOCKED", "ROLE_PERMISSION_DENIED"],
        Verdict(Unauthorized, hint="Ask the server's administrators: it lets this account post nothing."),
    ),
    "NO_FREE_SPACE": Verdict(Unauthorized, hint="Its drive is full: delete files of the account there."),
    "NO_SUCH_NOTE": Verdict(_Missing),
}


class _User(Shape):
    id: _Id
    username: str = Field(pattern=r"^\w{1,128}$")


class _Allowed(Shape):
    ok: bool = False
    token: str = ""
    user: _User | None = None


class _File(Shape):
    id: _Id
    comment: str | None = None


class _Note(Shape):
    id: _Id
    text: str | None = None
    created_at: datetime = Field(alias="createdAt")


class _Seen(Shape):
    text: str | None = None
    files: tuple[_File, ...] = ()


class _Created(Shape):
    note: _Note = Field(alias="createdNote")


class _Notes(RootModel[list[_Note]]):
    pass


class _Meta(Shape):
    longest: int = Field(3000, alias="maxNoteTextLength", ge=100, le=1_000_000)


class Misskey(Connector):
    """Notes carry the card as a file of the account's drive, and the link in their text."""

    name: ClassVar[str] = "misskey"
    title: ClassVar[str] = "Misskey"
    leave: ClassVar[str] = "End it there: Settings, Connected apps."
    # Without a file, what readers see makes the link card from the page.
    forms: ClassVar[tuple[Form, ...]] = ("image", "crawled")
    # Misskey counts code points, Sharkey UTF-16 units: whatever fits the latter fits both. A drive file's comment
    # has 512 characters, an upload 10 MB where an administrator says nothing else.
    limits: ClassVar[Limits] = Limits(
        text=3000, unit="utf16", link_in_text=True, alt=512, image_bytes=10_000_000, hashtags=30
    )

    steady: ClassVar[tuple[str, ...]] = ("user_id",)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By MiAuth: a session that we name, which the person allows in their browser."""
        with stranger(server) as http:
            software = software_of(http, self.name)
        session, callback = str(uuid4()), desk.redirect()
        asked = urlencode({"name": "syndication", "callback": callback, "permission": _PERMISSIONS})
        desk.visit(f"{server}/miauth/{session}?{asked}", "session", session)
        with stranger(server, {"session": session}) as http:
            said = http.read(_Allowed, "POST", f"/api/miauth/{session}/check", json={})
        if not (said.ok and said.token and said.user):
            raise Refused("access was not given", "Start again and choose to accept.")
        return {"access_token": said.token, "user_id": said.user.id, "software": software}

    def auth(self, secret: Secret) -> AuthBase:
        """The account's token, which does not expire; taken as a bearer since Misskey 13 (2023)."""
        return Bearer(secret.get("access_token", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """By the code of the error."""
        said = answer.json() if answer.status >= 400 else None
        error = said.get("error") if isinstance(said, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return _CODES.get(code) if isinstance(code, str) else None

    def identify(self, http: Http) -> str:
        """`@user@server`."""
        return f"@{http.read(_User, 'POST', '/api/i', json={}).username}@{urlsplit(http.server).netloc}"

    def read_limits(self, http: Http) -> Limits:
        """The server's longest note; its software is kept by the way."""
        software = software_of(http, self.name)
        if software and software != http.secret.get("software"):
            http.renew({**http.secret, "software": software}, http.auth)
        meta = http.read(_Meta, "POST", "/api/meta", json={"detail": False})
        return self.limits.model_copy(update={"text": meta.longest})

    def replies(self, secret: Secret | None = None) -> bool:
        """Any of the account's own."""
        return True

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The file first, then the note."""
        body = {**self._body(http, draft, image), "visibility": "public"}
        if draft.reply_to:
            body["replyId"] = draft.reply_to.id
        return _receipt(http, http.create(_Created, "POST", "/api/notes/create", json=body).note)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the account's own notes since the draft was made, the one that says the same."""
        since = draft.created.astimezone(UTC) - _CLOCKS_APART
        asked: dict[str, object] = {
            "userId": http.secret["user_id"],
            "limit": _PAGE,
            "withRenotes": False,
            "withReplies": True,
        }
        start: dict[str, object] = {"sinceDate": int(since.timestamp() * 1000)}
        for _ in range(_PAGES):
            # Older ones first, as always where a beginning is named.
            page = http.read(_Notes, "POST", "/api/users/notes", json={**asked, **start}).root
            for note in page:
                if note.created_at >= since and same(note.text or "", draft.text):
                    return _receipt(http, note)
            if not page:
                return None
            start = {"sinceId": page[-1].id}
        raise CannotTell(f"the account has posted more than {_PAGE * _PAGES} times since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The note and whether it has a file; link cards are made by those who read it."""
        try:
            note = http.read(_Seen, "POST", "/api/notes/show", json={"noteId": receipt.id})
        except _Missing:
            return None
        return Shown(note.text or "", image=True if note.files else None)

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """At Sharkey: text and file anew."""
        if http.secret.get("software") not in _EDITING:
            return super().edit(http, receipt, draft, image)
        body = {**self._body(http, draft, image), "editId": receipt.id, "visibility": "public"}
        return _receipt(http, http.read(_Created, "POST", "/api/notes/edit", json=body).note)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """The note; its file stays in the drive."""
        try:
            http.call("POST", "/api/notes/delete", json={"noteId": receipt.id})
        except _Missing:
            return

    def _body(self, http: Http, draft: Draft, image: bytes | None) -> dict[str, object]:
        card = None if draft.form == "crawled" else self.card_file(draft, image)
        return {"text": draft.text, **({"fileIds": [self._upload(http, draft, card)]} if card else {})}

    def _upload(self, http: Http, draft: Draft, card: tuple[str, bytes, str]) -> str:
        """The file's id. The same bytes are the same file there, with the description it had before."""
        alt = clip(draft.alt, self.limits.alt, draft.language)
        said = {"name": card[0], **({"comment": alt} if alt else {})}
        file = http.read(_File, "POST", "/api/drive/files/create", files={"file": card}, data=said)
        if alt and file.comment != alt:
            http.call("POST", "/api/drive/files/update", json={"fileId": file.id, "comment": alt})
        return file.id


def _receipt(http: Http, note: _Note) -> Receipt:
    return Receipt(id=note.id, url=f"{http.server}/notes/{quote(note.id, safe='')}")
