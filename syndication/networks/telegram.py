"""Telegram channels, by a bot that is their administrator (core.telegram.org/bots/api, version 10.1 of 2026-06-11)."""

import json
import re
from typing import Any, ClassVar

import requests
from pydantic import Field
from requests.auth import AuthBase

from syndication.errors import InputError, NotSent, RateLimited, Refused, Unauthorized, Unsupported
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.base import Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.transport import Answer

_CHAT_ID = r"^-?\d{1,20}$"
_NAME = r"^[A-Za-z0-9_]{3,64}$"
_PHOTO = "photo"
_RIGHTS = "Make the bot an administrator of the channel who may post messages."
# Telegram has no codes beyond the status; its descriptions are English for everyone, alike in 2026-11 in its server's
# source (tdlib/telegram-bot-api) and in vrumger/telegram-errors.
_NO_ACCESS = (
    "chat not found", "need administrator rights", "not enough rights to", "have no rights to",
    "CHANNEL_PRIVATE", "CHAT_WRITE_FORBIDDEN", "CHAT_ADMIN_REQUIRED",
)  # fmt: skip


class _Moved(NotSent):
    """The group has another id now: its hint."""


class _Chat(Shape):
    id: str = Field(pattern=_CHAT_ID)
    type: str = ""
    title: str = ""
    username: str = Field("", pattern=f"{_NAME}|^$")


class _Message(Shape):
    message_id: str = Field(pattern=r"^\d{1,20}$")
    chat: _Chat

    def receipt(self, kind: str) -> Receipt:
        """With the address that Telegram gives posts: by the channel's name, else for its members only."""
        place = self.chat.username or f"c/{self.chat.id.removeprefix('-100')}"
        return Receipt(id=self.message_id, url=f"https://t.me/{place}/{self.message_id}", version=kind)


class _Posted(Shape):
    result: _Message


class _Found(Shape):
    result: _Chat


class _Member(Shape):
    status: str
    can_post_messages: bool = False


class _Membership(Shape):
    result: _Member


class _BotToken(AuthBase):
    """The token, which stands in the path of each request: put there last, so that no word of ours can hold it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.url = (request.url or "").replace("/bot/", f"/bot{self._token}/", 1)
        return request


class Telegram(Connector):
    """Posts show the page's own card for their link, or the card as a photo with the text as its caption.

    A post has no field for alt text or language. Bots cannot read a channel, so a post whose answer was lost is
    for an editor to look for. Links, hashtags and mentions become clickable at Telegram's end; no entities are sent.
    """

    name: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    leave: ClassVar[str] = (
        "Take the bot's rights in the channel, or have @BotFather make a new token: /revoke."
    )
    steady: ClassVar[tuple[str, ...]] = ("chat",)
    server: ClassVar[str] = "https://api.telegram.org"
    forms: ClassVar[tuple[Form, ...]] = ("crawled", "image")
    # Counted in UTF-16 units, as the offsets of entities are.
    limits: ClassVar[Limits] = Limits(
        text=4096, unit="utf16", link_in_text=True, alt=0, image_bytes=10_000_000, hashtags=3
    )

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By the bot's token; the channel is kept by its number, which outlives a change of name."""
        desk.say("A bot is made by writing to @BotFather, who tells its token. " + _RIGHTS)
        secret = {"token": desk.ask("Bot token", hidden=True)}
        if not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{20,100}", secret["token"]):
            raise InputError(
                "that is no bot's token", "It looks like 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw."
            )
        chat = desk.ask("Channel, such as @meridian, or its number").removeprefix("https://t.me/")
        chat = chat if chat.startswith(("@", "-")) else f"@{chat}"
        with open_http(self, server, secret) as http:
            return {**secret, "chat": _chat(http, chat).id}

    def auth(self, secret: Secret) -> AuthBase:
        """The bot's token, which ends when @BotFather is asked for a new one."""
        return _BotToken(secret.get("token", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """Pauses and new ids stand in the body; a missing right can come as 400, a dead token as 404."""
        said = answer.json()
        if answer.status < 300 or not isinstance(said, dict):
            return None
        told = said.get("parameters")
        told = told if isinstance(told, dict) else {}
        if isinstance(moved := told.get("migrate_to_chat_id"), int):
            return Verdict(_Moved, hint=str(moved))
        if answer.status == 429 and isinstance(seconds := told.get("retry_after"), int | float):
            return Verdict(RateLimited, max(0.0, float(seconds)))
        if answer.status in (401, 404):
            return Verdict(
                Unauthorized, hint="Connect the account again with the bot's token from @BotFather."
            )
        if answer.status == 403 or any(words in str(said.get("description")) for words in _NO_ACCESS):
            return Verdict(Unauthorized, hint=_RIGHTS)
        return None

    def identify(self, http: Http) -> str:
        """The channel's `@name`, or its title where it is private; asks besides whether the bot may post there."""
        chat = _chat(http, http.secret["chat"])
        asked = {"chat_id": chat.id, "user_id": http.secret["token"].partition(":")[0]}
        member = http.read(_Membership, "GET", "/bot/getChatMember", params=asked).result
        if chat.type == "channel" and not (member.can_post_messages or member.status == "creator"):
            raise Unauthorized(f"the bot may not post in {chat.title or chat.id}", _RIGHTS)
        return f"@{chat.username}" if chat.username else chat.title or chat.id

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """A caption is shorter than a message."""
        return limits.model_copy(update={"text": 1024}) if form == "image" else limits

    def replies(self, secret: Secret | None = None) -> bool:
        """Any of the account's own."""
        return True

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """A photo with a caption, or a message that shows the page's card."""
        photo = self.card_file(draft, image) if draft.form == "image" else None
        try:
            if photo:
                body = {"chat_id": http.secret["chat"], "caption": draft.text}
                posted = http.create(_Posted, "POST", "/bot/sendPhoto", data=body, files={"photo": photo})
            else:
                posted = http.create(
                    _Posted, "POST", "/bot/sendMessage", json={**_text(http, draft), **_answering(draft)}
                )
        except _Moved as moved:
            http.renew({**http.secret, "chat": moved.hint}, http.auth)
            raise NotSent(moved.message, status=moved.status) from None
        return posted.result.receipt(_PHOTO if photo else "")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """A post stays a photo or a text, as it was made; Telegram sets no end to changing a channel's posts."""
        try:
            if receipt.version != _PHOTO:
                return self._edited(
                    http, receipt, "editMessageText", json={**_text(http, draft), **_at(receipt)}
                )
            if photo := self.card_file(draft, image):
                media = {"type": "photo", "media": "attach://card", "caption": draft.text}
                body = {"chat_id": http.secret["chat"], **_at(receipt), "media": json.dumps(media)}
                return self._edited(http, receipt, "editMessageMedia", data=body, files={"card": photo})
            caption = {"chat_id": http.secret["chat"], **_at(receipt), "caption": draft.text}
            return self._edited(http, receipt, "editMessageCaption", json=caption)
        except Refused as refused:
            if "message is not modified" not in refused.message:
                raise
            return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Within 48 hours; what is older can only be changed, which is an editor's decision."""
        body = {"chat_id": http.secret["chat"], **_at(receipt)}
        try:
            http.call("POST", "/bot/deleteMessage", json=body)
        except Refused as refused:
            if "message can't be deleted" in refused.message:
                raise Unsupported(
                    "Telegram lets a bot remove a post within 48 hours only",
                    "Remove it by hand there, or share a correction, which changes its words.",
                ) from None
            if "message to delete not found" not in refused.message:
                raise

    def _edited(self, http: Http, receipt: Receipt, method: str, **parts: Any) -> Receipt:
        return http.read(_Posted, "POST", f"/bot/{method}", **parts).result.receipt(receipt.version)


def _chat(http: Http, chat: str) -> _Chat:
    return http.read(_Found, "GET", "/bot/getChat", params={"chat_id": chat}).result


def _text(http: Http, draft: Draft) -> dict[str, Any]:
    preview = {"url": draft.link, "prefer_large_media": True}
    return {"chat_id": http.secret["chat"], "text": draft.text, "link_preview_options": preview}


def _answering(draft: Draft) -> dict[str, Any]:
    return {"reply_parameters": {"message_id": int(draft.reply_to.id)}} if draft.reply_to else {}


def _at(receipt: Receipt) -> dict[str, int]:
    return {"message_id": int(receipt.id)}
