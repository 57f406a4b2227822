"""What a race of single cards does not tell: six sizes, a first card, memory, two processes. Each as a ratio or in MB.

    python benchmarks/cards_more.py JOBS.json [--cards 1000] [--cold 'OTHER COMMAND']

JOBS.json is as for `cards.py`, with photos. `--cold` is another renderer's command that takes such a file: its time for
one card as a whole process is what ours is divided by. Compile the sources first, as an installation does:
`python -m compileall -q syndication`.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cards import draw, newsroom, story
from PIL import Image

from syndication import render_cards

SIX = [(1200, 630), (1080, 1080), (1080, 1350), (1080, 1920), (1000, 1500), (1600, 900)]
LARGE = 50_000_000  # pixels of the largest photo
OURS = [sys.executable, str(Path(__file__).with_name("cards.py"))]


def main() -> None:
    """Measure and print each figure."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("jobs", type=Path)
    words.add_argument("--cards", type=int, default=1000, help="drawn by the worker whose memory is measured")
    words.add_argument("--cold", type=shlex.split, help="another renderer's command")
    words.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    jobs = json.loads(given.jobs.read_text(encoding="utf-8"))["jobs"]
    if given.worker:
        print(peak(jobs, given.cards))
        return
    print(f"six sizes of a story: {six_sizes(jobs):.2f} times one")
    with tempfile.TemporaryDirectory() as folder:
        print(f"two processes: {two_processes(jobs, Path(folder)):.2f} times one")
        if given.cold:
            print(f"a first card: {first_card(jobs, Path(folder), given.cold):.2f} of the other's time")
        print(f"peak after {given.cards} cards: {memory(jobs, Path(folder), given.cards):.0f} MB")


def six_sizes(jobs: list[dict[str, Any]]) -> float:
    """How much longer all sizes of one story take than the first; each job by turns."""
    ratios = [several(job, SIX) / several(job, SIX[:1]) for job in jobs[:4] + jobs]  # the first ones warm up
    return statistics.median(ratios[4:])


def several(job: dict[str, Any], sizes: list[tuple[int, int]]) -> float:
    """How many seconds a job's cards take in some sizes, in the template that stories have."""
    start, config, photo = time.perf_counter(), newsroom(job["logo"]), Path(job["photo"])
    render_cards(story(job), config=config, photo=photo, sizes=sizes, template="article")
    return time.perf_counter() - start


def two_processes(jobs: list[dict[str, Any]], folder: Path, rounds: int = 5) -> float:
    """How many times as many cards a second two processes draw on two processors, as one does on one of them."""
    file = written(jobs, folder)
    ratios = []
    for _ in range(rounds):
        rates = []
        for cpus in ((0,), (1,), (0, 1)):  # the one alone on each in turn: two processors are rarely alike
            runs = [pinned(OURS, file, cpu) for cpu in cpus]
            times = [json.loads(run.communicate()[0].splitlines()[-1])["seconds"] for run in runs]
            rates.append(sum(1 / statistics.mean(drawn[len(drawn) // 4 :]) for drawn in times))
        ratios.append(2 * rates[2] / (rates[0] + rates[1]))
    return statistics.median(ratios)


def first_card(jobs: list[dict[str, Any]], folder: Path, other: list[str], rounds: int = 9) -> float:
    """Our time for one card from a process' start to its end, divided by another's; by turns."""
    file = written(jobs[:1], folder)
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for command, taken in zip((OURS, other), times, strict=True):
            start = time.perf_counter()
            pinned(command, file, 0).communicate()
            taken.append(time.perf_counter() - start)
    return statistics.median(times[0]) / statistics.median(times[1])


def memory(jobs: list[dict[str, Any]], folder: Path, cards: int) -> float:
    """The most memory, in MB, of a process that draws cards in turn from the jobs' photos and from large ones."""
    large = []
    for number, job in enumerate(jobs[:2]):
        file = folder / f"large-{number}.jpg"
        with Image.open(job["photo"]) as photo:
            factor = (LARGE / (photo.width * photo.height)) ** 0.5
            size = int(photo.width * factor), int(photo.height * factor)
            photo.resize(size, Image.Resampling.BICUBIC).save(file, quality=90)
        large.append({**job, "photo": str(file)})
    mixed = [*jobs[:8], large[0], *jobs[8:16], large[1]]
    command = [sys.executable, __file__, str(written(mixed, folder)), "--worker", "--cards", str(cards)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def peak(jobs: list[dict[str, Any]], cards: int) -> float:
    """Draw so many cards; the most memory that this process has had then, in MB."""
    for number in range(cards):
        draw(jobs[number % len(jobs)])
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def written(jobs: list[dict[str, Any]], folder: Path) -> Path:
    """A file of jobs, whose cards go into the folder."""
    file = folder / "jobs.json"
    own = [{**job, "out": str(folder / Path(job["out"]).name)} for job in jobs]
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))  # other renderers read more of it
    file.write_text(json.dumps({**whole, "jobs": own}), encoding="utf-8")
    return file


def pinned(command: list[str], file: Path, cpu: int) -> subprocess.Popen[str]:
    """A renderer's process, kept on one processor."""
    return subprocess.Popen(
        ["taskset", "-c", str(cpu), *command, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "UV_THREADPOOL_SIZE": "1", "RAYON_NUM_THREADS": "1"},
    )


if __name__ == "__main__":
    main()
