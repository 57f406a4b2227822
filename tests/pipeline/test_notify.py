"""A person is told of what only they can mend: once for each time it comes about, whoever dies over it."""

import json
import logging
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from scripted import deliver

from syndication.errors import CannotTell, ConfigError, Unknown
from syndication.pipeline.notify import ENVIRONMENT, FILE, tell
from syndication.store import accounts, milliseconds, moment

# Of a library of Apprise's, on Python 3.11.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def inbox(monkeypatch):
    """A real receiver of Apprise's JSON notifications: what came, and the status it answers with."""

    class Take(BaseHTTPRequestHandler):
        came, status = [], 200

        def do_POST(self):
            self.came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_):
            """Nothing."""

    Take.came = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Take) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setenv(ENVIRONMENT, f"json://user:the-secret-word@127.0.0.1:{server.server_port}/")
        yield Take
        server.shutdown()
        thread.join()


def stop(store, why="the token was revoked"):
    with store.write() as tx:
        accounts.pause(tx, "desk", why)


def test_a_dead_account_is_told_once_and_again_when_it_dies_again(store, config, desk, inbox):
    """Restarts do not matter: what was told stands in a row, which goes when it is mended."""
    assert tell(store, config) == 0
    stop(store)
    assert tell(store, config) == 1
    assert tell(store, config) == 0
    [told] = inbox.came
    assert "desk posts nothing any more: the token was revoked" in told["message"]
    assert "syndicate connect script --name desk" in told["message"]
    stop(store, "")
    assert tell(store, config) == 0
    stop(store)
    assert tell(store, config) == 1
    assert len(inbox.came) == 2


def test_what_was_not_delivered_is_told_later(store, config, desk, inbox, clock, caplog):
    """A receiver that is down is tried again after a quarter of an hour; the log says so without its address."""
    caplog.set_level(logging.DEBUG)
    stop(store)
    inbox.status = 503
    assert tell(store, config) == 0
    inbox.status = 200
    assert tell(store, config) == 0
    clock.move(901)
    assert tell(store, config) == 1
    assert "notification not delivered" in caplog.text
    assert "the-secret-word" not in caplog.text


def test_a_token_that_ends_and_a_post_in_doubt_are_told(store, config, published, network, inbox, clock):
    """In one message, as far as they came about together."""
    network.replay = timedelta(0)
    network.publishes, network.finds = [Unknown("the answer was lost")], [CannotTell("it shows nothing")]
    assert deliver(store, config)
    clock.move(60)
    assert deliver(store, config)
    with store.write() as tx:
        sealed = accounts.secrets(tx)["desk"]
        ends = milliseconds(moment(clock()) + timedelta(days=5))
        accounts.keep_token(tx, "desk", accounts.Token(sealed, ends, False, None))
    assert tell(store, config) == 2
    [told] = inbox.came
    assert "desk must be connected again by 2026-11-25" in told["message"]
    assert "syndicate resolve shows number 1" in told["message"]


def test_nobody_is_told_by_default(store, config, desk, monkeypatch):
    """Without an address nothing is stored and nothing imported; a file that others may read is refused."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    stop(store)
    assert tell(store, config) == 0
    file = config.data / FILE
    file.write_text("json://127.0.0.1:1/")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        tell(store, config)


def test_an_address_that_is_none_is_told_without_showing_it(store, config, desk, monkeypatch):
    """It may hold a password."""
    monkeypatch.setenv(ENVIRONMENT, "nonsense://user:the-secret-word@x")
    stop(store)
    with pytest.raises(ConfigError) as caught:
        tell(store, config)
    assert "the-secret-word" not in str(caught.value)
