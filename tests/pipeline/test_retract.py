"""A withdrawn story's cards and tags go out of reach, and come back if it is published again."""

import errno
import fcntl

import pytest
from PIL import Image

import syndication.cards as cards_of
from syndication.cards import clean, policy
from syndication.config import parse
from syndication.files import write_whole
from syndication.pipeline import accept, drawing, prepare, prepare_next, sweep, withdraw
from syndication.pipeline.records import archive
from syndication.store import stories

PAGE = "<html><head><title>The sea</title>\n<meta name=author content=Ada></head><body><h1>Sea</h1></body></html>"


@pytest.fixture
def config(tmp_path):
    """Each story has a page and fragments, and its cards lie at a public address."""
    told = (
        '[cards]\nbase_url = "https://cdn.example/"\n[metadata]\npages = "public/{path}"\nfragments = "out"\n'
    )
    config = parse("[delivery]\nlease = 60\n" + told, tmp_path / "syndicate.toml")
    page(config).parent.mkdir(parents=True)
    page(config).write_text(PAGE)
    return config


@pytest.fixture
def photo(tmp_path):
    Image.new("RGB", (1800, 1400), "teal").save(tmp_path / "photo.png")
    return {"path": str(tmp_path / "photo.png"), "alt": "A bay"}


def page(config):
    return config.folder / "public/world/1"


def cards(config):
    folder = config.at(config.cards.folder)
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def everything(store, config):
    while prepare_next(store, config):
        pass


def story(store, number="cms-1"):
    with store.read() as tx:
        return stories.need(tx, number)


def test_nothing_of_a_withdrawn_story_stays_within_reach(store, config, event, photo):
    """Its cards and crops of every version, its fragments, and our tags in its page, whose other bytes stay."""
    accept(store, config, event(image=photo))
    everything(store, config)
    accept(store, config, event(image=photo, kind="update", revision=2, headline="The sea took it all"))
    everything(store, config)
    assert "og:title" in page(config).read_text()
    assert len(cards(config)) == 7
    withdraw(store, "cms-1")
    everything(store, config)
    assert page(config).read_text() == PAGE
    assert cards(config) == []
    assert list((config.folder / "out").iterdir()) == []
    assert (story(store).cards, story(store).problem, story(store).due_at) == ((), "", None)
    withdraw(store, "cms-1")
    assert prepare_next(store, config) is None


def test_cards_of_older_versions_go_though_their_record_moved_into_files(store, config, event, photo, clock):
    """A story is withdrawn years later, when the trail of its first versions lies in an archive."""
    for revision, headline in enumerate(("The sea", "The sea took it", "The sea took it all"), 1):
        accept(store, config, event(image=photo, revision=revision, headline=headline))
        everything(store, config)
    assert len(cards(config)) > 7
    clock.move(400 * 86_400)
    sweep(store, config)
    assert list(archive(store, config.folder / "old", clock() - 86_400))
    withdraw(store, "cms-1")
    everything(store, config)
    assert cards(config) == []


def test_a_story_published_again_is_drawn_again(store, config, event, photo):
    """Cards, fragments and tags are there once more."""
    accept(store, config, event(image=photo))
    everything(store, config)
    before = cards(config)
    accept(store, config, event(kind="withdraw"))
    everything(store, config)
    accept(store, config, event(image=photo, revision=2))
    everything(store, config)
    assert cards(config) == before
    assert "og:title" in page(config).read_text()


def test_a_picture_that_another_story_shows_stays(store, config, event, photo):
    """Two stories may have one photo, and so one file of each crop."""
    accept(store, config, event(image=photo))
    accept(store, config, event(image=photo, id="cms-2", url="https://news.example/world/2"))
    (config.folder / "public/world/2").write_text(PAGE)
    everything(store, config)
    kept = {card.file for card in story(store, "cms-2").cards}
    withdraw(store, "cms-1")
    everything(store, config)
    assert set(cards(config)) == kept
    withdraw(store, "cms-2")
    everything(store, config)
    assert cards(config) == []


def test_a_page_without_our_tags_is_not_touched(store, config, event):
    """The CMS wrote it anew, or took it away: then nothing is left to do."""
    accept(store, config, event())
    everything(store, config)
    own = PAGE.replace("<title>", '<meta property="og:title" content="Gone"><title>')
    page(config).write_text(own)
    accept(store, config, event(kind="withdraw"))
    everything(store, config)
    assert page(config).read_text() == own
    accept(store, config, event(revision=2))
    everything(store, config)
    page(config).unlink()
    accept(store, config, event(kind="withdraw"))
    everything(store, config)
    assert story(store).problem == ""


def test_what_cannot_be_removed_is_told_and_tried_again(store, config, event, clock):
    """A folder in the way of a card: the story says what is still there until it is gone."""
    accept(store, config, event())
    everything(store, config)
    file = config.at(config.cards.folder) / story(store).cards[0].file
    file.unlink()
    file.mkdir()
    withdraw(store, "cms-1")
    everything(store, config)
    assert f"the card {file.name} cannot be removed" in story(store).problem
    assert "og:title" not in page(config).read_text()
    file.rmdir()
    clock.move(3600)
    everything(store, config)
    assert (story(store).problem, story(store).due_at) == ("", None)


def test_a_story_withdrawn_while_it_is_drawn_leaves_nothing(store, config, event, monkeypatch):
    """Whoever was drawing it writes its tags after they were taken out: they are taken out again."""
    write = prepare.write_metadata

    def meanwhile(*parts):
        monkeypatch.setattr(prepare, "write_metadata", write)
        withdraw(store, "cms-1")
        everything(store, config)
        write(*parts)

    monkeypatch.setattr(prepare, "write_metadata", meanwhile)
    accept(store, config, event())
    everything(store, config)
    assert page(config).read_text() == PAGE
    assert cards(config) == []


@pytest.mark.parametrize("writes", range(5))
def test_pictures_of_a_worker_that_was_killed_go_as_well(store, config, event, photo, monkeypatch, writes):
    """Killed at any of its writes, it has told of every file before; a withdrawal finds what was left."""

    class Killed(BaseException):
        pass

    written = []

    def write(file, data):
        if len(written) == writes:
            raise Killed
        written.append(file.name)
        write_whole(file, data)

    accept(store, config, event(image=photo))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        for module in (cards_of, clean):
            patch.setattr(module, "write_whole", write)
        prepare_next(store, config)
    assert cards(config) == sorted(written)
    withdraw(store, "cms-1")
    everything(store, config)
    assert cards(config) == []


def test_who_lost_the_story_while_drawing_writes_no_picture(store, config, event, photo, monkeypatch):
    """A story is withdrawn, and cleared away, while a worker draws it: that one writes nothing any more."""
    encode = cards_of.encode.jpeg

    def meanwhile(*parts, **settings):
        monkeypatch.setattr(cards_of.encode, "jpeg", encode)
        withdraw(store, "cms-1")
        everything(store, config)
        return encode(*parts, **settings)

    monkeypatch.setattr(cards_of.encode, "jpeg", meanwhile)
    monkeypatch.setattr(cards_of, "write_whole", lambda *_: pytest.fail("a picture was written"))
    accept(store, config, event(image=photo))
    everything(store, config)
    assert (cards(config), story(store).due_at) == ([], None)


def test_a_share_without_locks_holds_nothing_up(store, config, event, monkeypatch):
    """The store's folder may lie where no file can be locked: stories are drawn there, and withdrawn, all the same."""

    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", none)
    accept(store, config, event())
    everything(store, config)
    assert (len(cards(config)), story(store).problem) == (2, "")
    withdraw(store, "cms-1")
    everything(store, config)
    assert (cards(config), story(store).problem, story(store).due_at) == ([], "", None)


def test_a_withdrawn_story_is_never_drawn(store, config, event, monkeypatch):
    """What waits to be drawn and is withdrawn is only cleared away."""
    drawn = []
    monkeypatch.setattr(
        drawing, "checked_cards", lambda *a, **k: drawn.append(a) or policy.checked_cards(*a, **k)
    )
    accept(store, config, event())
    withdraw(store, "cms-1")
    accept(store, config, event(kind="update", revision=2))
    everything(store, config)
    assert (drawn, story(store).withdrawn) == ([], True)


def test_a_page_that_a_story_has_left_loses_our_tags(store, config, event):
    """A changed address: the new page has them, the old one not; whoever stands there next keeps theirs."""
    old, new = page(config), config.folder / "public/world/2"
    new.write_text(PAGE)
    accept(store, config, event())
    everything(store, config)
    assert "og:title" in old.read_text()
    accept(store, config, event(kind="update", revision=2, url="https://news.example/world/2"))
    everything(store, config)
    assert (old.read_text(), "og:title" in new.read_text()) == (PAGE, True)
    accept(store, config, event(id="cms-2", url="https://news.example/world/1"))
    accept(
        store, config, event(kind="update", revision=3, url="https://news.example/world/2", headline="Sea")
    )
    everything(store, config)
    assert "og:title" in old.read_text()
