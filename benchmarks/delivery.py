"""What our bookkeeping costs: the same posts through the pipeline and by a bare loop, in one run, as a ratio.

    python benchmarks/delivery.py [--posts 200] [--rounds 5]

Both post the same cards and texts to the same sandbox network on this machine, by one process on one connection a
post. The bare loop keeps nothing: no store, no claim, no intent, no trail. Rounds are interleaved, and the ratio is
taken round by round, so that a machine whose speed drifts does not spoil it. The processor's time stands beside the
clock's: on a machine that others use as well, it is what tells two versions apart.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import requests

from syndication import accept, connect_account, open_store
from syndication.config import Config, parse
from syndication.models import Draft, PublishEvent
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.pipeline import deliver_next, prepare_next
from syndication.store import Store, deliveries, stories

TOKEN = {"access_token": "sandbox-desk"}


class Took(NamedTuple):
    """Seconds by the clock, and of the processor in this process."""

    clock: float
    cpu: float


def main() -> None:
    """Run the rounds and print the medians."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--posts", type=int, default=200)
    words.add_argument("--rounds", type=int, default=5)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        network = subprocess.Popen(
            [sys.executable, "-m", "syndication", "sandbox", "--port", "0"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            server = _address(network)
            rows = [_round(Path(folder) / str(n), server, given.posts) for n in range(given.rounds)]
        finally:
            network.terminate()
            network.wait()
    for name, values in zip(("prepare", "deliver", "bare loop"), zip(*rows, strict=True), strict=True):
        clock, cpu = (statistics.median(each) * 1000 / given.posts for each in zip(*values, strict=True))
        print(
            f"{name:10} {clock:7.2f} ms a post, {cpu:6.2f} of the processor (medians of {given.rounds} rounds)"
        )
    clock, cpu = (statistics.median(deliver[n] / bare[n] for _, deliver, bare in rows) for n in (0, 1))
    print(f"deliver / bare loop: {clock:.2f} by the clock, {cpu:.2f} of the processor")


def _address(network: "subprocess.Popen[str]") -> str:
    assert network.stderr
    for line in network.stderr:
        for word in line.split():
            if word.startswith("http://127.0.0.1:"):
                return word.rstrip("/.,")
    raise SystemExit("the sandbox did not start")


def _round(folder: Path, server: str, posts: int) -> tuple[Took, Took, Took]:
    folder.mkdir()
    config = parse("", folder / "syndicate.toml")
    store = open_store(config.store_url)
    connect_account(store, config, "mastodon", server, TOKEN, "desk")
    for number in range(posts):
        accept(store, config, _event(number))
    prepared = _timed(lambda: _until_none(lambda: prepare_next(store, config)))
    drafts = _drafts(store, posts)
    requests.post(f"{server}/sandbox/reset", timeout=10)
    delivered = _timed(
        lambda: _until_none(lambda: deliver_next(store, config, time.monotonic() + 600) or None)
    )
    requests.post(f"{server}/sandbox/reset", timeout=10)
    bare = _timed(lambda: _bare(config, server, drafts))
    store.close()
    return prepared, delivered, bare


def _bare(config: Config, server: str, drafts: list[Draft]) -> None:
    network, cards = connector("mastodon"), config.at(config.cards.folder)
    for draft in drafts:
        assert draft.card
        with open_http(network, server, TOKEN) as http:
            network.publish(http, draft, (cards / draft.card.file).read_bytes())


def _drafts(store: Store, posts: int) -> list[Draft]:
    with store.read() as tx:
        found = [deliveries.of_story(tx, s.event.id)[0].draft for s in stories.newest(tx, posts)]
    return [draft for draft in found if draft]


def _event(number: int) -> PublishEvent:
    return PublishEvent.model_validate(
        {
            "id": f"cms-{number}",
            "url": f"https://news.example/world/{number}",
            "headline": f"Harbour opens berth {number}",
            "summary": f"Ships of line {number} are back after the winter.",
            "published": datetime.now(UTC).isoformat(),
        }
    )


def _until_none(step: Callable[[], object]) -> None:
    while step() is not None:
        pass


def _timed(work: Callable[[], None]) -> Took:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - start, time.process_time() - cpu)


if __name__ == "__main__":
    main()
