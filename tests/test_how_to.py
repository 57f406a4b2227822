"""The how-to pages are followed to the letter."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from syndication.cards.template import BRAND_COLORS, FIELDS, KINDS, Condition, Layer, Style
from syndication.config import parse
from syndication.models import POST_FIELDS

ROOT = Path(__file__).parent.parent
NETWORK, TEMPLATE, TAGS = (
    ROOT / "docs/how-to" / page for page in ("add-a-network.md", "make-a-template.md", "tags-in-pages.md")
)


def blocks(page, kind):
    """The page's blocks of code of that kind."""
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def block(kind):
    """The network page's one block of that kind."""
    (found,) = blocks(NETWORK, kind)
    return found


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


@pytest.fixture
def room(tmp_path):
    """A newsroom that has done what the template page says, with a photo of ours."""
    config, review, _ = blocks(TEMPLATE, "toml")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/review.toml").write_text(review, encoding="utf-8")
    return furnish(tmp_path, config, *blocks(TEMPLATE, "json"))


def furnish(place, config, story):
    """A folder with a config, a story and its photo."""
    (place / "syndicate.toml").write_text(config, encoding="utf-8")
    (place / "story.json").write_text(story, encoding="utf-8")
    shutil.copy(ROOT / "syndication/samples/photos/sea.jpg", place / "photo.jpg")
    return place


def test_the_pages_template_is_drawn_and_passes(room):
    """Its commands, as they stand there: all shapes are drawn, and no network has anything against one."""
    for words in commands(TEMPLATE):
        done = in_room(room, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (room / "templates.png").is_file()
    assert len([*(room / "cards").glob("*.jpg")]) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"image": None},
        {"published": "2021-03-01T08:00:00Z"},
        {"headline": "A triumph"},
        {
            "headline": "After eleven years of silence she returns with nine hundred pages that are funny and cruel "
            * 2
        },
        {"language": "ar", "headline": "ماء مالح على مسرح المرفأ: أمسية لا تتركك تذهب"},
    ],
    ids=["no photo", "old", "short", "long", "right to left"],
)
def test_the_pages_template_stands_what_the_page_says_to_try(room, change):
    """A template is good when nothing that a newsroom publishes breaks it."""
    story = json.loads((room / "story.json").read_text(encoding="utf-8"))
    (room / "story.json").write_text(json.dumps({**story, **change}), encoding="utf-8")
    done = in_room(room, "check-card", "story.json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_what_is_said_of_a_faulty_template(room):
    """Word for word, but for where the folder lies."""
    (room / "templates/faulty.toml").write_text(blocks(TEMPLATE, "toml")[2], encoding="utf-8")
    done = in_room(room, *"render story.json --out cards --template faulty".split())
    assert done.returncode == 2
    assert done.stderr.replace(str(room), "/srv/news").strip() in TEMPLATE.read_text(encoding="utf-8")
    assert not (room / "cards").exists()


def test_the_page_names_all_that_a_template_can_say():
    """Every layer, condition, field, colour of the brand and key of a style."""
    text = re.sub(r"```.*?```", "", TEMPLATE.read_text(encoding="utf-8"), flags=re.DOTALL)
    keys = {key for model in (Layer, *KINDS.values(), Style) for key in model.model_fields}
    said = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", text))))
    assert {*keys, *get_args(Condition), *FIELDS, *BRAND_COLORS} <= said


def test_the_page_shows_the_tags_as_they_are_written(tmp_path):
    """Its config and its event give the tags it shows, but for the cards' hashes; a page gets the same."""
    (shown,) = blocks(TAGS, "html")
    room = furnish(tmp_path, *blocks(TAGS, "toml"), *blocks(TAGS, "json"))
    (room / "page.html").write_text("<!doctype html><title>Harbour towns</title>", encoding="utf-8")
    printed, written = (in_room(room, *words) for words in commands(TAGS))
    assert (printed.returncode, written.returncode) == (0, 0), printed.stderr + written.stderr
    for made in (printed.stdout, (room / "page.html").read_text(encoding="utf-8")):
        assert shown in re.sub(r"-[0-9a-f]{16}-", "-4f1d09a8b7c6e532-", made)
    assert '"@type": "NewsArticle"' in printed.stdout


def commands(page):
    """What a reader would type after `syndicate`, in order."""
    lines = re.findall(r"^\$ syndicate (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [line.split() for line in lines]


def in_room(room, *words):
    return subprocess.run(
        [sys.executable, "-m", "syndication", *words], cwd=room, capture_output=True, text=True, timeout=60
    )


def test_the_page_on_posts_is_a_config_that_holds():
    """Its examples are read as they stand, and name every field that a post's text can have."""
    text = (ROOT / "docs/posts.md").read_text(encoding="utf-8")
    voice, record = (parse(example) for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    assert voice.accounts["desk"].hashtags == 2
    assert record.accounts["bluesky"].record and record.brand.site
    assert not [field for field in POST_FIELDS if f"{{{field}}}" not in text]
