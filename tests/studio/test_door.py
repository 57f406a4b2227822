"""The door for a CMS: what it lets in, what it refuses, and that it waits for nobody."""

import http.client
import json
import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
import uvicorn
from sqlalchemy.exc import TimeoutError as PoolTimeout

from syndication.errors import ConfigError
from syndication.events.webhook import sign
from syndication.store import stories
from syndication.studio.app import SECRET_ENVIRONMENT, SECRET_FILE, make_app, webhook_secrets
from syndication.vault import private_text

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = {
    "id": "cms-1",
    "url": "https://news.example/world/1",
    "headline": "Harbour opens",
    "published": datetime.now(UTC).isoformat(),
}


class Door:
    """The application on a real port, and the nudges it gave."""

    def __init__(self, store, config, nudge=None):
        self.nudged = threading.Event()
        app = make_app(store, config, nudge or (lambda: self.nudged.set() or True), [SECRET])
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
        self.thread = threading.Thread(target=self.server.run)

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.005)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()

    def send(self, event=None, *, body=None, message="msg-1", late=timedelta(0), secret=SECRET, **changed):
        body = json.dumps(event or EVENT).encode() if body is None else body
        headers = {**sign(message, datetime.now(UTC) - late, body, secret), **changed}
        return requests.post(f"http://127.0.0.1:{self.port}/events", data=body, headers=headers, timeout=10)


@pytest.fixture
def door(store, config):
    with Door(store, config) as opened:
        yield opened


def known(store):
    with store.read() as tx:
        return [story.event.id for story in stories.newest(tx, 10)]


def test_a_signed_event_is_stored_before_it_is_accepted(door, store):
    """202 means: the story is in the store. The workers are told after that."""
    answer = door.send()
    assert (answer.status_code, answer.json()) == (202, {"story": "cms-1", "result": "new"})
    assert known(store) == ["cms-1"]
    assert door.nudged.wait(5)


def test_the_same_webhook_twice_is_one_event(door, store):
    """A retry of the same message is answered like the first, and changes nothing."""
    door.send()
    again = door.send({**EVENT, "revision": 2})
    assert (again.status_code, again.json()["result"]) == (202, "unchanged")


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": "whsec_" + "A" * 32}, 401),
        ({"late": timedelta(minutes=6)}, 401),
        ({"late": timedelta(minutes=-6)}, 401),
        ({"webhook-signature": ""}, 401),
        ({"webhook-id": "another"}, 401),
        ({"body": b"{}"}, 400),
        ({"body": b"not json"}, 400),
        ({"event": {**EVENT, "image": {"path": "/etc/passwd"}}}, 400),
        ({"event": {**EVENT, "image": {"url": "file:///etc/passwd"}}}, 400),
    ],
)
def test_what_is_forged_late_or_faulty_is_refused(door, store, how, status):
    """Nothing of a refused request reaches the store, and its answer holds no secret."""
    answer = door.send(**how)
    assert answer.status_code == status, answer.text
    assert known(store) == []
    assert SECRET not in answer.text
    assert not door.nudged.is_set()


def test_a_replay_with_a_newer_time_is_forged(door, store):
    """The time is part of what is signed: an old message cannot be made young."""
    old = sign("msg-9", datetime.now(UTC) - timedelta(hours=1), json.dumps(EVENT).encode(), SECRET)
    now = str(int(datetime.now(UTC).timestamp()))
    body = json.dumps(EVENT).encode()
    answer = requests.post(
        f"http://127.0.0.1:{door.port}/events",
        data=body,
        headers={**old, "webhook-timestamp": now},
        timeout=10,
    )
    assert answer.status_code == 401
    assert known(store) == []


def test_every_fault_is_listed_with_its_place(door):
    """A CMS developer mends all of an event's faults at once."""
    answer = door.send({"headline": "", "published": "yesterday", "kicker": 7})
    faults = {fault["field"]: fault for fault in answer.json()["faults"]}
    assert {"url", "headline", "published", "kicker"} <= set(faults)
    assert "yesterday" in faults["published"]["found"]


def test_a_template_that_is_not_there_is_a_fault(door, store):
    """What is wrong only with this newsroom's templates is told like any other fault, and nothing is kept."""
    answer = door.send({**EVENT, "card": {"template": "qoute"}})
    assert answer.status_code == 400
    assert [(fault["field"], fault["expected"]) for fault in answer.json()["faults"]] == [
        ("card.template", "quote, perhaps")
    ]
    with store.read() as tx:
        assert stories.get(tx, "cms-1") is None


def test_an_oversized_body_is_refused_unread(door, config):
    """Whether its length is declared or not."""
    most = config.serve.max_bytes
    assert door.send(body=b" " * (most + 1)).status_code == 413
    line = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    line.putrequest("POST", "/events")
    line.putheader("Content-Length", str(10**12))
    line.endheaders()
    assert line.getresponse().status == 413
    line.close()

    def endless():
        for _ in range(most // 65536 + 2):
            yield b" " * 65536

    answer = requests.post(f"http://127.0.0.1:{door.port}/events", data=endless(), timeout=10)
    assert answer.status_code == 413


def test_a_broker_that_hangs_holds_nobody_up(store, config):
    """Events are answered while the nudge is still stuck."""
    stuck, free = threading.Event(), threading.Event()

    def nudge():
        stuck.set()
        return free.wait(30)

    with Door(store, config, nudge) as door:
        assert door.send().status_code == 202
        assert stuck.wait(5)
        assert door.send({**EVENT, "id": "cms-2"}, message="msg-2").status_code == 202
        assert not free.is_set()
        free.set()


def test_a_failing_nudge_loses_no_event(store, config):
    """The nudger survives whatever the broker does to it."""
    calls = []

    def nudge():
        calls.append(1)
        raise RuntimeError("broker")

    with Door(store, config, nudge) as door:
        for number in range(3):
            assert door.send({**EVENT, "id": f"cms-{number}"}, message=f"m{number}").status_code == 202
            end = time.monotonic() + 5
            while len(calls) <= number and time.monotonic() < end:
                time.sleep(0.01)
    assert len(calls) == 3


def test_refusals_are_logged_without_their_secrets(door, caplog):
    """The log names the message and the reason, and no signature."""
    with caplog.at_level(logging.DEBUG):
        headers = sign("msg-7", datetime.now(UTC), b"{}", SECRET)
        door.send(body=b"{}", message="msg-7", secret="whsec_" + "B" * 32)
    text = "\n".join(str(record.__dict__) for record in caplog.records)
    assert "msg-7" in text
    assert SECRET not in text
    assert headers["webhook-signature"] not in text


def test_healthz_tells_of_the_store(door, store):
    """A load balancer sees whether the store can be read."""
    answer = requests.get(f"http://127.0.0.1:{door.port}/healthz", timeout=5)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    with store.engine.begin() as tx:
        for table in ("deliveries", "pictures", "stories"):
            tx.exec_driver_sql(f"DROP TABLE {table}")
    assert requests.get(f"http://127.0.0.1:{door.port}/healthz", timeout=5).status_code == 503


def test_a_store_that_cannot_be_written_says_send_again(door, store):
    """503 makes a CMS retry; nothing was accepted."""
    with store.engine.begin() as tx:
        tx.exec_driver_sql("DROP TABLE webhooks")
    assert door.send().status_code == 503
    assert known(store) == []


def test_a_store_that_is_busy_for_too_long_says_send_again(door, monkeypatch):
    """Waiting in vain for a connection is no fault of the event."""

    def busy(*_, **__):
        raise PoolTimeout("QueuePool limit of size 5 overflow 10 reached")

    monkeypatch.setattr("syndication.studio.app.accept", busy)
    assert door.send().status_code == 503


def test_secrets_come_from_the_environment_or_a_private_file(config, monkeypatch):
    """A file that others may read is refused; several secrets serve while one replaces the next."""
    with pytest.raises(ConfigError, match="no webhook secret"):
        webhook_secrets(config)
    file = config.data / SECRET_FILE
    private_text(file, SECRET)
    assert webhook_secrets(config) == [SECRET]
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        webhook_secrets(config)
    monkeypatch.setenv(SECRET_ENVIRONMENT, f"{SECRET} whsec_other")
    assert webhook_secrets(config) == [SECRET, "whsec_other"]
