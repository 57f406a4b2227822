"""What the sandbox remembers: accounts, posts, pictures, keys, and how it is to misbehave."""

import hashlib
import random
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from syndication.errors import InputError
from syndication.models import Limits
from syndication.text import measure

LIMITS = Limits(text=500, text_bytes=None, link_cost=23, link_in_text=True, alt=1500, image_bytes=16_777_216)
KEY_SECONDS = 3600.0
"""How long a repeated Idempotency-Key is answered with the first post; as Mastodon."""

EDITOR = "meridian"
"""The account that the OAuth dance leads to: here nobody logs in."""

_TOKEN = re.compile(r"sandbox-([A-Za-z0-9_.-]{1,64})")

Share = Annotated[float, Field(ge=0, le=1)]


class Faults(BaseModel):
    """How the sandbox misbehaves: shares of the requests that `on` names. The same `seed` draws the same faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_limited: Share = 0.0
    error_500: Share = 0.0
    drop_after_store: Share = 0.0
    drop_before_store: Share = 0.0
    slow: Annotated[float, Field(ge=0, le=120)] = 0.0
    ignore_keys: bool = False
    seed: int = 0
    on: Literal["all", "create", "media"] = "create"


@dataclass
class Medium:
    """A picture as it was sent."""

    id: str
    data: bytes
    mime: str
    description: str

    @property
    def sha256(self) -> str:
        """The hash of its bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass
class Post:
    """One stored status; a repeated one is a second of these."""

    id: str
    account: str
    text: str
    language: str
    media: list[Medium]
    key: str
    created: datetime
    edited: datetime | None = None
    deleted: bool = False


@dataclass
class App:
    """One registered OAuth client."""

    id: str
    secret: str
    redirects: list[str]


@dataclass
class Code:
    """One authorisation that waits to be changed for a token."""

    app: str
    redirect: str
    challenge: str


@dataclass
class Memory:
    """All of it. Every method may be called from many threads at once."""

    accounts: list[str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    media: dict[str, Medium] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)
    replays: int = 0
    _keys: dict[tuple[str, str], tuple[Post, float]] = field(default_factory=dict)
    _dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - no secret hangs on it
    _count: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def reset(self) -> None:
        """Forget everything but the registered apps and their tokens."""
        with self._lock:
            self.accounts.clear()
            self.posts.clear()
            self.media.clear()
            self._keys.clear()
            self.replays = 0
            self.misbehave(Faults())

    def misbehave(self, faults: Faults) -> None:
        """From now on go wrong like this."""
        with self._lock:
            self.faults = faults
            self._dice = random.Random(faults.seed)  # noqa: S311

    def fate(self, kind: str) -> str:
        """What happens to a request: the name of a fault, or an empty string if all goes well."""
        with self._lock:
            if self.faults.on not in ("all", kind):
                return ""
            roll = self._dice.random()
            for name in ("rate_limited", "error_500", "drop_before_store", "drop_after_store"):
                roll -= getattr(self.faults, name)
                if roll < 0:
                    return name
            return ""

    def account_of(self, token: str) -> str | None:
        """The account a token opens; made when it is first seen."""
        with self._lock:
            name = self.tokens.get(token)
            if name is None and (match := _TOKEN.fullmatch(token)):
                name = match.group(1)
            if name is None or token in self.revoked:
                return None
            if name not in self.accounts:
                self.accounts.append(name)
            return name

    def account_id(self, name: str) -> str:
        """The number of an account."""
        with self._lock:
            return str(self.accounts.index(name) + 1)

    def add_medium(self, data: bytes, mime: str, description: str) -> Medium:
        """Keep a picture."""
        with self._lock:
            medium = Medium(self._number(), data, mime, description[: LIMITS.alt])
            self.media[medium.id] = medium
            return medium

    def add_post(self, account: str, text: str, language: str, media: list[str], key: str) -> Post:
        """Store a status, or give the one that its key made. Raises InputError for what is no status."""
        with self._lock:
            known = self._keys.get((account, key)) if key and not self.faults.ignore_keys else None
            if known and time.monotonic() - known[1] < KEY_SECONDS:
                self.replays += 1
                return known[0]
            pictures = self._checked(text, media)
            post = Post(self._number(), account, text, language, pictures, key, datetime.now(UTC))
            self.posts.append(post)
            if key:
                self._keys[account, key] = (post, time.monotonic())
            return post

    def edit_post(self, post: Post, text: str, language: str, media: list[str]) -> None:
        """Give a status another text and other pictures."""
        with self._lock:
            post.media = self._checked(text, media)
            post.text, post.language, post.edited = text, language, datetime.now(UTC)

    def post(self, number: str) -> Post | None:
        """A status that is not deleted."""
        with self._lock:
            return next((post for post in self.posts if post.id == number and not post.deleted), None)

    def timeline(self, account: str = "", before: str = "", limit: int = 40) -> list[Post]:
        """The newest statuses first, older than the one called `before`."""
        with self._lock:
            found = [post for post in self.posts if not post.deleted and account in ("", post.account)]
        older = [post for post in found if not before or int(post.id) < int(before)]
        return older[::-1][:limit]

    def allow(self, app: App, redirect: str, challenge: str) -> str:
        """A code for the app: here everybody is let in."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self.codes[code] = Code(app.id, redirect, challenge)
        return code

    def register(self, redirects: list[str]) -> App:
        """A new OAuth client."""
        app = App(secrets.token_urlsafe(16), secrets.token_urlsafe(32), redirects)
        with self._lock:
            self.apps[app.id] = app
        return app

    def token(self) -> str:
        """A new token for the account of the OAuth dance."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self.tokens[token] = EDITOR
        return token

    def _checked(self, text: str, media: list[str]) -> list[Medium]:
        if not text.strip() and not media:
            raise InputError("Validation failed: Text can't be blank")
        if measure(text, LIMITS) > LIMITS.text:
            raise InputError(f"Validation failed: Text character limit of {LIMITS.text} exceeded")
        if unknown := [number for number in media if number not in self.media]:
            raise InputError(f"Validation failed: Media {', '.join(unknown)} is not there")
        return [self.media[number] for number in media]

    def _number(self) -> str:
        self._count += 1
        return str(115_000_000_000_000_000 + self._count)
