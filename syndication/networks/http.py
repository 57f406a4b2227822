"""How connectors speak HTTP, and the one table that says what an answer means.

`create` is the keystone: it commits the intent, sends once, and turns doubt into `Unknown`. A connector cannot
send a post twice, because a second `create` is refused here.
"""

import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError, NewConnectionError

from syndication.errors import DeliveryError, NotSent, RateLimited, Refused, Unauthorized, Unknown

USER_AGENT = "syndication/0.1"
MAX_ANSWER = 2_000_000
CONNECT_SECONDS = 5.0
_RESET_HEADERS = ("retry-after", "x-ratelimit-reset", "ratelimit-reset")


@dataclass(frozen=True)
class Answer:
    """What a server said: status, lower-case headers, body in bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def words(self) -> str:
        """The server's own words for what went wrong, on one line, at most 300 characters."""
        data = self.json()
        if isinstance(data, dict):
            parts = [data.get(name) for name in ("error", "error_description", "message")]
            text = ": ".join(str(part) for part in parts if part)
        else:
            text = self.body[:2000].decode("utf-8", "replace")
        return " ".join(text.split())[:300]


@dataclass
class Http:
    """One account's line to its server, for one deed.

    `intend` is called once, just before the one creating request, and may refuse by raising; `keep` stores a
    renewed secret; `seconds` bounds each request in all.
    """

    server: str
    secret: dict[str, str]
    auth: AuthBase
    refine: Callable[[Answer], type[DeliveryError] | None]
    seconds: float = 60.0
    intend: Callable[[], None] | None = None
    keep: Callable[[dict[str, str]], None] | None = None
    wait: Callable[[float], None] = time.sleep
    _created: bool = False
    _session: requests.Session = field(default_factory=requests.Session)

    def __enter__(self) -> "Http":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(self, method: str, path: str, **parts: Any) -> Answer:
        """Send a request that may be repeated without harm: doubt is NotSent.

        `path` starts at the server's root; `parts` are those of `requests.Request`. Returns a 2xx answer.
        """
        request = self._prepare(method, path, parts)
        try:
            answer = self._send(request)
        except requests.RequestException as error:
            raise NotSent(f"{self._host} gave no answer: {self._plain(error)}") from None
        self._judge(answer, creating=False)
        return answer

    def create(self, method: str, path: str, **parts: Any) -> Answer:
        """Send the one request that makes the post public. The intent is committed first; doubt is Unknown."""
        if self._created:
            raise AssertionError("a connector may create once for each try")
        request = self._prepare(method, path, parts)
        if self.intend:
            self.intend()
        self._created = True
        try:
            answer = self._send(request)
        except requests.RequestException as error:
            if _never_left(error):
                raise NotSent(f"{self._host} cannot be reached: {self._plain(error)}") from None
            raise Unknown(f"{self._host}: the answer was lost: {self._plain(error)}") from None
        self._judge(answer, creating=True)
        if answer.json() is None:
            raise Unknown(f"{self._host} answered {answer.status} with something unreadable", status=answer.status)
        return answer

    def renew(self, secret: dict[str, str], auth: AuthBase) -> None:
        """Store a renewed secret before it is used, then go on with it."""
        if self.keep:
            self.keep(secret)
        self.secret, self.auth = secret, auth

    @property
    def _host(self) -> str:
        return urlsplit(self.server).netloc

    def _prepare(self, method: str, path: str, parts: dict[str, Any]) -> requests.PreparedRequest:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **parts.pop("headers", {})}
        auth = parts.pop("auth", self.auth)
        url = self.server.rstrip("/") + path
        return self._session.prepare_request(requests.Request(method, url, headers=headers, auth=auth, **parts))

    def _send(self, request: requests.PreparedRequest) -> Answer:
        """Send once, follow no redirect, read at most MAX_ANSWER bytes in at most `seconds`."""
        deadline = time.monotonic() + self.seconds
        limits = (min(CONNECT_SECONDS, self.seconds), self.seconds)
        settings = self._session.merge_environment_settings(request.url or "", {}, True, None, None)
        settings.update(stream=True, timeout=limits, allow_redirects=False)
        with closing(self._session.send(request, **settings)) as response:
            body = bytearray()
            for chunk in response.iter_content(64 * 1024):
                body += chunk
                if len(body) > MAX_ANSWER or time.monotonic() > deadline:
                    raise requests.ConnectionError("the answer is too long or too slow")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, bytes(body))

    def _judge(self, answer: Answer, *, creating: bool) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        words = self._redact(f"{self._host} answered {status}: {answer.words() or 'no words'}")
        kind = self.refine(answer) if 400 <= status < 500 else None
        if kind is None:
            kind = _meaning(status, creating=creating)
        if issubclass(kind, NotSent):
            raise kind(words, status=status, retry_after=pause(answer.headers))
        raise kind(words, status=status)

    def _plain(self, error: Exception) -> str:
        """An exception's gist, without addresses of objects and without secrets."""
        cause: BaseException = error
        while (inner := getattr(cause, "reason", None) or next(iter(cause.args), None)) is not None:
            if not isinstance(inner, BaseException):
                break
            cause = inner
        text = str(cause).split(">: ")[-1] if str(cause) else type(cause).__name__
        return self._redact(" ".join(text.split())[:200])

    def _redact(self, text: str) -> str:
        return redact(text, self.secret.values())


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets; short values are no secrets (a handle, a number)."""
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "…")
    return text


def pause(headers: Mapping[str, str]) -> float | None:
    """How many seconds a server asks to wait, from whichever header it uses; None if it does not say.

    Seconds and HTTP dates (RFC 9110 Retry-After), Unix time (Bluesky and some Mastodon-compatible servers) and
    ISO 8601 (Mastodon) are told apart by their form; a number beyond ten years of seconds is a time.
    """
    now = datetime.now(UTC)
    for name in _RESET_HEADERS:
        value = headers.get(name, "").strip()
        if not value:
            continue
        try:
            number = float(value)
        except ValueError:
            moment = _moment(value)
            if moment is None:
                continue
            return max(0.0, (moment - now).total_seconds())
        if not 0 <= number < 1e11:
            continue
        return max(0.0, number - now.timestamp()) if number > 315_360_000 else number
    return None


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _meaning(status: int, *, creating: bool) -> type[DeliveryError]:
    """The common table: what a status that is no success means."""
    if status == 429:
        return RateLimited
    if status in (401, 403):
        return Unauthorized
    if 400 <= status < 500 and status not in (408, 425):
        return Refused
    if 300 <= status < 400:
        return Refused
    return Unknown if creating else NotSent


def _never_left(error: requests.RequestException) -> bool:
    """Whether the request surely never reached the server: no connection was made."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason: object = getattr(next(iter(error.args), None), "reason", None)
    if isinstance(reason, NewConnectionError | NameResolutionError):
        return True
    inner = next(iter(getattr(reason, "args", ())), None)
    return isinstance(inner, ssl.SSLCertVerificationError)
