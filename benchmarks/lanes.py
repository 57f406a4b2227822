"""Breaking news while bulk work waits: from `publish` to the post, beside the idle system's, in one run, as a ratio.

    python benchmarks/lanes.py [--bulk 20000] [--draw 300] [--stories 100]

A whole newsroom runs as it would: `syndicate worker` with its own Redis, real worker processes, a sandbox network on
this machine. `--bulk` posts of evergreen stories are in the mailboxes of four accounts, one of which the breaking
stories go to, with `--draw` stories to draw anew. By turns all of that is due, or is not, so that a machine which is
now quicker, now slower, is so for both; in each turn breaking stories are published one by one. The time is taken from
before `accept` until the network has stored the post.
"""

import argparse
import random
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from newsroom import EVERGREEN, configured, event, fill, nudge, running, sandbox, until
from sqlalchemy import func, select, update

from syndication import accept, connect_account, open_store
from syndication.config import Config
from syndication.models import State
from syndication.store import NEVER, Store, deliveries, trail
from syndication.store.schema import deliveries as rows
from syndication.store.schema import stories as story_rows

ACCOUNTS = ("desk", "one", "two", "three")
TURN = 20  # stories at a time
STAGES = ("drawn", "frozen", "intent", "sent")
CONFIG = """\
[accounts.one]
publish = false
[accounts.two]
publish = false
[accounts.three]
publish = false
"""


def main() -> None:
    """Run both halves and print what they took."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--bulk", type=int, default=20_000)
    words.add_argument("--draw", type=int, default=300)
    words.add_argument("--stories", type=int, default=100, help="breaking ones, for each half")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _run(configured(CONFIG, Path(folder)), given)


def _run(config: Config, given: argparse.Namespace) -> None:
    store = open_store(config.store_url)
    with sandbox(config) as server:
        for name in ACCOUNTS:
            connect_account(store, config, "mastodon", server, {"access_token": f"sandbox-{name}"}, name)
        fill(store, config, "bulk", ACCOUNTS, given.bulk)
        for number in range(given.draw):
            old = event(f"archive-{number}", "evergreen", published="2026-01-01T00:00:00Z", kind="update")
            accept(store, config, old)
        before = _put_bulk(store, NEVER)
        with running(config, "worker"):
            until(lambda: nudge("draw"), 60)
            _publish(store, config, server, ["warm-0", "warm-1", "warm-2"])
            idle, busy = _by_turns(store, config, server, given.stories)
            after = _put_bulk(store, NEVER)
        stages = [_stages(store, f"{name}-{{}}", given.stories) for name in ("idle", "busy")]
    store.close()
    print(
        f"bulk: {before[0]:,} posts and {before[1]} stories to draw waited; {after[0]:,} and {after[1]} at the end"
    )
    for name, share in (("p50", 50), ("p99", 99)):
        quiet, loud = (_percentile(values, share) for values in (idle, busy))
        print(
            f"{name}: idle {quiet * 1000:6.0f} ms, with bulk {loud * 1000:6.0f} ms, ratio {loud / quiet:.2f}"
        )
    print("median of each stage (and the longest), in ms, idle and with bulk:")
    for stage in STAGES:
        told = [
            f"{statistics.median(v) * 1000:5.0f} ({max(v) * 1000:5.0f})"
            for v in (one[stage] for one in stages)
        ]
        print(f"  {stage:9}", *told)


def _by_turns(store: Store, config: Config, server: str, count: int) -> tuple[list[float], list[float]]:
    """What each breaking story took while no bulk work was due, and while it was."""
    idle: list[float] = []
    busy: list[float] = []
    for at in range(0, count, TURN):
        numbers = range(at, min(at + TURN, count))
        _put_bulk(store, NEVER)
        until(lambda: _in_hand(store) == 0, 60)
        idle += _publish(store, config, server, [f"idle-{number}" for number in numbers])
        left = _put_bulk(store, store.now())
        until(lambda: nudge("bulk", 2), 60)
        until(lambda left=left: _in_hand(store) < sum(left), 60)  # it goes out
        busy += _publish(store, config, server, [f"busy-{number}" for number in numbers])
    return idle, busy


def _put_bulk(store: Store, due_at: int) -> tuple[int, int]:
    """From when on all bulk work is due; how many posts and stories that is."""
    posts = (rows.c.state == State.READY) & (rows.c.lane >= EVERGREEN)
    with store.write() as tx:
        waiting = tx.execute(update(rows).where(posts).values(due_at=due_at)).rowcount
        old = story_rows.c.due_at.is_not(None) & (story_rows.c.lane >= EVERGREEN)
        return waiting, tx.execute(update(story_rows).where(old).values(due_at=due_at)).rowcount


def _in_hand(store: Store) -> int:
    """How much bulk work is due, or being done."""
    with store.read() as tx:
        posts = (rows.c.lane >= EVERGREEN) & rows.c.state.in_([State.READY, State.SENDING])
        found = tx.execute(select(func.count()).where(posts, rows.c.due_at < NEVER)).scalar_one()
        old = story_rows.c.lane >= EVERGREEN
        return found + tx.execute(select(func.count()).where(old, story_rows.c.due_at < NEVER)).scalar_one()


def _publish(store: Store, config: Config, server: str, names: list[str]) -> list[float]:
    """Seconds from accept to the stored post, story by story."""
    taken = []
    for name in names:
        story = event(name, "breaking")
        start = time.time()
        accept(store, config, story)
        nudge("draw")
        until(lambda story=story: _is_out(store, story.id), 120)
        taken.append(_stored_at(store, story.id) - start)
        time.sleep(random.uniform(0.1, 0.6))  # breaking stories do not follow each other at once, nor in step
    return taken


def _is_out(store: Store, story: str) -> bool:
    time.sleep(0.02)
    with store.read() as tx:
        return any(one.state is State.SENT for one in deliveries.of_story(tx, story))


def _stored_at(store: Store, story: str) -> float:
    with store.read() as tx:
        return next(step.at for step in trail.of_story(tx, story) if step.what == "sent") / 1000


def _stages(store: Store, name: str, count: int) -> dict[str, list[float]]:
    """Seconds from each step of the trail to the next, by the later one's name."""
    found: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for number in range(count):
        with store.read() as tx:
            at = {step.what: step.at for step in trail.of_story(tx, name.format(number))}
        for before, stage in pairwise(("accepted", *STAGES)):
            found[stage].append((at[stage] - at[before]) / 1000)
    return found


def _percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


if __name__ == "__main__":
    main()
