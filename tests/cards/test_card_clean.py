"""Clean crops: the photo alone, in the shapes that search engines ask for."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import near
from PIL import Image

from syndication.cards import clean
from syndication.errors import PhotoError
from syndication.models import Card, PublishEvent

Event = Callable[..., PublishEvent]
Make = Callable[..., tuple[Card, ...]]


@pytest.fixture
def make(event: Event, tmp_path: Path) -> Make:
    """Clean crops of a photo of so many pixels, red left and blue right: make(1600, 1000, **fields of the image)."""

    def cut(width: int, height: int, **image: object) -> tuple[Card, ...]:
        path = tmp_path / "photo.jpg"
        photo = Image.new("RGB", (width, height), "red")
        photo.paste("blue", (width // 2, 0, width, height))
        exif = Image.Exif()
        exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}  # where it was taken
        photo.save(path, quality=90, exif=exif)
        story = event(image={"path": str(path), "alt": "Red beside blue", **image})
        return clean.make_clean(story, path=path, folder=tmp_path / "cards")

    return cut


def test_a_large_photo_gives_all_three_shapes(make: Make, tmp_path: Path) -> None:
    """16:9, 4:3 and 1:1, the widest at least the 1200 pixels that Discover asks for, described by the photo's words."""
    cards = make(2400, 1600)
    assert [(card.width, card.height) for card in cards] == [(1600, 900), (1600, 1200), (1200, 1200)]
    for card in cards:
        with Image.open(tmp_path / "cards" / card.file) as image:
            assert image.size == (card.width, card.height) and image.mode == "RGB"
        assert (card.template, card.is_clean, card.alt) == ("", True, "Red beside blue")
        assert card.size == (tmp_path / "cards" / card.file).stat().st_size <= 600_000


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_nothing_is_enlarged_or_stretched(width: int, height: int) -> None:
    """A crop has no more pixels than the photo in either direction, its own shape, and enough pixels or is left out."""
    for across, down in clean.sizes_for((width, height)):
        assert across <= width and down <= height and across * down >= clean.LEAST
        # Within the pixel that rounding takes of each side.
        assert any(abs(across * b - down * a) <= max(a, b) for a, b in ((16, 9), (4, 3), (1, 1)))


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (1200, 900, [(1200, 675), (1200, 900), (900, 900)]),
        (280, 220, [(280, 210)]),
        (200, 200, []),
    ],
)
def test_a_small_photo_gives_what_it_has(
    make: Make, width: int, height: int, sizes: list[tuple[int, int]]
) -> None:
    """A photo that is too small gives smaller crops, and those of fewer than 50,000 pixels are left out."""
    assert [(card.width, card.height) for card in make(width, height)] == sizes


def test_the_focal_point_is_kept(make: Make, tmp_path: Path) -> None:
    """The square of a wide photo stands where the editor says."""
    for focal, color in ((0.0, (254, 0, 0)), (1.0, (0, 0, 254))):
        square = make(2400, 1200, focal=[focal, 0.5])[-1]
        with Image.open(tmp_path / "cards" / square.file) as image:
            assert near(image.getpixel((600, 600)), color)


def test_rights_go_along_and_places_do_not(make: Make, tmp_path: Path) -> None:
    """Credit and caption stand in the crop's XMP; where the photo was taken stands nowhere."""
    for card in make(1600, 1200, credit="Photo: Mara Osei", caption="The bay of Veln"):
        with Image.open(tmp_path / "cards" / card.file) as image:
            assert b"Mara Osei" in image.info["xmp"] and b"The bay of Veln" in image.info["xmp"]
            assert not image.getexif()


def test_a_crop_is_made_once_and_has_another_name_when_it_changes(make: Make, tmp_path: Path) -> None:
    """The same photo gives the same files, untouched; another focal point or credit gives other names."""
    first = make(2400, 1200)
    times = [(tmp_path / "cards" / card.file).stat().st_mtime_ns for card in first]
    assert make(2400, 1200) == first
    assert [(tmp_path / "cards" / card.file).stat().st_mtime_ns for card in first] == times
    names = {card.file for card in first}
    assert not names & {card.file for card in make(2400, 1200, focal=[0.1, 0.1])}
    assert not names & {card.file for card in make(2400, 1200, credit="Mara Osei")}


def test_noise_stays_within_what_messengers_take(event: Event, tmp_path: Path) -> None:
    """A photo that packs badly loses quality before its crop is too heavy for WhatsApp, where og:image may name it."""
    path = tmp_path / "noise.png"
    Image.effect_noise((1600, 1200), 120).save(path)
    cards = clean.make_clean(event(image={"path": str(path)}), path=path, folder=tmp_path)
    assert [(card.width, card.height) for card in cards] == [(1600, 900), (1600, 1200), (1200, 1200)]
    assert all(card.size <= 600_000 for card in cards)


def test_a_damaged_photo_leaves_nothing_behind(event: Event, tmp_path: Path) -> None:
    """A photo that breaks off is a PhotoError, and no file is written."""
    out = io.BytesIO()
    Image.effect_noise((1600, 1200), 60).save(out, "JPEG")
    path = tmp_path / "broken.jpg"
    path.write_bytes(out.getvalue()[: len(out.getvalue()) // 3])
    with pytest.raises(PhotoError):
        clean.make_clean(event(image={"path": str(path)}), path=path, folder=tmp_path / "cards")
    assert not list(tmp_path.glob("cards/*"))
