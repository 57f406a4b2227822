"""Whole cards, as the rest of the house asks for them."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from syndication import cards
from syndication.cards import brand as brands
from syndication.cards import contrast as contrasts
from syndication.cards import (
    encode,
    fonts,
    glyphs,
    pixels,
    sheet,
    templates,
)
from syndication.config import Brand, Colors, Config, parse
from syndication.errors import CardError, PhotoError, TemplateError
from syndication.models import Card, PublishEvent

Make = Callable[..., PublishEvent]
WIDE = ((1200, 630),)


def test_a_card_is_what_it_says(make: Callable[..., tuple[Card, ...]], tmp_path: Path) -> None:
    """Each card's file is an RGB JPEG of its size under 300 KB, and its hash, size and name are right."""
    made = make(sizes=cards.SIZES)
    assert [(card.width, card.height) for card in made] == list(cards.SIZES)
    for card in made:
        data = (tmp_path / "cards" / card.file).read_bytes()
        assert (card.sha256, card.size) == (hashlib.sha256(data).hexdigest(), len(data))
        assert len(data) <= encode.MAX_BYTES
        assert card.file.startswith("the-sea-took-the-road-twice-now-the-")
        assert card.file.endswith(f"-{card.width}x{card.height}.jpg")
        assert card.alt.endswith("20 November 2026. Low sun over a calm sea.")
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (card.width, card.height))
            assert "progressive" not in image.info
    assert {file.name for file in (tmp_path / "cards").iterdir()} == {card.file for card in made}


def test_cards_drawn_side_by_side_are_those_drawn_one_by_one(story: Make, photos: Path) -> None:
    """Threads share the photo, the fonts and every cache, empty or full, and change nothing of a card by it."""
    event = story(headline="Öst und West: مرحبا بالعالم 👩‍🚀 bought the sea", kicker="Weather")
    sizes = [(240, 200 + 8 * step) for step in range(8)]

    def drawn(threads: int) -> list[tuple[Card, bytes]]:
        wish = cards.Wish(config=Config(), photo=photos / "sea.jpg", sizes=sizes, threads=threads)
        return [(one.card, one.data) for one in cards.render_cards(event, **wish)]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as many turns as can be
    try:
        for cached in (
            glyphs._single,
            glyphs._picture,
            contrasts.lightest,
            brands._picture,
            pixels._conversion,
        ):
            cached.cache_clear()
        together = [drawn(4) for _ in range(3)]
    finally:
        sys.setswitchinterval(interval)
    assert together == [drawn(1)] * 3


@pytest.mark.parametrize("size", [(1600, 900), (1200, 800), (2400, 1600)])
def test_nothing_of_the_photos_metadata_is_left(
    size: tuple[int, int], make: Callable[..., tuple[Card, ...]], tmp_path: Path
) -> None:
    """Where a photo was taken, by whom and with what stays with the photo, also where its pixels go out unscaled."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (59.0, 20.0, 1.0)
    Image.new("RGB", size, "teal").save(tmp_path / "gps.jpg", exif=exif, comment=b"SecretComment")
    (card,) = make(photo=tmp_path / "gps.jpg")
    data = (tmp_path / "cards" / card.file).read_bytes()
    assert b"Secret" not in data
    assert b"Exif" not in data


def test_an_unchanged_card_is_not_drawn_again(make: Callable[..., tuple[Card, ...]], tmp_path: Path) -> None:
    """The second time the same file is found, untouched, even by a change of what the card does not show."""
    first = make()
    file = tmp_path / "cards" / first[0].file
    before = file.stat()
    assert make() == first
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list((tmp_path / "cards").iterdir()) == [file]


def test_a_portrait_is_cut_round_in_the_photos_place(
    make: Callable[..., tuple[Card, ...]], story: Make, tmp_path: Path
) -> None:
    """Opinion and quote show the portrait, with its own words; the article, and a story without one, the photo."""
    Image.new("RGB", (700, 900), "#00ff00").save(tmp_path / "face.jpg")
    told = {"path": "face.jpg", "credit": "Portrait: A. Lind", "alt": "A woman in a raincoat"}
    event = story(card={"portrait": told})
    for name in ("opinion", "quote", "article"):
        (card,) = make(event, template=name, portrait=tmp_path / "face.jpg")
        with Image.open(tmp_path / "cards" / card.file) as image:
            green = sum(g > 200 and r < 80 for r, g, _ in image.convert("RGB").get_flattened_data())
        assert (green > 20_000) == (name != "article")
        assert ("raincoat" in card.alt) == (name != "article")
    (without,) = make(event, template="opinion")
    assert without.alt.endswith("Low sun over a calm sea.")
    assert without.file != make(event, template="opinion", portrait=tmp_path / "face.jpg")[0].file


def test_a_section_may_have_fonts_of_its_own(
    make: Callable[..., tuple[Card, ...]], story: Make, tmp_path: Path
) -> None:
    """A section's folder of fonts stands in the place of the brand's, for its stories alone."""
    for folder, family in (("house", "Heebo"), ("sport", "Inter")):
        (tmp_path / folder / "serif").mkdir(parents=True)
        face = fonts._face(family, 700)
        assert face
        shutil.copy(face.path, tmp_path / folder / "serif")
    text = '[brand]\nfonts = "house"\n[brand.sections.Sport]\naccent = "#e5484d"\nfonts = "sport"\n'
    config = parse(text, tmp_path / "syndicate.toml")
    hashes = [
        make(story(section=section), config=config)[0].sha256 for section in ("Sport", "sport", "World", "")
    ]
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


def test_what_a_card_shows_is_in_its_name(
    make: Callable[..., tuple[Card, ...]], story: Make, photos: Path, tmp_path: Path
) -> None:
    """Words, photo, focal point, template, colours, logo and zone each give the card a new name; a summary does not."""
    Image.new("RGBA", (60, 20), "white").save(tmp_path / "logo.png")
    image = story().image
    assert image
    changed = [
        make(),
        make(story(headline="Another headline")),
        make(story(byline=["Someone Else"])),
        make(story(published="2026-11-21T08:12:00Z")),
        make(story(language="en-US")),
        make(story(image=image.model_copy(update={"focal": (0.1, 0.1)}))),
        make(photo=photos / "desert.jpg"),
        make(photo=None),
        make(template="quote"),
        make(config=Config(brand=Brand(name="The Other"))),
        make(config=Config(brand=Brand(colors=Colors(night="#000030")))),
        make(config=Config(brand=Brand(timezone="Pacific/Auckland"), folder=tmp_path), sizes=WIDE),
        make(config=Config(brand=Brand(logo=Path("logo.png")), folder=tmp_path)),
    ]
    names = [card.file for (card,) in changed]
    # 08:12 in Greenwich is the same day in Auckland, so that card shows the same.
    assert names[11] == names[0]
    assert len(set(names)) == len(names) - 1
    assert make(story(summary="Another summary"))[0].file == names[0]


def test_bytes_are_the_same_everywhere(
    make: Callable[..., tuple[Card, ...]], story: Make, tmp_path: Path, photos: Path
) -> None:
    """The same story gives the same bytes, also in another process with another hash seed."""
    here = make(sizes=cards.SIZES)
    again = make(sizes=cards.SIZES, folder=tmp_path / "again")
    code = (
        "import sys; from pathlib import Path; from syndication.cards import make_cards;"
        "from syndication.config import Config; from syndication.models import PublishEvent;"
        "made = make_cards(PublishEvent.model_validate_json(sys.argv[1]), config=Config(), photo=Path(sys.argv[2]),"
        "folder=Path(sys.argv[3])); print(' '.join(card.sha256 for card in made))"
    )
    arguments = [story().model_dump_json(), str(photos / "sea.jpg"), str(tmp_path / "there")]
    there = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [card.sha256 for card in again] == [card.sha256 for card in here] == there.stdout.split()


@pytest.mark.parametrize("priority", ["breaking", "normal", "evergreen"])
def test_breaking_stories_have_a_template_of_their_own(priority: str, story: Make, tmp_path: Path) -> None:
    """The config says which template breaking stories have, and which all others."""
    config = parse(
        '[cards]\ntemplate = "quote"\nbreaking_template = "article"\n', tmp_path / "syndicate.toml"
    )
    expected = "article" if priority == "breaking" else "quote"
    assert cards.choose_template(story(priority=priority), config) == expected


def test_a_failed_card_leaves_nothing_behind(
    make: Callable[..., tuple[Card, ...]], story: Make, tmp_path: Path
) -> None:
    """A card that cannot be drawn is an error before any file is written, also where the other size could be."""
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(PhotoError, match="broken"):
        make(photo=tmp_path / "broken.jpg")
    with pytest.raises(CardError, match="TIBETAN"):
        make(story(headline="On ཆུ"))
    with pytest.raises(CardError, match="150x150"):
        make(sizes=((1200, 630), (150, 150)))
    assert not (tmp_path / "cards").exists()


def test_an_interrupted_write_leaves_no_file(
    make: Callable[..., tuple[Card, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card is renamed into place only when it is whole on disk."""

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        make()
    assert list((tmp_path / "cards").iterdir()) == []


def test_cards_can_be_read_by_a_web_server(make: Callable[..., tuple[Card, ...]], tmp_path: Path) -> None:
    """Files have the usual mode of new files, not the private one of temporary files."""
    (tmp_path / "usual").touch()
    (card,) = make()
    assert (tmp_path / "cards" / card.file).stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("Café & Über: 40% more!", "cafe-uber-40-more-"),
        ("Großes Haus", "grosses-haus-"),
        ("الخبر", "https-news-example-world-1-"),
        ("x" * 60, "x" * 40 + "-"),
        ("../../etc/passwd", "etc-passwd-"),
    ],
)
def test_names_are_plain(
    make: Callable[..., tuple[Card, ...]], story: Make, headline: str, slug: str
) -> None:
    """A card's name is letters, digits and hyphens of ASCII, at most 40 of the headline's, or else the id's."""
    (card,) = make(story(headline=headline, language="en"), photo=None)
    assert card.file.startswith(slug)
    assert card.file.isascii()
    assert len(card.file) <= 40 + len("-0123456789abcdef-1200x630.jpg")


def test_the_largest_cards_stay_under_the_limit(
    make: Callable[..., tuple[Card, ...]], tmp_path: Path
) -> None:
    """A photo of pure noise costs quality, not bytes."""
    Image.effect_noise((1600, 1067), 120).convert("RGB").save(tmp_path / "noise.png")
    for card in make(photo=tmp_path / "noise.png", sizes=((1200, 630), (1080, 1080), (1600, 900))):
        assert 200 * 1024 < card.size <= 300 * 1024


def test_outlined_cards_are_files_of_their_own(make: Callable[..., tuple[Card, ...]], tmp_path: Path) -> None:
    """A card with its boxes outlined never takes the place of the one that goes out."""
    (plain,), (outlined,) = make(), make(outlined=True)
    assert outlined.file.endswith("-debug.jpg")
    assert plain.sha256 != outlined.sha256
    with Image.open(tmp_path / "cards" / outlined.file) as image:
        found = [pixel for _, pixel in image.getcolors(1 << 20) if isinstance(pixel, tuple)]
        assert sum(red > 200 and green < 80 and blue > 150 for red, green, blue in found) > 20


def test_the_event_chooses_its_template(story: Make) -> None:
    """What the event says of its card's template wins over its priority."""
    event = story(priority="breaking", card={"template": "live"})
    assert cards.choose_template(event, Config()) == "live"


def test_the_sheet_shows_every_template(tmp_path: Path) -> None:
    """The contact sheet has a row for each template, the newsroom's own among ours."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.toml").write_text("# Mine. All mine.\nlayers = [{ fill = 'alarm' }]\n")
    config = parse('[cards]\ntemplates = "own"\n', tmp_path / "syndicate.toml")
    names = cards.template_names(config)
    shown = sheet.contact_sheet(config)
    row = 16 + (252 + 40 + 16) * names.index("mine") + 40
    assert shown.size[1] == 16 + (252 + 40 + 16) * len(names)
    assert shown.getpixel((30, row + 100)) == pytest.approx((180, 19, 27), abs=4)
    assert templates.about("mine", config) == "Mine"
    assert templates.about("video", config).startswith("A story to be watched")


@pytest.mark.parametrize(
    ("design", "said"),
    [
        (
            "margin = 320\nlayers = [{ fill = 'ink' }, { text = 'headline' }]\n",
            "line 1: a card of 1200x630 pixels has no room",
        ),
        (
            "margin = 64\nlayers = [{ fill = 'ink' },\n{ at = 'bottom', clear = 500, text = 'headline' }]\n",
            "line 3: a card of 1200x630 pixels has no room where a layer keeps 500 of 475 clear",
        ),
        (
            "margin = 10\nlayers = [{ column = [{ text = 'headline' }, { text = 'date', gap = 590 }] }]\n",
            "line 4: 1180x0 pixels are left for date",
        ),
    ],
)
def test_impossible_boxes_name_the_line(
    make: Callable[..., tuple[Card, ...]], tmp_path: Path, design: str, said: str
) -> None:
    """Words that a template leaves no room for are its author's fault, told with file, line and remedy."""
    styles = "[text]\ndate = { font = 'sans', size = 20, color = 'ink' }\n"
    styles += "headline = { font = 'serif', size = [10, 60], color = 'ink' }\n"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "tight.toml").write_text(design + styles)
    config = parse('[cards]\ntemplates = "own"\n', tmp_path / "syndicate.toml")
    with pytest.raises(TemplateError, match=r"tight\.toml: ") as caught:
        make(config=config, template="tight")
    assert said in caught.value.message
    assert "smaller" in caught.value.hint


def test_cards_in_memory_are_those_in_files(
    make: Callable[..., tuple[Card, ...]], story: Make, photos: Path, tmp_path: Path
) -> None:
    """Drawing in memory gives the very cards and bytes that drawing into a folder does, and leaves no file."""
    drawn = cards.render_cards(story(), config=Config(), photo=photos / "sea.jpg")
    assert not (tmp_path / "cards").exists()
    assert tuple(one.card for one in drawn) == make(sizes=cards.SIZES)
    for one in drawn:
        assert (tmp_path / "cards" / one.card.file).read_bytes() == one.data
        assert one.canvas.size == (one.card.width, one.card.height)


def test_a_png_is_the_canvas_itself(story: Make, photos: Path) -> None:
    """A card as PNG says so, keeps every pixel that was painted, and carries the photo's credit."""
    (drawn,) = cards.render_cards(
        story(), config=Config(), photo=photos / "sea.jpg", sizes=WIDE, format="png"
    )
    assert (drawn.card.mime, drawn.card.file[-4:]) == ("image/png", ".png")
    with Image.open(io.BytesIO(drawn.data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        assert image.tobytes() == drawn.canvas.tobytes()
        assert "Photo: Leo Brandt" in image.info["xmp"].decode()
