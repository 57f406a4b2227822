"""Preparing: cards, metadata and frozen words, whatever a story's photo, page or letters are like."""

import io
import json

import pytest
from PIL import Image
from scripted import SENT, post, steps

from syndication.config import parse
from syndication.models import State
from syndication.pipeline import accept, drawing, prepare, prepare_next, resolve, run_due, share
from syndication.store import stories

PAGE = "<html><head><title>The sea</title></head><body><h1>The sea took the road twice</h1></body></html>"


def jpeg(color="teal", size=(1600, 1000)):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


def photo(body, status=200, kind="image/jpeg"):
    return status, kind, body


@pytest.fixture
def config(tmp_path):
    """Photos may come from this machine; each story has a page and fragments."""
    return configured(tmp_path)


def configured(folder, more=""):
    text = '[delivery]\nlease = 60\n[fetch]\nallow = ["127.0.0.0/8"]\nmax_bytes = 200000\nseconds = 2\n'
    return parse(text + more, folder / "syndicate.toml")


def story(store, number="cms-1"):
    with store.read() as tx:
        return stories.need(tx, number)


def prepare_all(store, config, clock, rounds=10):
    """Prepare until nothing is left to do, letting time pass."""
    for _ in range(rounds):
        while prepare_next(store, config):
            pass
        clock.move(60)


def has_photo(config, card):
    """Whether the card shows the test's teal photo."""
    with Image.open(config.at(config.cards.folder) / card.file) as image:
        pixels = image.convert("RGB").resize((60, 32)).get_flattened_data()
    return sum(abs(r) < 60 and 90 < g < 170 and 90 < b < 170 for r, g, b in pixels) > 60


# Photos


def test_a_photo_is_fetched_once_for_each_version(store, config, desk, site, event):
    """Drawing again asks nobody; a new version asks again, as the photo at that address may be another."""
    url = site.put("/sea.jpg", photo(jpeg()))
    accept(store, config, event(image={"url": url}))
    prepare_next(store, config)
    share(store, config, "cms-1", ["desk"])
    prepare_next(store, config)
    assert site.asked == ["/sea.jpg"]
    assert has_photo(config, story(store).cards[0])
    accept(store, config, event(revision=2, image={"url": url}))
    prepare_next(store, config)
    assert site.asked == ["/sea.jpg"] * 2
    assert story(store).problem == ""


def test_a_portrait_is_fetched_beside_the_photo(store, config, desk, site, event):
    """The opinion card cuts the portrait round; one that cannot be had leaves the photo in its place, and is told."""
    image = {"url": site.put("/sea.jpg", photo(jpeg("navy")))}
    there, gone = site.put("/face.jpg", photo(jpeg())), site.put("/gone.jpg", photo(b"", 404))
    for revision, url in enumerate((there, gone), 1):
        card = {"template": "opinion", "portrait": {"url": url}}
        accept(store, config, event(revision=revision, image=image, card=card))
        prepare_next(store, config)
        assert has_photo(config, story(store).cards[0]) == (url == there)
        assert ("no portrait" in story(store).problem) == (url == gone)
    assert set(site.asked) == {"/sea.jpg", "/face.jpg", "/gone.jpg"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (photo(b"", 404), "404"),
        (photo(b"<svg xmlns='http://www.w3.org/2000/svg'/>", kind="image/svg+xml"), "an SVG drawing"),
        (photo(b"x" * 300_000), "larger than"),
        (photo(jpeg()[:-2000]), "damaged"),
    ],
    ids=["missing", "svg", "too large", "cut off"],
)
def test_a_photo_that_cannot_be_used_is_left_out_and_told(
    store, config, desk, site, event, network, answer, said
):
    """No photo holds the news up: the card is drawn without, and the story says why."""
    accept(store, config, event(image={"url": site.put("/sea.jpg", answer)}))
    prepare_next(store, config)
    assert post(store).state is State.READY
    assert len(story(store).cards) == 2
    assert story(store).problem.startswith("the card has no photo: ")
    assert said in story(store).problem
    assert "problem" in steps(store)


def test_a_photo_of_too_many_pixels_is_left_out(store, config, desk, site, event):
    """A few bytes that would unpack to gigabytes are never unpacked."""
    out = io.BytesIO()
    Image.new("1", (20_000, 15_000)).save(out, "PNG")
    accept(store, config, event(image={"url": site.put("/bomb.png", photo(out.getvalue()))}))
    prepare_next(store, config)
    assert "pixels" in story(store).problem
    assert post(store).state is State.READY


def test_a_photo_at_an_inside_address_is_not_fetched(store, tmp_path, desk, site, event):
    """Only the networks of the config may be read; the story goes on without its photo."""
    config = parse("[delivery]\nlease = 60\n", tmp_path / "syndicate.toml")
    accept(store, config, event(image={"url": site.put("/sea.jpg", photo(jpeg()))}))
    prepare_next(store, config)
    assert site.asked == []
    assert "not read" in story(store).problem
    assert post(store).state is State.READY


def test_a_photo_server_that_is_down_is_asked_again_and_then_left(store, config, desk, site, event, clock):
    """A passing fault holds the story up for SOFT_TRIES tries and no longer; the reason stands meanwhile."""
    accept(store, config, event(image={"url": site.put("/sea.jpg", photo(b"", 503))}))
    prepare_next(store, config)
    assert post(store).state is State.PLANNED
    assert "503" in story(store).problem
    prepare_all(store, config, clock)
    assert site.asked == ["/sea.jpg"] * prepare.SOFT_TRIES
    assert post(store).state is State.READY
    assert story(store).problem.startswith("the card has no photo: ")


def test_a_photo_server_that_comes_back_in_time_gives_its_photo(store, config, desk, site, event, clock):
    """The second try finds it, and nothing of the trouble remains."""
    accept(store, config, event(image={"url": site.put("/sea.jpg", photo(b"", 503), photo(jpeg()))}))
    prepare_all(store, config, clock)
    assert has_photo(config, story(store).cards[0])
    assert story(store).problem == ""


def test_a_kept_photo_that_is_lost_is_left_out_and_told(store, config, desk, event, tmp_path):
    """A wiped photo folder does not hold the news up."""
    file = tmp_path / "sea.jpg"
    file.write_bytes(jpeg())
    accept(store, config, event(image={"path": str(file)}))
    for kept in config.photos.iterdir():
        kept.unlink()
    prepare_next(store, config)
    assert "no photo" in story(store).problem
    assert post(store).state is State.READY


# Cards


def test_an_unchanged_story_is_not_drawn_again(store, config, desk, event):
    """The card's name is its content: a second time it is there already."""
    accept(store, config, event())
    prepare_next(store, config)
    folder = config.at(config.cards.folder)
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    share(store, config, "cms-1", ["desk"])
    prepare_next(store, config)
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before


def test_a_card_that_was_lost_is_drawn_again_and_goes_out(store, config, network, published, clock):
    """A wiped card folder costs a moment, not the post."""
    file = config.at(config.cards.folder) / post(store).draft.card.file
    file.unlink()
    for _ in range(3):
        run_due(store, config)
        clock.move(10)
    assert post(store).state is State.SENT
    assert file.exists()


def test_a_headline_that_cannot_be_drawn_goes_out_with_a_card_without_words(
    store, config, network, desk, event
):
    """A letter that no font has will not mend itself: the text-free card goes out at once, and the story says so."""
    accept(store, config, event(headline="The sea \U00012345 took the road twice"))
    run_due(store, config)
    assert post(store).state is State.SENT
    assert network.sent[0].card.template == "textfree"
    assert story(store).problem.startswith("the card is text-free: headline: no installed font has")
    assert "U+12345" in story(store).problem


def test_a_full_disk_is_waited_for(store, config, desk, event, clock, monkeypatch):
    """What the operator can mend holds the story up, with its reason, until it is mended."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    accept(store, config, event())
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "checked_cards", full)
        prepare_all(store, config, clock, rounds=4)
    assert post(store).state is State.PLANNED
    assert "No space left" in story(store).problem
    prepare_all(store, config, clock)
    assert post(store).state is State.READY
    assert story(store).problem == ""


def test_a_fault_of_ours_is_told_and_the_next_story_goes_on(store, config, desk, event, clock, monkeypatch):
    """One story that breaks the program stops neither the worker nor the others."""
    whole = drawing.checked_cards

    def breaks(event, **how):
        if event.id == "cms-1":
            raise ZeroDivisionError
        return whole(event, **how)

    monkeypatch.setattr(drawing, "checked_cards", breaks)
    accept(store, config, event(priority="breaking"))
    accept(store, config, event(id="cms-2"))
    prepare_all(store, config, clock, rounds=1)
    assert story(store).problem == "our own fault: ZeroDivisionError, see the log"
    assert post(store, 2).state is State.READY


def test_a_story_whose_worker_died_is_taken_up_after_the_lease(
    store, config, desk, event, clock, monkeypatch
):
    """Drawing is claimed by time: a killed worker's story comes due again by itself."""

    def killed(*_, **__):
        raise SystemExit

    accept(store, config, event())
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(drawing, "checked_cards", killed)
        prepare_next(store, config)
    assert prepare_next(store, config) is None
    clock.move(61)
    assert prepare_next(store, config) == "cms-1"
    assert post(store).state is State.READY


def test_a_story_that_kills_every_worker_is_given_up_and_can_be_taken_up_again(
    store, config, network, desk, event, clock, monkeypatch
):
    """After MOST_TRIES its posts fail with the reason; an editor's retry starts it over."""

    def killed(*_, **__):
        raise SystemExit

    accept(store, config, event())
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "checked_cards", killed)
        for _ in range(prepare.MOST_TRIES):
            with pytest.raises(SystemExit):
                prepare_next(store, config)
            clock.move(61)
        assert prepare_next(store, config) == "cms-1"
    assert post(store).state is State.FAILED
    assert "20 times: the workers died of it" in post(store).reason
    assert prepare_next(store, config) is None
    resolve(store, 1, retry=True)
    run_due(store, config)
    assert post(store).receipt == SENT


# Metadata


def test_pages_and_fragments_get_the_tags(store, tmp_path, desk, event):
    """The page is rewritten where it lies, and the fragments name the drawn card."""
    cards = '[cards]\nbase_url = "https://news.example/cards/"\n'
    config = configured(tmp_path, cards + '[metadata]\npages = "site/{path}.html"\nfragments = "out"\n')
    page = tmp_path / "site/world/1.html"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    accept(store, config, event())
    prepare_next(store, config)
    card = post(store).draft.card.file
    assert f"https://news.example/cards/{card}" in page.read_text()
    assert "<h1>The sea took the road twice</h1>" in page.read_text()
    assert card in (tmp_path / "out/cms-1.html").read_text()
    assert card in json.dumps(json.loads((tmp_path / "out/cms-1.json").read_text()))


def test_a_missing_page_is_waited_for_and_then_told(store, tmp_path, desk, event, clock):
    """The CMS may write its page a moment later; one that never comes does not hold the posts up."""
    config = configured(tmp_path, '[metadata]\npages = "site/{path}.html"\n')
    accept(store, config, event())
    prepare_next(store, config)
    assert post(store).state is State.PLANNED
    prepare_all(store, config, clock)
    assert post(store).state is State.READY
    assert "no such page" in story(store).problem


def test_a_page_that_comes_a_moment_later_is_found(store, tmp_path, desk, event, clock):
    """The second try finds it, and nothing of the trouble remains."""
    config = configured(tmp_path, '[metadata]\npages = "site/{path}.html"\n')
    accept(store, config, event())
    prepare_next(store, config)
    page = tmp_path / "site/world/1.html"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    prepare_all(store, config, clock)
    assert 'property="og:title"' in page.read_text()
    assert story(store).problem == ""


def test_an_old_versions_worker_does_not_have_the_last_word_on_the_page(
    store, tmp_path, desk, event, monkeypatch
):
    """A worker that slept while the new version was prepared writes the old tags; they are made good."""
    config = configured(tmp_path, '[metadata]\nfragments = "out"\n')
    writes = prepare.write_metadata

    def slept(config, version, cards):
        with monkeypatch.context() as patch:
            patch.setattr(prepare, "write_metadata", writes)
            accept(store, config, event(revision=2, headline="The newer words"))
            assert prepare_next(store, config) == "cms-1"
        writes(config, version, cards)

    accept(store, config, event())
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "write_metadata", slept)
        prepare_next(store, config)
    while prepare_next(store, config):
        pass
    assert "The newer words" in (tmp_path / "out/cms-1.html").read_text()
    assert post(store).draft.title == "The newer words"
