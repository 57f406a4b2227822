"""Metadata in files: atomic, in the right place, and never outside it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.errors import MetadataError
from syndication.metadata import HeadTags, page_path, rewrite_file, write_fragments
from syndication.models import PublishEvent

PAGE = b"<html><head><meta charset=utf-8><title>x</title></head></html>"
Event = Callable[..., PublishEvent]


@pytest.fixture
def tags(make_tags: Callable[..., HeadTags]) -> HeadTags:
    return make_tags()


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_page_is_replaced_whole(tmp_path: Path, tags: HeadTags) -> None:
    """A page is replaced at once, keeps its mode, and is not touched when nothing changes."""
    page = tmp_path / "a.html"
    page.write_bytes(PAGE)
    page.chmod(0o640)
    assert rewrite_file(page, tags) is True
    assert page.stat().st_mode & 0o777 == 0o640 and b"og:title" in page.read_bytes()
    before = page.stat()
    assert rewrite_file(page, tags) is False
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(tmp_path) == ["a.html"]


def test_links_stay_links(tmp_path: Path, tags: HeadTags) -> None:
    """Behind a symbolic link the page itself is replaced, and the link stays."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.html").write_bytes(PAGE)
    link = tmp_path / "a.html"
    link.symlink_to(tmp_path / "real" / "a.html")
    assert rewrite_file(link, tags) and link.is_symlink()
    assert b"og:title" in (tmp_path / "real" / "a.html").read_bytes()


def test_failures_name_the_file(tmp_path: Path, tags: HeadTags, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be rewritten is told with its path, stays as it was, and leaves nothing behind."""
    (tmp_path / "text.html").write_bytes(b"no page")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("none.html", "text.html", "loop", "."):
        with pytest.raises(MetadataError, match=str(tmp_path)):
            rewrite_file(tmp_path / name, tags)
    page = tmp_path / "a.html"
    page.write_bytes(PAGE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MetadataError, match="No space left"):
        rewrite_file(page, tags)
    assert page.read_bytes() == PAGE and names(tmp_path) == ["a.html", "loop", "text.html"]


def test_fragments(tmp_path: Path, tags: HeadTags) -> None:
    """A story's fragments are its tags as HTML and as JSON, in a folder that is made if missing."""
    page, data = write_fragments(tmp_path / "a" / "b", "cms-4711", tags)
    assert (page.name, data.name) == ("cms-4711.html", "cms-4711.json")
    assert page.read_text(encoding="utf-8") == tags.html() + "\n"
    assert json.loads(data.read_text(encoding="utf-8")) == tags.data()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    event_id=st.text(min_size=1, max_size=80)
    | st.sampled_from(["../../etc/x", "/etc", "..", "a/b", "\0", "ك" * 300])
)
def test_any_id_stays_in_the_folder(tmp_path: Path, tags: HeadTags, event_id: str) -> None:
    """Whatever a story's id is, its fragments lie in the folder itself, under a plain name."""
    for file in write_fragments(tmp_path / "out", event_id, tags):
        assert (
            file.resolve().parent == (tmp_path / "out").resolve() and file.name.isascii() and file.is_file()
        )


def test_ids_that_look_alike_stay_apart(tmp_path: Path, tags: HeadTags) -> None:
    """Two ids that differ only in what a file name cannot hold get two names."""
    assert write_fragments(tmp_path, "a/b", tags)[0] != write_fragments(tmp_path, "a:b", tags)[0]


@pytest.mark.parametrize(
    ("pattern", "url", "file"),
    [
        ("{path}", "https://n.example/world/1", "world/1"),
        ("{path}", "https://n.example/world/", "world/index.html"),
        ("{path}", "https://n.example", "index.html"),
        ("site/{path}.html", "https://n.example/world/1?x=2#y", "site/world/1.html"),
        ("{path}/index.html", "https://n.example/world/1/", "world/1/index.html"),
        ("site/{path}", "https://n.example/caf%C3%A9%20noir.html", "site/café noir.html"),
        ("pages/story-{id}.html", "https://n.example/x", "pages/story-cms-1.html"),
    ],
)
def test_where_a_page_lies(tmp_path: Path, event: Event, pattern: str, url: str, file: str) -> None:
    """A page's file follows from the pattern and the story's URL or id."""
    assert page_path(pattern, event(url=url), tmp_path) == tmp_path / file


@pytest.mark.parametrize(
    "path",
    [*"/../x /a/../../x /%2e%2e/x /..%2fx /%2Fetc/passwd /a%00b /a%0ab /%5c..%5cx /%ff".split(), "/" + "a" * 300],
)  # fmt: skip
def test_no_page_outside(tmp_path: Path, event: Event, path: str) -> None:
    """A URL's path that climbs, or cannot be a file's, is refused."""
    with pytest.raises(MetadataError):
        page_path("{path}", event(url=f"https://n.example{path}"), tmp_path)


def test_no_page_outside_through_a_link(tmp_path: Path, event: Event) -> None:
    """A symbolic link inside the folder does not lead a story's page out of it."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "out").symlink_to("/tmp")
    with pytest.raises(MetadataError, match="outside"):
        page_path("site/{path}", event(url="https://n.example/out/x"), tmp_path)


@given(st.text(alphabet=st.sampled_from("./%2eEfF5cC\\ab0"), max_size=24))
def test_any_path_stays_inside(path: str) -> None:
    """Whatever the path of a URL is, the page lies inside the folder or is refused."""
    story = PublishEvent.model_validate(
        {"url": f"https://n.example/{path}".strip(), "headline": "x", "published": "2026-11-20T08:00:00Z"}
    )
    base = Path("/srv/site")
    try:
        file = page_path("{path}", story, base)
    except MetadataError:
        return
    assert file.is_relative_to(base) and ".." not in file.parts and file != base
