"""What a claim, an accept, a status page and a withdrawal cost with much history: ratios of medians, interleaved.

    python benchmarks/history.py [--old 1000000] [--rounds 300]

Two stores of each kind, one with 1,000 old deliveries and one with `--old`, and 50 that wait in each; every step is
taken in turn on the one and the other. SQLite as files, PostgreSQL as the tests start it, but with fsync as by default
off. Exit status 1 if a ratio is above 1.2.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from postgres import Cluster, programs

from syndication.models import Account, Draft, Limits, PublishEvent
from syndication.store import NEVER, Store, accounts, claims, deliveries, moment, open_store, overdue, stories

ACCOUNTS = ("desk", "world", "sport")
MOST = 1.2
LIMITS = Limits(text=500, link_in_text=True, alt=1500, image_bytes=16_000_000)
EVENT = PublishEvent(
    id="old", url="https://news.example/old", headline="Old", summary="words " * 30, published=moment(0)
)
DRAFT = Draft(
    key="k", text="words " * 30, link=EVENT.url, title="t", description="", language="en", card=None, alt="",
    created=moment(0),
)  # fmt: skip

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
_STORIES = """INSERT INTO stories (id, url, withdrawn, lane, event, cards, problem, due_at, attempt, tries, accepted_at)
{numbers} SELECT 'old-' || i, 'https://news.example/old/' || i, 0, 1, :event, '[]', '', NULL, 1, 0, i FROM n"""
_POSTS = """INSERT INTO deliveries (key, story, account, occasion, lane, state, due_at, attempt, expires_at, intent_at,
text, draft, reason, created_at)
{numbers} SELECT 'old-' || i, 'old-' || ((i - 1) / 3 + 1),
CASE i % 3 WHEN 0 THEN 'desk' WHEN 1 THEN 'world' ELSE 'sport' END, 'publish', 1,
CASE WHEN i % 100 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'withdrawn' ELSE 'sent' END,
:never, 1, i, i, '', :draft, '', i FROM n"""
_PICTURES = """INSERT INTO pictures (story, file)
{numbers} SELECT 'old-' || ((i - 1) / 3 + 1), 'picture-' || i || '.jpg' FROM n"""
_TRAIL = """INSERT INTO trail (at, story, delivery, attempt, what, words)
{numbers} SELECT i, 'old-' || ((i - 1) / 3 + 1), i, 1, 'sent', 'https://social.example/1' FROM n"""


def fill(store: Store, old: int) -> None:
    """Old deliveries in bulk, each story with three, and 50 posts that wait."""
    with store.write() as tx:
        for name in ACCOUNTS:
            account = Account(
                name=name, network="mastodon", server="https://s.example", handle=name, limits=LIMITS
            )
            accounts.connect(tx, account, accounts.Token(b"sealed"), 0)
        facts = {"event": EVENT.model_dump_json(), "draft": DRAFT.model_dump_json(), "never": NEVER}
        rows = (_STORIES, old // 3 + 1), (_PICTURES, old), (_POSTS, old), (_TRAIL, old)
        for query, many in rows:
            tx.execute(text(query.format(numbers=_NUMBERS)), {**facts, "many": many})
    for number in range(50):
        with store.write() as tx:
            plan(tx, store.now(), f"new-{number}")
            for post in deliveries.of_story(tx, f"new-{number}"):
                deliveries.freeze(tx, post, DRAFT.model_copy(update={"key": post.key}), store.now())
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.exec_driver_sql("ANALYZE")


def plan(tx, now: int, story: str) -> None:
    """A story and its posts, as an event that is accepted writes them."""
    event = EVENT.model_copy(update={"id": story, "url": f"https://news.example/{story}"})
    stories.add(tx, event, withdrawn=False, due_at=now, now=now)
    stories.get(tx, story, lock=True)
    for name in ACCOUNTS:
        deliveries.plan(tx, event, name, "publish", due_at=now, expires_at=now + 10**8, now=now)


class Undo(Exception):
    """The store stays as it was."""


def claim(store: Store) -> None:
    """A mailbox is opened and its first letter taken."""
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), 60_000)
        assert mailbox and claims.claim(tx, mailbox, store.now(), 60_000)
        raise Undo


def accept(store: Store) -> None:
    """An event is written down."""
    with store.write() as tx:
        plan(tx, store.now(), "fresh")
        raise Undo


def sweep(store: Store) -> None:
    """What is left behind is looked for."""
    with store.write() as tx:
        now = store.now()
        overdue.doubt_expired(tx, now)
        overdue.give_up_expired(tx, now)
        assert accounts.count_due(tx, now) == len(ACCOUNTS)
        stories.count_due(tx, now)
        raise Undo


def status(store: Store) -> None:
    """The page of the newest stories with their posts."""
    with store.read() as tx:
        for story in stories.newest(tx, 20):
            assert len(deliveries.of_story(tx, story.event.id)) == len(ACCOUNTS)


def withdraw(store: Store) -> None:
    """Which pictures a withdrawn story has for itself is asked."""
    with store.read() as tx:
        mine = stories.pictures_of(tx, "old-7")
        assert len(mine) == 3
        assert not stories.shared_files(tx, "old-7", mine)


def resolve(store: Store) -> None:
    """The newest posts that an editor is to settle."""
    with store.read() as tx:
        assert len(deliveries.unsettled(tx, 9)) == 9


def timed(act: Callable[[Store], None], store: Store) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    with suppress(Undo):
        act(store)
    return time.perf_counter() - began


def compare(kind: str, small: Store, large: Store, rounds: int) -> list[float]:
    """A line for each step: both medians in milliseconds, and their ratio."""
    ratios = []
    for act in (claim, accept, sweep, status, withdraw, resolve):
        times: tuple[list[float], list[float]] = [], []
        for number in range(rounds + 20):
            turns = list(zip((small, large), times, strict=True))
            for store, own in turns if number % 2 else reversed(turns):
                took = timed(act, store)
                if number >= 20:  # the first ones warm caches up
                    own.append(took)
        few, many = (1000 * statistics.median(own) for own in times)
        ratios.append(many / few)
        print(
            f"{kind:<11} {act.__name__:<8} {few:8.3f} ms {many:8.3f} ms   ratio {many / few:.2f}", flush=True
        )
    return ratios


def main() -> None:
    """Fill, measure, print."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    given.add_argument("--old", type=int, default=1_000_000)
    given.add_argument("--rounds", type=int, default=300)
    given = given.parse_args()
    ratios, binaries = list[float](), programs()
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(binaries) if binaries else None
        urls = {"sqlite": [f"sqlite:///{folder}/{name}.db" for name in ("small", "large")]}
        if cluster:
            urls["postgresql"] = [cluster.url(cluster.create()) for _ in range(2)]
        try:
            for kind, (few, many) in urls.items():
                small, large = open_store(few), open_store(many)
                fill(small, 1000)
                fill(large, given.old)
                ratios += compare(kind, small, large, given.rounds)
                small.close()
                large.close()
        finally:
            if cluster:
                cluster.stop()
    sys.exit(int(max(ratios) > MOST))


if __name__ == "__main__":
    main()
