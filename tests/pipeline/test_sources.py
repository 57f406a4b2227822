"""Where an editor's stories come from: files, addresses, standard input."""

import io
import json
import sys

import pytest
from PIL import Image

from syndication.config import parse
from syndication.errors import EventError, FetchError, InputError
from syndication.sources import read_source

URL = "https://news.example/world/1"
STORY = {"url": URL, "headline": "The sea took the road twice", "published": "2026-11-20T08:00:00Z"}
PAGE = (
    "<!doctype html><html lang='en'><head><title>The sea</title></head><body><article>"
    "<h1>The sea took the road twice</h1><time datetime='2026-11-20T08:00:00Z'>today</time>"
    "<figure><img src='sea.jpg' alt='A road under water'></figure><p>After the third winter.</p>"
    "</article></body></html>"
)


@pytest.fixture
def config(tmp_path):
    return parse('[fetch]\nallow = ["127.0.0.0/8"]\nseconds = 2\n', tmp_path / "syndicate.toml")


@pytest.fixture
def stdin(monkeypatch):
    def put(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


def test_an_event_file_names_its_photo_beside_it(config, tmp_path):
    """`image.path` is relative to the event's own file, wherever the command runs."""
    folder = tmp_path / "events"
    folder.mkdir()
    Image.new("RGB", (1200, 800)).save(folder / "sea.jpg")
    file = folder / "story.json"
    file.write_text(json.dumps({**STORY, "image": {"path": "sea.jpg"}}))
    assert read_source(str(file), config).image.path == str(folder / "sea.jpg")


@pytest.mark.parametrize("name", ["page.html", "PAGE.HTM", "page.xhtml", "page"])
def test_a_page_is_known_by_its_ending_or_its_first_letter(config, tmp_path, name):
    """A page in a file needs its public address, and gives the same story under every name."""
    (tmp_path / name).write_text("\ufeff\n " + PAGE)
    Image.new("RGB", (1200, 800)).save(tmp_path / "sea.jpg")
    read = read_source(str(tmp_path / name), config, url=URL)
    assert (read.headline, read.url) == (STORY["headline"], URL)


def test_a_page_without_its_address_says_what_is_missing(config, tmp_path):
    """A file does not know where it is published."""
    (tmp_path / "page.html").write_text(PAGE)
    with pytest.raises(InputError, match="--url"):
        read_source(str(tmp_path / "page.html"), config)


def test_a_page_file_that_is_no_story_is_named_as_it_was_typed(config, tmp_path):
    """The editor typed a file's name; where it will be published says nothing of which file is meant."""
    (tmp_path / "empty.html").write_text("<html></html>")
    with pytest.raises(EventError, match=r"empty\.html: 2 faults"):
        read_source(str(tmp_path / "empty.html"), config, url=URL)


def test_standard_input_is_an_event_or_a_page(config, stdin, tmp_path, monkeypatch):
    """What a pipe brings is read as a file of the folder one stands in would be."""
    monkeypatch.chdir(tmp_path)
    stdin(json.dumps(STORY).encode())
    assert read_source("-", config).headline == STORY["headline"]
    stdin(PAGE.replace("<figure><img src='sea.jpg' alt='A road under water'></figure>", "").encode())
    assert read_source("-", config, url=URL).headline == STORY["headline"]


def test_a_source_without_an_end_is_not_read_to_it(config, stdin):
    """No more is read than the largest story is; a page that is cut off would pass for a whole one."""
    with pytest.raises(InputError, match="larger than 20,000,000 bytes"):
        read_source("/dev/zero", config)
    stdin(b"<html>" + bytes(20_000_000))
    with pytest.raises(InputError, match="standard input: larger"):
        read_source("-", config, url=URL)


def test_a_missing_file_is_told_in_a_word(config):
    """No traceback for a misspelt name."""
    with pytest.raises(InputError, match=r"nothing\.json: No such file"):
        read_source("nothing.json", config)


def test_a_page_on_the_web_gives_its_story(config, site):
    """Its address is where it was found, its photo's address is made whole."""
    url = site.put("/world/1", (200, "text/html; charset=utf-8", PAGE.encode()))
    read = read_source(url, config)
    assert (read.headline, read.url) == (STORY["headline"], url)
    assert read.image.url == url.replace("/world/1", "/world/sea.jpg")


def test_an_event_on_the_web_may_name_no_files(config, site):
    """What comes from elsewhere cannot have a photo read from this machine."""
    body = json.dumps({**STORY, "image": {"path": "/etc/hostname"}}).encode()
    url = site.put("/story.json", (200, "application/json", body))
    with pytest.raises(EventError, match=r"image\.path"):
        read_source(url, config)


def test_a_page_that_is_not_there_is_a_fetch_error(config, site):
    """The editor hears which address answered what."""
    with pytest.raises(FetchError, match="404"):
        read_source(site.put("/gone", (404, "text/html", b"")), config)
