"""What every test may use: a store with a clock that the test moves, a config in a folder of its own, events."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from postgres import Cluster, programs

from syndication.config import Config, parse
from syndication.models import Account, Limits, PublishEvent
from syndication.store import Store, accounts, open_store

# A suite that runs in the background was started deaf to Ctrl-C, and so would be the commands it tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What tests write is not to outlive the power: thousands of stores are made faster in memory, where there is room.
if "TMPDIR" not in os.environ and Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 4 << 30:
    os.environ["TMPDIR"] = tempfile.tempdir = "/dev/shm"

# A machine that is busy fails no property.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)


class Clock:
    """A clock in milliseconds that moves only when told."""

    def __init__(self) -> None:
        self.value = NOON

    def __call__(self) -> int:
        return self.value

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.value += int(seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse("[delivery]\nlease = 60\n", tmp_path / "syndicate.toml")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this test process; where there is none its tests are skipped, but never in CI."""
    binaries = programs()
    if binaries is None:
        assert not os.environ.get("CI"), "CI tests PostgreSQL as well: apt-get install postgresql"
        pytest.skip("no PostgreSQL server on this machine; on Debian: apt-get install postgresql")
    made = Cluster(binaries)
    yield made
    made.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Which kind of store the test and all processes it starts have, by the environment; a fresh one a test."""
    if request.param == "sqlite":
        monkeypatch.delenv("SYNDICATE_STORE", raising=False)
        yield "sqlite"
        return
    cluster = request.getfixturevalue("cluster")
    name = cluster.create()
    monkeypatch.setenv("SYNDICATE_STORE", cluster.url(name))
    yield "postgresql"
    cluster.drop(name)


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Config], None]:
    """Lays an SQLite store with its tables where a config wants it, as making them takes longer than most tests."""
    made = tmp_path_factory.mktemp("store") / "fresh.db"
    open_store(f"sqlite:///{made}").close()

    def lay(config: Config) -> None:
        if config.store_url.startswith("sqlite:///"):
            config.data.mkdir(parents=True, exist_ok=True)
            shutil.copy(made, config.store_url.removeprefix("sqlite:///"))

    return lay


@pytest.fixture
def store(
    config: Config, clock: Clock, database: str, fresh_store: Callable[[Config], None]
) -> Iterator[Store]:
    fresh_store(config)
    opened = open_store(config.store_url)
    opened.now = clock
    yield opened
    opened.close()


@pytest.fixture
def event() -> Callable[..., PublishEvent]:
    def make(**changes: Any) -> PublishEvent:
        base: dict[str, Any] = {
            "id": "cms-1",
            "url": f"https://news.example/world/{changes.get('id', 'cms-1').removeprefix('cms-')}",
            "headline": "The sea took the road twice",
            "summary": "After the third winter of floods the council votes on 40 homes.",
            "published": "2026-11-20T08:00:00Z",
        }
        return PublishEvent.model_validate({**base, **changes})

    return make


@pytest.fixture
def connect(store: Store) -> Callable[..., Account]:
    def make(
        name: str = "desk", network: str = "mastodon", secret: bytes = b"sealed", **changes: Any
    ) -> Account:
        limits = Limits(text=500, link_cost=23, link_in_text=True, alt=1500, image_bytes=16_000_000)
        facts = {"server": "http://127.0.0.1:9", "handle": f"@{name}", "limits": limits, **changes}
        account = Account(name=name, network=network, **facts)
        with store.write() as tx:
            accounts.connect(tx, account, accounts.Token(secret), store.now())
        return account

    return make
