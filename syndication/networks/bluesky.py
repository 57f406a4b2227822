"""Bluesky: any AT Protocol server, by OAuth or app password (atproto.com and its lexicons, read 2026-11)."""

import json
import logging
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import Field
from requests.auth import AuthBase

from syndication.errors import DeliveryError, NotSent, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks import repo, standard_site
from syndication.networks.atproto import allow_atproto, disallow, keep_allowed, places
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.dpop import Proof, wants_nonce
from syndication.networks.facets import TAG, facets
from syndication.networks.http import Http, Shape
from syndication.networks.life import Life, life_of
from syndication.networks.login import stranger
from syndication.networks.rates import Told, trio
from syndication.networks.repo import Written, xrpc
from syndication.networks.standard_site import Beside
from syndication.networks.transport import Answer
from syndication.text import clip, language_tag

log = logging.getLogger(__name__)

_COLLECTION = "app.bsky.feed.post"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Session(Shape):
    """What createSession and refreshSession answer (com.atproto.server)."""

    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    accessJwt: str = Field(min_length=1)  # noqa: N815 - the lexicon's names
    refreshJwt: str = Field(min_length=1)  # noqa: N815


class _Resolved(Shape):
    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")


class _Whose(Shape):
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]+$")


class _External(Shape):
    uri: str
    title: str
    thumb: dict[str, Any] | None = None
    associatedRefs: tuple[dict[str, str], ...] = ()  # noqa: N815


class _Embed(Shape):
    external: _External | None = None
    images: tuple[Any, ...] = ()


class _Said(Shape):
    """What of a post's record readers see."""

    text: str = ""
    embed: _Embed = _Embed()


class Bluesky(Connector):
    """Posts are text with a link card of our own making: the card as its thumbnail."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    server: ClassVar[str] = "https://bsky.social"
    forms: ClassVar[tuple[Form, ...]] = ("made", "image")
    # app.bsky.feed.post, app.bsky.embed.external and .images. A link card's thumbnail has no description, and half
    # the bytes that a picture may have: a card fits both.
    limits: ClassVar[Limits] = Limits(
        text=300, text_bytes=3000, link_in_text=False, alt=2000, image_bytes=1_000_000, hashtags=8
    )
    # The key is the record's own: the same post can never stand there twice.
    replay: ClassVar[timedelta] = timedelta(days=3650)
    rates: ClassVar[tuple[Told, ...]] = (trio("ratelimit-"),)
    settle: ClassVar[timedelta] = timedelta(seconds=2)
    steady: ClassVar[tuple[str, ...]] = ("did",)
    # By OAuth a session may last no longer than two weeks.
    notice: ClassVar[timedelta] = timedelta(days=3)
    records: ClassVar[Mapping[str, str]] = MappingProxyType(standard_site.SCOPES)

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By OAuth in the browser, or by an app password, which is used once and not kept."""
        who = desk.ask("Handle").removeprefix("@")
        lasting = (
            "it is then good as long as it is used"
            if desk.own_client()
            else "Bluesky ends that after two weeks, unless `public` in [serve] is set"
        )
        desk.say(
            "An app password is good until you delete it: Settings, Privacy and security, App passwords. "
            f"To let us in by your browser instead, answer `browser`; {lasting}."
        )
        password = desk.ask("App password, or browser", hidden=True)
        if password == "browser":  # noqa: S105 - no password at all
            return allow_atproto(desk, server, who)
        said = {"identifier": who, "password": password}
        with stranger(server, {"password": password}) as http:
            return http.read(_Session, "POST", f"{repo.XRPC}server.createSession", json=said).model_dump()

    def auth(self, secret: Secret) -> AuthBase:
        """The session's access token, good for about two hours; OAuth's is bound to a key."""
        if "dpop_key" in secret:
            return Proof(secret["dpop_key"], secret.get("access_token", ""))
        return Bearer(secret.get("accessJwt", ""))

    def named(self, secret: Secret) -> tuple[str, ...]:
        """By OAuth: where the account lives and where its tokens are renewed."""
        return places(secret)

    def refine(self, answer: Answer) -> Verdict | None:
        """By the name of the error. A proof that has grown old says nothing of the token."""
        if wants_nonce(answer.headers.get("www-authenticate", "")):
            return Verdict(NotSent)
        said = answer.json() if answer.status >= 400 else None
        name = said.get("error") if isinstance(said, dict) else None
        kind = repo.ERRORS.get(name) if isinstance(name, str) else None
        return Verdict(kind) if kind else None

    def fresh(self, http: Http) -> None:
        """A session's access token lasts two hours, and only the server says whether it still does."""
        if "dpop_key" in http.secret:
            keep_allowed(http)
        else:
            _alive(http)

    def life(self, secret: Secret) -> Life:
        """Of a session, as its two tokens say; by OAuth as its answer said."""
        if "dpop_key" in secret:
            # A client with a key of its own may renew for years, one without for two weeks.
            return replace(life_of(secret), moves="client_key" in secret)
        access, ends = (_over(secret.get(name, "")) for name in ("accessJwt", "refreshJwt"))
        return Life(ends, access, moves=True)

    def identify(self, http: Http) -> str:
        """`@handle`."""
        return f"@{http.read(_Whose, 'GET', xrpc(http, 'server.getSession')).handle}"

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """Beside a picture there is no link card: the link stands in the text."""
        return limits.model_copy(update={"link_in_text": form == "image"})

    def read_limits(self, http: Http) -> Limits:
        """The lexicon's; servers do not differ."""
        return self.limits

    def replies(self, secret: Secret | None = None) -> bool:
        """Any of the account's own."""
        return True

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """Under the draft's own record key, and only if nothing stands there yet."""
        blob = self._upload(http, draft, image)
        story, fault = _beside(http, draft, blob)
        record = _post(http, draft, blob, story)
        body = {**_at(http, draft), "record": record, "swapRecord": None}
        try:
            written = http.create(Written, "POST", xrpc(http, "repo.putRecord"), json=body)
        except repo.Swapped as taken:
            if (found := _standing(http, draft)) is None:
                raise Refused(f"another post stands at the key of this one: {taken.message}") from None
            written = found
        try:
            if story:
                story.write(http, written)
        except DeliveryError as error:
            fault = error
        if fault:  # the post is out, which counts; who reads it back sees what is missing, and mends it
            log.warning("no record of the story beside its post", extra={"why": fault.message})
        return _receipt(http, written)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """The record at the draft's key, if it is the draft's."""
        record = _standing(http, draft)
        return _receipt(http, record) if record else None

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The record, with its link card or its picture."""
        record = repo.get(http, repo.place_of(receipt.id))
        if record is None:
            return None
        said = _Said.model_validate(record.value)
        if card := said.embed.external:
            refs = list(card.associatedRefs)
            kept = standard_site.stands(http, refs) if standard_site.may_keep(http.secret) else None
            return Shown(said.text, card.uri, card.title, card.thumb is not None, kept)
        return Shown(said.text, image=bool(said.embed.images))

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """The record anew, with the time it was first posted."""
        place = repo.place_of(receipt.id)
        current = repo.get(http, place)
        if current is None:
            raise Refused(
                "the post is no longer there", "It was removed at Bluesky; nothing is left to edit."
            )
        blob = self._upload(http, draft, image)
        story, fault = _beside(http, draft, blob)
        record = {**_post(http, draft, blob, story), "createdAt": current.value.get("createdAt")}
        written = repo.put(http, place, record, swapRecord=current.cid)
        if fault:
            raise fault
        if story:
            story.write(http, written)
        return _receipt(http, written)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """The server takes the removal of a record that is gone for done."""
        repo.delete(http, repo.place_of(receipt.id))

    def unrecord(self, http: Http, draft: Draft) -> None:
        """The document goes, and the paper's own record stays."""
        standard_site.remove(http, draft)

    def revoke(self, http: Http) -> None:
        """The session of an app password is deleted, by what renews it; what OAuth gave is given back."""
        if "dpop_key" in http.secret:
            return disallow(http)
        http.call("POST", xrpc(http, "server.deleteSession"), auth=Bearer(http.secret.get("refreshJwt", "")))
        return None

    def _upload(self, http: Http, draft: Draft, image: bytes | None) -> dict[str, Any] | None:
        card = self.card_file(draft, image)
        return repo.upload(http, *card[1:]) if card else None


def _alive(http: Http) -> None:
    """Make sure of the session before anything is sent: renew it if its access token is over."""
    try:
        http.call("GET", xrpc(http, "server.getSession"))
    except repo.Expired:
        _renew(http)


def _over(token: str) -> float | None:
    """When a session's token is over, by its own word (RFC 7519, `exp`); None if it does not say."""
    try:
        over = float(json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))["exp"])
    except (ValueError, LookupError, TypeError):
        return None
    return over if 0 < over < 1e11 else None


def _renew(http: Http) -> None:
    auth = Bearer(http.secret.get("refreshJwt", ""))
    try:
        session = http.read(_Session, "POST", xrpc(http, "server.refreshSession"), auth=auth)
    except (repo.Expired, Refused) as over:
        raise Unauthorized(
            f"the session is over: {over.message}",
            "Connect the account again: syndicate connect bluesky",
            status=over.status,
        ) from None
    http.renew(session.model_dump(), Bearer(session.accessJwt))


def _at(http: Http, draft: Draft) -> dict[str, str]:
    return {"repo": http.secret["did"], "collection": _COLLECTION, "rkey": record_key(draft)}


def _standing(http: Http, draft: Draft) -> repo.Record | None:
    """The record at the draft's key, if it is the draft's."""
    record = repo.get(http, _at(http, draft))
    return record if record and record.value.get("createdAt") == repo.stamp(draft.created) else None


def _receipt(http: Http, written: Written) -> Receipt:
    key = written.uri.rpartition("/")[2]
    url = f"https://bsky.app/profile/{http.secret['handle']}/post/{key}"
    return Receipt(id=written.uri, url=url, version=written.cid)


def record_key(draft: Draft) -> str:
    """The draft's record key: a TID (atproto.com/specs/tid), 13 characters that sort by time.

    The time is the draft's to the millisecond; what a TID has beyond that comes from the draft's key, so that two
    drafts of one millisecond get different ones.
    """
    mark = int(draft.key[:16], 16)
    # Counted in whole numbers: a float of seconds can be a millisecond short.
    micros = (draft.created - _EPOCH) // timedelta(milliseconds=1) * 1000 + mark % 1000
    number = micros << 10 | (mark // 1000) % 1024
    return repo.tid(number)


def _whose(http: Http, handle: str) -> str:
    try:
        path = xrpc(http, "identity.resolveHandle")
        return http.read(_Resolved, "GET", path, params={"handle": handle}, auth=Anonymous()).did
    except Refused:
        return ""


def _beside(
    http: Http, draft: Draft, blob: dict[str, Any] | None
) -> tuple[Beside | None, DeliveryError | None]:
    """The story's record as it is to stand, if it is to; else what was wrong, which is no reason to keep the post."""
    if not standard_site.is_kept(draft, http.secret):
        return None, None
    try:
        return standard_site.beside(http, draft, blob), None
    except DeliveryError as error:
        return None, error


def _post(http: Http, draft: Draft, blob: dict[str, Any] | None, story: Beside | None) -> dict[str, Any]:
    return {
        "$type": _COLLECTION,
        "text": draft.text,
        "facets": facets(draft.text, lambda handle: _whose(http, handle)),
        "langs": [language_tag(draft.language)],
        **_tags(draft),
        **_embed(draft, blob, story),
        **_reply(draft),
        "createdAt": repo.stamp(draft.created),
    }


def _reply(draft: Draft) -> dict[str, Any]:
    """What it answers: a post of ours that itself answers nothing, and so is the root as well."""
    if draft.reply_to is None:
        return {}
    answered = {"uri": draft.reply_to.id, "cid": draft.reply_to.version}
    return {"reply": {"root": answered, "parent": answered}}


def _tags(draft: Draft) -> dict[str, list[str]]:
    """Those that the lexicon takes: at most eight, of 64 graphemes."""
    tags = [tag for tag in dict.fromkeys(draft.tags) if tag and len(tag) <= TAG][:8]
    return {"tags": tags} if tags else {}


def _embed(draft: Draft, blob: dict[str, Any] | None, story: Beside | None) -> dict[str, Any]:
    """The link card, or the card as a picture with its description."""
    if draft.form != "image":
        external = {"uri": draft.link, "title": draft.title, "description": draft.description}
        thumb = {"thumb": blob} if blob else {}
        refs = {"associatedRefs": story.refs} if story else {}
        return {"embed": {"$type": "app.bsky.embed.external", "external": {**external, **thumb, **refs}}}
    if draft.card is None or blob is None:
        return {}
    alt = clip(draft.alt, Bluesky.limits.alt, draft.language)
    ratio = {"width": draft.card.width, "height": draft.card.height}
    shown = {"image": blob, "alt": alt, "aspectRatio": ratio}
    return {"embed": {"$type": "app.bsky.embed.images", "images": [shown]}}
