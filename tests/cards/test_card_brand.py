"""The paper on its cards: its colours, its logos, the age of a story, and words that can be read on any photo."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from syndication import cards
from syndication.cards import brand as brands
from syndication.cards import (
    draw,
    layout,
    ops,
    photo,
    templates,
    words,
)
from syndication.config import Brand, Cards, Colors, Config, parse
from syndication.config.looks import Agency
from syndication.errors import CardError
from syndication.models import Card, PublishEvent

Make = Callable[..., PublishEvent]
WIDE = ((1200, 630),)


def test_a_section_has_its_own_accent(
    make: Callable[..., tuple[Card, ...]], story: Make, tmp_path: Path
) -> None:
    """The bar before the label is of the section's colour."""
    config = parse('[brand.sections.Science]\naccent = "#0000ff"\n', tmp_path / "syndicate.toml")
    for section, blue in (("science", True), ("World", False)):
        (card,) = make(story(section=section), config=config, photo=None)
        with Image.open(tmp_path / "cards" / card.file) as image:
            colors = image.getcolors(1 << 20)
            assert colors
            assert (
                any(color[2] > 240 and color[0] < 20 for _, color in colors if isinstance(color, tuple))
                == blue
            )


def test_the_logo_is_drawn(make: Callable[..., tuple[Card, ...]], tmp_path: Path) -> None:
    """A logo stands in place of the name, light over photos and dark on paper; a broken one names the setting."""
    Image.new("RGBA", (300, 100), "#00ff00").save(tmp_path / "light.png")
    Image.new("RGBA", (300, 100), "#0000ff").save(tmp_path / "dark.png")
    brand = Brand(logo=Path("light.png"), logo_dark=Path("dark.png"))
    config = Config(brand=brand, folder=tmp_path)
    for call, wanted in (({}, 1), ({"photo": None}, 2)):
        (card,) = make(config=config, **call)
        with Image.open(tmp_path / "cards" / card.file) as image:
            pixel = image.getpixel((100, 80))
            assert isinstance(pixel, tuple)
            assert pixel[wanted] > 200 > 60 > pixel[0]
    (tmp_path / "light.png").write_bytes(b"")
    with pytest.raises(CardError, match="logo") as caught:
        make(config=config)
    assert "[brand]" in caught.value.hint


def contrast(one: float, other: float) -> float:
    """WCAG 2.2's contrast of two relative luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(pixel: tuple[int, int, int]) -> float:
    """WCAG 2.2's relative luminance of an sRGB pixel."""
    parts = [v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in pixel]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("size", [(1200, 630), (1080, 1080), (1600, 900)])
@pytest.mark.parametrize("name", ["article", "breaking", "live", "gallery", "photo"])
@pytest.mark.parametrize("headline", ["Yes", "word " * 45])
@pytest.mark.parametrize("sky", ["white", "yellow", "cyan", "lime", "orange", "#ff80ff"])
def test_words_can_be_read_over_a_bright_sky(
    name: str, size: tuple[int, int], headline: str, sky: str, story: Make, tmp_path: Path
) -> None:
    """Behind every line over a plain bright photo the contrast is 4.5 or more, the logo's, as large letters, 3."""
    Image.new("RGB", (600, 400), sky).save(tmp_path / "sky.png")
    event, config = story(headline=headline), Config()
    values = words.fields(event, config, photo=True)
    design, _ = templates.read(name, config)
    placed = layout.lay_out(design, layout.Subject(values, event.language, event.rtl, (1600, 900)), size)
    source = photo.load(tmp_path / "sky.png", [size], (247, 244, 238))
    brand = brands.Brand({role: tuple(bytes.fromhex(value[1:])) for role, value in _colors().items()})
    ground = draw.ground(placed, size, brand, source)
    for op in placed:
        if isinstance(op, ops.TextOp) and not op.boxed:
            left, top, right, bottom = op.rect.pixels()
            color, alpha = brand.color(op.color)
            for _, pixel in ground.crop((left, top, right, bottom)).getcolors(1 << 20):
                ink = tuple(round(c * alpha + p * (1 - alpha)) for c, p in zip(color, pixel, strict=True))
                assert contrast(luminance(ink), luminance(pixel)) >= (3 if op.name == "brand" else 4.5), (
                    op.name
                )


def _colors() -> dict[str, str]:
    return {**Colors().model_dump(), "accent_bright": "#ee3740", "white": "#ffffff", "black": "#000000"}


def test_a_dark_photo_is_left_alone(story: Make, tmp_path: Path) -> None:
    """The scrim is only as deep as words need: over a dark photo its upper third is untouched."""
    Image.new("RGB", (1600, 1067), "#102030").save(tmp_path / "night.png")
    (card,) = cards.make_cards(
        story(), config=Config(), photo=tmp_path / "night.png", folder=tmp_path / "cards", sizes=WIDE
    )
    with Image.open(tmp_path / "cards" / card.file) as image:
        for y in (10, 120, 200):
            pixel = image.getpixel((1100, y))
            assert isinstance(pixel, tuple)
            assert max(abs(a - b) for a, b in zip(pixel, (16, 32, 48), strict=True)) <= 4


def test_a_photo_card_leaves_its_photo_as_it_is(story: Make, tmp_path: Path) -> None:
    """Credit and agency stand on boxes of their own: not a pixel of a white photo around them is darkened."""
    Image.new("RGB", (1600, 1200), "white").save(tmp_path / "studio.png")
    brand = Brand(agencies={"North Light": Agency(logo=logo(tmp_path, "agency.png", (200, 50), "white"))})
    event = story(image={"path": "studio.png", "credit": "Photo: A. Person / North Light"})
    for drawn in cards.render_cards(
        event, config=Config(brand=brand, folder=tmp_path), photo=tmp_path / "studio.png", template="photo"
    ):
        assert [str(fault) for fault in drawn.faults if not fault.note] == []
        boxes = [op.rect.pixels() for op in drawn.ops if isinstance(op, ops.FillOp) and op.rect.height < 100]
        assert len(boxes) == 2
        canvas = drawn.canvas.copy()
        for box in boxes:
            canvas.paste("white", box)
        assert canvas.getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize(("sky", "aside"), [("#f4f6f8", True), ("#d0d0d0", False)])
@pytest.mark.parametrize("template", ["article", "live", "video"])
def test_words_stand_beside_a_white_photo(
    template: str, sky: str, *, aside: bool, story: Make, tmp_path: Path
) -> None:
    """Snow or a studio's white is not darkened for words on a wide card: they keep to one side of it."""
    picture = Image.new("RGB", (1600, 1067), sky)
    picture.paste("#204060", (0, 0, 1600, 400))  # whatever stands above
    picture.save(tmp_path / "snow.png")
    wide, tall = cards.render_cards(story(), config=Config(), photo=tmp_path / "snow.png", template=template)
    for drawn, across in ((wide, 480 if aside else 1200), (tall, 1080)):
        (photo_box,) = (op.rect for op in drawn.ops if isinstance(op, ops.PhotoOp))
        assert photo_box.width == across
        assert [str(fault) for fault in drawn.faults if not fault.note] == []
    assert not aside or wide.canvas.getpixel((1190, 620)) == (0xF4, 0xF6, 0xF8)


@pytest.mark.parametrize(
    ("mode", "white"),
    [("LAB", (255, 128, 128)), ("CMYK", (0, 0, 0, 0)), ("L", 255), ("I;16", 65535), ("1", 1), ("P", 0)],
)
def test_white_is_told_in_every_kind_of_pixels(
    mode: str, white: int | tuple[int, ...], story: Make, tmp_path: Path
) -> None:
    """A press's, a scanner's and a drawing's white photos have the words beside them as well."""
    picture = Image.new(mode, (1600, 1067), white)
    if mode == "P":
        picture.putpalette([255, 255, 255])
    picture.save(tmp_path / "white.tif")
    (drawn,) = cards.render_cards(story(), config=Config(), photo=tmp_path / "white.tif", sizes=WIDE)
    assert [op.rect.width for op in drawn.ops if isinstance(op, ops.PhotoOp)] == [480]


@pytest.mark.parametrize("count", [12, 24, 40])
@pytest.mark.parametrize("template", ["article", "video"])
def test_no_headline_is_cut_for_the_sake_of_a_white_photo(
    template: str, count: int, story: Make, tmp_path: Path
) -> None:
    """Words keep to one side of a white photo only where none of the headline is lost by it."""
    event, cut = story(headline="Snow closes " * count), []
    for sky in ("white", "#404040"):
        Image.new("RGB", (1600, 1067), sky).save(tmp_path / "sky.png")
        (drawn,) = cards.render_cards(
            event, config=Config(), photo=tmp_path / "sky.png", template=template, sizes=WIDE
        )
        cut += [
            op.block.cut
            for op in drawn.ops
            if isinstance(op, ops.TextOp) and op.name == "headline" and op.block
        ]
    on_white, on_grey = cut
    assert on_white <= on_grey


def test_a_wide_photo_keeps_its_colours_beside_the_words(story: Make, tmp_path: Path) -> None:
    """Where no words stand, at the far end of a short headline and above it, most of a bright photo is left."""
    Image.new("RGB", (1200, 630), "#f0a060").save(tmp_path / "sky.png")
    event = story(headline="Yes", byline=[], image={"path": "sky.png"})
    (card,) = cards.make_cards(
        event, config=Config(), photo=tmp_path / "sky.png", folder=tmp_path / "cards", sizes=WIDE
    )
    with Image.open(tmp_path / "cards" / card.file) as image:
        for place, least in (((1100, 330), 0.9), ((1100, 430), 0.75), ((300, 250), 0.75)):
            pixel = image.getpixel(place)
            assert isinstance(pixel, tuple)
            assert pixel[0] >= 0.9 * least * 240


def test_an_old_story_carries_its_year(make: Callable[..., tuple[Card, ...]], story: Make) -> None:
    """From the day that the config calls old a story's card tells its year, and only then it is another card."""
    published = datetime(2026, 11, 20, 8, 12, tzinfo=UTC)
    cards_at = {
        days: make(story(), now=published + timedelta(days=days))[0] for days in (0, 100, 365, 366, 4000)
    }
    assert len({cards_at[days].file for days in (0, 100, 365)}) == 1
    assert len({cards_at[days].file for days in (366, 4000)}) == 1
    assert cards_at[0].file != cards_at[366].file
    assert "From 2026." in cards_at[366].alt
    assert "From" not in cards_at[365].alt
    early = Config(cards=Cards(old_after=30))
    assert make(story(), now=published + timedelta(days=31), config=early)[0].file == cards_at[366].file


def test_sections_and_agencies_have_logos(
    make: Callable[..., tuple[Card, ...]], story: Make, tmp_path: Path
) -> None:
    """A section's own logo stands in place of the paper's, and an agency's beside the credit that names it."""
    Image.new("RGBA", (300, 100), "#00ff00").save(tmp_path / "paper.png")
    Image.new("RGBA", (300, 100), "#0000ff").save(tmp_path / "sport.png")
    Image.new("RGBA", (200, 100), "#ff00ff").save(tmp_path / "agency.png")
    config = parse(
        '[brand]\nlogo = "paper.png"\n[brand.sections.Sport]\naccent = "#aa0000"\nlogo = "sport.png"\n'
        '[brand.agencies."North Light"]\nlogo = "agency.png"\n',
        tmp_path / "syndicate.toml",
    )

    def colors(**changes: object) -> set[str]:
        (card,) = make(story(**changes), config=config)
        with Image.open(tmp_path / "cards" / card.file) as image:
            found = [pixel for _, pixel in image.getcolors(1 << 20) if isinstance(pixel, tuple)]
        marks = {"paper": (0, 255, 0), "sport": (0, 0, 255), "agency": (255, 0, 255)}
        return {name for name, mark in marks.items() if any(near(pixel, mark) for pixel in found)}

    def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 30

    credited = {"path": "sea.jpg", "credit": "A. Person / NORTH LIGHT"}
    assert colors() == {"paper"}
    assert colors(section="sport") == {"sport"}
    assert colors(image=credited) == {"paper", "agency"}


def logo(folder: Path, name: str, size: tuple[int, int], color: str, *, margin: int = 0) -> Path:
    """A logo of one colour, with so much see-through around it."""
    picture = Image.new("RGBA", (size[0] + 2 * margin, size[1] + 2 * margin))
    picture.paste(color, (margin, margin, margin + size[0], margin + size[1]))
    picture.save(folder / name)
    return Path(name)


def logo_boxes(
    story: Make,
    brand: Brand,
    folder: Path,
    *,
    template: str = "article",
    photo: Path | None = None,
    **changes: object,
) -> list[ops.Rect]:
    """Where the logo stands on a wide and on a square card, on which nothing is wrong."""
    config = Config(brand=brand, folder=folder)
    drawn = cards.render_cards(story(**changes), config=config, photo=photo, template=template)
    assert [str(fault) for one in drawn for fault in one.faults if not fault.note] == []
    return [op.rect for one in drawn for op in one.ops if isinstance(op, ops.LogoOp)]


@pytest.mark.parametrize("size", [(3000, 100), (800, 100), (400, 100), (200, 100), (100, 100), (100, 200)])
def test_a_logo_covers_about_as_much_whatever_its_shape(
    size: tuple[int, int], story: Make, tmp_path: Path
) -> None:
    """A banner is as high as is asked; one that is less wide is higher, up to 60, and a long line is no headline."""
    brand = Brand(logo_dark=logo(tmp_path, "logo.png", size, "black"))
    for box, across in zip(logo_boxes(story, brand, tmp_path), (1200, 1080), strict=True):
        assert box.width / box.height == pytest.approx(size[0] / size[1])
        assert round(box.height) <= 60
        assert round(box.height) >= 34 or box.width == pytest.approx(0.4 * across)
        if size[0] <= 4 * size[1]:
            assert box.height > 59 or box.width * box.height == pytest.approx(34 * 34 * 4)


@pytest.mark.parametrize("template", ["article", "number", "list", "opinion", "correction", "breaking"])
def test_a_high_logo_is_clear_of_the_fullest_card(
    template: str, full_story: Callable[..., PublishEvent], tmp_path: Path
) -> None:
    """What hangs from the bottom keeps its distance to a square logo, and no card loses its headline to it."""
    logos = Brand(
        logo=logo(tmp_path, "light.png", (100, 100), "white"),
        logo_dark=logo(tmp_path, "dark.png", (100, 100), "black"),
    )
    event = full_story("en", template)
    card = event.card.model_copy(
        update={"facts": tuple(["A point that takes all of the line it has, and more"] * 5)}
    )
    drawn = cards.render_cards(
        event.model_copy(update={"headline": "Harbour towns vote to let the sea back in " * 3, "card": card}),
        config=Config(brand=logos, folder=tmp_path),
        photo=None,
        template=template,
    )
    for one in drawn:
        assert [str(fault) for fault in one.faults if not fault.note] == []
        (mark,) = (op.rect for op in one.ops if isinstance(op, ops.LogoOp))
        assert min(op.rect.y for op in one.ops if isinstance(op, ops.TextOp)) >= mark.bottom + 10


def test_a_high_logo_takes_no_room_that_the_headline_needs(story: Make, photos: Path, tmp_path: Path) -> None:
    """Where a headline in tall letters would be cut, the logo is as high as the template asks and no higher."""
    brand = Brand(logo_dark=logo(tmp_path, "logo.png", (100, 100), "black"))
    told = {
        "headline": "سمندر نے دو بار سڑک بہا دی، اب جزیرے کو فیصلہ کرنا ہے کہ کیا بچانا ہے",
        "byline": ["ثنا خان"],
    }
    changes = {**told, "language": "ur", "card": {"role": "مدیر"}}
    sea = photos / "sea.jpg"
    boxes = logo_boxes(story, brand, tmp_path, template="opinion", photo=sea, **changes)
    assert [round(box.height) for box in boxes] == [34, 60]


def test_what_is_see_through_around_a_logo_counts_for_nothing(story: Make, tmp_path: Path) -> None:
    """A logo stands on the margin and is as large as is asked, however much its file leaves free around it."""
    tight = Brand(logo_dark=logo(tmp_path, "tight.png", (500, 100), "black"))
    loose = Brand(logo_dark=logo(tmp_path, "loose.png", (500, 100), "black", margin=150))
    assert logo_boxes(story, loose, tmp_path) == logo_boxes(story, tight, tmp_path)


def test_each_logo_keeps_its_own_shape(story: Make, photos: Path, tmp_path: Path) -> None:
    """The logo for photos and the one for paper may be of two shapes, and neither is stretched."""
    brand = Brand(
        logo=logo(tmp_path, "light.png", (600, 100), "white"),
        logo_dark=logo(tmp_path, "dark.png", (150, 100), "black"),
    )
    for picture, aspect in ((photos / "mountains.jpg", 6), (None, 1.5)):
        for box in logo_boxes(story, brand, tmp_path, photo=picture):
            assert box.width / box.height == pytest.approx(aspect)


def test_the_name_stands_where_the_only_logo_cannot_be_read(
    story: Make, photos: Path, tmp_path: Path
) -> None:
    """A white logo alone gives way to the name on paper, a dark one alone on photos, and one that both bear to none."""
    white = Brand(logo=logo(tmp_path, "white.png", (400, 100), "white"))
    dark = Brand(logo_dark=logo(tmp_path, "dark.png", (400, 100), "black"))
    red = Brand(logo=logo(tmp_path, "red.png", (400, 100), "#e03c31"))
    sea = photos / "mountains.jpg"
    assert [len(logo_boxes(story, white, tmp_path, photo=one)) for one in (None, sea)] == [0, 2]
    assert [len(logo_boxes(story, dark, tmp_path, photo=one)) for one in (None, sea)] == [2, 0]
    assert [len(logo_boxes(story, red, tmp_path, photo=one)) for one in (None, sea)] == [2, 2]


def test_a_logo_with_a_ground_of_its_own_can_be_read_on_any(
    story: Make, photos: Path, tmp_path: Path
) -> None:
    """Black letters on a yellow square are told from the square, on white paper and on photos; yellow alone is not."""
    square = Image.new("RGBA", (100, 100), "#ffd400")
    square.paste("black", (35, 20, 65, 80))
    square.save(tmp_path / "square.png")
    brand = Brand(logo=Path("square.png"), colors=Colors(paper="#ffffff"))
    for picture in (None, photos / "mountains.jpg"):
        assert len(logo_boxes(story, brand, tmp_path, photo=picture)) == 2
    Image.new("RGB", (1600, 1200), "white").save(tmp_path / "snow.png")
    _, square_card = cards.render_cards(
        story(), config=Config(brand=brand, folder=tmp_path), photo=tmp_path / "snow.png", template="article"
    )
    assert square_card.canvas.getpixel((400, 94)) == (255, 255, 255)  # nothing is darkened for it
    plain = brand.model_copy(update={"logo_dark": logo(tmp_path, "plain.png", (100, 100), "#ffd400")})
    with pytest.raises(AssertionError, match=r"logo, everywhere: contrast 1\..*logo_dark"):
        logo_boxes(story, plain, tmp_path)
