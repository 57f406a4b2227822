"""The crash matrix: each kind of network, each step of a post's way, each fault. `python tests/crashes/matrix.py`.

What must hold in each cell: the post is on the server once, and known as sent; or its fate is in doubt, it is there at
most once, and it stands before an editor with words. Never twice, and never waiting without a word.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from crashes.database import Cluster
from crashes.networks import HIDDEN
from crashes.room import LEASE, PATIENCE, Nursery, Room
from machines import until

from syndication.models import State
from syndication.networks.mastodon import Mastodon

KINDS = ("key", "search", "neither", "late")
STEPS = ("accept", "render", "metadata", "claim", "upload", "intent", "stored", "answer")
FAULTS = ("kill", "stop", "redis", "database", "disk", "later", "earlier")
NEEDS = {
    "database": "PostgreSQL",
    "disk": "the right to mount",
    "later": "libfaketime",
    "earlier": "libfaketime",
}
JUMPS = {"later", "earlier"}


class Cell(NamedTuple):
    kind: str
    step: str
    fault: str

    def __str__(self):
        return "-".join(self)


def steps_of(kind):
    """The late one differs from the others only once it may have the post."""
    return STEPS[STEPS.index("intent") :] if kind == "late" else STEPS


ALL = [Cell(kind, step, fault) for kind in KINDS for step in steps_of(kind) for fault in FAULTS]


# As two of the first three kinds never leave out the same cell, the third meets all that these have in common.
A_THIRD = [
    cell
    for cell in ALL
    if (STEPS.index(cell.step) + FAULTS.index(cell.fault) + KINDS.index(cell.kind)) % 3 == 0
]


class Outcome(NamedTuple):
    """What became of a cell's story: how often it is on the server, and what its row says."""

    posts: int
    state: str
    words: str

    @property
    def holds(self):
        """Once and known as sent; or at most once, and an editor is told what to do."""
        if self.state == State.SENT:
            return self.posts == 1
        return self.posts <= 1 and self.state == State.UNKNOWN and "syndicate resolve" in self.words

    @property
    def mark(self):
        told = "" if self.state == State.SENT else "?"
        return f"{self.posts}{told}" if self.holds else f"**{self.posts} {self.state}**"


class House:
    """What all cells share: the two nurseries and, where the machine has one, a PostgreSQL."""

    def __init__(self, folder, cells):
        self.folder, faults = folder, {cell.fault for cell in cells}
        self.lacks = {} if shutil.which("cc") else dict.fromkeys(JUMPS, "a C compiler")
        if not Cluster.here():
            self.lacks["database"] = "PostgreSQL"
        if "disk" in faults and not _may_mount(folder):
            self.lacks["disk"] = "the right to mount a file system"
        with ExitStack() as kept:
            self.nurseries = {False: Nursery(folder)}
            kept.callback(self.nurseries[False].stop)
            if faults & JUMPS - set(self.lacks):
                self.nurseries[True] = Nursery(folder, clock=True)
                kept.callback(self.nurseries[True].stop)
            self.database = None
            if "database" in faults and "database" not in self.lacks:
                self.database = Cluster(folder / "postgres")
                kept.callback(self.database.stop)
            self._kept = kept.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._kept.close()

    def run(self, cell):
        """Bring a story to the step, strike, and see what becomes of it."""
        fault = cell.fault
        room = Room(
            self.folder / str(cell),
            cell.kind,
            cell.step,
            self.nurseries,
            clock=fault in JUMPS,
            queue=fault == "redis",
            database=self.database if fault == "database" else None,
            disk=fault == "disk",
        )
        try:
            victim = room.bring_to_step()
            STRIKES[fault](room, victim)
            until(room.settled, PATIENCE, f"{cell}: the story is out, or stands before an editor")
            return _outcome(room)
        except AssertionError as error:
            post = room.post()
            lines = [str(error), f"{post.state} due {post.due}: {post.reason}", *room.trail()]
            raise AssertionError("\n".join(lines)) from None
        finally:
            room.close()


def _may_mount(folder):
    import subprocess

    place = folder / "mounted"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", place], capture_output=True).returncode:
        return False
    subprocess.run(["umount", place], check=True)
    return True


def _outcome(room):
    """As it stands, and still stands a little later: nobody has more to send."""
    time.sleep(1.0)  # several rounds of every worker: what would be sent twice is sent by then
    assert not room.network.server.faults, room.network.server.faults
    post = room.post()
    url = post.receipt.url if post.receipt else ""
    return Outcome(len(room.network.posts("4711")), post.state, post.reason or url)


def _kill(room, victim):
    victim.signal(9)
    victim.ended.wait()
    room.network.state.goes.set()
    room.others()


def _stop(room, victim):
    victim.signal(19)
    room.go(victim)
    room.others()
    time.sleep(LEASE + 2.0)  # the fault itself: it sleeps for longer than its lease
    victim.signal(18)
    victim.finishes()


def _redis(room, victim):
    room.lose_redis()
    room.go(victim)
    room.others()


def _database(room, victim):
    """Every line to the database is cut, and no new one is let in until the worker has felt it."""
    with room.database.cut(room.folder.name):
        room.go(victim)
        time.sleep(1.5)  # the outage itself
    room.others()


def _disk(room, victim):
    room.fill_disk()
    room.go(victim)
    room.others()
    until(lambda: room.problem() or room.settled(), PATIENCE, "the full disk is told of, or does not matter")
    room.free_disk()


def _later(room, victim):
    _jump(room, victim, +1)


def _earlier(room, victim):
    _jump(room, victim, -1)


def _jump(room, victim, hours):
    """Another worker and its sweep are awake when the clock jumps; half a second later the victim goes on."""
    room.others()
    room.children[-1].finishes()
    room.move_clock(hours)
    room.children[-1].finishes()
    room.go(victim)


STRIKES = {
    "kill": _kill,
    "stop": _stop,
    "redis": _redis,
    "database": _database,
    "disk": _disk,
    "later": _later,
    "earlier": _earlier,
}


def run_all(cells, at_once, told=lambda cell, outcome, seconds: None):
    """Run cells side by side; what became of each: an Outcome, or the words of what went wrong."""
    folder = Path(tempfile.mkdtemp(prefix="crashes-"))
    folder.chmod(0o755)  # PostgreSQL's own user has a folder in it
    found = {}

    def one(cell):
        if cell.fault in house.lacks:
            found[cell] = None
            return
        start = time.monotonic()
        try:
            found[cell] = house.run(cell)
        except Exception as error:
            found[cell] = error
        told(cell, found[cell], time.monotonic() - start)

    try:
        with House(folder, cells) as house, ThreadPoolExecutor(at_once) as pool:
            list(pool.map(one, cells))
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


PAGE = """\
# Reliability

What becomes of a post when something breaks at the worst moment. This page is written by the run itself:
`make crash-matrix` ({runs} here).

A story is brought to a step of its way by real processes, over real sockets, to a stand-in for a network. There the
process that works on it is struck, and others go on. A cell tells how often the post is on the server in the end:
**1** is once, and known as sent. A question mark says that the network cannot tell whether it has the post (or that it
does not), and that `syndicate resolve` shows it to an editor with what was tried, as nothing is sent again on a guess.
A cell that would hold a post twice, or a story that still waits after {patience:.0f} seconds without a word to a
person, ends the run as failed. Several outcomes in a cell were seen in different runs, with their counts.

The kinds of networks: **key** knows a repeated key (Mastodon), **search** ignores keys but shows an account its own
posts (GoToSocial), **neither** does neither (Telegram). **late** calls itself Mastodon, but ignores keys, and shows a
post to nobody for {hidden:.0f} seconds. Such a server is why a key is not used again before Mastodon was asked twice,
{settle:.0f} seconds after a lost answer and up to {shows_late:.0f} seconds after that: one that ignores keys gets no
second post if it shows the first within that minute. (With a lease below 200 seconds it is a fifth of the lease after
the first question; here that is {second:.1f} seconds, and the first question comes once the lease of a killed worker is
over.) It has no more steps than those in which it differs from **key**.

The faults: **kill**, SIGKILL; **stop**, SIGSTOP for longer than the lease ({lease:.0f} s here), then SIGCONT;
**redis**, Redis killed and started empty, under Celery workers and the sweep; **database**, every connection to
PostgreSQL cut and none let in for 1.5 s; **disk**, no room for cards; **later** and **earlier**, the machine's clock
set an hour ahead and an hour back. Where neither Redis nor PostgreSQL is named there is no queue, and SQLite.

{tables}

{counts}
"""

STEP_WORDS = {
    "accept": "after it was accepted",
    "render": "while the card is drawn",
    "metadata": "after the metadata",
    "claim": "after the claim",
    "upload": "after the upload",
    "intent": "after the intent",
    "stored": "stored, before the answer",
    "answer": "answered, before the record",
}


def _page(counts, times):
    tables = []
    for kind in KINDS:
        lines = [f"| {kind} | " + " | ".join(FAULTS) + " |", "|---" * (len(FAULTS) + 1) + "|"]
        for step in steps_of(kind):
            marks = (_marks(counts[Cell(kind, step, fault)]) for fault in FAULTS)
            lines.append(f"| {STEP_WORDS[step]} | " + " | ".join(marks) + " |")
        tables.append("\n".join(lines))
    marks = Counter[str]()
    for cell in counts.values():
        marks.update(cell)
    cells = ", ".join(f"{number:,} times {mark}" for mark, number in sorted(marks.items()))
    runs = f"{times} run{'s' if times > 1 else ''} of all {len(ALL)} cells"
    told = f"In all: {cells}."
    facts = {"lease": LEASE, "patience": PATIENCE, "hidden": HIDDEN.total_seconds(), "second": LEASE * 0.2}
    facts |= {name: getattr(Mastodon, name).total_seconds() for name in ("settle", "shows_late")}
    return PAGE.format(runs=runs, tables="\n\n".join(tables), counts=told, **facts)


def _marks(seen):
    if len(seen) == 1:
        return next(iter(seen))
    return ", ".join(f"{mark} ({number})" for mark, number in sorted(seen.items()))


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--times", type=int, default=1)
    asked.add_argument("--at-once", type=int, default=12)
    asked.add_argument("--only", default="", help="a part of the cells' names: kind-step-fault")
    asked.add_argument("--write", type=Path, help="the page to write, where all cells ran")
    options = asked.parse_args()
    cells = [cell for cell in ALL if options.only in str(cell)]
    counts, fell = {cell: Counter[str]() for cell in cells}, 0
    for number in range(options.times):
        start = time.monotonic()
        for cell, outcome in run_all(cells, options.at_once).items():
            known = isinstance(outcome, Outcome)
            counts[cell][outcome.mark if known else "not run" if outcome is None else "**fell**"] += 1
            if not (outcome is None or (known and outcome.holds)):
                fell += 1
                print(f"{cell}: {outcome}", flush=True)
        print(f"run {number + 1} of {options.times}: {time.monotonic() - start:.0f} s", flush=True)
        if options.write and len(cells) == len(ALL):
            options.write.write_text(_page(counts, number + 1))
    print("\n".join(f"{cell}: {_marks(counts[cell])}" for cell in cells))
    return int(fell > 0)


if __name__ == "__main__":
    sys.exit(main())
