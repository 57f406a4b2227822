"""How the archive is drawn anew by one process and by two, in one run, as a ratio.

    python benchmarks/archive.py [--stories 200] [--rounds 3]

Each round draws the same stories with photos, cards and clean crops both, through real Redis and real workers: by
`syndicate worker --bulk 1`, then by `--bulk 2`. The clock runs from the first story of the run to the last, with the
workers warm. Rounds are interleaved, and the ratio is taken round by round, so that a machine whose speed drifts does
not spoil it. The sweep that follows each story under a full backlog is timed besides.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from syndication import accept, open_store
from syndication.config import Config, parse
from syndication.models import PublishEvent
from syndication.pipeline import redraw_archive, sweep
from syndication.store import Store, stories


def main() -> None:
    """Run the rounds and print the medians."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--stories", type=int, default=200)
    words.add_argument("--rounds", type=int, default=3)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "syndicate.toml"
        file.write_text('[cards]\nbase_url = "https://cdn.example/"\n[metadata]\nfragments = "fragments"\n')
        os.environ["SYNDICATE_CONFIG"] = str(file)
        config = parse(file.read_text(), file)
        store = open_store(config.store_url)
        _fill(store, config, given.stories)
        rows = [[_seconds(store, config, processes) for processes in (1, 2)] for _ in range(given.rounds)]
        print(f"sweep with {given.stories} stories waiting: {_sweep(store, config):.2f} ms")
        store.close()
    for processes, values in zip((1, 2), zip(*rows, strict=True), strict=True):
        each = statistics.median(values) * 1000 / given.stories
        print(f"{processes} process{'es' if processes > 1 else '  '} {each:7.2f} ms a story (median)")
    print(f"two are {statistics.median(one / two for one, two in rows):.2f} times as fast as one")


def _fill(store: Store, config: Config, count: int) -> None:
    """Stories with the sample photos, drawn by nobody yet."""
    with tempfile.TemporaryDirectory() as folder:
        photos = sorted(Path(str(files("syndication"))).glob("samples/photos/*.jpg"))
        for number in range(count):
            copied = Path(folder) / f"{number}.jpg"
            # A comment behind the picture's end makes each file a photo of its own, as in an archive.
            copied.write_bytes(photos[number % len(photos)].read_bytes() + str(number).encode())
            accept(store, config, _event(number, copied))
    with store.write() as tx:
        tx.execute(stories.stories.update().values(due_at=None))


def _event(number: int, photo: Path) -> PublishEvent:
    return PublishEvent.model_validate(
        {
            "id": f"cms-{number}",
            "url": f"https://news.example/world/{number}",
            "headline": f"Harbour towns vote for the {number}th time to let the sea back in",
            "summary": "Three towns give up their dykes.",
            "section": "World",
            "byline": ["Ines Varga"],
            "image": {"path": str(photo), "alt": "A sea wall with a gap", "credit": "Photo: Mara Osei"},
            "published": "2026-11-20T08:00:00Z",
        }
    )


def _seconds(store: Store, config: Config, processes: int) -> float:
    """How long the workers take to draw all but the first stories, which warm them."""
    shutil.rmtree(config.at(config.cards.folder), ignore_errors=True)
    archive = redraw_archive(store, config, template="article")
    warm = max(4, archive.waiting // 10)
    with _workers(config, processes):
        _until(store, archive.run, archive.waiting - warm)
        start = time.perf_counter()
        left = _until(store, archive.run, archive.waiting - warm)
        _until(store, archive.run, 0)
        return (time.perf_counter() - start) * archive.waiting / left


def _until(store: Store, run: str, left: int) -> int:
    """Wait until no more than so many wait; how many do."""
    while True:
        with store.read() as tx:
            if (waiting := stories.progress(tx, run).waiting) <= left:
                return waiting
        time.sleep(0.05)  # looking more often would take a tenth of a processor from the two


@contextmanager
def _workers(config: Config, processes: int) -> Iterator[None]:
    roles = [word for role in ("redis", "bulk", "sweep") for word in ("--only", role)]
    words = [sys.executable, "-m", "syndication", "worker", *roles, "--bulk", str(processes)]
    with (config.folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait()


def _sweep(store: Store, config: Config) -> float:
    """Milliseconds of one sweep while the whole archive waits."""
    redraw_archive(store, config, template="quote")
    times = []
    for _ in range(20):
        start = time.perf_counter()
        sweep(store, config)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
