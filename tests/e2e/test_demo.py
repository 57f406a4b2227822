"""The demo: it holds, it can be run again, and it leaves no process behind however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from machines import Machine, syndicate, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for left processes in /proc"),
]


def left(place):
    """The processes that know of the demo's folder."""
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if str(place) in _read(path)]


def _read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # it has ended meanwhile, or is not ours


def test_the_demo_holds_and_leaves_nothing_behind(tmp_path):
    """`make demo`'s own command succeeds, twice, also where the path has a space."""
    place = tmp_path / "demo with a space"
    for _ in range(2):
        done = subprocess.run(
            syndicate("demo", "--dir", str(place)), capture_output=True, text=True, timeout=150
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "each once" in done.stderr
    assert left(place) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_demo_stops_all_it_started(tmp_path, number, status):
    """Ctrl-C and SIGTERM in the middle of the work end every process, and the exit status says so."""
    place = tmp_path / "demo"
    demo = Machine("demo", syndicate("demo", "--dir", str(place)), tmp_path).start()
    log = place / "worker.log"
    until(lambda: log.exists() and "sweep started" in log.read_text(encoding="utf-8"), 60, "the workers run")
    assert len(left(place)) >= 5
    os.kill(demo.process.pid, number)
    assert demo.process.wait(60) == status, demo.log.read_text(encoding="utf-8")
    until(lambda: left(place) == [], 60, "every process has ended")


def test_the_demo_empties_no_folder_of_yours(tmp_path):
    """A folder that holds other files is refused, and they stay."""
    (tmp_path / "thesis.txt").write_text("years of work")
    done = subprocess.run(
        syndicate("demo", "--dir", str(tmp_path)), capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "not the demo's" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
