"""No secret is told to anyone: not in logs, errors, rows, on screens, nor in any process's arguments.

The networks here answer with the very secrets they were sent, as careless servers do in their error pages.
"""

import base64
import json
import logging
import threading
import traceback
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from machines import Machine, free_port, syndicate, until
from processes import words_of

from syndication.cli import cli
from syndication.config import load
from syndication.log import Lines, start_logging
from syndication.models import State
from syndication.networks import mastodon
from syndication.pipeline import connect_account
from syndication.store import deliveries, open_store
from syndication.store.schema import metadata

TOKEN = "tk-Wq8vT3nR5yLx0ZbM7cKf2JdHs4PgA9"
ACCESS = "eyJhbGciOi.access-G5rT8wQ2xN6vB1mK.c2lnbmF0dXJl"
REFRESH = "eyJhbGciOi.refresh-P0oI9uY7tR5eW3qA.c2lnbmF0dXJl"
PASSWORD = "abcd-efgh-ijkl-mnop"

GOOD = {
    "/.well-known/nodeinfo": {"links": []},
    "/api/v2/instance": {},
    "/api/v1/accounts/verify_credentials": {"id": "1", "username": "desk"},
    "/api/v2/media": {"id": "7", "url": "https://social.example/7.jpg"},
    "/xrpc/com.atproto.server.createSession": {
        "did": "did:plc:meridian", "handle": "meridian.test", "accessJwt": ACCESS, "refreshJwt": REFRESH,
    },
    "/xrpc/com.atproto.server.getSession": {"did": "did:plc:meridian", "handle": "meridian.test"},
    "/xrpc/com.atproto.repo.uploadBlob": {"blob": {"$type": "blob"}},
}  # fmt: skip


@pytest.fixture
def careless():
    """A network of both kinds: `status` for what posts or searches, with all that it was sent in its answer."""

    class Careless(BaseHTTPRequestHandler):
        status = 500
        sick = frozenset()  # paths that fail as well

        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))[:200].decode("latin-1")
            path = self.path.partition("?")[0]
            good = None if path in self.sick else GOOD.get(path)
            sent = self.headers.get("Authorization", "")
            said = f"sent: {sent} {quote(sent.removeprefix('Bearer '), safe='')} {body}"
            answer = {"error": "Sick", "message": said, "error_description": said} if good is None else good
            out = json.dumps(answer).encode()
            self.send_response(self.status if good is None else 200, said[:40])
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_POST = do_PUT = do_GET  # noqa: N815 - the library's names

        def log_message(self, *_):
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        server.says = Careless
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Ears(logging.Handler):
    """Hears every record of every logger, as it would be written and as it is."""

    def __init__(self):
        super().__init__(logging.NOTSET)
        self.setFormatter(Lines())
        self.heard = []

    def emit(self, record):
        self.heard.append(self.format(record) + repr(record.__dict__))


class Room:
    """A newsroom's folder, all that was said in it, and the secrets that must not be."""

    def __init__(self, folder, ears):
        self.ears, self.said = ears, []
        self.config = load(folder / "syndicate.toml")
        keys = [self.config.data / "secret.key", self.config.data / "webhook.secret"]
        self.secrets = [TOKEN, ACCESS, REFRESH, PASSWORD, *(key.read_text().strip() for key in keys)]

    def run(self, *words, stdin=None):
        """A command in this process; what it shows, and its error as it would be printed with its traceback."""
        done = CliRunner().invoke(cli, words, input=stdin)
        error = "".join(traceback.format_exception(done.exception)) if done.exception else ""
        self.said.append(done.stdout + done.stderr + error)
        return done

    def everything(self):
        store = open_store(self.config.store_url)
        with store.read() as tx:
            rows = [tx.execute(table.select()).all() for table in metadata.sorted_tables]
        store.close()
        return "\n".join([*self.said, *self.ears.heard, repr(rows)])


def assert_untold(secrets, text):
    """None of them stands there: whole, at its ends, quoted or in base64."""
    for secret in secrets:
        forms = {secret, secret[:16], secret[-12:], quote(secret, safe="")}
        forms |= {base64.b64encode(secret.encode()).decode().rstrip("=")}
        for form in forms:
            at = text.find(form)
            assert at < 0, f"{secret[:4]}… is told: {text[max(0, at - 200) : at + 8]}"


@pytest.fixture
def room(tmp_path, monkeypatch, careless, database):
    """A room with both accounts connected, every logger at DEBUG, and a story to publish."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNDICATE_CONFIG", raising=False)
    root, ears = logging.getLogger(), Ears()
    before, level = root.handlers[:], root.level
    start_logging(logging.DEBUG)
    root.addHandler(ears)
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    event = {"id": "cms-1", "url": "https://news.example/1", "headline": "Harbour opens", "published": datetime.now(UTC).isoformat()}  # fmt: skip  # noqa: E501
    (tmp_path / "story.json").write_text(json.dumps(event))
    made = Room(tmp_path, ears)
    store = open_store(made.config.store_url)
    connect_account(store, made.config, "mastodon", careless.url, {"access_token": TOKEN}, "desk")
    store.close()
    words = ("connect", "bluesky", "--server", careless.url, "--handle", "meridian.test", "--name", "sky")
    assert made.run(*words, stdin=f"{PASSWORD}\n").exit_code == 0
    yield made
    root.handlers[:] = before
    root.setLevel(level)


def look_everywhere(room):
    for words in (["status"], ["why", "cms-1"], ["accounts"], ["check"], ["resolve"]):
        room.run(*words)
        room.run(*words, "--json")


@pytest.mark.parametrize("status", [400, 401, 422, 429, 500])
def test_a_network_that_echoes_secrets_spreads_none(room, careless, status):
    """Whatever status a careless server answers with, its words are told without the account's secrets."""
    careless.says.status = status
    room.run("publish", "story.json", "--now", "--json")
    look_everywhere(room)
    told = room.everything()
    assert "sent: " in told, "the server's words are told"
    assert f"answered {status}" in told
    assert_untold(room.secrets, told)


def test_sick_reads_and_refused_logins_spread_none(room, careless):
    """A server that fails before anything is posted, and one that refuses the login, repeat secrets to nobody."""
    careless.says.status, careless.says.sick = 401, frozenset(GOOD)
    try:
        room.run("publish", "story.json", "--now")
        look_everywhere(room)
        login = ("connect", "bluesky", "--server", careless.url, "--handle", "meridian.test", "--name", "two")
        refused = room.run(*login, stdin=f"{PASSWORD}\n")
        assert refused.exit_code == 1
        dance = ("connect", "mastodon", "--server", careless.url, "--name", "three", "--no-browser")
        assert room.run(*dance, stdin=f"{TOKEN}\n").exit_code == 1
    finally:
        careless.says.sick = frozenset()
    assert_untold(room.secrets, room.everything())


def test_a_crash_inside_a_connector_spreads_none(room, monkeypatch):
    """A fault of ours is logged with its traceback, and told to editors by its name only."""

    def crash(*_):
        raise KeyError("a fault of the test")

    monkeypatch.setattr(mastodon, "language_tag", crash)
    room.run("publish", "story.json", "--now")
    look_everywhere(room)
    told = room.everything()
    assert "our own fault: KeyError" in told
    assert "Traceback" in "\n".join(room.ears.heard)
    assert_untold(room.secrets, told)


def test_wrong_keys_are_named_and_not_shown(room, monkeypatch):
    """A key that fits nothing is told by its place; a webhook secret that is none too."""
    monkeypatch.setenv("SYNDICATE_KEY", "short-and-wrong-key-of-the-test")
    monkeypatch.setenv("SYNDICATE_WEBHOOK_SECRET", "whsec_bm90LWEtZ29vZC1zZWNyZXQ=!")
    look_everywhere(room)
    told = room.everything()
    assert "SYNDICATE_KEY" in told
    assert_untold([*room.secrets, "short-and-wrong-key-of-the-test", "whsec_bm90LWEtZ29vZC1zZWNyZXQ"], told)


@pytest.mark.slow
def test_no_process_shows_a_secret(tmp_path):
    """Through real workers, our own Redis and a sandbox: no secret in any argument that `ps` shows, nor in any log."""
    home = {"SYNDICATE_CONFIG": str(tmp_path / "syndicate.toml")}
    port = free_port()
    token = "sandbox-desk-with-a-long-name"
    machines = {"init": Machine("init", syndicate("init"), tmp_path, home).start()}
    assert machines["init"].process.wait(60) == 0
    config = load(tmp_path / "syndicate.toml")
    event = {"id": "cms-1", "url": "https://news.example/1", "headline": "Harbour opens", "published": datetime.now(UTC).isoformat()}  # fmt: skip  # noqa: E501
    (tmp_path / "story.json").write_text(json.dumps(event))
    seen = set()
    try:
        for name, words in {
            "sandbox": ["sandbox", "--port", str(port)], "worker": ["worker"], "serve": ["serve", "--port", "0"],
        }.items():  # fmt: skip
            machines[name] = Machine(name, syndicate(*words), tmp_path, home).start()
        until(lambda: "Sandbox" in machines["sandbox"].log.read_text(), 60, "the sandbox listens")
        store = open_store(config.store_url)
        connect_account(
            store, config, "mastodon", f"http://127.0.0.1:{port}", {"access_token": token}, "desk"
        )
        redis = config.data / "redis/redis.json"
        until(redis.exists, 60, "our Redis has its password")
        machines["publish"] = Machine("publish", syndicate("publish", "story.json"), tmp_path, home).start()
        until(lambda: seen.update(arguments()) or sent(store), 60, "the post is sent")
        store.close()
    finally:
        for machine in reversed(machines.values()):
            machine.stop()
    secrets = [token, json.loads(redis.read_text())["password"]]
    secrets += [(config.data / name).read_text().strip() for name in ("secret.key", "webhook.secret")]
    assert any("valkey" in words for words in seen)
    assert_untold(secrets, "\n".join(seen))
    assert_untold(secrets, "\n".join(file.read_text() for file in tmp_path.rglob("*.log")))


def arguments():
    """The arguments of every process on the machine."""
    from pathlib import Path

    return {words_of(file.name) for file in Path("/proc").glob("[0-9]*")}


def sent(store):
    with store.read() as tx:
        return [post.state for post in deliveries.of_story(tx, "cms-1")] == [State.SENT]
