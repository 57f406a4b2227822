"""Reading what a story's URLs name: never from inside, never more than allowed, never longer than allowed."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from email.message import Message
from ipaddress import ip_network
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from ssrfguard import AddressTable, Block, Policy, Reach
from ssrfguard.errors import SSRFGuardError
from ssrfguard.requests import SafeAdapter
from urllib3.exceptions import HTTPError

from syndication.errors import ConfigError, FetchError

MAX_REDIRECTS = 3
_USER_AGENT = "syndication/0.1"
_USUAL_PORTS = frozenset({80, 443})
_CONNECT_SECONDS = 5.0
_ATTEMPTS = 2
_CHUNK = 64 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_NOWHERE = AddressTable(
    tuple(
        Block(ip_network(net), "an inside service's port", "RFC 1122", Reach.DENIED)
        for net in ("0.0.0.0/0", "::/0")
    )
)


class Fetched(NamedTuple):
    """What a URL gave: the decompressed body, its media type and charset as told, the URL it came from in the end."""

    body: bytes
    mime: str
    charset: str | None
    url: str


def fetch(
    url: str, *, allow: Sequence[str] = (), max_bytes: int, seconds: float, accept: str = "*/*"
) -> Fetched:
    """Read a web address: at most `max_bytes`, within `seconds` in all (looking up names apart), 3 redirects.

    Addresses inside are refused, at each redirect anew, but for the networks (CIDR) of `allow`; ports other than
    80 and 443 are refused everywhere but there. No cookies, no passwords, no proxy. Raises FetchError, whose
    `again` says whether a later try can help, and ConfigError for an `allow` that is no network.
    """
    with _Deadline(seconds) as deadline:
        for _ in range(MAX_REDIRECTS + 1):
            with _asked(url, allow, accept, deadline) as response:
                if response.status_code in _MOVED and "location" in response.headers:
                    target = requests.Session().get_redirect_target(response) or ""
                    url = urljoin(url, target)
                    continue
                _judge(response.status_code, url)
                body = _read(response, url, max_bytes)
                if deadline.over:  # a connection that was cut can look like one that has ended
                    raise FetchError(f"{_place(url)}: too slow", again=True)
                mime, charset = _content_type(response.headers.get("content-type", ""))
                return Fetched(body, mime, charset, url)
    raise FetchError(f"{_place(url)}: more than {MAX_REDIRECTS} redirects")


class _Deadline:
    """Cuts every connection it watches once its time is up: a server that drips bytes is stopped by nothing else."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.over = False

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    @property
    def left(self) -> float:
        """Seconds left, never less than a moment, as 0 would mean no limit to some."""
        return max(0.01, self._end - time.monotonic())

    def watch(self, opened: socket.socket) -> None:
        """Cut this connection, too, when time is up; at once if it is. TLS may take `opened` over."""
        with self._lock:
            self._sockets.append(opened.dup())
        if self.over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            for watched in self._sockets:
                try:
                    watched.shutdown(socket.SHUT_RDWR)
                except OSError:  # the other side has closed it already
                    continue


class _Adapter(SafeAdapter):
    """Connects to checked addresses only, and hands each connection to the deadline."""

    def __init__(self, policy: Policy, deadline: _Deadline) -> None:
        self._deadline = deadline
        super().__init__(policy=policy)

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        super().init_poolmanager(*args, **settings)
        classes = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {
            scheme: _watching(pool, self._deadline) for scheme, pool in classes.items()
        }


def _watching(pool: Any, deadline: _Deadline) -> Any:
    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            opened: socket.socket = super()._new_conn()
            deadline.watch(opened)
            return opened

    class Pool(pool):  # type: ignore[misc]
        ConnectionCls = Connection

    return Pool


@contextmanager
def _asked(url: str, allow: Sequence[str], accept: str, deadline: _Deadline) -> Iterator[requests.Response]:
    """The answer to a GET, its body not yet read. What goes wrong, also while it is read, is a FetchError."""
    target = url
    headers = {"User-Agent": _USER_AGENT, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
    try:
        request = requests.Request("GET", url, headers=headers).prepare()
        target = request.url or ""
        _check(target)
        policy = _policy(target, allow)
        policy.check_url(target)
        settings = requests.Session().merge_environment_settings(target, {}, True, None, None)
        verify = settings["verify"] or True
        limits = (min(_CONNECT_SECONDS, deadline.left / _ATTEMPTS), deadline.left)
        with (
            closing(_Adapter(policy, deadline)) as adapter,
            closing(adapter.send(request, stream=True, timeout=limits, verify=verify)) as response,
        ):
            yield response
    except SSRFGuardError:
        port = urlsplit(target).port
        why = "it leads to an address inside" if port in (None, *_USUAL_PORTS) else f"port {port} is unusual"
        hint = "If that server may be read, add its network to `allow` in [fetch]."
        raise FetchError(f"{_place(url)}: not read: {why}", hint) from None
    except requests.exceptions.SSLError as error:
        again = "CERTIFICATE_VERIFY_FAILED" not in str(error)
        raise FetchError(f"{_place(url)}: no secure connection", again=again) from None
    except (requests.RequestException, HTTPError, OSError) as error:
        if isinstance(error, ValueError):  # requests says so of addresses it cannot read
            raise FetchError(f"{_place(url)}: not a web address") from None
        what = "too slow" if deadline.over else _gist(error)
        raise FetchError(f"{_place(url)}: {what}", again=True) from None
    except ValueError:
        raise FetchError(f"{_place(url)}: not a web address") from None


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise FetchError(f"{parts.scheme or 'nothing'}: is not read; only http and https are")
    if parts.username is not None:
        raise FetchError(f"{_place(url)}: the address holds a password, which is not sent")


def _policy(url: str, allow: Sequence[str]) -> Policy:
    try:
        inside = tuple(ip_network(network) for network in allow)
    except ValueError as error:
        raise ConfigError(f"fetch.allow: {error}", "Write networks such as 10.1.2.0/24.") from None
    port = urlsplit(url).port
    if port is None or port in _USUAL_PORTS:
        return Policy(allowed_networks=inside, max_connection_attempts=_ATTEMPTS)
    return Policy(
        allowed_networks=inside,
        denied_networks=_NOWHERE,
        allowed_ports=frozenset({port}),
        max_connection_attempts=_ATTEMPTS,
    )


def _judge(status: int, url: str) -> None:
    if not 200 <= status < 300:
        again = status >= 500 or status in _PASSING
        raise FetchError(f"{_place(url)}: the server answered {status}", again=again, status=status)


def _read(response: requests.Response, url: str, max_bytes: int) -> bytes:
    too_long = FetchError(
        f"{_place(url)}: larger than {max_bytes:,} bytes", "The limit is `max_bytes` in [fetch]."
    )
    told = response.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and len(told) < 20 and int(told) > max_bytes:
        raise too_long
    body = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            raise too_long
    return bytes(body)


def _content_type(value: str) -> tuple[str, str | None]:
    header = Message()
    header["content-type"] = " ".join(value.split())
    charset = header.get_content_charset()
    return (header.get_content_type() if value.strip() else ""), charset


def _place(url: str) -> str:
    """Where, for people: host and path. What else an address holds may be secret."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname or ''}{parts.path}"
    except ValueError:
        place = url.partition("?")[0].rpartition("@")[2]
    return "".join(letter if letter.isprintable() else "?" for letter in place[:200]) or "an empty address"


def _gist(error: BaseException) -> str:
    """The innermost reason in a few words; not its own, which may hold the whole address."""
    while isinstance(inner := getattr(error, "reason", None) or next(iter(error.args), None), BaseException):
        error = inner
    name = type(error).__name__
    return _REASONS.get(name, f"no whole answer ({name})")


_REASONS = {
    "gaierror": "no server of that name is known",
    "NameResolutionError": "no server of that name is known",
    "ConnectionRefusedError": "nobody answers there",
    "NewConnectionError": "nobody answers there",
    "ConnectTimeoutError": "nobody answers there in time",
    "ReadTimeoutError": "too slow",
    "TimeoutError": "too slow",
}
