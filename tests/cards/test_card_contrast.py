"""Contrast: words and logos can be told from any photo, and from any colour of a newsroom."""

import io
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from syndication.cards import Drawn, checks, contrast, render_cards
from syndication.cards.brand import Brand as Look
from syndication.cards.checks import Fault
from syndication.cards.ops import LogoOp, Rect, ScrimOp, TextOp
from syndication.config import Brand, Colors, Config
from syndication.models import Card, PublishEvent

Make = Callable[..., PublishEvent]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WIDE, SQUARE, STORY = (1200, 630), (1080, 1080), (1080, 1920)


def faults(drawn: Drawn) -> list[Fault]:
    return [fault for fault in drawn.faults if not fault.note]


def snow() -> Image.Image:
    """White slopes in white light, with a little blue in their shade."""
    picture = Image.linear_gradient("L").resize((1600, 1067)).point([235 + v // 13 for v in range(256)])
    return Image.merge("RGB", (picture, picture, picture.point([min(255, v + 8) for v in range(256)])))


def night() -> Image.Image:
    """A black town with lamps."""
    picture, chance = Image.new("RGB", (1600, 1067), "#05070c"), random.Random(7)
    pen = ImageDraw.Draw(picture)
    for _ in range(900):
        x, y, size = chance.randrange(1600), chance.randrange(1067), chance.choice((2, 3, 5, 9))
        pen.ellipse((x, y, x + size, y + size), fill=chance.choice(("#ffffff", "#ffe9b0", "#c8e0ff")))
    return picture


def stripes(width: int) -> Callable[[], Image.Image]:
    """Black and white, upright, of a width in pixels."""

    def make() -> Image.Image:
        row = bytes(255 * (x // width % 2) for x in range(1600))
        return Image.frombytes("L", (1600, 1), row).resize((1600, 1067)).convert("RGB")

    return make


def noise() -> Image.Image:
    """Grain in each colour, about a bright grey."""
    chance = random.Random(5)
    grain = Image.frombytes("RGB", (400, 267), chance.randbytes(3 * 400 * 267))
    return Image.blend(grain, Image.new("RGB", grain.size, "#d0d0d0"), 0.4).resize((1600, 1067))


PHOTOS = {"snow": snow, "night": night, "stripes": stripes(40), "fine stripes": stripes(6), "noise": noise}


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "template", ["article", "breaking", "live", "gallery", "photo", "video", "textfree", "quote"]
)
@pytest.mark.parametrize("photo", sorted(PHOTOS))
def test_cards_pass_over_any_photo(
    photo: str, template: str, language: str, full_story: Make, tmp_path: Path
) -> None:
    """Over snow, night, stripes and noise the scrim is as deep as it must be, in each shape of card."""
    PHOTOS[photo]().save(tmp_path / "photo.png")
    event, config = full_story(language, template), Config()
    for drawn in render_cards(
        event, config=config, photo=tmp_path / "photo.png", template=template, sizes=(WIDE, SQUARE), now=NOW
    ):
        assert faults(drawn) == []


def test_contrast_is_measured_behind_each_line(story: Make) -> None:
    """Words of a colour that fails on paper are named, with the number and the colour to change."""
    config = Config(brand=Brand(colors=Colors(alarm="#f0b0b0")))
    (drawn,) = render_cards(story(), config=config, photo=None, template="breaking", sizes=[WIDE], now=NOW)
    found = {fault.box: fault for fault in faults(drawn)}
    assert found.keys() == {"logo", "breaking", "headline", "moment"}
    fault = found["breaking"]
    assert (fault.check, fault.view, fault.wanted) == ("contrast", "everywhere", "4.5 to 1")
    assert fault.found.startswith("1.")
    assert str(fault).startswith("breaking, everywhere: contrast 1.")
    assert fault.remedy.startswith("Another alarm in [brand.colors]")
    assert found["moment"].remedy.startswith("A darker colour behind it in [brand.colors]")


def test_a_label_on_a_photo_stands_on_a_ground_of_its_own(story: Make, photos: Path) -> None:
    """So it asks for no darker photo; in the block of a tall card it needs none."""
    wide, tall = render_cards(
        story(), config=Config(), photo=photos / "sea.jpg", template="article", sizes=[WIDE, SQUARE], now=NOW
    )
    boxed = [
        op.boxed for one in (wide, tall) for op in one.ops if isinstance(op, TextOp) and op.name == "label"
    ]
    assert boxed == [True, False]
    asking = {
        word.name
        for op in wide.ops
        if isinstance(op, ScrimOp)
        for word in op.words
        if isinstance(word, TextOp)
    }
    assert "headline" in asking
    assert "label" not in asking


def test_a_logo_must_stand_out_as_well() -> None:
    """A logo's own colour, by most of its pixels, is measured: light grey on white is none."""
    for color, fails in (("#c0c0c0", True), ("#303030", False)):
        picture = Image.new("RGBA", (90, 30), color)
        ground = contrast.Ground(Image.new("RGB", WIDE, "white"))
        card = Card(template="t", width=1200, height=630, file="f", sha256="0", size=9)
        found = checks.check(
            [LogoOp(Rect(64, 64, 90, 30), "black")],
            ground,
            Look({"black": (0, 0, 0)}, logo_dark=png(picture)),
            card,
        )
        assert [fault.check for fault in found if not fault.note] == (["contrast"] if fails else [])


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@given(
    ground=st.tuples(*[st.integers(0, 255)] * 3),
    ink=st.tuples(*[st.integers(0, 255)] * 3),
)
def test_contrast_on_a_flat_ground_is_wcags(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> None:
    """What is measured on pixels is what the formula says of the colours, but for rounding twice to 256 luminances."""
    blocks = contrast.Ground(Image.new("RGB", (80, 40), ground)).under((8, 8, 60, 30))
    exact = contrast.ratio(contrast.luminance(ink), contrast.luminance(ground))
    told, drawn = contrast.luminance(ground), contrast.luminance(ink)
    low, high = max(told - 1 / 255, 0), told + 1 / 255
    bounds = [contrast.ratio(drawn, light) for light in (low, high, min(max(drawn, low), high))]
    assert min(bounds) - 0.06 <= contrast.least(blocks, ink, 1.0) <= max(*bounds, exact) + 0.06


def test_a_bright_spot_as_wide_as_a_letter_counts() -> None:
    """White words over a dark ground fail on one lamp of a letter's size, and not on a single spark."""
    for size, fails in ((40, True), (3, False)):
        picture = Image.new("RGB", WIDE, "black")
        picture.paste((255, 255, 255), (500, 120, 500 + size, 120 + size))
        blocks = contrast.Ground(picture).under((64, 100, 1100, 171))
        assert (contrast.least(blocks, (255, 255, 255), 1.0) < contrast.LARGE) == fails


def test_the_brands_own_colours_can_be_read() -> None:
    """The colours that come with us pass; one of the newsroom's that does not is named with its number."""
    assert checks.weak_colors(Config()) == []
    (told,) = checks.weak_colors(Config(brand=Brand(colors=Colors(alarm="#ff5050"))))
    assert told.startswith("white on colors.alarm has 3.")
    (told,) = checks.weak_colors(Config(brand=Brand(colors=Colors(ink="#555555"))))
    assert told.startswith("70 % of colors.ink on paper, as small words are, has 3.")


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#ffd400", "#00e5ff", "#fdfdff", "#0a0a30", "#777777"])
@pytest.mark.parametrize("template", ["number", "quote", "list", "opinion"])
def test_words_in_any_accent_can_be_read(template: str, accent: str, look: str, full_story: Make) -> None:
    """A newsroom's accent may be as light or as dark as it is: words in it can be told from paper and night."""
    config = Config.model_validate({"brand": {"colors": {"accent": accent}}, "cards": {"look": look}})
    for drawn in render_cards(
        full_story("en", template), config=config, photo=None, template=template, sizes=[WIDE], now=NOW
    ):
        assert faults(drawn) == []


@pytest.mark.parametrize("alarm", ["#d00000", "#cc0000", "#e00000"])
def test_words_on_any_red_can_be_read(alarm: str, story: Make, photos: Path) -> None:
    """An alarm on which white can be read carries all that a breaking card says, the credit too."""
    config = Config(brand=Brand(colors=Colors(alarm=alarm)))
    assert checks.weak_colors(config) == []
    photo = photos / "mountains.jpg"
    for drawn in render_cards(
        story(), config=config, photo=photo, template="breaking", sizes=(WIDE, SQUARE), now=NOW
    ):
        assert faults(drawn) == []


def test_on_the_night_an_accent_is_lightened_as_far_as_it_needs() -> None:
    """A colour chosen for paper is brightened until small words in it can be read on a dark card, and no further."""
    night, blue = (20, 22, 26), (16, 40, 160)
    lighter = contrast.lightened(blue, night)
    assert contrast.ratio(contrast.luminance(lighter), contrast.luminance(night)) >= 4.5
    assert contrast.lightened(lighter, night) == lighter
