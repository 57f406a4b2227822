"""What vector instructions do is what Pillow does without them."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from syndication.cards import memory, simd

SIZE = (400, 210)


@pytest.fixture
def photo(photos: Path) -> Image.Image:
    with Image.open(photos / "sea.jpg") as image:
        return image.convert("RGB").crop((0, 0, 640, 400))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_photo_is_scaled_as_pillow_scales_it(
    photo: Image.Image, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quick resizer gives Pillow's bicubic picture, down and up, but for rounding."""
    assert simd.simd, "the wheel is installed where the tests run"
    for box in ((12.5, 7.25, 620.0, 326.2), (100.0, 80.0, 300.0, 185.0)):
        quick = simd.scaled(photo.convert(mode), SIZE, box)
        with monkeypatch.context() as patch:
            patch.setattr(simd, "simd", None)
            slow = simd.scaled(photo.convert(mode), SIZE, box)
        assert (quick.mode, quick.size) == (mode, SIZE)
        off = ImageChops.difference(quick, slow)
        assert max(ImageStat.Stat(off).mean) < 0.5
        assert max(high for _, high in ImageStat.Stat(off).extrema) <= 6


def test_a_part_of_the_size_that_is_wanted_is_cut_out(photo: Image.Image) -> None:
    """Where nothing is to be scaled every pixel stays as it was, and none is asked for beyond the edge."""
    part = simd.scaled(photo, SIZE, (239.8, 190.0, 639.9, 400.0))
    assert part.tobytes() == photo.crop((240, 190, 640, 400)).tobytes()


def test_a_coarse_mask_is_spread_as_pillow_spreads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrim's mask comes out as evenly with the quick resizer as with Pillow's."""
    mask = Image.radial_gradient("L").resize((60, 40))
    quick = simd.spread(mask, (480, 200), (0, 12.5, 60, 37.5))
    monkeypatch.setattr(simd, "simd", None)
    slow = simd.spread(mask, (480, 200), (0, 12.5, 60, 37.5))
    assert quick.size == slow.size == (480, 200)
    assert max(high for _, high in ImageStat.Stat(ImageChops.difference(quick, slow)).extrema) <= 2


def test_black_is_laid_over_as_pillow_lays_it(photo: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way to darken changes the pixels under the mask, as pasting black does, and no others."""
    mask = Image.linear_gradient("L").resize((300, 100))
    quick, slow = photo.copy(), photo.copy()
    simd.darken(quick, (40, 60), mask)
    with monkeypatch.context() as patch:
        patch.setattr(simd, "simd", None)
        simd.darken(slow, (40, 60), mask)
    assert quick.tobytes() == slow.tobytes() != photo.tobytes()
    changed = ImageChops.difference(quick, photo)
    changed.paste((0, 0, 0), (40, 60, 340, 160))
    assert changed.getbbox() is None


@pytest.mark.skipif(not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="a kernel without them")
def test_pictures_are_in_huge_pages() -> None:
    """Once memory is kept, a part of the heap asks the kernel for huge pages."""
    memory.keep()
    maps = Path("/proc/self/smaps").read_text(encoding="ascii").splitlines()
    assert any("hg" in line.split() for line in maps if line.startswith("VmFlags:"))
