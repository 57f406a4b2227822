"""What a newsroom gets through, beside what the same machine does with no bookkeeping at all, in one run.

    python benchmarks/throughput.py [--posts 200] [--rounds 7] [--stories 20]

1. One worker, one account: the same posts through `deliver_next` and by a bare loop of `requests`, which keeps
   nothing: no store, no claim, no intent, no trail, no deadline; once with a connection a request, as `requests.post`
   has it, and once with one `Session` for all. Rounds are interleaved and ratios taken round by round, as a machine
   that others use as well drifts; the processor's time in this process stands beside the clock's.
2. `syndicate worker` with two delivering processes and two accounts, from the first post out to the last; beside it a
   Celery chain of two tasks that do nothing, at two worker processes on the same broker with the same settings.
3. How long a story takes from before `accept` until the network has stored its post, when nothing else is to do;
   beside it the bare request and the drawing of the story's cards, each measured between two stories.

Posts are not read back here: that is a request of its own, half a minute later.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import requests
from celery import Celery, chain
from newsroom import configured, event, fill, nudge, running, sandbox, until
from redis import Redis
from sqlalchemy import func, select, update

from syndication import accept, connect_account, open_store
from syndication.config import Config, load
from syndication.models import Draft, State
from syndication.pipeline import deliver_next
from syndication.pipeline.drawing import draw
from syndication.store import Store, accounts, deliveries, moment, trail
from syndication.store.schema import deliveries as rows
from syndication.store.schema import stories
from syndication.store.schema import trail as steps

TOKEN = {"access_token": "sandbox-desk"}
CONFIG = "[gate]\nread_back = false\n[accounts.second]\npublish = false\n"
DONE = "noop:done"

noop = Celery("noop")


@noop.task(name="noop.first")
def first() -> None:
    """Nothing, as where a story is drawn."""


@noop.task(name="noop.second")
def second() -> None:
    """Nothing, as where it is delivered; counted, so that the end is seen."""
    Redis.from_url(os.environ["NOOP_BROKER"]).incr(DONE)


def _set_up(url: str) -> None:
    """As our own tasks are set up, but for their queues."""
    from workers.app import settings

    own = {"broker_url": url, "task_default_queue": "noop", "task_routes": {}}
    noop.conf.update({**settings(load()), **own})


if "NOOP_BROKER" in os.environ:  # this is a worker of these
    _set_up(os.environ["NOOP_BROKER"])


class Took(NamedTuple):
    """Milliseconds a post: by the clock, and of the processor in this process."""

    clock: float
    cpu: float


def main() -> None:
    """Measure and print the table."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--posts", type=int, default=200)
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument("--stories", type=int, default=20)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = configured(CONFIG, Path(folder))
        store = open_store(config.store_url)
        with sandbox(config) as server:
            for name in ("desk", "second"):
                connect_account(store, config, "mastodon", server, TOKEN, name)
            took = [_round(store, config, server, f"round-{n}", given.posts) for n in range(given.rounds)]
            _tell_rounds(took)
            accepted = _timed(lambda: _accept(store, config, given.posts), given.posts)
            print(f"accepted by one process: {1000 / accepted.clock:.0f} stories/s")
            with store.write() as tx:  # none of these is to be drawn
                tx.execute(update(stories).where(stories.c.id.like("accept-%")).values(due_at=None))
            many = 5 * given.posts
            fill(store, config, "shared", ("desk", "second"), many)
            with running(config, "worker"):
                until(lambda: nudge("deliver", 2), 60)
                posts = _posts(store, many)
                chains = _chains(many)
                print(f"two workers, two accounts: {posts:.0f} posts/s")
                print(f"two workers, Celery chains of two tasks that do nothing: {chains:.0f}/s")
                _tell_idle(store, config, server, given.stories)
        store.close()


def _round(store: Store, config: Config, server: str, name: str, posts: int) -> tuple[Took, Took, Took]:
    """The same posts through the pipeline, by one session, and by a connection a request."""
    drafts = fill(store, config, name, ("desk",), posts)
    _reset(server)
    ours = _timed(lambda: _until_none(lambda: deliver_next(store, config, time.monotonic() + 600)), posts)
    _reset(server)
    with requests.Session() as session:
        kept = _timed(lambda: _bare(config, server, drafts, session.post), posts)
    _reset(server)
    return ours, kept, _timed(lambda: _bare(config, server, drafts, requests.post), posts)


def _bare(
    config: Config, server: str, drafts: Sequence[Draft], post: Callable[..., requests.Response]
) -> None:
    who = {"Authorization": f"Bearer {TOKEN['access_token']}"}
    for draft in drafts:
        assert draft.card
        picture = (config.at(config.cards.folder) / draft.card.file).read_bytes()
        files = {"file": (draft.card.file, picture, draft.card.mime)}
        said = {"description": draft.alt, "focus": "0.0,0.0"}
        media = post(f"{server}/api/v2/media", files=files, data=said, headers=who, timeout=60)
        media.raise_for_status()
        body = {
            "status": draft.text,
            "media_ids": [media.json()["id"]],
            "language": draft.language,
            "visibility": "public",
        }
        headers = {**who, "Idempotency-Key": draft.key}
        post(f"{server}/api/v1/statuses", json=body, headers=headers, timeout=60).raise_for_status()


def _tell_rounds(took: Sequence[tuple[Took, Took, Took]]) -> None:
    print(f"one worker, one account; ms a post, medians of {len(took)} rounds:")
    for name, values in zip(("pipeline", "bare, a session", "bare"), zip(*took, strict=True), strict=True):
        clock, cpu = (statistics.median(each) for each in zip(*values, strict=True))
        print(f"  {name:16} {clock:7.2f} by the clock, {cpu:6.2f} of the processor")
    for name, other in (("bare, a session", 1), ("bare", 2)):
        clock, cpu = (statistics.median(one[0][n] / one[other][n] for one in took) for n in (0, 1))
        print(f"  pipeline / {name}: {clock:.2f} by the clock, {cpu:.2f} of the processor")


def _tell_idle(store: Store, config: Config, server: str, stories: int) -> None:
    """Story by story, with the bare request and the cards in between."""
    posted, drawn, asked = [], [], []
    for number in range(stories + 3):  # the first find cold processes
        drawn.append(_timed(lambda number=number: _draw(store, config, f"card-{number}"), 1).clock)
        story = event(f"idle-{number}", "breaking")
        start = time.time()
        accept(store, config, story)
        nudge("draw")
        until(lambda story=story: _sent_at(store, story.id) is not None, 60)
        posted.append(1000 * ((_sent_at(store, story.id) or 0) - start))
        with store.read() as tx:
            drafts = [one.draft for one in deliveries.of_story(tx, story.id) if one.draft]
        asked.append(_timed(lambda drafts=drafts: _bare(config, server, drafts, requests.post), 1).clock)
        time.sleep(0.1)  # stories of an idle newsroom do not follow each other at once
    whole, cards, request = (statistics.median(each[3:]) for each in (posted, drawn, asked))
    print(
        f"idle, from accept to posted: {whole:.0f} ms; the cards {cards:.0f}, the bare request {request:.0f}"
    )
    print(
        f"  less the cards: {(whole - cards) / request:.1f} requests; of both: {whole / (cards + request):.2f}"
    )


def _draw(store: Store, config: Config, name: str) -> None:
    with store.read() as tx:
        known = [one for one in accounts.everyone(tx) if one.name == "desk"]
    with tempfile.TemporaryDirectory() as folder:
        now = moment(store.now())
        draw(
            event(name),
            known,
            config=config,
            folder=Path(folder),
            template=None,
            now=now,
            photo=None,
            portrait=None,
        )


def _sent_at(store: Store, story: str) -> float | None:
    with store.read() as tx:
        return next((step.at / 1000 for step in trail.of_story(tx, story) if step.what == "sent"), None)


def _accept(store: Store, config: Config, count: int) -> None:
    for number in range(count):
        accept(store, config, event(f"accept-{number}"))


def _posts(store: Store, count: int) -> float:
    """Posts a second, from the first one out to the last."""
    mine = rows.c.story == "shared"

    def over() -> bool:
        time.sleep(0.2)
        with store.read() as tx:
            waiting = select(func.count()).select_from(rows).where(mine, rows.c.state != State.SENT)
            return not tx.execute(waiting).scalar_one()

    until(over, 600)
    with store.read() as tx:
        at = select(func.max(steps.c.at) - func.min(steps.c.at))
        took: int = tx.execute(at.where(steps.c.story == "shared", steps.c.what == "sent")).scalar_one()
    return 1000 * (count - 1) / took


def _chains(count: int) -> float:
    """Chains a second, from the first one sent to the last one done."""
    from workers.broker import broker_url

    os.environ["NOOP_BROKER"] = url = broker_url(load())
    _set_up(url)
    words = ["-m", "celery", "-q", "-A", "throughput:noop", "worker", "-Q", "noop", "-c", "2", "-l", "ERROR"]
    calm = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    around = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", *words, *calm], env=around, stdout=subprocess.DEVNULL
    )
    line = Redis.from_url(url, decode_responses=True)
    try:
        _send_chains(line, 20)
        start = time.perf_counter()
        _send_chains(line, count)
        return count / (time.perf_counter() - start)
    finally:
        worker.terminate()
        worker.wait()


def _send_chains(line: "Redis", count: int) -> None:
    line.delete(DONE)
    for _ in range(count):
        chain(first.si(), second.si()).apply_async()
    until(lambda: int(str(line.get(DONE) or 0)) >= count, 300)


def _reset(server: str) -> None:
    requests.post(f"{server}/sandbox/reset", timeout=10).raise_for_status()


def _until_none(step: Callable[[], object]) -> None:
    while step():
        pass


def _timed(work: Callable[[], None], times: int) -> Took:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    clock, cpu = time.perf_counter() - start, time.process_time() - cpu
    return Took(1000 * clock / times, 1000 * cpu / times)


if __name__ == "__main__":
    main()
