"""Celery's settings, for any lease that the config allows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.config import DeliveryTable, parse
from syndication.errors import ConfigError


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """The package `workers` reads a config when it is imported."""
    file = tmp_path_factory.mktemp("home") / "syndicate.toml"
    file.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNDICATE_CONFIG", str(file))
        import workers  # noqa: F401

        yield file


@given(st.floats(3, 3600))
def test_every_limit_ends_before_the_next(lease):
    """A request ends before its task takes nothing new, that before the kill, that before the lease, that before a
    nudge is repeated: so whoever takes over starts alone."""
    from workers.app import settings

    config = parse("", ).model_copy(update={"delivery": DeliveryTable(lease=lease)})  # fmt: skip
    table, made = config.delivery, settings(config)
    assert 0 < table.request_limit < table.task_budget < table.hard_limit < table.lease
    assert made["task_time_limit"] == table.hard_limit
    assert table.task_budget + table.deed_limit < table.hard_limit
    assert table.request_limit < table.deed_limit
    assert table.lease < made["broker_transport_options"]["visibility_timeout"]


def test_a_broker_may_vanish_and_messages_are_plain():
    """JSON only, no results, late acknowledgement, reconnect at start and for ever."""
    from workers.app import settings

    made = settings(parse('[queue]\nredis = "redis://127.0.0.1:6379/1"'))
    assert made["broker_url"] == "redis://127.0.0.1:6379/1"
    assert made["accept_content"] == ["json"]
    assert made["result_backend"] is None
    assert made["task_acks_late"] is True
    assert made["broker_connection_retry_on_startup"] is True
    assert made["broker_connection_max_retries"] is None


def test_a_password_of_any_letters_is_carried_to_redis(tmp_path):
    """What stands in our Redis's file comes out of its URL unharmed."""
    from kombu import Connection

    from syndication.vault import private_text
    from workers.broker import broker_url

    config = parse("", tmp_path / "syndicate.toml")
    private_text(config.data / "redis/redis.json", json.dumps({"port": 4711, "password": "a/b@c:d?e%f é"}))
    with Connection(broker_url(config)) as line:
        assert (line.password, line.port, line.hostname) == ("a/b@c:d?e%f é", 4711, "127.0.0.1")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"port": "x", "password": "y"}'])
def test_a_damaged_file_of_our_redis_is_told(tmp_path, text):
    """A file that a full disk or a hand has damaged is named, with the remedy."""
    from syndication.vault import private_text
    from workers.broker import broker_url

    config = parse("", tmp_path / "syndicate.toml")
    private_text(config.data / "redis/redis.json", text)
    with pytest.raises(ConfigError, match="damaged") as told:
        broker_url(config)
    assert "Remove it" in told.value.hint


@pytest.mark.parametrize("app", ["workers", "workers.app"])
def test_celery_without_a_config_says_so_in_words(tmp_path, app):
    """Plain `celery -A workers` with no config ends with status 2, the file's name and the remedy; no traceback."""
    environment = {name: value for name, value in os.environ.items() if name != "SYNDICATE_CONFIG"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    words = [sys.executable, "-m", "celery", "-A", app, "worker"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "syndicate.toml: no such file" in done.stderr and "SYNDICATE_CONFIG" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_without_a_sound_store_says_so_in_words(tmp_path):
    """The supervisor starts it again and again: each time it is a line that says what is wrong, and no traceback."""
    (tmp_path / "syndicate.toml").write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/syndication.db").write_bytes(b"no database, but as long as the head of one is" * 9)
    environment = {**os.environ, "SYNDICATE_CONFIG": str(tmp_path / "syndicate.toml")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    words = [sys.executable, "-m", "workers.sweeper"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "the sweep cannot begin" in done.stderr and "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr
