"""Every command in the README and on the operator's page is run here, as it stands there, in one folder."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from machines import Machine, answers, free_port, syndicate, until

ROOT = Path(__file__).parent.parent
README, OPERATE = ((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/operate.md"))


def commands(page):
    """What a reader would type, in order."""
    return re.findall(r"^\$ (.+)$", page, re.M)


pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    """A newcomer's folder: one story of ours as JSON and as a page, under the names that the README uses."""
    samples = ROOT / "syndication/samples"
    shutil.copytree(samples / "photos", tmp_path / "photos")
    source = next(iter(sorted((samples / "stories").glob("*.json"))))
    event = json.loads(source.read_text(encoding="utf-8"))
    event |= {"id": "cms-4711", "published": datetime.now(UTC).isoformat()}
    event["image"]["path"] = event["image"]["path"].removeprefix("../")
    place = tmp_path / "a newcomer's folder"
    place.mkdir()
    shutil.copytree(tmp_path / "photos", place / "photos")
    (place / "story.json").write_text(json.dumps(event), encoding="utf-8")
    shutil.copy(source.with_suffix(".html"), place / "page.html")
    return place


@pytest.fixture
def network(tmp_path):
    """The sandbox in the place of a public server."""
    port = free_port()
    machine = Machine("network", syndicate("sandbox", "--port", str(port)), tmp_path).start()
    until(lambda: answers(f"http://127.0.0.1:{port}/api/v2/instance"), 60, "the sandbox listens")
    yield f"http://127.0.0.1:{port}"
    machine.stop()


# What runs until it is ended, and what it says once it works.
_LASTING = {"worker": "sweep started", "serve": "Taking events at", "metrics": "Metrics at"}


class Newcomer:
    """Types the README's commands. What cannot be had here is replaced where it says so, and nowhere else."""

    def __init__(self, folder, network):
        self.folder, self.network, self.bluesky = folder, network, False

    def type(self, line):
        words = shlex.split(line)
        if words[0] == "make":
            # The suite cannot run itself, and the demo has a test of its own: here only that the words are right.
            done = subprocess.run(["make", "-n", "-C", str(ROOT), *words[1:]], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        elif words[0] == "syndicate" and words[1] in _LASTING:
            self.keep_running(words[1:])
        elif words[0] == "syndicate" and words[1:3] == ["connect", "mastodon"]:
            self.connect_mastodon()
        elif words[0] == "syndicate" and words[1:3] == ["connect", "bluesky"]:
            self.bluesky = True  # the reference server has tests of its own; here the account stays out
        elif words[0] == "syndicate":
            self.run(words[1:])
        else:
            assert line in ("python3 -m venv .venv", ".venv/bin/pip install .", ". .venv/bin/activate"), line

    def run(self, words, stdin=""):
        if words[0] == "share":
            words = [word.replace("mastodon,bluesky", "mastodon") for word in words]
        if words[0] in ("check", "doctor"):
            words = [*words, "--json"]
        done = subprocess.run(
            syndicate(*words), cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=120
        )
        if words[0] == "check":
            bad = {row["check"] for row in json.loads(done.stdout) if not row["ok"]}
            assert bad <= {"queue"}, done.stdout  # no worker runs yet
            return done
        if words[0] == "doctor":
            ill = {one["part"] for one in json.loads(done.stdout) if any(s["grave"] for s in one["symptoms"])}
            assert ill <= {"workers"}, done.stdout  # none runs by now
            return done
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def keep_running(self, words):
        """Start it, see it work, and stop it with Ctrl-C."""
        port = [] if words == ["worker"] else ["--port", "0"]
        machine = Machine(words[0], syndicate(*words, *port), self.folder).start()
        sign = _LASTING[words[0]]
        until(lambda: sign in machine.log.read_text(encoding="utf-8"), 60, f"{words} says {sign}")
        os.kill(machine.process.pid, signal.SIGINT)
        assert machine.process.wait(60) in (0, 130), machine.log.read_text(encoding="utf-8")

    def connect_mastodon(self):
        """The person in front of the browser: opens the address, allows the app, pastes the code."""
        words = syndicate("connect", "mastodon", "--server", self.network, "--no-browser")
        line = subprocess.Popen(
            words,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        url = next(text.strip() for text in line.stderr if text.startswith("http"))
        page = requests.get(url, timeout=10).text
        code = re.search(r"Paste this code: ([\w-]+)", page)
        assert code, page
        _, errors = line.communicate(code[1] + "\n", timeout=60)
        assert line.returncode == 0, errors
        assert "Connected" in errors


def test_the_readme_names_commands():
    """The parser finds what a reader would type."""
    assert len(commands(README)) >= 20
    assert commands(README)[:2] == ["make demo", "make test"]


def test_every_command_of_the_readme_works(folder, network):
    """A newcomer who types the README's commands in order gets one post, and no error."""
    newcomer = Newcomer(folder, network)
    for line in (*commands(README), *commands(OPERATE)):
        newcomer.type(line)
    assert newcomer.bluesky
    assert (folder / "preview/index.html").exists()
    assert "og:title" in (folder / "page.html").read_text(encoding="utf-8")
    assert list((folder / "cards").glob("*-1200x630.jpg"))
    posts = requests.get(f"{network}/sandbox/posts", timeout=10).json()["posts"]
    published = [post for post in posts if "Still worth your time" not in post["text"]]
    assert len(published) == 1  # the page is accepted too, and waits for a worker


def test_pictures_of_the_readme_are_there():
    """What the README shows lies beside it."""
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).stat().st_size > 10_000
    for path in re.findall(r"(?<!!)\[[^\]]*\]\(([^):]+)\)", README):
        assert (ROOT / path).exists(), path
