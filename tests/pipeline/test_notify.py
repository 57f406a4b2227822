"""A person is told of what only they can mend: once for each time it comes about, whoever dies over it."""

import json
import logging
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from scripted import deliver

from syndication.errors import CannotTell, ConfigError, Refused, Unknown, Unsupported
from syndication.models import State
from syndication.pipeline import Choice, accept, hold, sweep, withdraw
from syndication.pipeline.notify import ENVIRONMENT, FILE, lines_of, tell
from syndication.store import accounts, deliveries, milliseconds, moment
from syndication.store.notices import Needy

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
    sweep(store, config)
    assert tell(store, config) == 2
    [told] = inbox.came
    assert "desk must be connected again by 2026-11-25" in told["message"]
    doubt = "A post of cms-1 to desk may or may not be out: it shows nothing; look at the account, then: "
    assert f"{doubt}syndicate resolve 1 --posted URL | --not-posted." in told["message"]


def fail(store, config, event, clock, numbers, why="the server is down"):
    """These stories' posts are given up, as they could not be sent in their time."""
    for number in numbers:
        accept(store, config, event(id=f"cms-{number}"))
    with store.write() as tx:
        for number in numbers:
            [post] = deliveries.of_story(tx, f"cms-{number}")
            deliveries.change(tx, post, {post.state}, expires_at=clock(), reason=why)
    sweep(store, config)


def test_an_outage_is_one_notice_that_says_how_many(store, config, desk, event, inbox, clock):
    """What fails later is gathered for a quarter of an hour; nothing is left out, and nothing told again."""
    fail(store, config, event, clock, range(40))
    assert tell(store, config) == 40
    fail(store, config, event, clock, range(50, 60))
    clock.move(600)
    assert tell(store, config) == 0
    fail(store, config, event, clock, [70], why="it was full")
    clock.move(301)
    assert tell(store, config) == 11
    clock.move(3600)
    assert tell(store, config) == 0
    first, second = (told["message"].splitlines() for told in inbox.came)
    late = "to desk did not go out: not sent in its time: the server is down. `syndicate resolve`"
    assert first == [f"40 posts (cms-0, cms-1, cms-2 and 37 more) {late}"]
    assert second == [
        f"10 posts (cms-50, cms-51, cms-52 and 7 more) {late}",
        "A post of cms-70 to desk did not go out: not sent in its time: it was full. `syndicate resolve 51`",
    ]


def test_many_reasons_do_not_make_a_flood(store, config, desk, event, inbox, clock):
    """A dozen lines, and how many posts there are besides."""
    for number in range(20):
        fail(store, config, event, clock, [number], why=f"fault {number}")
    assert tell(store, config) == 20
    lines = inbox.came[0]["message"].splitlines()
    assert len(lines) == 13
    assert lines[-1] == "And 8 more, for other reasons: `syndicate resolve`, `syndicate holds`."


def test_doubts_alike_share_a_line_though_each_names_its_number():
    """Else an outage of the kind that leaves doubts would be a flood."""
    why = "it shows nothing; look at the account, then: syndicate resolve {} --posted URL | --not-posted"
    posts = [Needy(n, "cms-9", "desk", State.UNKNOWN, why.format(n)) for n in (7, 77, 777)]
    [line] = lines_of(posts)
    assert line == f"3 posts (cms-9) to desk may or may not be out: {why.format('NO')}."


def test_what_was_refused_is_held_or_is_to_be_removed_by_hand_is_told(
    store, config, published, network, event, inbox, clock
):
    """All that `resolve` and `holds` wait for; but not what an editor stopped, who knows."""
    network.publishes = [Refused("the words are too long")]
    assert deliver(store, config)
    hold(store, config, Choice(topic="fire"))
    accept(store, config, event(id="cms-2", tags=["fire"]))
    accept(store, config, event(id="cms-3", url="https://news.example/world/1"))
    sweep(store, config)
    assert tell(store, config) == 2
    assert "A post of cms-1 to desk did not go out: the words are too long" in inbox.came[0]["message"]
    assert "A post of cms-3 to desk will not go out without your word" in inbox.came[0]["message"]


def test_a_removal_that_is_left_to_an_editor_is_told(store, config, published, network, inbox, clock):
    """A withdrawn story stays up until a person removes it where the network lets nobody else."""
    network.removals = [Unsupported("it is too old to be removed by us")]
    assert deliver(store, config)
    withdraw(store, "cms-1")
    assert deliver(store, config)
    sweep(store, config)
    assert tell(store, config) == 1
    assert "A post of cms-1 to desk must be changed or removed by you" in inbox.came[0]["message"]


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
