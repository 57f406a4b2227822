"""Cards as they were when somebody last looked at them, compared tile by tile.

After a change that is meant to be seen: `UPDATE_GOLDENS=1 python -m pytest tests/cards/test_card_goldens.py`, then
look at every picture in `tests/cards/goldens` before committing it.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from syndication.cards import SIZES, make_cards, render_cards, template_names
from syndication.config import Cards, Config
from syndication.models import PublishEvent

GOLDENS = Path(__file__).parent / "goldens"
TILE = 30  # pixels of the golden, which is half as wide as the card
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ALL_SIZES = (*SIZES, (1080, 1350), (1080, 1920), (1000, 1500), (1600, 900))
LIMIT = 7.0  # root mean square of a tile's difference, of 255: what a JPEG and another processor may do


def difference(one: Image.Image, other: Image.Image) -> float:
    """The worst tile's root mean square difference over all channels."""
    assert one.size == other.size
    delta = ImageChops.difference(one, other)
    tiles = (
        delta.crop((x, y, min(x + TILE, delta.width), min(y + TILE, delta.height)))
        for y in range(0, delta.height, TILE)
        for x in range(0, delta.width, TILE)
    )
    return max(max(ImageStat.Stat(tile).rms) for tile in tiles)


def half(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return image.reduce(2)


@pytest.mark.parametrize("language", ["en", "ar", "he", "ru", "el"])
@pytest.mark.parametrize("template", ["article", "breaking", "quote"])
def test_cards_look_as_they_did(
    template: str, language: str, story: Callable[..., PublishEvent], photos: Path, tmp_path: Path
) -> None:
    """No tile of a card differs from the golden picture by more than another machine's rounding."""
    event = story(language)
    assert event.image
    assert event.image.path
    made = make_cards(
        event,
        config=Config(),
        photo=photos / event.image.path,
        folder=tmp_path,
        template=template,
        sizes=SIZES,
        now=NOW,
    )
    for card in made:
        picture = half(tmp_path / card.file)
        golden = GOLDENS / f"{template}-{language}-{card.width}x{card.height}.jpg"
        if os.environ.get("UPDATE_GOLDENS") == "1":
            GOLDENS.mkdir(exist_ok=True)
            picture.save(golden, quality=90, subsampling="4:4:4", optimize=True)
        with Image.open(golden) as expected:
            assert difference(picture, expected) < LIMIT, golden.name


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("template", template_names(Config()))
def test_every_template_looks_as_it_did_in_every_size(
    template: str, language: str, full_story: Callable[..., PublishEvent], photos: Path, tmp_path: Path
) -> None:
    """Each template keeps its look in all sizes and both directions, light in English and dark in Arabic."""
    event = full_story(language, template)
    assert event.image
    assert event.image.path
    made = make_cards(
        event,
        config=Config(cards=Cards(look="light" if language == "en" else "dark")),
        photo=photos / event.image.path,
        folder=tmp_path,
        template=template,
        sizes=ALL_SIZES,
        now=NOW,
    )
    for card in made:
        with Image.open(tmp_path / card.file) as image:
            picture = image.reduce(4)
        golden = GOLDENS / "quarter" / f"{template}-{language}-{card.width}x{card.height}.jpg"
        if os.environ.get("UPDATE_GOLDENS") == "1":
            golden.parent.mkdir(exist_ok=True)
            picture.save(golden, quality=92, subsampling="4:4:4", optimize=True)
        with Image.open(golden) as expected:
            assert difference(picture, expected) < LIMIT, golden.name


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("template", ["article", "photo", "textfree"])
def test_an_upright_photo_looks_as_it_did(
    template: str, language: str, story: Callable[..., PublishEvent], photos: Path, tmp_path: Path
) -> None:
    """On wide cards an upright photo stands beside the words, at the side where the story's lines end."""
    with Image.open(photos / "mountains.jpg") as image:
        image.crop((500, 0, 1300, image.height)).save(tmp_path / "upright.jpg", quality=95)
    (drawn,) = render_cards(
        story(language, published="2021-11-20T08:12:00Z"),
        config=Config(),
        photo=tmp_path / "upright.jpg",
        template=template,
        sizes=SIZES[:1],
        now=NOW,
    )
    picture = drawn.canvas.reduce(4)
    golden = GOLDENS / "quarter" / f"{template}-upright-{language}.jpg"
    if os.environ.get("UPDATE_GOLDENS") == "1":
        picture.save(golden, quality=92, subsampling="4:4:4", optimize=True)
    with Image.open(golden) as expected:
        assert difference(picture, expected) < LIMIT, golden.name
    assert not [fault for fault in drawn.faults if not fault.note]


@pytest.mark.parametrize("template", ["article", "quote"])
def test_no_photo_looks_as_it_did(template: str, story: Callable[..., PublishEvent], tmp_path: Path) -> None:
    """Without a photo a card is words on paper."""
    for card in make_cards(story(), config=Config(), photo=None, folder=tmp_path, template=template, now=NOW):
        picture = half(tmp_path / card.file)
        golden = GOLDENS / f"{template}-plain-{card.width}x{card.height}.jpg"
        if os.environ.get("UPDATE_GOLDENS") == "1":
            picture.save(golden, quality=90, subsampling="4:4:4", optimize=True)
        with Image.open(golden) as expected:
            assert difference(picture, expected) < LIMIT, golden.name


def test_the_comparison_sees_a_changed_letter(
    story: Callable[..., PublishEvent], photos: Path, tmp_path: Path
) -> None:
    """The goldens would notice one letter less in the smallest words of a card."""
    pictures = []
    for name in ("Ines Okafor", "Ines Okafo"):
        (card,) = make_cards(
            story(byline=[name]), config=Config(), photo=photos / "sea.jpg", folder=tmp_path, sizes=SIZES[:1]
        )
        pictures.append(half(tmp_path / card.file))
    assert difference(*pictures) > 2 * LIMIT
