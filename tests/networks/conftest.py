"""A server that answers from a script, and a draft to post."""

import contextlib
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from networks.real import allowed, bluesky, desk_server, mastodon, pds, real  # noqa: F401 - fixtures

from syndication.models import Card, Draft

IMAGE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 80


@dataclass
class Asked:
    """One request as it came."""

    what: str
    query: str
    headers: dict
    body: bytes


class Script:
    """Answers by "METHOD /path"; `lost` names requests whose connection is dropped after they were read."""

    def __init__(self, answers):
        self.answers, self.asked, self.lost = dict(answers), [], set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Scripted", (_Scripted,), {"script": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer_to(self, what):
        """The answer of that name, else one whose name's `*` stands for anything."""
        names = (name for name in self.answers if fnmatchcase(what, name))
        return self.answers[what if what in self.answers else next(names)]

    def forget(self):
        """Begin anew: no request was asked, every list of answers starts at its first."""
        self.asked.clear()

    def whats(self):
        return [asked.what for asked in self.asked]


class _Scripted(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        asked = Asked(f"{self.command} {path}", query, dict(self.headers), body)
        self.script.asked.append(asked)
        if asked.what in self.script.lost:
            self.close_connection = True
            return
        answer = self.script.answer_to(asked.what)
        if isinstance(answer, list):  # in turn; the last one stays
            answer = answer[min(self.script.whats().count(asked.what), len(answer)) - 1]
        said = answer.get("body")
        if isinstance(said, str):  # plain text, as it is
            said = said.encode()
        out = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        self.send_response(answer["status"])
        for name, value in answer["headers"].items():
            self.send_header(name, in_time(value))
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the library's names

    def log_message(self, *_):
        """Nothing."""


def in_time(value):
    """`@iso+90` and `@unix+90`: ninety seconds from now, in a network's own form."""
    form, _, seconds = value.partition("+")
    moment = datetime.now(UTC) + timedelta(seconds=int(seconds)) if form in ("@iso", "@unix") else None
    if form == "@iso":
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(int(moment.timestamp())) if form == "@unix" else value


@pytest.fixture
def scripted():
    """Makes a scripted server for the test: scripted(answers)."""
    with contextlib.ExitStack() as stack:

        def start(answers):
            script = Script(answers)
            stack.callback(script.stop)
            return script

        yield start


@pytest.fixture
def image():
    return IMAGE


@pytest.fixture
def draft():
    """Makes a draft: the one the samples are about, unless told otherwise."""

    def make(**parts):
        card = Card(
            template="article", width=1200, height=630, file="a.jpg", sha256=hashlib.sha256(IMAGE).hexdigest(),
            size=len(IMAGE),
        )  # fmt: skip
        whole = {
            "key": "4711" * 16, "text": "Twelve are missing.", "link": "https://news.example/world/4711",
            "title": "Ferry sinks off the coast", "description": "Twelve are missing.", "language": "en",
            "card": card, "alt": "A ferry.", "created": datetime(2026, 11, 20, 8, tzinfo=UTC),
        }  # fmt: skip
        return Draft.model_validate({**whole, **parts})

    return make


@pytest.fixture
def fresh(draft):
    """Makes a draft created just now, for servers that know the time."""

    def make(number=0, **parts):
        key = hashlib.sha256(f"{number} {time.time_ns()}".encode()).hexdigest()
        return draft(key=key, created=datetime.now(UTC), **parts)

    return make


class Desk:
    """A person who types what a test says, in turn."""

    def __init__(self, answers):
        self.answers, self.said, self.hidden = list(answers), [], []

    def say(self, words):
        self.said.append(words)

    def ask(self, what, *, hidden=False):
        if hidden:
            self.hidden.append(what)
        return self.answers.pop(0)

    def own_client(self):
        return None


@pytest.fixture
def desk():
    """Makes the person who connects an account: desk(answer, ...)."""
    return lambda *answers: Desk(answers)
