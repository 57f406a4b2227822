"""`render --all`: the whole archive from the command line."""

import pytest

from syndication.config import load
from syndication.pipeline import redraw_archive
from syndication.store import open_store, stories


@pytest.fixture
def archive(desk, story):
    """Three published stories, and the store they are in."""
    for number in range(3):
        changes = {"id": f"old-{number}", "url": f"https://news.example/old/{number}", "section": "World"}
        assert desk("publish", story(**changes), "--now").status == 0
    config = load(desk.room / "syndicate.toml")
    store = open_store(config.store_url)
    yield store, config
    store.close()


def templates(store):
    with store.read() as tx:
        return [stories.need(tx, f"old-{number}").cards[0].template for number in range(3)]


def test_without_workers_the_archive_is_drawn_here(desk, network, archive):
    """With no queue in reach the command draws itself, says so, and posts nothing."""
    done = desk("render", "--all", "--template", "quote")
    assert (done.status, done.out) == (0, "")
    assert "No worker draws" in done.err and "3 of 3 stories are drawn" in done.err
    assert templates(archive[0]) == ["quote"] * 3
    assert len(network.memory.posts) == 3


def test_an_interrupted_run_goes_on(desk, archive):
    """The same command again goes on with what is left, and says how much that is."""
    from syndication.pipeline import prepare_next

    store, config = archive
    redraw_archive(store, config, template="quote")
    prepare_next(store, config)
    done = desk("render", "--all", "--template", "quote")
    assert done.status == 0
    assert "begun before" in done.err and "2 of 2 stories are drawn" in done.err
    assert templates(store) == ["quote"] * 3


def test_a_failure_is_told_and_the_rest_is_drawn(desk, archive, monkeypatch):
    """One story that cannot be drawn anew is named with the reason, in words and as data; the status is 1."""
    monkeypatch.setattr("syndication.pipeline.prepare._SOFT_PAUSE", 50)
    store, _ = archive
    with store.write() as tx:
        event = stories.need(tx, "old-1").event
        lost = {"image": {"path": "lost"}, "revision": 2}
        stories.replace(
            tx, event.model_validate({**event.model_dump(), **lost}), withdrawn=False, due_at=None
        )
    done = desk("render", "--all", "--template", "quote")
    assert done.status == 1
    assert "old-1" in done.out and "no such file" in done.out
    told = desk("render", "--all", "--template", "plain", "--json")
    assert told.status == 1
    assert told.data()["stories"] == 3
    assert [one["story"] for one in told.data()["failed"]] == ["old-1"]
    assert templates(store) == ["plain", "article", "plain"]


def test_a_part_that_holds_nothing_is_no_failure(desk, archive):
    """No story in that part: nothing is done, and it is said."""
    done = desk("render", "--all", "--section", "Sport")
    assert done.status == 0
    assert done.err == "There is no story of that kind in the store.\n"
    assert desk("render", "--all", "--since", "2099-01-01").status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all", "story.json"], "EVENT does not go with --all"),
        (["--all", "--out", "x"], "--out does not go with --all"),
        (["--all", "--size", "1200x630"], "--size does not go with --all"),
        (["story.json", "--out", "x", "--section", "World"], "--section goes only with --all"),
        (["story.json"], "Name an EVENT and --out"),
        (["--all", "--template", "qoute"], "quote"),
        (["--all", "--since", "yesterday"], "2026-01-31"),
        (["--all", "--since", "0001-01-01T00:00+14:00"], "2026-01-31"),
        (["--all", "--since", "2026-02-01", "--until", "2026-01-01"], "not after --since"),
    ],
)
def test_what_makes_no_sense_is_refused(desk, archive, words, said):
    """Wrong options are told with status 2, and no story is touched."""
    done = desk("render", *words)
    assert done.status == 2
    assert said in done.err
    assert templates(archive[0]) == ["article"] * 3
