"""Photos that are too small for their place: never enlarged to mush, and never without their credit."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from syndication import cards
from syndication.cards import layout, templates, views
from syndication.cards.ops import Op, PhotoOp, TextOp
from syndication.config import Config
from syndication.models import PublishEvent, is_rtl

SIZES = [(1200, 630), (1080, 1080), (1080, 1350), (1080, 1920), (1000, 1500), (1600, 900)]
TEMPLATES = cards.template_names(Config())
WITH_SMALL = [name for name in TEMPLATES if "small" in templates.read(name, Config())[0].conditions()]
ENLARGED, BY_ITSELF = 1.35, 1.6


def lay_out(
    name: str, size: tuple[int, int], photo: tuple[int, int] | None, language: str = "en"
) -> tuple[Op, ...]:
    design, _ = templates.read(name, Config())
    told = {
        "headline": "Harbour towns vote to let the sea back in",
        "credit": "Photo: Mara Osei",
        "label": "Coast",
    }
    told |= {
        "brand": "The Meridian",
        "byline": "Ines Varga",
        "date": "20 November 2026",
        "summary": "It was wrong.",
    }
    return layout.lay_out(design, layout.Subject(told, language, is_rtl(language), photo), size)


def photos_of(ops: tuple[Op, ...]) -> list[PhotoOp]:
    return [op for op in ops if isinstance(op, PhotoOp)]


def shows(ops: tuple[Op, ...], field: str) -> bool:
    return any(isinstance(op, TextOp) and op.name == field for op in ops)


@settings(max_examples=150)
@given(
    st.sampled_from(TEMPLATES),
    st.sampled_from(SIZES),
    st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    st.sampled_from(["en", "ar"]),
)
def test_no_photo_is_enlarged_to_mush(
    name: str, size: tuple[int, int], photo: tuple[int, int], language: str
) -> None:
    """Whatever its size, a photo is drawn at most a third larger than its pixels, by itself a half, or not at all."""
    ops = lay_out(name, size, photo, language)
    for op in photos_of(ops):
        most = ENLARGED if op.rect.width == size[0] else BY_ITSELF
        assert max(op.rect.width / photo[0], op.rect.height / photo[1]) <= most + 1 / min(photo)
        left, top, right, bottom = op.rect.pixels()
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
    if not photos_of(ops):
        assert not shows(ops, "credit")  # nothing is credited that is not there
        assert photo[0] < size[0] / ENLARGED or photo[1] < size[1] / ENLARGED or not lays_photos(name)


def lays_photos(name: str) -> bool:
    return bool(photos_of(lay_out(name, (1200, 630), (9000, 9000))))


def test_the_newsroom_has_a_choice_of_small_layouts() -> None:
    """The templates whose photo covers the card have a layout for a small one."""
    assert {"article", "breaking", "live", "gallery", "video", "audio", "photo"} <= set(WITH_SMALL)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [name for name in WITH_SMALL if name not in ("photo", "textfree")])
def test_a_small_photo_stands_beside_the_words(name: str, size: tuple[int, int], language: str) -> None:
    """On wide cards it is whole, with words beside it; on tall ones it fills their width, with words below."""
    ops = lay_out(name, size, (600, 400), language)
    (photo,) = photos_of(ops)
    if size[0] > size[1]:
        assert abs(photo.rect.width / photo.rect.height - 1.5) < 0.02
        assert photo.rect.width >= 240
    else:
        assert photo.rect.width >= size[0] - 128
        assert photo.rect.height >= photo.rect.width / 3
    assert shows(ops, "credit")
    for word in ops:
        if isinstance(word, TextOp):
            assert word.rect.within(photo.rect) is None
    headline = next(op for op in ops if isinstance(op, TextOp) and op.name == "headline")
    above = photo.rect.bottom <= headline.rect.y
    if language == "ar":
        assert above or photo.rect.right <= headline.rect.x
    else:
        assert above or headline.rect.right <= photo.rect.x


@pytest.mark.parametrize("name", ["article", "breaking", "live", "gallery"])
def test_a_small_upright_photo_gets_what_room_the_words_leave(name: str) -> None:
    """Over a short headline a small upright photo is no strip: nothing is left empty above it."""
    ops = lay_out(name, (1080, 1080), (704, 1067))
    (photo,) = photos_of(ops)
    assert photo.rect.height >= 0.6 * photo.rect.width
    assert photo.rect.y <= 200


@pytest.mark.parametrize("across", range(320, 700, 40))
@pytest.mark.parametrize("name", ["article", "photo"])
def test_no_photo_stops_just_short_of_its_column(name: str, across: int) -> None:
    """On tall cards a small photo is as wide as the words' column, or narrower by a quarter of it and more."""
    margin = templates.read(name, Config())[0].margin
    column = 1080 - 2 * margin
    (photo,) = photos_of(lay_out(name, (1080, 1350), (across, across * 2 // 3)))
    assert photo.rect.width == pytest.approx(column) or photo.rect.width <= 0.75 * column


@pytest.mark.parametrize("name", ["photo", "textfree"])
def test_a_photo_alone_fills_a_tall_card(name: str) -> None:
    """A photo that is too small for all of a tall card takes most of the height that networks show."""
    for size in ((1080, 1920), (1000, 1500)):
        (photo,) = photos_of(lay_out(name, size, (1600, 1067)))
        assert photo.rect.height >= 0.75 * views.safe(*size).height


@pytest.mark.parametrize("name", WITH_SMALL)
def test_large_small_and_tiny_photos_are_told_apart(name: str) -> None:
    """A photo covers its place if it can; a smaller one stands whole; one of a stamp's size is left out."""
    size = 1200, 630
    (covering,) = photos_of(lay_out(name, size, (2400, 1600)))
    (whole,) = photos_of(lay_out(name, size, (500, 333)))
    assert covering.rect.height == 630
    assert whole.rect.height < 500
    assert photos_of(lay_out(name, size, (60, 40))) == []


def test_the_card_says_what_it_shows(story: Callable[..., PublishEvent], tmp_path: Path) -> None:
    """A card whose photo was too small describes no photo and carries no rights of one; a larger card of it does."""
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "small.jpg")
    event = story(image={"path": "small.jpg", "alt": "A teal sea", "credit": "Photo: Mara Osei"})
    for _ in range(2):  # drawn, then found
        wide, little = cards.make_cards(
            event,
            config=Config(),
            photo=tmp_path / "small.jpg",
            folder=tmp_path / "out",
            sizes=[(2800, 1470), (300, 200)],
        )
        assert "teal" not in wide.alt
        assert "teal" in little.alt
    assert b"Osei" not in (tmp_path / "out" / wide.file).read_bytes()
    assert b"Osei" in (tmp_path / "out" / little.file).read_bytes()
