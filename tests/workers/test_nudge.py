"""Nudges: they give up soon, follow a Redis that moved, and never pile up."""

import json
import signal
import time
import uuid

import pytest
from machines import Machine, free_port, redis_words, until
from redis import Redis, RedisError

from syndication.config import load
from syndication.vault import private_text


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A config, and a nudger that has not spoken to any broker yet."""
    (tmp_path / "syndicate.toml").write_text("")
    monkeypatch.setenv("SYNDICATE_CONFIG", str(tmp_path / "syndicate.toml"))
    from workers import nudge

    nudge._line.cache_clear()
    yield load()
    nudge._line().release()
    nudge._line.cache_clear()


@pytest.fixture
def broker(room, tmp_path):
    """Starts a Redis and has the room's file tell of it, as the supervisor does: broker() -> its port."""
    started = []

    def start(port=0):
        port = port or free_port()
        from workers.broker import forget

        forget(room)
        facts = {"port": port, "password": ""}
        private_text(room.data / "redis/redis.json", json.dumps(facts))
        started.append(Machine(f"redis-{uuid.uuid4()}", redis_words(port, tmp_path), tmp_path).start())
        until(lambda: up(port), 60, "Redis is up")
        return port

    def stop():
        started.pop().kill()

    start.stop = stop
    start.signal = lambda number: started[-1].process.send_signal(number)
    yield start
    for machine in started:
        machine.stop()


def up(port):
    try:
        with Redis(port=port) as line:
            return line.ping()
    except RedisError:
        return False


def waiting(port, queue):
    with Redis(port=port) as line:
        return line.llen(f"syndication:{queue}")


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "redis+socket:///run/redis.sock"])
def test_a_queue_that_cannot_be_looked_at_tells_nothing(room, monkeypatch, address):
    """Redis is down, or is named in a way of Celery's own: the supervisor goes on without knowing."""
    from workers.broker import oldest

    monkeypatch.setenv("SYNDICATE_REDIS", address)
    assert oldest(room, "draw") is None


def test_without_a_broker_a_nudge_gives_up_soon(room):
    """Whoever nudges has an editor or a CMS waiting: no broker is known, or none answers, within two seconds."""
    from workers.nudge import nudge

    start = time.monotonic()
    assert nudge("draw") is False
    private_text(room.data / "redis/redis.json", json.dumps({"port": free_port(), "password": "x"}))
    assert nudge("draw") is False
    assert time.monotonic() - start < 4


def test_a_broker_that_comes_back_or_moves_is_followed(broker):
    """Down: False. Back, or at another port: the nudge arrives there."""
    from workers.nudge import nudge

    port = broker()
    assert nudge("draw") is True
    assert waiting(port, "draw") == 1
    broker.stop()
    assert nudge("draw") is False
    broker(port)
    assert nudge("draw") is True
    assert waiting(port, "draw") == 1
    broker.stop()
    moved = broker()
    nudge("draw")  # the first one finds out
    assert nudge("draw") is True
    assert waiting(moved, "draw") >= 1


def test_a_broker_that_hangs_holds_nobody_up(broker):
    """A Redis that takes connections and answers nothing is given up after a few seconds, and used when it wakes."""
    from workers.nudge import nudge

    port = broker()
    assert nudge("draw") is True
    broker.signal(signal.SIGSTOP)
    start = time.monotonic()
    assert nudge("draw") is False
    assert time.monotonic() - start < 5
    broker.signal(signal.SIGCONT)
    assert nudge("draw") is True
    assert waiting(port, "draw") >= 2


def test_nudges_do_not_pile_up(broker):
    """At most a few at once, and none once the queue is as long as it is of use."""
    from workers.nudge import AT_ONCE, WAITING, nudge

    port = broker()
    assert nudge("deliver", 1000) is True
    assert waiting(port, "deliver") == AT_ONCE
    for _ in range(WAITING):
        assert nudge("deliver", 3) is True
    assert waiting(port, "deliver") == WAITING
    assert nudge("deliver", 0) is True
    assert waiting(port, "draw") == 0
