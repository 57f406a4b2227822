"""A story's clean crops and tags on their way, and what is told of events that ask for what is not there."""

import json

import pytest
from PIL import Image
from scripted import deliver, post

from syndication.config import parse
from syndication.errors import EventError
from syndication.pipeline import Verdict, accept, prepare_next
from syndication.store import stories


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path)


def configured(folder, image="card"):
    text = f'[cards]\nbase_url = "https://cdn.example/"\n[metadata]\nfragments = "out"\nimage = "{image}"\n'
    return parse(text, folder / "syndicate.toml")


@pytest.fixture
def drawn(store, config, event, tmp_path):
    """The story with a photo of so many pixels, once it is prepared: drawn((width, height), **changes)."""

    def make(size, *, settings=config, **changes):
        Image.new("RGB", size, "teal").save(tmp_path / "photo.png")
        image = {"path": str(tmp_path / "photo.png"), "alt": "A bay", "credit": "Mara Osei"}
        accept(store, settings, event(image=image, **changes))
        prepare_next(store, settings)
        with store.read() as tx:
            return stories.need(tx, "cms-1")

    return make


def tags(config):
    told = json.loads((config.folder / "out/cms-1.json").read_text())
    return {meta.get("property"): meta["content"] for meta in told["meta"]}, told["json_ld"]


def test_crops_are_kept_with_the_story_and_named_in_its_page(config, drawn, desk):
    """The clean crops lie beside the cards, JSON-LD names them alone, and posts carry the card."""
    story = drawn((1800, 1400))
    crops = [card for card in story.cards if card.is_clean]
    assert [(crop.width, crop.height) for crop in crops] == [(1600, 900), (1600, 1200), (1200, 1200)]
    assert all((config.at(config.cards.folder) / crop.file).stat().st_size == crop.size for crop in crops)
    metas, linked = tags(config)
    assert [image["url"] for image in linked["image"]] == [
        f"https://cdn.example/{crop.file}" for crop in crops
    ]
    assert metas["og:image:width"] == "1200" and story.problem == ""


def test_the_newsroom_may_share_the_photo(store, tmp_path, drawn, desk, network):
    """With `image = "photo"` og:image is the wide crop; the paper's own posts keep the card."""
    config = configured(tmp_path, "photo")
    drawn((1800, 1400), settings=config)
    metas, _ = tags(config)
    assert (metas["og:image:width"], metas["og:image:height"], metas["og:image:alt"]) == (
        "1600",
        "900",
        "A bay",
    )
    deliver(store, config)
    assert not network.sent[0].card.is_clean and post(store).receipt


def test_a_tiny_photo_is_told(drawn):
    """A photo of fewer pixels than search engines ask for gives no crop, and an editor reads why."""
    story = drawn((220, 200))
    assert not any(card.is_clean for card in story.cards)
    assert "too small for search engines" in story.problem and "50,000 pixels" in story.problem


def test_words_for_nobody_are_told(drawn, desk):
    """Own words under a name that no account and no network has would never be said, which is told."""
    story = drawn((1800, 1400), overrides={"blusky": "Hello.", "desk": "Ours.", "mastodon": "Theirs."})
    assert story.problem == "overrides: no account or network is called blusky; bluesky, perhaps"
    assert story.due_at is None and story.cards


def test_an_unknown_template_is_refused_at_the_door(store, config, event):
    """A card that nobody can draw is the CMS's fault, told with the nearest template before anything is kept."""
    with pytest.raises(EventError) as told:
        accept(store, config, event(card={"template": "qoute"}))
    assert [tuple(fault) for fault in told.value.faults] == [("card.template", "'qoute'", "quote, perhaps")]
    with store.read() as tx:
        assert stories.get(tx, "cms-1") is None


def test_a_takedown_is_not_refused_for_its_looks(store, config, event):
    """A withdrawal counts whatever it says of the card."""
    accept(store, config, event())
    taken = accept(store, config, event(kind="withdraw", card={"template": "qoute"}))
    assert taken.verdict is Verdict.WITHDRAWN
