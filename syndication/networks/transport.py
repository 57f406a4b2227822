"""One HTTP exchange: sent once, no redirect followed, bounded in bytes and in time as a whole."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException
from itertools import count
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from ssrfguard import Policy
from ssrfguard.errors import SSRFGuardError
from ssrfguard.requests import SafeAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from syndication.text import plain
from syndication.traces import span, tell

MAX_ANSWER = 2_000_000
"""Bytes of an answer's body that are read; more is a fault of the server."""

CONNECT_SECONDS = 10.0
"""For the connection, and for the sending of the request on it (urllib3 bounds both by this)."""


_IDLE = 1.5
"""Seconds for which a line may rest between two requests; servers hang up after 2 seconds at the soonest."""

_LOOK = 60.0  # seconds between two looks of a watchdog that has nothing to watch


class HeldUp(Exception):
    """The request was not sent: this process stood still for too long before it would have been."""


_begin_by: ContextVar[float] = ContextVar("begin_by", default=float("inf"))


@contextmanager
def begun_within(seconds: float) -> Iterator[None]:
    """Exchanges in this block raise HeldUp, with nothing sent, unless they are under way by then.

    A process that was frozen is not to send what others have settled meanwhile. True time counts, not the clock's.
    """
    before = _begin_by.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _begin_by.reset(before)


def _in_time() -> None:
    if time.monotonic() > _begin_by.get():
        raise HeldUp("this machine stood still just before the request")


@dataclass(frozen=True)
class Answer:
    """What a server said: status, headers by lower-case name, body in bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def words(self) -> str:
        """The server's own words for what went wrong: printable, on one line."""
        data = self.json()
        if isinstance(data, dict):
            text = ": ".join(dict.fromkeys(_told(data)))
        else:
            text = self.body[:5000].decode("utf-8", "replace")
            if "html" in self.headers.get("content-type", ""):
                text = plain(text)
        return " ".join("".join(char if char.isprintable() else " " for char in text).split())


# Where networks put their words for what went wrong, inside each other at most so deep.
_WORDS = (
    "error error_description errcode message msg description detail title error_msg error_user_msg".split()
)
_HOLDERS = ("error", "errors", "meta", "json")
_DEEP = 4


def _told(data: Any, deep: int = _DEEP) -> Iterator[str]:
    if isinstance(data, list):
        for one in data[:3]:
            if isinstance(one, str) and deep < _DEEP:
                yield one
            elif deep:
                yield from _told(one, deep - 1)
    elif isinstance(data, dict):
        yield from (str(data[name]) for name in _WORDS if isinstance(data.get(name), str) and data[name])
        for name in _HOLDERS:
            if deep and isinstance(data.get(name), dict | list):
                yield from _told(data[name], deep - 1)


class Session(requests.Session):
    """Lines to servers, for `exchange`: of one account, for any number of deeds one after the other.

    `direct` leaves out the environment's proxies, as for servers on this machine.
    """

    def __init__(self, *, direct: bool) -> None:
        super().__init__()
        self.trust_env = not direct
        self.mount("https://", _Adapter())
        self.mount("http://", _Adapter())
        self._used = 0.0
        self._settings = dict[str, dict[str, Any]]()

    def ready(self, named: Iterable[str]) -> Self:
        """Make it ready for another deed. `named` are origins that no person named but a server's answer: they are
        reached at public addresses only.
        """
        self.cookies.clear()
        for place in named:
            if f"{place}/" not in self.adapters:
                self.mount(f"{place}/", _Outward(policy=Policy()))
        return self

    def settings(self, url: str) -> dict[str, Any]:
        """How to reach a URL's server: the environment's proxies and certificates, looked up once for each."""
        place = "/".join(url.split("/", 3)[:3])
        if place not in self._settings:
            self._settings[place] = {**self.merge_environment_settings(url, {}, True, None, None)}
        return self._settings[place]

    @contextmanager
    def line(self) -> Iterator[None]:
        """Around each exchange: a line that was idle is given up, as its server may be hanging up just now."""
        if time.monotonic() - self._used > _IDLE:
            self.close()
        try:
            yield
        finally:
            self._used = time.monotonic()


def exchange(session: Session, request: requests.PreparedRequest, seconds: float) -> Answer:
    """Send a request once and read its answer, all within about `seconds`.

    Raises requests.RequestException where there is no answer, or only a part of one.
    """
    with span("request", method=request.method or "", host=urlsplit(request.url or "").hostname or ""):
        with session.line():
            answer = _exchange(session, request, seconds)
        tell(status=answer.status)
        return answer


def _exchange(session: Session, request: requests.PreparedRequest, seconds: float) -> Answer:
    _in_time()
    deadline = time.monotonic() + seconds
    around = session.settings(request.url or "")
    limits = (min(CONNECT_SECONDS, seconds), seconds)
    with closing(session.send(request, timeout=limits, allow_redirects=False, **around)) as response:
        try:
            with _alarm(deadline - time.monotonic(), response.raw.shutdown):
                body = response.raw.read(MAX_ANSWER + 1, decode_content=False)
        except (HTTPError, OSError) as error:
            late = time.monotonic() > deadline
            raise (requests.ReadTimeout if late else requests.ConnectionError)(error) from None
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the answer took too long")  # what was read may be a part of it
        if len(body) > MAX_ANSWER:
            raise requests.ConnectionError(f"the answer is longer than {MAX_ANSWER} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, body)


class _Watchdog:
    """One thread for all alarms of this process: to start one for each costs more than the rest of a request."""

    def __init__(self) -> None:
        self._changed, self._numbers = threading.Condition(), count()
        self._alarms = dict[int, tuple[float, Callable[[], object]]]()
        self._wakes: float | None = None  # when it looks next; None: there is no thread yet

    def set(self, at: float, cut: Callable[[], object]) -> int:
        """Have a line cut at a time of the monotonic clock; the number to take it back by."""
        with self._changed:
            number = next(self._numbers)
            self._alarms[number] = at, cut
            if self._wakes is None:
                threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
            if self._wakes is None or at < self._wakes:
                self._wakes = at
                self._changed.notify()
            return number

    def take_back(self, number: int) -> None:
        """It was done in time. Once this returns, the line is not cut any more."""
        with self._changed:
            self._alarms.pop(number, None)

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for number, (at, cut) in list(self._alarms.items()):
                    if at <= now:
                        del self._alarms[number]
                        with suppress(OSError, RuntimeError, ValueError):  # it was closed in the same moment
                            cut()
                # What is taken back wakes nobody, so that it looks at most once a request's limit in vain.
                self._wakes = min((at for at, _ in self._alarms.values()), default=now + _LOOK)
                self._changed.wait(self._wakes - now)


_watchdog = _Watchdog()


def _forked() -> None:
    """A child has no thread of its parent's."""
    global _watchdog
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_forked)


@contextmanager
def _alarm(seconds: float, cut: Callable[[], object]) -> Iterator[None]:
    """Cut the line if the block is not done in time: a read time-out starts anew with every byte that trickles."""
    dog = _watchdog
    number = dog.set(time.monotonic() + seconds, cut)
    try:
        yield
    finally:
        dog.take_back(number)


class _Watched(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _in_time()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        line, seconds, start = self.sock, float(self.timeout or 0), time.monotonic()
        try:
            # Not the method of an SSLSocket, which would forget its TLS state under the reading thread.
            with _alarm(seconds, lambda: socket.socket.shutdown(line, socket.SHUT_RDWR)):
                return super().getresponse()
        except (OSError, HTTPException):
            if time.monotonic() - start < seconds:
                raise
            raise TimeoutError("timed out") from None  # it was us who hung up


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _watch(super().proxy_manager_for(*args, **kwargs))


class _Outward(SafeAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {name: _watched(pool) for name, pool in pools.items()}

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        # Never by a proxy, which would look the name up for itself.
        try:
            return super().send(request, **{**kwargs, "proxies": None})
        except SSRFGuardError:
            host = urlsplit(request.url or "").hostname or ""
            inside = NewConnectionError(HTTPConnection(host), "it leads to an address inside")
            raise requests.ConnectionError(inside) from None


def _watched(pool: Any) -> Any:
    class Connection(_Watched, pool.ConnectionCls):  # type: ignore[misc]
        pass

    class Pool(pool):  # type: ignore[misc]
        ConnectionCls = Connection

    return Pool


def _watch(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}
    return manager
