"""Photos for tests, made by code: of every kind, with known colours, and larger than they say."""

import io
import struct
import zlib

from PIL import Image, ImageDraw, ImageFilter

PAPER = (247, 244, 238)
RED, BLUE = (200, 30, 40), (30, 60, 190)


def halves(mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (400, 300), RED)
    image.paste(BLUE, (200, 0, 400, 300))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def face(side: int = 240) -> Image.Image:
    """A drawn face, `side` pixels wide and 1.3 times as high, with the dark eyes and light nose that are looked for."""
    image = Image.new("RGB", (240, 312), (120, 140, 150))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 5, 220, 310), (70, 45, 35))
    draw.ellipse((38, 40, 202, 300), (224, 178, 150))
    for x in (62, 132):
        draw.ellipse((x - 4, 112, x + 52, 150), (150, 100, 80))
        draw.rectangle((x - 2, 104, x + 50, 114), (60, 40, 30))
        draw.ellipse((x + 4, 124, x + 44, 144), (240, 240, 240))
        draw.ellipse((x + 14, 122, x + 34, 146), (40, 30, 30))
    draw.polygon(((112, 130), (128, 130), (138, 200), (102, 200)), (238, 196, 168))
    draw.ellipse((98, 192, 142, 212), (180, 125, 100))
    draw.ellipse((80, 228, 160, 256), (150, 60, 60))
    draw.ellipse((86, 268, 154, 300), (210, 165, 138))
    return image.filter(ImageFilter.GaussianBlur(2)).resize((side, round(side * 1.3)))


def near(pixel: object, color: tuple[int, int, int], tolerance: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= tolerance for one, other in zip(pixel, color, strict=True))


def icc(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A small ICC profile, after ICC.1:2001-04."""
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        padded = data + b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += padded
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, kind, space, pcs)
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A small file that says it is a large picture: rows of zeros pack a thousandfold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = packer.compress(b"\0" * 1_000_000) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


KINDS = {
    "jpeg": saved(halves(), "JPEG", quality=92),
    "progressive": saved(halves(), "JPEG", quality=92, progressive=True),
    "cmyk": saved(halves("CMYK"), "JPEG", quality=95),
    "png": saved(halves(), "PNG"),
    "palette": saved(halves("P"), "PNG"),
    "webp": saved(halves(), "WEBP", quality=92),
    "gif": saved(halves(), "GIF"),
    "tiff": saved(halves(), "TIFF"),
    "tiff-lzw-cmyk": saved(halves("CMYK"), "TIFF", compression="tiff_lzw"),
    "avif": saved(halves(), "AVIF", quality=90),
    "animated": saved(halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (400, 300), "white")]),
    "alpha": saved(halves("RGBA"), "PNG"),
}
