"""What a photo is, told by its bytes: depth, gamut, first frames, formats that need an extra, and what is refused."""

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import BLUE, KINDS, PAPER, RED, chunk, halves, icc, near, saved, xyz
from PIL import Image, ImageCms

from syndication.cards import kinds, photo
from syndication.errors import PhotoError

WHITE = Image.new("RGB", (400, 300), "white")


def drawn(tmp_path: Path, data: bytes) -> Image.Image:
    (tmp_path / "photo").write_bytes(data)
    return photo.load(tmp_path / "photo", [(200, 150)], PAPER).cover((200, 150))


def keeps_its_colours(picture: Image.Image, tolerance: int = 12) -> bool:
    return near(picture.getpixel((40, 75)), RED, tolerance) and near(
        picture.getpixel((160, 75)), BLUE, tolerance
    )


def deep_png(see_through: bool) -> bytes:
    """A PNG of 16 bits a channel, left red, right blue, with half of its red see-through if asked."""

    def pixel(color: tuple[int, int, int], alpha: int) -> bytes:
        return struct.pack(">3H", *(257 * value for value in color)) + (
            struct.pack(">H", alpha) if see_through else b""
        )

    row = b"\0" + pixel(RED, 65535) * 200 + pixel(BLUE, 0 if see_through else 65535) * 200
    header = struct.pack(">IIBBBBB", 400, 300, 16, 6 if see_through else 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * 300))
        + chunk(b"IEND", b"")
    )


def deep_tiff(order: str) -> bytes:
    """An uncompressed RGB TIFF of 16 bits a channel, in either byte order (TIFF 6.0, section 6)."""
    row = b"".join(struct.pack(f"{order}3H", *(257 * v for v in color)) * 200 for color in (RED, BLUE))
    tags = [
        (256, 4, 1, 400),
        (257, 4, 1, 300),
        (258, 3, 3, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 14),
        (277, 3, 1, 3),
        (278, 4, 1, 300),
        (279, 4, 1, len(row) * 300),
    ]
    entries = b"".join(
        struct.pack(f"{order}HHI", tag, kind, count)
        + (
            struct.pack(f"{order}HH", value, 0)
            if (kind, count) == (3, 1)
            else struct.pack(f"{order}I", value)
        )
        for tag, kind, count, value in tags
    )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 14 + len(row) * 300)
    return (
        head
        + struct.pack(f"{order}3H", 16, 16, 16)
        + row * 300
        + struct.pack(f"{order}H", len(tags))
        + entries
        + b"\0" * 4
    )


@pytest.mark.parametrize("data", [deep_png(False), deep_tiff("<"), deep_tiff(">")], ids=["png", "II", "MM"])
def test_sixteen_bits_a_channel_become_eight(data: bytes, tmp_path: Path) -> None:
    """Deep colours keep their high byte, in either byte order, and never wrap."""
    assert keeps_its_colours(drawn(tmp_path, data), tolerance=2)


def test_deep_see_through_photos_show_paper(tmp_path: Path) -> None:
    """A see-through part of 16 bits a channel shows paper, as one of 8 does."""
    picture = drawn(tmp_path, deep_png(True))
    assert near(picture.getpixel((40, 75)), RED)
    assert near(picture.getpixel((160, 75)), PAPER)


# Primaries adapted to D50, columns of the matrix to XYZ, as in ICC's profiles of these spaces.
SPACES = {
    "sRGB": ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)),
    "Display P3": ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841)),
    "BT.2020": ((0.6735, 0.2790, -0.0019), (0.1657, 0.6753, 0.0300), (0.1251, 0.0456, 0.7969)),
    "Adobe RGB": ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)),
}


def gamma(share: float) -> float:
    return float(share ** (1 / 2.2))


def as_srgb(share: float) -> float:
    return 12.92 * share if share <= 0.0031308 else 1.055 * gamma(share) ** (2.2 / 2.4) - 0.055


def in_space(
    space: str, color: tuple[int, int, int], curve: Callable[[float], float] = gamma
) -> tuple[int, int, int]:
    """An sRGB colour's numbers in a space with a curve, by Cramer's rule."""
    linear = [v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in color]
    light = [
        sum(share * column[row] for share, column in zip(linear, SPACES["sRGB"], strict=True))
        for row in range(3)
    ]

    def volume(*columns: tuple[float, ...] | list[float]) -> float:
        (a, d, g), (b, e, h), (c, f, i) = columns
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)

    columns = SPACES[space]
    shares = [
        volume(*(light if at == index else column for at, column in enumerate(columns))) / volume(*columns)
        for index in range(3)
    ]
    red, green, blue = (round(255 * curve(min(max(share, 0), 1))) for share in shares)
    return red, green, blue


@pytest.mark.parametrize("space", ["Display P3", "Adobe RGB"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_wide_gamuts_come_out_in_srgb(kind: str, space: str, tmp_path: Path) -> None:
    """A photo in a wide gamut shows the colours it was taken in, in every format that carries a profile."""
    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    columns = {f"{name}XYZ".encode(): xyz(*column) for name, column in zip("rgb", SPACES[space], strict=True)}
    described = b"desc\0\0\0\0" + struct.pack(">I", len(space) + 1) + space.encode() + b"\0" * 79
    profile = icc(
        b"RGB ",
        b"XYZ ",
        {
            b"desc": described,
            b"wtpt": xyz(0.9642, 1.0, 0.8249),
            **columns,
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma),
        },
    )
    image = Image.new("RGB", (400, 300), in_space(space, RED))
    image.paste(in_space(space, BLUE), (200, 0, 400, 300))
    assert max(abs(a - b) for a, b in zip(in_space(space, RED), RED, strict=True)) > 8
    picture = drawn(tmp_path, saved(image, kind, icc_profile=profile, quality=98))
    assert keeps_its_colours(picture, tolerance=6)


def with_points(kind: str, image: Image.Image, primaries: int, transfer: int, **options: object) -> bytes:
    """A photo that names its colours by code points of H.273 alone, or besides the profile in `options`."""
    if kind == "PNG":
        data = saved(image, kind, **options)
        return data[:33] + chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + data[33:]
    data = heic(image) if kind == "HEIF" else saved(image, kind, quality=98, **options)
    place = data.index(b"colrnclx") + 8
    return data[:place] + struct.pack(">HH", primaries, transfer) + data[place + 4 :]


@pytest.mark.parametrize("kind", ["PNG", "AVIF", "HEIF"])
@pytest.mark.parametrize(
    ("space", "primaries", "transfer", "curve"),
    [
        ("Display P3", 12, 13, as_srgb),
        ("Display P3", 12, 4, gamma),
        ("BT.2020", 9, 14, as_srgb),
        ("sRGB", 1, 13, as_srgb),
        ("sRGB", 2, 2, as_srgb),
        ("sRGB", 1, 4, gamma),
    ],
)
def test_colours_named_by_code_points_come_out_in_srgb(
    space: str, primaries: int, transfer: int, curve: Callable[[float], float], kind: str, tmp_path: Path
) -> None:
    """A photo whose gamut only its code points tell shows the colours it was taken in."""
    image = Image.new("RGB", (400, 300), in_space(space, RED, curve))
    image.paste(in_space(space, BLUE, curve), (200, 0, 400, 300))
    picture = drawn(tmp_path, with_points(kind, image, primaries, transfer))
    assert keeps_its_colours(picture, tolerance=6)


@pytest.mark.parametrize("kind", ["PNG", "AVIF", "HEIF"])
@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_in_words(transfer: int, name: str, kind: str) -> None:
    """A photo in HDR would be grey on a card: it is refused before it is decoded, with what to send instead."""
    with pytest.raises(PhotoError, match=rf"the photo: a photo in HDR \({name}\)") as caught:
        photo.probe_bytes(with_points(kind, halves(), 9, transfer))
    assert "without HDR" in caught.value.hint


@pytest.mark.parametrize("points", [(22, 13), (1, 17), (11, 13), (255, 255)])
def test_unusual_code_points_are_refused(points: tuple[int, int]) -> None:
    """Colours that we cannot show as they are meant are told with their numbers, never guessed."""
    with pytest.raises(PhotoError, match=f"primaries {points[0]}, transfer {points[1]}"):
        photo.probe_bytes(with_points("PNG", halves(), *points))


def test_a_profile_outranks_code_points_but_in_png(tmp_path: Path) -> None:
    """Where a photo has both, an AVIF is shown by its profile and a PNG by its code points, as their standards say."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert keeps_its_colours(drawn(tmp_path, with_points("AVIF", halves(), 12, 13, icc_profile=profile)))
    picture = drawn(tmp_path, with_points("PNG", halves(), 12, 13, icc_profile=profile))
    assert not keeps_its_colours(picture, tolerance=6)


FRAMES = {
    "gif": saved(halves(), "GIF", save_all=True, append_images=[WHITE] * 3),
    "webp": saved(halves(), "WEBP", save_all=True, append_images=[WHITE] * 3, duration=80, quality=95),
    "avif": saved(halves(), "AVIF", save_all=True, append_images=[WHITE] * 3, quality=95),
    "apng": saved(halves(), "PNG", save_all=True, append_images=[WHITE] * 3),
    "tiff": saved(halves(), "TIFF", save_all=True, append_images=[WHITE] * 3),
    "mpo": saved(halves(), "MPO", save_all=True, append_images=[WHITE], quality=92),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_of_several_pictures_the_first_counts(kind: str, tmp_path: Path) -> None:
    """Of an animation, a file of several pages or a phone's JPEG with a second picture, the first is the photo."""
    assert keeps_its_colours(drawn(tmp_path, FRAMES[kind]))


def heic(image: Image.Image, **options: object) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra `heic` is not installed")
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=95, **options)
    return out.getvalue()


def test_heic_is_opened_where_the_extra_is_installed(tmp_path: Path) -> None:
    """A phone's HEIC photo keeps its colours, and stands upright."""
    assert keeps_its_colours(drawn(tmp_path, heic(halves())))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = heic(halves().transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes())
    assert keeps_its_colours(drawn(tmp_path, turned))
    with photo.opened(tmp_path / "photo") as image:
        assert photo.size(image) == (400, 300)


HEIC_HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40


def test_without_the_extra_heic_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where HEIC is not opened, the message names the extra, and JPEG as the other way."""
    monkeypatch.setattr(kinds, "_heic_opens", lambda: False)
    with pytest.raises(PhotoError, match="a HEIC photo") as caught:
        photo.probe_bytes(HEIC_HEAD)
    assert "syndication[heic]" in caught.value.hint
    assert "JPEG" in caught.value.hint


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
DRAWINGS = {
    "script": SVG,
    "external": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://169.254.169.254/key"/></svg>',
    "entity": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    "late": b"\xef\xbb\xbf\n<!-- " + b"x" * 500 + b' -->\n<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
    "wide": SVG.decode().encode("utf-16"),
}


@pytest.mark.parametrize("kind", DRAWINGS)
def test_svg_is_refused_whatever_its_name(kind: str, tmp_path: Path) -> None:
    """An SVG, with scripts, entities or pictures of other sites, is never opened, and the message says why."""
    (tmp_path / "photo.jpg").write_bytes(DRAWINGS[kind])
    with pytest.raises(PhotoError, match=r"photo\.jpg: an SVG drawing, which may hold scripts") as caught:
        photo.probe(tmp_path / "photo.jpg")
    assert "PNG" in caught.value.hint


OTHERS = {
    "a PDF document": saved(halves(), "PDF"),
    "a PostScript drawing": saved(halves(), "EPS"),
    "a BMP picture": saved(halves(), "BMP"),
    "an icon": saved(halves(), "ICO"),
    "a JPEG 2000 picture": saved(halves(), "JPEG2000"),
    "a JPEG XL picture": b"\xff\x0a" + b"\0" * 40,
    "a Photoshop file": b"8BPS\0\1" + b"\0" * 40,
    "a packed file": gzip.compress(SVG),
    "a ZIP archive": b"PK\3\4" + b"\0" * 40,
    "a video": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
    "a web page": b"<!doctype html><title>Log in</title>",
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_refused_is_called_by_its_name(what: str) -> None:
    """A file that is no photo is told to the editor as what it is, with what to send instead."""
    with pytest.raises(PhotoError, match=f"the photo: {what}") as caught:
        photo.probe_bytes(OTHERS[what])
    assert "JPEG, PNG" in caught.value.hint


def test_avif_under_heics_common_brand_is_avif() -> None:
    """A file whose first brand is `mif1`, which HEIC and AVIF share, is what its other brands say."""
    data = KINDS["avif"]
    size = int.from_bytes(data[:4])
    shared = data[:8] + b"mif1" + data[12:size] + data[size:]
    assert b"avif" in shared[:size]
    photo.probe_bytes(shared)
