"""The how-to pages are followed to the letter."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from syndication.config import parse
from syndication.models import POST_FIELDS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/how-to/add-a-network.md"


def block(kind):
    """The page's one block of code of that kind."""
    found = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1
    return found[0]


@pytest.fixture
def installed(tmp_path):
    """The page's package as an installer would leave it, and its answers; the environment that sees it."""
    project = tomllib.loads(block("toml"))["project"]
    packages = tmp_path / "packages"
    meta = packages / f"syndication_corkboard-{project['version']}.dist-info"
    meta.mkdir(parents=True)
    (packages / "corkboard.py").write_text(block("python"), encoding="utf-8")
    (meta / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["syndication.networks"]
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (meta / "entry_points.txt").write_text(f"[syndication.networks]\n{lines}")
    answers = tmp_path / "answers" / "corkboard"
    answers.mkdir(parents=True)
    (answers / "answers.json").write_text(json.dumps(json.loads(block("json"))), encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(packages), "CONNECTOR_SAMPLES": str(answers.parent)}


def test_the_pages_connector_keeps_the_contract(installed):
    """The page's code, found by its entry point, passes the contract with the page's answers."""
    words = block("sh").split("python ", 1)[1].split()
    done = subprocess.run(
        [sys.executable, *words, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=installed,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout or re.search(r"\.{20}", done.stdout)


def test_the_pages_network_can_be_connected(installed, tmp_path):
    """`connect` knows it by its name, and asks what the page says it asks."""
    config = tmp_path / "room"
    made = [sys.executable, "-m", "syndication"]
    subprocess.run(
        [*made, "init", "--dir", config], env=installed, check=True, capture_output=True, timeout=60
    )
    done = subprocess.run(
        [*made, "-c", config / "syndicate.toml", "connect", "corkboard", "--server", "http://127.0.0.1:1"],
        env=installed, input="a-token-of-the-board\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no answer" in done.stderr
    assert "a-token" not in done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('half installed')", "RuntimeError: half installed"),
        ("class Corkboard:\n    name = 'corkboard'\n", "no connector called corkboard"),
    ],
)
def test_a_package_that_is_broken_says_so(installed, tmp_path, code, said):
    """A connector that cannot be loaded is named with what is wrong; the others go on."""
    (tmp_path / "packages" / "corkboard.py").write_text(code)
    room = tmp_path / "room"
    made = [sys.executable, "-m", "syndication"]
    subprocess.run([*made, "init", "--dir", room], env=installed, check=True, capture_output=True, timeout=60)
    words = ["-c", room / "syndicate.toml", "connect", "corkboard", "--server", "https://board.example"]
    done = subprocess.run(
        [*made, *words], env=installed, capture_output=True, text=True, timeout=60, input=""
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_on_posts_is_a_config_that_holds():
    """Its examples are read as they stand, and name every field that a post's text can have."""
    text = (ROOT / "docs/posts.md").read_text(encoding="utf-8")
    voice, record = (parse(example) for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    assert voice.accounts["desk"].hashtags == 2
    assert record.accounts["bluesky"].record and record.brand.site
    assert not [field for field in POST_FIELDS if f"{{{field}}}" not in text]
