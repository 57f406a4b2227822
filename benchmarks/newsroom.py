"""What benchmarks of a whole newsroom share: a sandbox network, stories, posts that wait, a running worker."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select

from syndication import accept
from syndication.config import Config, parse
from syndication.models import Draft, PublishEvent, State
from syndication.pipeline import prepare_next
from syndication.store import Store, deliveries
from syndication.store.schema import deliveries as rows

EVERGREEN = 2


def configured(text: str, folder: Path) -> Config:
    """The config of that text, written down where this process's children and the queue's modules read it, too."""
    file = folder / "syndicate.toml"
    file.write_text(text, encoding="utf-8")
    os.environ["SYNDICATE_CONFIG"] = str(file)
    return parse(text, file)


@contextmanager
def running(config: Config, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A `syndicate` process, until the block ends."""
    command = [sys.executable, "-m", "syndication", "--config", str(config.folder / "syndicate.toml"), *words]
    quiet = subprocess.PIPE if words[0] == "sandbox" else subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=quiet, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def sandbox(config: Config) -> Iterator[str]:
    """A sandbox network's address."""
    with running(config, "sandbox", "--port", "0") as process:
        assert process.stderr
        words = (word for line in process.stderr for word in line.split())
        yield next(word for word in words if word.startswith("http://127.0.0.1:")).rstrip("/.,")


def event(name: str, priority: str = "normal", **more: str) -> PublishEvent:
    """A story of that id."""
    return PublishEvent.model_validate(
        {
            "id": name,
            "url": f"https://news.example/{name}",
            "headline": f"Harbour opens berth {name}",
            "summary": f"Ships of line {name} are back after the winter.",
            "published": datetime.now(UTC).isoformat(),
            "priority": priority,
            **more,
        }
    )


def fill(store: Store, config: Config, name: str, accounts: tuple[str, ...], count: int) -> list[Draft]:
    """That many posts of one evergreen story that are written and due, by turns of each account; what they say.

    No worker may be running yet, as it would deliver the first of them.
    """
    accept(store, config, event(name, "evergreen"))
    while prepare_next(store, config):
        pass
    with store.read() as tx:
        first = next(one for one in deliveries.of_story(tx, name) if one.state is State.READY)
        base = dict(tx.execute(select(rows).where(rows.c.id == first.id)).mappings().one())
    assert first.draft
    made, drafts = [], []
    for number in range(count):
        key = deliveries.key_of(name, accounts[number % len(accounts)], f"share:{number}")
        draft = first.draft.model_copy(update={"key": key, "text": f"Evergreen {name} {number}"})
        drafts.append(draft)
        own = {"key": key, "account": accounts[number % len(accounts)], "occasion": f"share:{number}"}
        made.append({**base, **own, "lane": EVERGREEN, "draft": draft.model_dump_json()})
        made[-1].pop("id")
    with store.write() as tx:
        tx.execute(rows.delete().where(rows.c.story == name))
        for at in range(0, count, 500):
            tx.execute(insert(rows), made[at : at + 500])
    return drafts


def nudge(queue: str, times: int = 1) -> bool:
    """As the door for a CMS does."""
    from workers.nudge import nudge as send

    return send(queue, times)


def until(done: Callable[[], bool], seconds: float) -> None:
    """Ask again and again until it is done."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise RuntimeError("it takes too long")
        time.sleep(0.01)
