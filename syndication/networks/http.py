"""How connectors speak HTTP, and the one table that says what an answer means.

`create` is the keystone: it commits the intent, sends once, and turns doubt into `Unknown`. A connector cannot
send a post twice, because a second `create` is refused here.
"""

import ipaddress
import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests
from pydantic import BaseModel, ConfigDict, ValidationError
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError, NewConnectionError

from syndication.errors import (
    ConfigError,
    DeliveryError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
)
from syndication.models import Window
from syndication.networks.base import Connector, Secret, Verdict
from syndication.networks.rates import pause
from syndication.networks.transport import Answer, HeldUp, Session, begun_within, exchange

USER_AGENT = f"syndication/{version('syndication')}"


# What requests are called whose limits are told apart, where they are not posts; others upload.
_KINDS = {"GET": "reads", "DELETE": "removals"}


class Shape(BaseModel):
    """What is read of a network's JSON; whatever else it says is ignored. Validators find its headers as context."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


ShapeT = TypeVar("ShapeT", bound=BaseModel)


def open_http(connector: Connector, server: str, secret: Secret, **settings: Any) -> "Http":
    """An account's line to its server. `settings` are those of `Http`.

    Raises ConfigError if the server's address is not one that a secret may be sent to.
    """
    return Http(
        server,
        secret,
        connector.auth(secret),
        connector.refine,
        windows=connector.windows,
        hosts=connector.hosts,
        named=connector.named(secret),
        fresh=connector.fresh,
        **settings,
    )


class Http:
    """One account's line to its server, for one deed.

    `hosts` are further origins it may go to, `named` those that its server named; `fresh` renews a secret before the
    first request. `intend` is called once, just before the one creating request, and may refuse by raising; `keep`
    stores a renewed secret, and `note` what `remember` is told, which the next try of the delivery finds in
    `progress`. `seconds` bounds each request in all, and `deed` all of them together; `wait` passes time between two
    questions. `rates` are the account's limits as its answers told them last, which `windows` reads out of each;
    `calls` counts the requests, and `charged` is what they cost besides the post itself, in US dollars. `session` is
    one of the server's that others go on with; without it there is one for this deed.
    """

    def __init__(
        self,
        server: str,
        secret: Secret,
        auth: AuthBase,
        refine: Callable[[Answer], Verdict | None],
        *,
        windows: Callable[[Answer, str], Iterable[Window]] = lambda answer, kind: (),
        hosts: tuple[str, ...] = (),
        named: tuple[str, ...] = (),
        fresh: Callable[["Http"], None] | None = None,
        seconds: float = 60.0,
        deed: float = 600.0,
        intend: Callable[[], None] | None = None,
        keep: Callable[[Secret], None] | None = None,
        progress: Mapping[str, str] | None = None,
        note: Callable[[dict[str, str]], None] | None = None,
        wait: Callable[[float], None] = time.sleep,
        session: Session | None = None,
    ) -> None:
        self.server, self.secret, self.auth = origin(server), dict(secret), auth
        self.progress, self.wait = dict(progress or {}), wait
        named = tuple(place for place in named if place != self.server)
        self._hosts, self._fresh, self._refine = (*hosts, *named), fresh, refine
        self._seconds, self._intend, self._keep, self._note = seconds, intend, keep, note
        self._windows, self.rates = windows, dict[tuple[str, bool], Window]()
        self.calls, self.charged = 0, Decimal(0)
        self._created, self._ends = False, time.monotonic() + deed
        self._shared = session is not None
        self._session = (session or open_session(self.server)).ready(named)

    def __enter__(self) -> "Http":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._shared:
            self._session.close()

    def call(self, method: str, path: str, **parts: Any) -> Answer:
        """Send a request that may be repeated without harm: doubt is NotSent.

        `path` starts at the server's root, or is a whole URL at one of the network's hosts; `parts` are those of
        `requests.Request`. Returns a 2xx answer.
        """
        self._freshen(parts)
        own = "auth" not in parts  # what is asked in another name says nothing of the account's limits
        request = self._prepare(method, path, parts)
        self.calls += 1
        try:
            answer = exchange(self._session, request, self._left())
        except requests.RequestException as error:
            raise NotSent(f"{self._host} gave no answer: {self._gist(error)}") from None
        if own:
            self._note_rates(answer, _KINDS.get(method, "uploads"))
        self._judge(answer, creating=False)
        return answer

    def read(self, shape: type[ShapeT], method: str, path: str, **parts: Any) -> ShapeT:
        """As `call`, for what the answer says. NotSent where it does not say it."""
        answer = self.call(method, path, **parts)
        try:
            return shape.model_validate(answer.json(), context=answer.headers)
        except ValidationError:
            raise NotSent(f"{self._host} answered with something unreadable", status=answer.status) from None

    def create(self, shape: type[ShapeT], method: str, path: str, **parts: Any) -> ShapeT:
        """Send the one request that makes the post public. The intent is committed first; doubt is Unknown."""
        if self._created:
            raise AssertionError("a connector may create once for each try")
        self._freshen(parts)
        request = self._prepare(method, path, parts)
        if self._left() < self._seconds:
            raise NotSent(f"{self._host} took its time with the uploads; nothing was posted yet")
        try:
            with begun_within(2 * self._seconds):  # and over within three, where the lease is five
                if self._intend:
                    self._intend()
                self._created = True
                self.calls += 1
                answer = exchange(self._session, request, self._seconds)
        except HeldUp as error:
            raise NotSent(f"{error}; this try posted nothing") from None
        except requests.RequestException as error:
            if _never_left(error):
                raise NotSent(f"{self._host} cannot be reached: {self._gist(error)}") from None
            raise Unknown(f"{self._host}: the answer was lost: {self._gist(error)}") from None
        self._note_rates(answer, "posts")
        self._judge(answer, creating=True)
        try:
            return shape.model_validate(answer.json(), context=answer.headers)
        except ValidationError:
            words = f"{self._host} took the post and answered with something unreadable"
            raise Unknown(words, status=answer.status) from None

    def renew(self, secret: Secret, auth: AuthBase) -> None:
        """Store a renewed secret before it is used, then go on with it."""
        if self._keep:
            self._keep(dict(secret))
        self.secret, self.auth = dict(secret), auth

    def remember(self, **facts: str) -> None:
        """Store how far this delivery has come (a container's id), before going on: the next try starts from there."""
        self.progress |= facts
        if self._note:
            self._note(dict(self.progress))

    def charge(self, dollars: Decimal) -> None:
        """Tell that the network charges for what was asked besides the post itself."""
        self.charged += dollars

    def _note_rates(self, answer: Answer, kind: str) -> None:
        self.rates |= {(one.name, one.app): one for one in self._windows(answer, kind)}

    def _freshen(self, parts: Mapping[str, Any]) -> None:
        """Once, and only for what goes out under the account's own token."""
        if self._fresh and "auth" not in parts:
            fresh, self._fresh = self._fresh, None
            fresh(self)

    def _left(self) -> float:
        """Seconds that the next request may take."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise NotSent(f"{self._host} took too long in all")
        return min(self._seconds, left)

    @property
    def _host(self) -> str:
        return urlsplit(self.server).netloc

    def _prepare(self, method: str, path: str, parts: dict[str, Any]) -> requests.PreparedRequest:
        # Identity: a packed answer could be far larger than its bytes.
        own = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}
        headers = {**own, **parts.pop("headers", {})}
        auth = parts.pop("auth", self.auth)
        request = requests.PreparedRequest()
        cookies = self._session.cookies or None
        request.prepare(method, self._address(path), headers=headers, auth=auth, cookies=cookies, **parts)
        return request

    def _address(self, path: str) -> str:
        """The URL to ask. A server on this machine stands in for every host of its network."""
        if path.startswith("/"):
            return self.server + path
        place = origin(path.partition("://")[0] + "://" + urlsplit(path).netloc)
        if place not in (self.server, *self._hosts) and not is_loopback(self.server):
            raise NotSent(f"{self._host} names an address elsewhere, {place}, which gets no token")
        return at(self.server, path)

    def _judge(self, answer: Answer, *, creating: bool) -> None:
        status = answer.status
        verdict = self._refine(answer) if status < 500 else None
        if verdict is None:
            if 200 <= status < 300:
                return
            verdict = Verdict(_meaning(status))
        kind = verdict.kind
        if issubclass(kind, Unknown) and not creating:
            kind = NotSent
        # Cut only after redacting: half a token would no longer be known for one.
        said = self._redact(answer.words() or answer.headers.get("location", ""))[:300] or "no words"
        words = f"{self._host} answered {status}: {said}"
        if issubclass(kind, NotSent):
            after = verdict.retry_after
            if after is None:
                after = pause(answer.headers, limited=issubclass(kind, RateLimited))
            error = kind(words, verdict.hint, status=status, retry_after=after)
            if isinstance(error, RateLimited):
                error.app = verdict.app
            raise error
        raise kind(words, verdict.hint, status=status)

    def _gist(self, error: requests.RequestException) -> str:
        """What happened, in few words: without the request's address and without secrets."""
        if isinstance(error, requests.ConnectTimeout):
            return "no connection in time"
        if isinstance(error, requests.Timeout):
            return f"nothing within {self._seconds:g} seconds"
        cause: BaseException = error
        while inner := _inner(cause):
            cause = inner
        words = getattr(cause, "strerror", None) or re.sub(r"^\w+\(host=[^)]*\): ", "", str(cause))
        return self._redact(" ".join(str(words).split())[:200] or type(cause).__name__)

    def _redact(self, text: str) -> str:
        return redact(text, self.secret.values())


def _inner(error: BaseException) -> BaseException | None:
    candidates = [getattr(error, "reason", None), *error.args]
    return next((each for each in candidates if isinstance(each, BaseException)), None)


def open_session(server: str) -> Session:
    """A session for the lines to a server, to be closed by whoever opened it."""
    return Session(direct=is_loopback(origin(server)))


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets, plain or percent-encoded; short values are no secrets (a number)."""
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "…").replace(quote(secret, safe=""), "…")
    return text


def at(server: str, url: str) -> str:
    """A URL of a network as an account at `server` asks it: a server on this machine stands in for all its hosts."""
    if not is_loopback(server):
        return url
    parts = urlsplit(url)
    return server + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@lru_cache
def origin(server: str) -> str:
    """A server's address as `scheme://host[:port]`; `https` may be left out.

    Raises ConfigError unless it is https, or a server on this machine: tokens go there.
    """
    given = server if "://" in server else f"https://{server}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if (
        not host
        or parts.username
        or parts.password
        or parts.query
        or parts.fragment
        or parts.path not in ("", "/")
    ):
        raise ConfigError(f"{server}: not a server's address", "Write it as https://social.example.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(given)):
        raise ConfigError(
            f"{server}: only https keeps a token secret", f"Write it as https://{parts.netloc}."
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


@lru_cache
def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _meaning(status: int) -> type[DeliveryError]:
    """The common table: what a status that is no success means. Doubt is NotSent where a repeat is harmless."""
    if status == 429:
        return RateLimited
    if status in (401, 403):
        return Unauthorized
    if 300 <= status < 500 and status not in (408, 425):
        return Refused
    return Unknown


def _never_left(error: requests.RequestException) -> bool:
    """Whether the request surely never reached the server: no connection was made, or its certificate is wrong."""
    # urllib3 wraps as a proxy's error only what happened before the proxy was reached.
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, NewConnectionError | NameResolutionError | ssl.SSLCertVerificationError):
            return True
        cause = _inner(cause)
    return False
