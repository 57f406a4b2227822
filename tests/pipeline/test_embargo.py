"""Embargoes: nothing of a story is in public before its time, whenever its embargo came, whoever touches it."""

import pytest
from scripted import SENT, post, steps

from syndication.config import parse
from syndication.errors import Unknown
from syndication.models import State
from syndication.pipeline import accept, prepare_next, redraw_archive, run_due, share, sweep, withdraw

ONE, TWO = (
    "2026-11-20T13:00:00Z",
    "2026-11-20T15:00:00+01:00",
)  # it is noon; two o'clock is told in another zone
PAGE = b"<!doctype html><html><head><title>Old</title></head><body></body></html>"


@pytest.fixture
def config(config):
    text = "[delivery]\nlease = 60\n[metadata]\npages = 'public/{path}.html'\nfragments = 'fragments'\n"
    text += "[cards]\nbase_url = 'https://news.example/cards/'\n"
    page = config.folder / "public/world/1.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(PAGE)
    return parse(text, config.folder / "syndicate.toml")


def in_public(config, network):
    """What anybody could see of the story: its cards, its fragments, our tags in its page, its posts."""
    folders = config.at(config.cards.folder), config.folder / "fragments"
    files = [file.name for folder in folders if folder.exists() for file in folder.iterdir()]
    tagged = b"og:title" in (config.folder / "public/world/1.html").read_bytes()
    return [*files, *(["tags"] if tagged else []), *(draft.link for draft in network.sent)]


def test_nothing_is_in_public_before_its_time(store, config, network, desk, event, clock):
    """Whatever is done meanwhile: updates, an archive run, a share, sweeps; and at its time all of it is there."""
    accept(store, config, event(embargo=TWO))
    for minute in range(0, 120, 10):
        accept(store, config, event(embargo=TWO, revision=2 + minute, headline=f"Version {minute}"))
        share(store, config, "cms-1", ["desk"], label=f"at {minute}")
        redraw_archive(store, config)
        run_due(store, config)
        assert in_public(config, network) == [], f"{minute} minutes after noon"
        clock.move(600)
    run_due(store, config)
    public = in_public(config, network)
    assert "tags" in public
    assert post(store).state is State.SENT


def test_an_embargo_that_moves_counts_from_then_on(store, config, network, desk, event, clock):
    """Later, earlier, or taken back: the newest version says when."""
    accept(store, config, event(embargo=ONE))
    accept(store, config, event(embargo=TWO, revision=2))
    clock.move(3601)
    run_due(store, config)
    assert in_public(config, network) == []
    accept(store, config, event(revision=3))
    run_due(store, config)
    assert post(store).state is State.SENT


def test_a_story_that_comes_under_embargo_stops(store, config, network, desk, event, clock):
    """It was drawn and about to go out: its cards and tags go out of reach, its post waits, and comes at its time."""
    accept(store, config, event())
    prepare_next(store, config)
    assert "tags" in in_public(config, network)
    accept(store, config, event(embargo=ONE, revision=2))
    run_due(store, config)
    assert in_public(config, network) == []
    assert "retracted" in steps(store)
    clock.move(3601)
    run_due(store, config)
    assert "tags" in in_public(config, network)
    assert post(store).state is State.SENT


def test_a_worker_that_draws_the_old_version_meanwhile_leaves_nothing(
    store, config, network, desk, event, monkeypatch
):
    """It wrote its tags after the embargo came: what it left is taken away again."""
    from syndication.pipeline import prepare

    written = prepare.write_metadata

    def late(*args):
        monkeypatch.setattr(prepare, "write_metadata", written)
        accept(store, config, event(embargo=ONE, revision=2))
        prepare_next(store, config)  # another worker retracts it
        written(*args)

    accept(store, config, event())
    monkeypatch.setattr(prepare, "write_metadata", late)
    run_due(store, config)
    assert in_public(config, network) == []


def test_a_post_that_is_out_is_an_editors(store, config, network, desk, event, clock):
    """What readers have seen is not removed unasked: an editor is told, once, until the embargo ends."""
    accept(store, config, event())
    run_due(store, config)
    accept(store, config, event(embargo=ONE, revision=2))
    accept(store, config, event(embargo=ONE, revision=3))
    run_due(store, config)
    live = post(store)
    assert (live.state, live.pending.due) == (State.SENT, None)
    assert "under embargo until 2026-11-20 13:00 UTC" in live.pending.words
    assert network.removed == []
    assert steps(store).count("told") == 1
    clock.move(3601)
    run_due(store, config)
    assert post(store).pending is None
    assert len(network.sent) == 1


def test_what_may_be_out_is_not_sent_again_under_embargo(store, config, network, desk, event, clock):
    """Its answer was lost before the embargo came: it is looked for, and left to an editor if it is not there."""
    network.publishes = [Unknown("lost"), SENT]
    accept(store, config, event())
    run_due(store, config)
    accept(store, config, event(embargo=TWO, revision=2))
    clock.move(600)
    run_due(store, config)
    assert len(network.sent) == 1
    assert "under embargo" in post(store).reason


def test_a_story_under_embargo_can_be_withdrawn(store, config, network, desk, event, clock):
    """Its time comes and nothing happens."""
    accept(store, config, event(embargo=ONE))
    withdraw(store, "cms-1")
    clock.move(3601)
    sweep(store, config)
    run_due(store, config)
    assert in_public(config, network) == []
    assert post(store).state is State.CANCELLED
