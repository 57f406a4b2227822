"""Slack: one channel, by its incoming webhook or by an app's bot (docs.slack.dev, read 2026-10 and 2026-11)."""

import re
from datetime import timedelta
from html import unescape
from typing import Any, ClassVar

from pydantic import Field, RootModel
from requests.auth import AuthBase

from syndication.errors import (
    CannotTell,
    InputError,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
    Unsupported,
)
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.login import OAuth2Door, ask_code, choose
from syndication.networks.transport import Answer
from syndication.text import clip, links

_HOOKS = "https://hooks.slack.com"
_WEBHOOK = re.compile(r"https://hooks\.slack\.com/services/(\w{1,40}/\w{1,40}/\w{10,80})")
_EVENT = "story_published"
_CLOCKS_APART = timedelta(minutes=10)
_PAGES = 10

_RECONNECT = "Connect the account again with a token or webhook that lives."
_INVITE = "Invite the app to the channel, or choose another one: syndicate connect slack"


_DOOR = OAuth2Door(
    authorize="https://slack.com/oauth/v2/authorize",
    token="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
    scopes=("chat:write", "channels:read", "groups:read", "channels:history", "groups:history"),
    separator=",",
    pkce=False,
)


class _Missing(Refused):
    """There is no such message."""


class _NoScope(Unauthorized):
    """The token lacks a scope that this one method needs."""


# What the error is called: in a 200's body (docs.slack.dev, chat.postMessage and the errors common to all methods), or
# as the whole body of a webhook's 4xx. Slack says of the unknown that some of it "may have succeeded".
_ERRORS: dict[str, Verdict] = {
    **dict.fromkeys(
        ["not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "access_denied",
         "org_login_required", "team_access_not_granted", "invalid_token", "no_service", "no_service_id",
         "no_team", "no_active_hooks", "action_prohibited", "user_not_found"],
        Verdict(Unauthorized, hint=_RECONNECT),
    ),
    **dict.fromkeys(
        ["not_in_channel", "channel_not_found", "is_archived", "channel_is_archived", "restricted_action",
         "restricted_action_read_only_channel", "posting_to_general_channel_denied", "ekm_access_denied"],
        Verdict(Unauthorized, hint=_INVITE),
    ),
    **dict.fromkeys(
        ["missing_scope", "no_permission", "not_allowed_token_type"],
        Verdict(_NoScope, hint="Give the app the scopes chat:write, channels:history and channels:read."),
    ),
    **dict.fromkeys(["ratelimited", "rate_limited", "message_limit_exceeded"], Verdict(RateLimited)),
    **dict.fromkeys(
        ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error"],
        Verdict(Unknown),
    ),
    "message_not_found": Verdict(_Missing),
}  # fmt: skip


class _Taken(RootModel[None]):
    """A webhook's `ok`, which is no JSON."""


class _Sent(Shape):
    channel: str = Field(pattern=r"^[A-Z0-9]{1,40}$")
    ts: str = Field(pattern=r"^\d{1,12}\.\d{1,12}$")


class _Event(Shape):
    event_payload: dict[str, Any] = Field(default_factory=dict)


class _Message(Shape):
    ts: str = Field(pattern=r"^\d{1,12}\.\d{1,12}$")
    metadata: _Event = _Event()


class _Unfurled(Shape):
    from_url: str = ""
    title: str = ""
    image_url: str = ""
    thumb_url: str = ""


class _Block(Shape):
    type: str = ""


class _Seen(Shape):
    ts: str
    text: str = ""
    attachments: tuple[_Unfurled, ...] = ()
    blocks: tuple[_Block, ...] = ()


class _SeenOnes(Shape):
    messages: tuple[_Seen, ...]


class _Next(Shape):
    next_cursor: str = ""


class _History(Shape):
    messages: tuple[_Message, ...]
    response_metadata: _Next | None = None


class _Channel(Shape):
    id: str = Field(pattern=r"^[A-Z0-9]{1,40}$")
    name: str = ""
    is_member: bool = False


class _Channels(Shape):
    channels: tuple[_Channel, ...]
    response_metadata: _Next | None = None


class _Installed(Shape):
    access_token: str = Field(pattern=r"^xoxb-")
    refresh_token: str = ""


class _Who(Shape):
    user: str
    url: str = Field(pattern=r"^https://[a-z0-9.-]+/$")


class Slack(Connector):
    """Posts show the page's own card for their link, or the card, which Slack fetches, as a described image.

    A webhook answers `ok` and nothing else: what it posts cannot be found, changed or removed by us. A bot's messages
    carry our key in their metadata and are found by it. There is no field for a language.
    """

    name: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack"
    leave: ClassVar[str] = "Remove the webhook in the app's settings, Incoming Webhooks."
    steady: ClassVar[tuple[str, ...]] = ("channel", "webhook")
    server: ClassVar[str] = "https://slack.com"
    hosts: ClassVar[tuple[str, ...]] = (_HOOKS,)
    forms: ClassVar[tuple[Form, ...]] = ("crawled", "image")
    # 4,000 are advised and about 4,040 are split into two messages (java-slack-sdk#704); escaping needs room.
    limits: ClassVar[Limits] = Limits(
        text=3000, unit="character", link_in_text=True, alt=2000, image_bytes=10_000_000
    )

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By a webhook's address, or the bot token of the newsroom's own app and one of its channels."""
        desk.say(
            "Make an app at api.slack.com/apps. Its bot token (OAuth & Permissions; scopes chat:write, channels:read, "
            "channels:history) can find, change and remove posts; an incoming webhook can only post. To install the "
            "app by your browser answer `browser`: it comes back to an https address only, which --redirect names."
        )
        said = desk.ask("Webhook URL, bot token, or browser", hidden=True)
        if said == "browser":
            said = self._installed(desk, server)
        if hook := _WEBHOOK.fullmatch(said):
            return {"webhook": hook[1]}
        if not said.startswith("xox"):
            raise InputError("that is neither a webhook's address nor a bot's token", "Copy it whole.")
        with open_http(self, server, {"token": said}) as http:
            who = http.read(_Who, "POST", "/api/auth.test")
            try:
                channel = choose(desk, "channel", _channels(http))
            except _NoScope:
                channel = desk.ask("Channel ID, such as C0123456789 (in the channel's details)")
        return {"token": said, "home": who.url, "channel": channel}

    def _installed(self, desk: Dialogue, server: str) -> str:
        """The bot token that installing the newsroom's own app in a workspace gives."""
        app = {
            "client_id": desk.ask("Client ID"),
            "client_secret": desk.ask("Client secret", hidden=True),
        }
        _, form = ask_code(desk, _DOOR, server, app["client_id"], desk.redirect())
        with Http(server, {**app, **form}, Anonymous(), self.refine) as http:
            made = http.read(_Installed, "POST", _DOOR.token, data={**form, **app})
        if made.refresh_token:
            raise Refused(
                "the app's tokens end after twelve hours",
                "Turn off token rotation in the app, and start again.",
            )
        return made.access_token

    def auth(self, secret: Secret) -> AuthBase:
        """The bot's token, which ends when the app is removed; a webhook's is a part of its address."""
        return Bearer(secret["token"]) if "token" in secret else Anonymous()

    def refine(self, answer: Answer) -> Verdict | None:
        """By the name of the error, in JSON or as the whole body; a 200 may be a refusal. What is neither is doubt."""
        said = answer.json()
        if isinstance(said, dict):
            if said.get("ok") is True:
                return None
            name, other = said.get("error"), Verdict(Refused) if answer.status < 300 else None
        else:
            name, other = answer.body.decode("latin-1").strip(), None
            if answer.status < 300:
                return None if name == "ok" else Verdict(Unknown)
        if answer.status == 429:
            return None
        return _ERRORS.get(name, other) if isinstance(name, str) else other

    def deeds(self, secret: Secret) -> frozenset[str]:
        """A webhook can only post."""
        return frozenset() if "webhook" in secret else super().deeds(secret)

    def identify(self, http: Http) -> str:
        """The bot's `@name` and its channel. A webhook can only be asked with a message that has no text."""
        if "webhook" not in http.secret:
            return f"@{http.read(_Who, 'POST', '/api/auth.test').user} in {http.secret['channel']}"
        try:
            http.call("POST", _hook(http), json={})
        except Refused as refused:
            if isinstance(refused, Unauthorized):
                raise  # else it is `no_text`: the webhook lives
        return f"webhook {http.secret['webhook'].split('/')[1]}"

    def replies(self, secret: Secret | None = None) -> bool:
        """A bot's; a webhook only posts."""
        return secret is None or "webhook" not in secret

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """One message with everything."""
        body = self._body(draft)
        if "webhook" in http.secret:
            http.create(_Taken, "POST", _hook(http), json=body)
            return Receipt(id="", url="")
        body |= {"channel": http.secret["channel"]}
        if draft.reply_to:
            body |= {"thread_ts": draft.reply_to.id, "reply_broadcast": True}
        body["metadata"] = {"event_type": _EVENT, "event_payload": {"key": draft.key}}
        return _receipt(http, http.create(_Sent, "POST", "/api/chat.postMessage", json=body).ts)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """The message since the draft was made that carries its key."""
        if "webhook" in http.secret:
            raise CannotTell("a webhook cannot read its channel")
        since = (draft.created - _CLOCKS_APART).timestamp()
        asked = {"channel": http.secret["channel"], "oldest": f"{since:.6f}", "limit": "200",
                 "include_all_metadata": "true"}  # fmt: skip
        place = "/api/conversations.history"
        if draft.reply_to:
            place, asked = "/api/conversations.replies", {**asked, "ts": draft.reply_to.id}
        for _ in range(_PAGES):
            try:
                page = http.read(_History, "GET", place, params=asked)
            except _NoScope:
                raise CannotTell("the app may not read the channel: it lacks channels:history") from None
            for message in page.messages:
                if message.metadata.event_payload.get("key") == draft.key:
                    return _receipt(http, message.ts)
            if not (page.response_metadata and page.response_metadata.next_cursor):
                return None
            asked["cursor"] = page.response_metadata.next_cursor
        raise CannotTell("the channel has too many messages since")

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """A bot's message, with its picture or the card that Slack made; it makes none of a link it showed lately."""
        if "webhook" in http.secret:
            raise CannotTell("a webhook cannot read its channel")
        asked = {"channel": http.secret["channel"], "latest": receipt.id, "oldest": receipt.id,
                 "inclusive": "true", "limit": "1"}  # fmt: skip
        page = http.read(_SeenOnes, "GET", "/api/conversations.history", params=asked)
        seen = next((message for message in page.messages if message.ts == receipt.id), None)
        if seen is None:
            return None
        text, pictured = unescape(seen.text), any(block.type == "image" for block in seen.blocks)
        if pictured or not seen.attachments:
            return Shown(text, image=pictured)
        card = seen.attachments[0]
        return Shown(text, card.from_url or None, card.title or None, bool(card.image_url or card.thumb_url))

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Text and image anew."""
        if "webhook" in http.secret:
            raise Unsupported(
                "a Slack webhook cannot change what it posted",
                "Change it by hand, or connect Slack with a bot token.",
            )
        # Without a word about blocks those there would stay.
        place = {"blocks": [], "channel": http.secret["channel"], "ts": receipt.id}
        return _receipt(http, http.read(_Sent, "POST", "/api/chat.update", json=place | self._body(draft)).ts)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """At any age, unless the workspace forbids it."""
        if "webhook" in http.secret:
            raise Unsupported(
                "a Slack webhook cannot remove what it posted",
                "Remove it by hand, or connect Slack with a bot token.",
            )
        place = {"channel": http.secret["channel"], "ts": receipt.id}
        try:
            http.call("POST", "/api/chat.delete", json=place)
        except _Missing:
            return

    def revoke(self, http: Http) -> None:
        """A bot's token; a webhook is removed by hand."""
        if "webhook" in http.secret:
            return super().revoke(http)
        http.call("POST", "/api/auth.revoke")
        return None

    def _body(self, draft: Draft) -> dict[str, Any]:
        crawled = draft.form != "image" or draft.card is None
        body = {
            "text": escaped(draft.text),
            "mrkdwn": False,
            "unfurl_links": crawled,
            "unfurl_media": crawled,
        }
        if crawled:
            return body
        if not draft.image_url:
            raise Refused(
                "Slack fetches the card itself, and it has no public address",
                "Set base_url in [cards] to where its folder is served.",
            )
        picture = {"image_url": draft.image_url, "alt_text": clip(draft.alt or draft.title, self.limits.alt)}
        return {**body, "blocks": [rich(draft.text), {"type": "image", **picture}]}


def escaped(text: str) -> str:
    """The text with entities for the three characters that Slack reads as its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich(text: str) -> dict[str, Any]:
    """The text as a block in which nothing is markup, its links clickable."""
    parts, at = list[dict[str, str]](), 0
    for start, end, url in links(text):
        parts += [{"type": "text", "text": text[at:start]}, {"type": "link", "url": url}]
        at = end
    parts.append({"type": "text", "text": text[at:]})
    section = {"type": "rich_text_section", "elements": [part for part in parts if part.get("text") != ""]}
    return {"type": "rich_text", "elements": [section]}


def _hook(http: Http) -> str:
    return f"{_HOOKS}/services/{http.secret['webhook']}"


def _channels(http: Http) -> list[tuple[str, str]]:
    """Those the bot was invited to."""
    found = list[tuple[str, str]]()
    asked = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": "200"}
    for _ in range(_PAGES):
        page = http.read(_Channels, "GET", "/api/conversations.list", params=asked)
        found += [(each.id, f"#{each.name}") for each in page.channels if each.is_member]
        if not (page.response_metadata and page.response_metadata.next_cursor):
            break
        asked["cursor"] = page.response_metadata.next_cursor
    return found


def _receipt(http: Http, ts: str) -> Receipt:
    """With the address that `chat.getPermalink` gives, made without asking."""
    url = f"{http.secret['home']}archives/{http.secret['channel']}/p{ts.replace('.', '')}"
    return Receipt(id=ts, url=url)
