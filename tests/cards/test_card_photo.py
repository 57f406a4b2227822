"""Photos of every kind, and files that only say they are photos."""

import struct
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import BLUE, KINDS, PAPER, RED, halves, icc, near, png_bomb, saved, xyz
from PIL import Image, ImageDraw

from syndication.cards import photo
from syndication.errors import PhotoError


def covered(tmp_path: Path, data: bytes, size: tuple[int, int] = (200, 150)) -> Image.Image:
    file = tmp_path / "photo"
    file.write_bytes(data)
    photo.probe(file)
    picture = photo.load(file, [size], PAPER).cover(size)
    assert (picture.mode, picture.size) == ("RGB", size)
    return picture


@pytest.mark.parametrize("kind", KINDS)
def test_photos_of_every_kind_keep_their_colours(kind: str, tmp_path: Path) -> None:
    """Whatever format and mode a photo comes in, its left is red and its right is blue on the card."""
    picture = covered(tmp_path, KINDS[kind])
    assert near(picture.getpixel((40, 75)), RED)
    assert near(picture.getpixel((160, 75)), BLUE)


@pytest.mark.parametrize("mode", ["L", "1", "I;16"])
def test_grey_photos(mode: str, tmp_path: Path) -> None:
    """Grey photos of 1, 8 and 16 bits come out as light and as dark as they are."""
    if mode == "I;16":
        raw = b"".join(
            struct.pack("<H", 257 * (250 if x < 200 else 10)) for _ in range(300) for x in range(400)
        )
        image = Image.frombytes("I;16", (400, 300), raw)
    else:
        image = Image.new("L", (400, 300), 250)
        image.paste(10, (200, 0, 400, 300))
        image = image.convert(mode)
    for kind in ("PNG", "TIFF"):
        picture = covered(tmp_path, saved(image, kind))
        assert near(picture.getpixel((40, 75)), (250, 250, 250))
        assert near(picture.getpixel((160, 75)), (10, 10, 10))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_see_through_photos_show_paper(mode: str, tmp_path: Path) -> None:
    """Where a photo is see-through, the paper is seen, never black."""
    image = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((200, 0, 400, 300), fill=(90, 90, 90, 255))
    data = saved(image.quantize(8), "PNG") if mode == "P" else saved(image.convert(mode), "PNG")
    picture = covered(tmp_path, data)
    assert near(picture.getpixel((40, 75)), PAPER)
    assert near(picture.getpixel((160, 75)), (90, 90, 90))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
def test_photos_stand_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    """A photo is turned as its EXIF orientation says: its red corner comes out at the top left."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.new("RGB", (400, 300), BLUE)
    upright.paste(RED, (0, 0, 200, 150))
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = covered(tmp_path, saved(stored, kind, exif=exif, quality=92))
    assert near(picture.getpixel((50, 40)), RED)
    for corner in ((150, 40), (50, 110), (150, 110)):
        assert near(picture.getpixel(corner), BLUE)


def test_damaged_exif_is_no_reason_to_stop(tmp_path: Path) -> None:
    """Where only the EXIF is rubbish, the photo is taken as it lies."""
    for exif in (
        b"Exif\0\0" + b"\xff" * 40,
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0" + b"\x12\x01" * 30,
    ):
        picture = covered(tmp_path, saved(halves(), "JPEG", quality=92, exif=exif))
        assert near(picture.getpixel((40, 75)), RED)


def test_wide_gamut_photos_come_out_in_srgb(tmp_path: Path) -> None:
    """An RGB profile is honoured: a profile that swaps red and green gives a red photo green pixels."""
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    swapped = icc(
        b"RGB ",
        b"XYZ ",
        {
            b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Swap\0" + b"\0" * 78,
            b"wtpt": xyz(0.9642, 1.0, 0.8249),
            b"rXYZ": xyz(0.3851, 0.7169, 0.0971),
            b"gXYZ": xyz(0.4361, 0.2225, 0.0139),
            b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
            b"rTRC": gamma,
            b"gTRC": gamma,
            b"bTRC": gamma,
        },
    )
    picture = covered(tmp_path, saved(Image.new("RGB", (400, 300), (220, 0, 0)), "JPEG", icc_profile=swapped))
    pixel = picture.getpixel((100, 75))
    assert isinstance(pixel, tuple)
    assert pixel[1] > 180 > 60 > pixel[0]


def test_cmyk_goes_through_its_profile(tmp_path: Path) -> None:
    """A CMYK profile is honoured: one whose cyan ink is a dark red gives a cyan photo dark red pixels."""
    cube = b""
    for ink in range(16):  # two points for each of C, M, Y and K; cyan is the highest bit
        light, a, b = (100, 208, 168) if ink & 8 else (255, 128, 128)
        cube += bytes((light // (4 if ink & 1 else 1), a, b))
    ramp = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + cube + ramp * 3
    inks = icc(
        b"CMYK",
        b"Lab ",
        {
            b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Inks\0" + b"\0" * 78,
            b"wtpt": xyz(0.9642, 1.0, 0.8249),
            b"A2B0": table,
        },
    )
    cyan = Image.new("CMYK", (400, 300), (255, 0, 0, 0))
    picture = covered(tmp_path, saved(cyan, "TIFF", icc_profile=inks))
    pixel = picture.getpixel((100, 75))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 130
    assert max(pixel[1:]) < 60
    plain = covered(tmp_path, saved(cyan, "TIFF"))
    assert near(plain.getpixel((100, 75)), (0, 255, 255))


def test_a_damaged_profile_is_no_reason_to_stop(tmp_path: Path) -> None:
    """Where the profile is rubbish, the photo is taken as sRGB."""
    picture = covered(tmp_path, saved(halves(), "JPEG", quality=92, icc_profile=b"rubbish" * 30))
    assert near(picture.getpixel((40, 75)), RED)


def test_the_focal_point_stays_in_the_picture(tmp_path: Path) -> None:
    """A crop keeps the focal point, wherever it is, and never goes over the photo's edge."""
    image = Image.new("RGB", (1600, 900), BLUE)
    for focal in ((0.05, 0.5), (0.95, 0.5), (0.5, 0.05), (0.3, 0.9), (0.0, 1.0)):
        marked = image.copy()
        x, y = (
            min(max(round(share * side), 30), side - 30)
            for share, side in zip(focal, image.size, strict=True)
        )
        marked.paste(RED, (x - 30, y - 30, x + 30, y + 30))
        (tmp_path / "photo").write_bytes(saved(marked, "PNG"))
        for size in ((1200, 630), (300, 900), (500, 500)):
            crop = photo.load(tmp_path / "photo", [size], PAPER, focal).cover(size)
            reds = sum(pixel[0] > 150 for pixel in crop.reduce(5).get_flattened_data())
            assert reds > 0


@pytest.mark.parametrize(
    ("width", "height"), [(20000, 15000), (10001, 10000), (65000, 65000), (100_000_001, 1)]
)
def test_bombs_are_refused_unopened(width: int, height: int, tmp_path: Path) -> None:
    """A photo of over 100 megapixels is refused by what its header says, at once."""
    (tmp_path / "bomb.png").write_bytes(png_bomb(width, height))
    started = time.process_time()
    with pytest.raises(PhotoError, match="too many") as caught:
        photo.probe(tmp_path / "bomb.png")
    assert time.process_time() - started < 0.5
    assert "100 megapixels" in caught.value.hint


def test_just_under_the_limit_is_taken() -> None:
    """A kind that is decoded whole may have 40 megapixels, and Pillow's own warning is no fault."""
    photo.probe_bytes(png_bomb(8000, 5000))
    with pytest.raises(PhotoError, match="40 megapixels is the limit for this kind of PNG file"):
        photo.probe_bytes(png_bomb(8001, 5000))


def resized(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG file whose header says that it is of another size."""
    at = next(at for at in range(len(jpeg)) if jpeg[at : at + 2] in (b"\xff\xc0", b"\xff\xc2")) + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def test_only_jpegs_that_can_be_decoded_small_may_be_large() -> None:
    """A JPEG may have 100 megapixels in one scan; in several, libjpeg would hold all of it, and 40 are the limit."""
    photo.probe_bytes(resized(KINDS["jpeg"], 10000, 10000))
    photo.probe_bytes(resized(KINDS["progressive"], 8000, 5000))
    one_colour = KINDS["jpeg"].replace(b"\xff\xda\x00\x0c\x03\x01\x00", b"\xff\xda\x00\x08\x01\x01\x00", 1)
    assert one_colour != KINDS["jpeg"]
    for several in (KINDS["progressive"], one_colour):
        with pytest.raises(PhotoError, match="40 megapixels is the limit"):
            photo.probe_bytes(resized(several, 10000, 10000))


def test_a_strip_is_not_decoded_whole(tmp_path: Path) -> None:
    """A very long photo, which its crop needs at full size, is refused before it is decoded."""
    (tmp_path / "strip.jpg").write_bytes(resized(KINDS["jpeg"], 65000, 1500))
    with pytest.raises(PhotoError, match="65000x1500 pixels are too many"):
        photo.load(tmp_path / "strip.jpg", [(1200, 1500)], PAPER)


REFUSED = {
    "text": b"just words",
    "empty": b"",
    "bmp": saved(halves(), "BMP"),
    "ppm": saved(halves(), "PPM"),
    "ico": saved(halves(), "ICO"),
    "pdf": saved(halves(), "PDF"),
    "header only": KINDS["png"][:20],
    "jpeg header only": KINDS["jpeg"][:12],
    "floats": saved(halves("F"), "TIFF"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_photo_is_refused(kind: str, tmp_path: Path) -> None:
    """A file of no allowed format, or cut off in its header, is refused in words that say what to send."""
    with pytest.raises(PhotoError, match="the photo") as caught:
        photo.probe_bytes(REFUSED[kind])
    assert "JPEG, PNG" in caught.value.hint or "Send it again" in caught.value.hint
    (tmp_path / "lie.jpg").write_bytes(REFUSED[kind])
    with pytest.raises(PhotoError, match=r"lie\.jpg"):
        photo.probe(tmp_path / "lie.jpg")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A photo that is not there is an error of the photo, naming it."""
    with pytest.raises(PhotoError, match=r"gone\.jpg: no such file"):
        photo.probe(tmp_path / "gone.jpg")


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_off_photo_is_refused(kind: str, tmp_path: Path) -> None:
    """A photo whose pixels end early is damaged: refused when decoded, not drawn half grey."""
    (tmp_path / "cut").write_bytes(KINDS[kind][: len(KINDS[kind]) // 3])
    with pytest.raises(PhotoError):
        photo.load(tmp_path / "cut", [(200, 150)], PAPER)


@settings(max_examples=40, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4))),
)
def test_mutated_photos_do_no_harm(tmp_path: Path, kind: str, changes: list[tuple[int, bytes]]) -> None:
    """Bytes changed anywhere in a photo give a picture or a PhotoError, within two seconds."""
    data = bytearray(KINDS[kind])
    for at, value in changes:
        at %= len(data)
        data[at : at + len(value)] = value
    (tmp_path / "photo").write_bytes(data)
    try:
        picture = photo.load(tmp_path / "photo", [(200, 150)], PAPER).cover((200, 150))
    except PhotoError as error:
        assert error.hint
    else:
        assert picture.size == (200, 150)


def test_a_photo_that_we_may_not_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sending it again would not help; whoever set up the machine can."""

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(PhotoError, match="may not be read") as told:
        photo.probe(tmp_path / "photo.jpg")
    assert "syndicate runs as" in told.value.hint
