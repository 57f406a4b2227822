"""Discord: one channel, by its webhook or by a bot (discord.com/developers/docs, API v10, read 2026-08 and 2026-11)."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import regex
import requests
from pydantic import Field, RootModel
from requests.auth import AuthBase

from syndication.errors import CannotTell, InputError, RateLimited, Refused, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.http import USER_AGENT, Http, Shape, open_http
from syndication.networks.login import choose
from syndication.networks.rates import Told
from syndication.networks.transport import Answer
from syndication.text import clip, links
from syndication.text.same import same

_API = "/api/v10"
_WEBHOOK = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d{1,20})/([\w-]{20,200})/?"
)
_SUPPRESS_EMBEDS = 1 << 2
_POSTABLE = (0, 5)  # text channels and announcement channels
_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_CLOCKS_APART = timedelta(minutes=10)
_PAGE = 100
_PAGES = 10
# What Discord reads as markup: these anywhere, and at a line's start quotes, headings, lists and small print.
_MARKUP = regex.compile(r"[\\*_~`|\[<]|^[>#\-+](?=[\s#>-])|^>(?=>)", regex.MULTILINE)

_GONE = "The webhook or channel is gone, or its token was changed: connect the account again."
_RIGHTS = "Give the bot the right to view the channel, send messages, attach files and read the history."
# docs/topics/opcodes-and-status-codes, JSON error codes.
_CODES: dict[int, Verdict] = {
    10003: Verdict(Unauthorized, hint=_GONE),
    10015: Verdict(Unauthorized, hint=_GONE),
    50014: Verdict(Unauthorized, hint=_GONE),
    50027: Verdict(Unauthorized, hint=_GONE),
    50001: Verdict(Unauthorized, hint=_RIGHTS),
    50013: Verdict(Unauthorized, hint=_RIGHTS),
    20016: Verdict(RateLimited),  # slow mode
    20022: Verdict(RateLimited),  # edits in announcement channels
    20028: Verdict(RateLimited),  # writes to one channel
    40062: Verdict(RateLimited),
}


class _Snowflake(Shape):
    id: str = Field(pattern=r"^\d{1,20}$")


class _Named(_Snowflake):
    name: str = ""
    type: int = 0
    guild_id: str = Field("", pattern=r"^\d{0,20}$")


class _Places(RootModel[list[_Named]]):
    pass


class _Message(_Snowflake):
    channel_id: str = Field(pattern=r"^\d{1,20}$")
    content: str = ""
    nonce: str = ""
    author: _Snowflake | None = None


class _Embedded(Shape):
    url: str = ""
    title: str = ""
    image: dict[str, Any] | None = None
    thumbnail: dict[str, Any] | None = None


class _Seen(Shape):
    content: str = ""
    embeds: tuple[_Embedded, ...] = ()
    attachments: tuple[_Snowflake, ...] = ()


class _Messages(RootModel[list[_Message]]):
    pass


class _Whoever(AuthBase):
    """A bot's token, or none as a webhook's stands in the path; and the name that Discord asks programs to give."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["User-Agent"] = f"DiscordBot ({USER_AGENT.replace('/', ', ')})"
        if self._token:
            request.headers["Authorization"] = f"Bot {self._token}"
        return request


class Discord(Connector):
    """Posts show a card of our own making, the card as a described image, or the page's own card for their link.

    A webhook cannot read, so what it lost the answer of is for an editor to look for; a bot looks for itself. A bot
    sends its key as an enforced nonce, which Discord knows for "the past few minutes": no time that could be relied
    on, but it stops what is sent twice at once. Nobody is ever mentioned. There is no field for a language. A post in
    an announcement channel stays in it: passing it on to its followers is a request of its own, which we do not make.
    """

    name: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    leave: ClassVar[str] = "Delete the webhook in the channel's settings, or remove the bot from the server."
    steady: ClassVar[tuple[str, ...]] = ("guild", "channel", "webhook")
    server: ClassVar[str] = "https://discord.com"
    forms: ClassVar[tuple[Form, ...]] = ("made", "image", "crawled")
    limits: ClassVar[Limits] = Limits(
        text=2000, unit="character", link_in_text=False, alt=1024, image_bytes=10_485_760
    )
    rates: ClassVar[tuple[Told, ...]] = (
        Told("x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset-after"),
    )

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By a webhook's address, or a bot's token and one of the channels it can see."""
        desk.say(
            "A webhook is made in the channel's settings, Integrations. A bot is made at "
            "discord.com/developers, and can besides find a post whose answer was lost."
        )
        said = desk.ask("Webhook URL or bot token", hidden=True)
        if hook := _WEBHOOK.fullmatch(said):
            secret = {"webhook": hook[1], "webhook_token": hook[2]}
            with open_http(self, server, secret) as http:
                return {**secret, "guild": http.read(_Named, "GET", _place(secret)).guild_id}
        if "/" in said:
            raise InputError("that is neither a webhook's address nor a bot's token", "Copy it whole.")
        with open_http(self, server, {"token": said}) as http:
            user = http.read(_Snowflake, "GET", f"{_API}/users/@me").id
            guild = _pick(http, desk, "server", f"{_API}/users/@me/guilds")
            channel = _pick(http, desk, "channel", f"{_API}/guilds/{guild}/channels")
        return {"token": said, "user": user, "guild": guild, "channel": channel}

    def auth(self, secret: Secret) -> AuthBase:
        """A bot's token; a webhook's is a part of its address."""
        return _Whoever(secret.get("token", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """By the code in the body, where the pause stands as well, to the millisecond."""
        said = answer.json() if answer.status >= 400 else None
        if not isinstance(said, dict):
            return None
        if answer.status == 429 and isinstance(seconds := said.get("retry_after"), int | float):
            return Verdict(RateLimited, max(0.0, float(seconds)))
        code = said.get("code")
        return _CODES.get(code) if isinstance(code, int) else None

    def deeds(self, secret: Secret) -> frozenset[str]:
        """A webhook cannot read."""
        return super().deeds(secret) - ({"find"} if "webhook" in secret else set())

    def identify(self, http: Http) -> str:
        """The webhook's name, or the bot's `#channel`."""
        named = http.read(_Named, "GET", _place(http.secret))
        return named.name if "webhook" in http.secret else f"#{named.name}"

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """The link stands in the text unless we make its card."""
        return limits.model_copy(update={"link_in_text": form != "made"})

    def replies(self, secret: Secret | None = None) -> bool:
        """A bot's; a webhook only posts."""
        return secret is None or "webhook" not in secret

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """One message with everything."""
        if "webhook" in http.secret:
            # Unless it waits for the message, a webhook answers before it is known whether there is one.
            posts, extra, query = _place(http.secret), {}, {"wait": "true"}
        else:
            posts, query = f"{_place(http.secret)}/messages", {}
            extra = {"nonce": draft.key[:25], "enforce_nonce": True}
            if draft.reply_to:
                extra["message_reference"] = {"message_id": draft.reply_to.id}
        parts = self._parts(draft, image, **extra)
        return _receipt(http, http.create(_Message, "POST", posts, params=query, **parts))

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the bot's own messages since the draft was made."""
        if "webhook" in http.secret:
            raise CannotTell("a webhook cannot read its channel")
        path = f"{_place(http.secret)}/messages"
        after = int((draft.created - _CLOCKS_APART - _EPOCH).total_seconds() * 1000) << 22
        for _ in range(_PAGES):
            asked = {"limit": _PAGE, "after": after}
            page = http.read(_Messages, "GET", path, params=asked).root
            for message in page:
                ours = message.author and message.author.id == http.secret["user"]
                if ours and (message.nonce == draft.key[:25] or same(message.content, draft.text)):
                    return _receipt(http, message)
            if len(page) < _PAGE:
                _must_read(http, path)
                return None
            after = max(int(message.id) for message in page)
        raise CannotTell(f"the channel has more than {_PAGE * _PAGES} messages since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """The message with its card, ours or the one that Discord made of the page; a webhook may read its own."""
        try:
            seen = http.read(_Seen, "GET", f"{_place(http.secret)}/messages/{receipt.id}")
        except Refused as refused:
            if not refused.gone:
                raise
            return None
        if not seen.embeds:
            return Shown(seen.content, image=bool(seen.attachments))
        card = seen.embeds[0]
        return Shown(seen.content, card.url, card.title, bool(card.image or card.thumbnail))

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Text, card and image anew; what is not named again is taken off."""
        path = f"{_place(http.secret)}/messages/{receipt.id}"
        return _receipt(http, http.read(_Message, "PATCH", path, **self._parts(draft, image)))

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """At any age."""
        try:
            http.call("DELETE", f"{_place(http.secret)}/messages/{receipt.id}")
        except Refused as refused:
            if not refused.gone:
                raise

    def _parts(self, draft: Draft, image: bytes | None, **extra: Any) -> dict[str, Any]:
        """The message as the parts of a request."""
        form = draft.form or self.forms[0]
        file = None if form == "crawled" else self.card_file(draft, image)
        alt = clip(draft.alt, self.limits.alt)
        body = {"content": escaped(draft.text, self.limits.text), "allowed_mentions": {"parse": []}, **extra}
        body["embeds"] = [_embed(draft, file[0] if file else "", alt)] if form == "made" else []
        body["attachments"] = [{"id": "0", "filename": file[0], "description": alt}] if file else []
        body["flags"] = _SUPPRESS_EMBEDS if file and form == "image" else 0
        if not file:
            return {"json": body}
        return {"data": {"payload_json": json.dumps(body)}, "files": {"files[0]": file}}


def escaped(text: str, limit: int) -> str:
    """The text with a backslash before what Discord would take for markup; as it is where there is no room for them."""
    parts, at = [], 0
    for start, end, url in links(text):
        parts += [text[at:start], url]
        at = end
    said = "".join(
        part if number % 2 else _MARKUP.sub(r"\\\g<0>", part)
        for number, part in enumerate([*parts, text[at:]])
    )
    return said if len(said) <= limit else text


def _embed(draft: Draft, file: str, alt: str) -> dict[str, Any]:
    """The link's card. It does not say again what the post's own words say."""
    embed: dict[str, Any] = {"title": clip(draft.title, 256), "url": draft.link}
    if draft.description not in draft.text:
        embed["description"] = clip(draft.description, 1000)
    if file:
        embed["image"] = {"url": f"attachment://{file}", "description": alt}
    return embed


def _place(secret: Secret) -> str:
    """Where the webhook, or the bot's channel, stands."""
    if "webhook" in secret:
        return f"{_API}/webhooks/{secret['webhook']}/{secret['webhook_token']}"
    return f"{_API}/channels/{secret['channel']}"


def _pick(http: Http, desk: Dialogue, what: str, path: str) -> str:
    found = [(each.id, each.name) for each in http.read(_Places, "GET", path).root if each.type in _POSTABLE]
    return choose(desk, what, found)


def _receipt(http: Http, message: _Message) -> Receipt:
    place = f"{http.secret.get('guild') or '@me'}/{message.channel_id}"
    return Receipt(id=message.id, url=f"https://discord.com/channels/{place}/{message.id}")


def _must_read(http: Http, path: str) -> None:
    """A bot that may not read the history is shown an empty channel instead of being told so."""
    if not http.read(_Messages, "GET", path, params={"limit": 1}).root:
        raise CannotTell(
            "the channel shows the bot no message at all: it may lack the right to read its history"
        )
