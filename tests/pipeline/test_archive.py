"""The archive drawn anew: all of it, behind everything else, and nothing is posted by it."""

from datetime import UTC, datetime

import pytest
from PIL import Image
from scripted import deliver, post, steps

from syndication.config import parse
from syndication.errors import InputError
from syndication.models import State
from syndication.pipeline import Part, accept, drawing, prepare_next, redraw_archive, share
from syndication.store import deliveries, stories


@pytest.fixture
def config(tmp_path):
    """Each story has its fragments."""
    return parse(
        '[delivery]\nlease = 60\n[cards]\nbase_url = "https://cdn.example/"\n[metadata]\nfragments = "fragments"\n',
        tmp_path / "syndicate.toml",
    )


@pytest.fixture
def archive(store, config, event):
    """Stories that are drawn: archive(count) or archive(*changes)."""

    def make(*changes):
        for number, change in enumerate(changes):
            facts = {"id": f"old-{number}", "url": f"https://news.example/old/{number}", **change}
            accept(store, config, event(**facts))
        prepare_all(store, config)

    return make


def prepare_all(store, config):
    done = []
    while (one := prepare_next(store, config)) is not None:
        done.append(one)
    return done


def story(store, number):
    with store.read() as tx:
        return stories.need(tx, number)


def progress(store, run):
    with store.read() as tx:
        return stories.progress(tx, run)


def templates(store, *names):
    return [{card.template for card in story(store, name).cards if not card.is_clean} for name in names]


def fragment(config, name):
    return (config.folder / f"fragments/{name}.html").read_text()


def photo_file(folder):
    file = folder / "photo.png"
    Image.new("RGB", (1300, 800), "teal").save(file)
    return str(file)


def test_every_story_is_drawn_anew_and_its_metadata_names_the_new_card(store, config, archive):
    """A run draws each story with its template, once, and writes its tags again."""
    archive({}, {"card": {"template": "plain"}})
    run = redraw_archive(store, config, template="quote")
    assert (run.waiting, run.begun) == (2, False)
    assert sorted(prepare_all(store, config)) == ["old-0", "old-1"]
    assert templates(store, "old-0", "old-1") == [{"quote"}, {"quote"}]
    assert progress(store, run.run) == (0, 0, None)
    assert story(store, "old-1").cards[0].file in fragment(config, "old-1")


def test_nothing_is_posted_and_no_written_post_changes(store, config, archive, desk, clock):
    """What is out stays out, what is ready keeps its card, byte for byte, and nothing new is planned."""
    archive({}, {})
    deliver(store, config)
    clock.move(3600)
    with store.read() as tx:
        before = [deliveries.of_story(tx, name) for name in ("old-0", "old-1")]
    redraw_archive(store, config, template="quote")
    prepare_all(store, config)
    with store.read() as tx:
        assert [deliveries.of_story(tx, name) for name in ("old-0", "old-1")] == before
    card = before[0][0].draft.card
    assert (config.at(config.cards.folder) / card.file).stat().st_size == card.size


def test_a_post_that_waits_goes_out_with_the_card_it_was_written_with(store, config, archive, desk, network):
    """A post that is ready while the archive is drawn keeps its own card, and that file is still there."""
    archive({})
    redraw_archive(store, config, template="quote")
    prepare_all(store, config)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert network.sent[0].card.template == "article"


def test_news_comes_before_the_archive(store, config, archive, event):
    """While the archive waits, a story that comes in is drawn next, whatever its priority."""
    archive({}, {}, {})
    redraw_archive(store, config, template="quote")
    prepare_next(store, config)
    for priority in ("evergreen", "normal", "breaking"):
        accept(store, config, event(id=priority, url=f"https://news.example/{priority}", priority=priority))
    assert prepare_all(store, config)[:3] == ["breaking", "normal", "evergreen"]


def test_a_worker_that_dies_holds_its_story_up_and_nothing_else(store, config, archive, clock):
    """The run goes on without a dead worker, and its story comes due again by itself."""
    archive({}, {}, {})
    run = redraw_archive(store, config, template="quote").run
    with store.write() as tx:
        dead = stories.claim(tx, store.now(), 60_000).event.id
    assert len(prepare_all(store, config)) == 2
    assert progress(store, run).waiting == 1
    clock.move(61)
    assert prepare_all(store, config) == [dead]
    assert progress(store, run) == (0, 0, None)


def test_who_is_interrupted_gives_its_story_back(store, config, archive, monkeypatch):
    """Ctrl-C in the middle of a card leaves nothing claimed: the same command goes on at once."""
    archive({})
    redraw_archive(store, config, template="quote")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(drawing, "checked_cards", interrupted)
        prepare_next(store, config)
    assert prepare_all(store, config) == ["old-0"]
    assert templates(store, "old-0") == [{"quote"}]


def test_the_same_wish_goes_on_and_another_takes_over(store, config, archive):
    """Asked again while it runs, it is the same run; asked otherwise, what waits is drawn as asked last."""
    archive({}, {}, {})
    redraw_archive(store, config, template="quote")
    prepare_next(store, config)
    again = redraw_archive(store, config, template="quote")
    assert (again.waiting, again.begun) == (2, True)
    other = redraw_archive(store, config, template="plain")
    assert (other.waiting, other.begun) == (3, False)
    assert progress(store, again.run).waiting == 0
    prepare_all(store, config)
    assert templates(store, "old-0", "old-1", "old-2") == [{"plain"}] * 3
    assert redraw_archive(store, config, template="plain").waiting == 3


def test_a_part_of_the_archive_is_a_time_and_a_section(store, config, archive):
    """`since` belongs to it, `until` does not; a section's name counts in any case of its letters."""
    days = [{"published": f"2026-0{month}-01T00:00:00Z", "section": "World"} for month in (1, 2, 3)]
    archive(*days, {"published": "2026-02-01T00:00:00Z", "section": "Sport"})
    part = Part(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC), "WORLD")
    assert redraw_archive(store, config, template="plain", part=part).waiting == 1
    assert prepare_all(store, config) == ["old-1"]


def test_what_cannot_be_drawn_keeps_what_it_has(store, config, archive, clock, tmp_path):
    """A story whose photo is lost keeps its card and its tags, and the run says why."""
    archive({"image": {"path": photo_file(tmp_path)}}, {})
    before, tags = story(store, "old-0").cards, fragment(config, "old-0")
    for file in config.photos.iterdir():
        file.unlink()
    run = redraw_archive(store, config, template="video").run
    for _ in range(4):
        prepare_all(store, config)
        clock.move(60)
    assert progress(store, run) == (0, 1, None)
    with store.read() as tx:
        [(name, why)] = stories.failures(tx, run)
    assert name == "old-0" and why.startswith("not drawn anew: ") and "no such file" in why
    assert story(store, "old-0").cards == before and fragment(config, "old-0") == tags
    assert "problem" in steps(store, "old-0")


def test_a_share_does_not_wait_for_the_archive(store, config, archive, desk):
    """A story that is shared while it waits for a run is drawn with the news, and the run counts it as drawn."""
    archive({}, {}, {})
    run = redraw_archive(store, config, template="quote").run
    share(store, config, "old-2", ["desk"])
    assert prepare_next(store, config) == "old-2"
    assert post(store, 4).draft.card.template == "quote"
    assert progress(store, run).waiting == 2


def test_a_newer_event_ends_the_wish(store, config, archive, event):
    """A story that changes while it waits, or later, is drawn as its event says."""
    archive({}, {})
    run = redraw_archive(store, config, template="quote").run
    accept(store, config, event(id="old-0", url="https://news.example/old/0", revision=2))
    assert prepare_next(store, config) == "old-0"
    assert templates(store, "old-0") == [{"article"}]
    prepare_all(store, config)
    accept(store, config, event(id="old-1", url="https://news.example/old/1", revision=2))
    prepare_all(store, config)
    assert templates(store, "old-1") == [{"article"}] and progress(store, run).waiting == 0


def test_what_is_withdrawn_or_under_embargo_is_left_alone(store, config, archive, event):
    """A run draws nothing that was taken down, nor anything before its time."""
    archive({}, {})
    accept(store, config, event(id="old-0", url="https://news.example/old/0", kind="withdraw"))
    accept(store, config, event(id="later", url="https://news.example/later", embargo="2026-12-24T00:00:00Z"))
    assert redraw_archive(store, config, template="quote").waiting == 1
    assert prepare_all(store, config) == ["old-0", "old-1"]
    assert not story(store, "later").cards
    assert not story(store, "old-0").cards


def test_an_unknown_template_begins_nothing(store, config, archive):
    """A misspelt template is refused with those there are, before a row changes."""
    archive({})
    with pytest.raises(InputError, match="qoute") as told:
        redraw_archive(store, config, template="qoute")
    assert "quote" in told.value.hint and story(store, "old-0").due_at is None


def test_a_shared_old_story_tells_its_year(store, config, event, desk, clock):
    """Shared again after more than a year, a story gets a new card with its year on it before it goes out."""
    accept(store, config, event())
    prepare_all(store, config)
    deliver(store, config)
    fresh = story(store, "cms-1").cards[0]
    clock.move(400 * 24 * 3600)
    share(store, config, "cms-1", ["desk"])
    prepare_all(store, config)
    old = post(store, 2).draft.card
    assert old.file != fresh.file
    assert "From 2026." in old.alt and "From 2026." not in fresh.alt


def test_a_section_that_no_story_can_have_is_refused(store, config):
    """The run's name is kept in a column of a certain length, which PostgreSQL holds us to."""
    with pytest.raises(InputError, match="400 characters"):
        redraw_archive(store, config, part=Part(section="x" * 400))
