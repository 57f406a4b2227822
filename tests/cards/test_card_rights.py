"""What a card says of its photo's rights, and what it keeps to itself."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from syndication import cards
from syndication.cards import photo, rights
from syndication.config import Config
from syndication.models import PublishEvent

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" photoshop:Credit="Blick &amp; Sicht"
 photoshop:Instructions="SecretPlan" ext:DigitalSourceType="{AI}">
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2026 Blick</rdf:li></rdf:Alt></dc:rights>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">The bay &lt;at dusk&gt;</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>""".encode()
TOLD = rights.Rights("Blick & Sicht", "© 2026 Blick", "The bay <at dusk>", AI)


def told_by(path: Path) -> rights.Rights:
    """What a photo's own metadata tells."""
    with photo.opened(path) as image:
        return rights.read(image)


def photo_with(path: Path, **save: object) -> Path:
    Image.new("RGB", (1600, 900), "teal").save(path, **save)
    return path


def iptc(**records: bytes) -> bytes:
    """An APP13 segment as cameras' software writes it."""
    numbers = {"credit": 110, "copyright": 116, "caption": 120, "city": 90}
    data = b"".join(
        struct.pack(">BBBH", 0x1C, 2, numbers[name], len(value)) + value for name, value in records.items()
    )
    block = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(data)) + data
    return b"\xff\xed" + struct.pack(">H", len(block) + 2) + block


def jpeg_with_iptc(path: Path, **records: bytes) -> Path:
    data = photo_with(path).read_bytes()
    path.write_bytes(data[:2] + iptc(**records) + data[2:])
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_xmp_is_read_from_each_kind_of_photo(suffix: str, tmp_path: Path) -> None:
    """Credit, copyright, caption and source type are found in every format that carries XMP."""
    path = tmp_path / f"photo.{suffix}"
    if suffix == "tif":
        photo_with(path, tiffinfo={700: XMP})
    elif suffix == "png":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        photo_with(path, pnginfo=info)
    else:
        photo_with(path, xmp=XMP)
    assert told_by(path) == TOLD


def test_iptc_records_stand_in_where_xmp_is_silent(tmp_path: Path) -> None:
    """The older IPTC records count too, in UTF-8 or Latin-1."""
    path = jpeg_with_iptc(tmp_path / "a.jpg", credit="Möwe".encode(), copyright=b"\xa9 M", caption=b"Bay")
    assert told_by(path) == rights.Rights("Möwe", "© M", "Bay")


def test_the_copyright_that_a_camera_wrote_stands_in_where_all_else_is_silent(tmp_path: Path) -> None:
    """Of EXIF the copyright is read, the photographer's and the editor's, and what an agency wrote comes before it."""
    exif = Image.Exif()
    exif[0x8298] = "© Mara Osei\0© The Meridian".encode()
    exif[0x013B], exif[0x010E] = "Mara Osei", "DIGITAL CAMERA"
    told = told_by(photo_with(tmp_path / "camera.jpg", exif=exif))
    assert told == rights.Rights(copyright="© Mara Osei © The Meridian")
    assert told_by(photo_with(tmp_path / "agency.jpg", exif=exif, xmp=XMP)) == TOLD


def test_a_card_carries_the_rights_and_nothing_else(
    story: Callable[..., PublishEvent], tmp_path: Path
) -> None:
    """What is read back from the card's file is the four fields; place, camera and instructions are gone."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (59.0, 20.0, 1.0)
    path = photo_with(tmp_path / "a.jpg", xmp=XMP, exif=exif, comment=b"SecretComment")
    event = story(image={"path": "a.jpg"})
    (card,) = cards.make_cards(
        event, config=Config(), photo=path, folder=tmp_path / "out", sizes=[(1200, 630)]
    )
    data = (tmp_path / "out" / card.file).read_bytes()
    assert told_by(tmp_path / "out" / card.file) == TOLD
    for secret in (b"Secret", b"Exif\x00", b"GPS"):
        assert secret not in data
    with Image.open(io.BytesIO(data)) as image:
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "xmp"}


@pytest.mark.parametrize("form", ["jpeg", "png"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "MPO"])
def test_no_photo_tells_where_it_was_taken(
    kind: str, form: cards.Format, story: Callable[..., PublishEvent], tmp_path: Path
) -> None:
    """Of a photo's EXIF and profile, the place first, nothing is in the card, whatever the format of either."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "SecretCamera", "SecretSoftware"
    exif.get_ifd(0x8825).update({1: "N", 2: (59.0, 20.0, 1.0), 3: "E", 4: (18.0, 3.0, 7.0)})
    exif.get_ifd(0x8769)[0x9286] = b"SecretNotes"
    path, told = tmp_path / "photo", {"exif": exif.tobytes()}
    if kind == "HEIF":
        heif = pytest.importorskip("pillow_heif", reason="the extra `heic` is not installed")
        heif.from_pillow(Image.new("RGB", (1600, 900), "teal")).save(path, **told)
    else:
        options = {"icc_profile": b"SecretProfile" * 20} if kind != "MPO" else {"save_all": True}
        Image.new("RGB", (1600, 900), "teal").save(path, kind, **told, **options)
    assert b"SecretCamera" in path.read_bytes()
    (card,) = cards.render_cards(
        story(image={"path": "photo"}), config=Config(), photo=path, sizes=[(1200, 630)], format=form
    )
    assert b"Secret" not in card.data
    with Image.open(io.BytesIO(card.data)) as image:
        assert not image.getexif()
        assert not image.info.keys() & {"exif", "icc_profile", "comment", "photoshop"}


def test_what_the_cms_tells_wins(story: Callable[..., PublishEvent], tmp_path: Path) -> None:
    """Credit and caption of the event replace the photo's; a change of either gives the card a new name."""
    path = photo_with(tmp_path / "a.jpg", xmp=XMP)
    names = set()
    for caption in ("Dusk", "Dawn"):
        event = story(image={"path": "a.jpg", "credit": "Photo: L. Brandt", "caption": caption})
        assert rights.of_card(event, told_by(path)) == rights.Rights(
            "Photo: L. Brandt", TOLD.copyright, caption, AI
        )
        (card,) = cards.make_cards(
            event, config=Config(), photo=path, folder=tmp_path / "out", sizes=[(600, 600)]
        )
        names.add(card.file)
    assert len(names) == 2
    assert rights.of_card(story(image=None), rights.Rights()).packet() == b""


@pytest.mark.parametrize(
    "damage",
    [
        b"<x:xmpmeta",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="none"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "SecretEntity">]>' + XMP.replace(b"Blick &amp; Sicht", b"&b;"),
        XMP[:500],
        b"x" * 70_000,
    ],
)
def test_damaged_metadata_says_nothing(damage: bytes, tmp_path: Path) -> None:
    """Metadata that cannot be read stops no photo and says nothing."""
    path = tmp_path / "a.webp"
    photo_with(path, xmp=damage)
    assert told_by(path) == rights.Rights()


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "http://evil.example/trainedAlgorithmicMedia", AI + "/x"]
)
def test_only_known_source_types_are_passed_on(value: str, tmp_path: Path) -> None:
    """A digital source type is an address of IPTC's vocabulary, or nothing."""
    path = photo_with(tmp_path / "a.jpg", xmp=XMP.replace(AI.encode(), value.encode()))
    assert told_by(path) == rights.Rights(*TOLD[:3])


text = st.text(max_size=80)


@given(text, text, text)
def test_any_words_come_back_as_they_were_cleaned(one: str, two: str, three: str) -> None:
    """Whatever stands in the fields, the packet is well-formed and tells the same words again."""
    told = rights.Rights(*map(rights._tidy, (one, two, three)), AI)
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", xmp=told.packet())
    with Image.open(io.BytesIO(out.getvalue())) as image:
        assert rights._xmp(image) == told._asdict()
