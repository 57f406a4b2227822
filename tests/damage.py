"""Damages photos and has each read as the pipeline reads photos, in this process: what it took, as JSON.

python damage.py FORMAT COUNT SEED      COUNT damaged files of a format
python damage.py FILE...                these files, as they are
"""

import io
import json
import random
import re
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw

from syndication.cards import memory, photo, rights
from syndication.errors import PhotoError

_CARDS = [(1200, 630), (600, 600)]
_SMALL = [(240, 126), (120, 120)]  # larger than the damaged pictures as well, and drawn in half the time
_EXTREMES = [
    b"\0",
    b"\xff",
    b"\x7f\xff",
    b"\0\0\0\0",
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"\0\0\xff\xff",
    b"\xea\x60",
]


def picture(mode: str = "RGB") -> Image.Image:
    """A small picture with edges, gradients and, where the mode has it, a see-through part."""
    image = Image.linear_gradient("L").resize((96, 64)).convert("RGBA")
    ImageDraw.Draw(image).ellipse((20, 10, 70, 50), fill=(200, 30, 40, 128))
    return (
        image.convert("RGB").convert(mode)
        if mode in ("CMYK", "YCbCr", "LAB", "P", "1")
        else image.convert(mode)
    )


def seeds(kind: str) -> list[bytes]:
    """Sound files of a format in its many forms, with all the metadata it carries."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    exif.get_ifd(0x8825)[2] = (59.0, 20.0, 1.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    full = {"exif": exif.tobytes(), "icc_profile": profile}
    xmp = {"xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"}
    more = {"save_all": True, "append_images": [picture()]}
    forms: dict[str, list[tuple[str, dict[str, object]]]] = {
        "JPEG": [
            ("RGB", full | xmp),
            ("RGB", {"progressive": True}),
            ("CMYK", {}),
            ("L", {"exif": exif.tobytes(), "restart_marker_blocks": 2}),
        ],
        "MPO": [("RGB", more)],
        "PNG": [
            ("RGB", full),
            ("RGBA", {}),
            ("P", {"transparency": 1}),
            ("I;16", {}),
            ("1", {}),
            ("RGB", more),
        ],
        "WEBP": [("RGB", full | xmp), ("RGBA", {"lossless": True}), ("RGB", more)],
        "GIF": [("P", {}), ("P", {"interlace": 0}), ("RGB", more)],
        "TIFF": [
            ("RGB", full),
            *(
                ("RGB", {"compression": name})
                for name in ("tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits")
            ),
            ("1", {"compression": "group4"}),
            ("CMYK", {"compression": "tiff_lzw"}),
            ("LAB", {}),
            ("I;16", {}),
        ],
        "AVIF": [("RGB", full | xmp), ("RGBA", {}), ("RGB", more)],
        "HEIF": [("RGB", full), ("RGBA", {})],
    }
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    made = []
    for mode, options in forms[kind]:
        out = io.BytesIO()
        picture(mode).save(out, kind, **options)
        made.append(out.getvalue())
    return made


def damaged(kind: str, count: int, seed: int) -> Iterator[bytes]:
    """Damaged files, the same ones for the same seed; half of the damage is in the first 256 bytes."""
    chance, sound = random.Random(f"{kind} {seed}"), seeds(kind)
    for index in range(count):
        data = bytearray(sound[index % len(sound)])
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            at = chance.randrange(min(len(data), chance.choice((256, len(data)))))
            length = chance.choice((1, 2, 4, chance.randrange(1, 64)))
            match chance.randrange(6):
                case 0:
                    data[at] ^= 1 << chance.randrange(8)
                case 1:
                    extreme = chance.choice(_EXTREMES)
                    data[at : at + len(extreme)] = extreme
                case 2:
                    data[at : at + length] = chance.randbytes(length)
                case 3:
                    del data[at : at + length]
                case 4:
                    data[at:at] = data[max(0, at - length) : at]
                case _:
                    other = chance.choice(sound)
                    data[at : at + length] = other[at : at + length]
            if not data:
                data = bytearray(b"\0")
        yield mended(bytes(data)) if kind == "PNG" and index % 2 else bytes(data)


def mended(png: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what they hold, so that the damage is read and not only noticed."""

    def with_sum(found: re.Match[bytes]) -> bytes:
        at, length = found.start() + 4, int.from_bytes(found[1])
        body = png[at : at + 4 + length]
        return found[0] if len(body) < 4 + length else found[1] + body + zlib.crc32(body).to_bytes(4)

    out, at = png[:8], 8
    while found := re.compile(rb"(.{4})[A-Za-z]{4}", re.DOTALL).match(png, at):
        piece = with_sum(found)
        out += piece
        at += max(len(piece), 12)
    return out + png[at:]


def read(path: Path, cards: list[tuple[int, int]]) -> str:
    """Read a photo as the pipeline does: its rights, its size, its pixels for cards of these sizes."""
    try:
        with photo.opened(path) as image:
            rights.read(image)
            photo.size(image)
        del image  # and with it its pixels, as in the pipeline
        source = photo.load(path, cards, (247, 244, 238))
        for size in cards:
            source.cover(size)
    except PhotoError as error:
        return "refused" if error.hint else f"no remedy: {error.message}"
    return "drawn"


def peak() -> float:
    """This process's largest memory so far, in MB; not getrusage's, which is at least its parent's when it forked."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def main() -> None:
    """Read what the command line names; the number of the file being read goes to stderr, for the case of a crash."""
    memory.keep()
    first, *rest = sys.argv[1:]
    by_name = len(rest) != 2
    files = (Path(name).read_bytes() for name in sys.argv[1:]) if by_name else damaged(first, *map(int, rest))
    read_as, slowest = dict[str, int](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo"
        for number, data in enumerate(files):
            sys.stderr.write(f"{number}\n")
            path.write_bytes(data)
            begun = time.process_time()
            outcome = read(path, _CARDS if by_name else _SMALL)
            slowest = max(slowest, time.process_time() - begun)
            read_as[outcome] = read_as.get(outcome, 0) + 1
    sys.stdout.write(json.dumps({"outcomes": read_as, "slowest": slowest, "peak": peak()}))


if __name__ == "__main__":
    main()
