"""A painted picture -> the bytes of its file, JPEG or PNG, with an XMP packet."""

import io
import os
import struct

from isal import isal_zlib
from PIL import Image, ImageChops

from syndication.errors import CardError

MAX_BYTES = 300 * 1024
_QUALITY = 85


def jpeg(image: Image.Image, xmp: bytes = b"", most: int = MAX_BYTES, *, unlocked: bool = False) -> bytes:
    """An RGB picture as JPEG of quality 85, or the best that stays within `most` bytes.

    If `unlocked`, Python's lock is let go of meanwhile, for which it takes a thirteenth longer. Raises CardError if no
    quality does.
    """
    if len(data := _jpeg(image, _QUALITY, xmp, unlocked=unlocked)) <= most:
        return data
    fitting, low, high = b"", 5, _QUALITY - 1
    while low <= high:
        middle = (low + high) // 2
        if len(data := _jpeg(image, middle, xmp, unlocked=unlocked)) <= most:
            fitting, low = data, middle + 1
        else:
            high = middle - 1
    if not fitting:
        raise CardError(f"a picture of {image.width}x{image.height} pixels does not fit in {most // 1024} KB")
    return fitting


def _jpeg(image: Image.Image, quality: int, xmp: bytes, *, unlocked: bool) -> bytes:
    # Measured on a photo card (2026-11): optimised Huffman tables save a tenth of 66 KB and take 4.3 ms, not 1.7;
    # whole chroma adds a fifth and 2 ms, and networks halve it again.
    # Pillow lets go of the lock while it writes to a file of the kernel's, which some kernels have in memory.
    kernels = unlocked and hasattr(os, "memfd_create")
    with os.fdopen(os.memfd_create("card"), "w+b") if kernels else io.BytesIO() as out:
        image.save(out, "JPEG", quality=quality, subsampling="4:2:0", xmp=xmp)
        out.seek(0)
        return out.read()


def png(image: Image.Image, xmp: bytes = b"", *, flat: bool = False) -> bytes:
    """An RGB picture as PNG (ISO/IEC 15948), each row told as its difference from the one above, or as it is if `flat`.

    Written here, as that filter and a deflate by SIMD take 8 ms for a photo card where Pillow takes 50; a card without
    a photo is a seventh smaller without a filter, and takes 0.7 ms, not 1.0 (2026-11).
    """
    header = struct.pack(">2I5B", *image.size, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    told = _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp) if xmp else b""
    pixels = _chunk(b"IDAT", _deflated(image, 0) if flat else _deflated(_differences(image), 2))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + told + pixels + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _differences(image: Image.Image) -> Image.Image:
    """What each row's bytes differ from those above, modulo 256."""
    return ImageChops.subtract_modulo(image, image.crop((0, -1, image.width, image.height - 1)))


def _deflated(image: Image.Image, number: int) -> bytes:
    """The picture's rows, each after the number of its filter, packed."""
    stride, first = 1 + 3 * image.width, bytes([number])
    rows: bytes | bytearray = image.tobytes(
        "raw", "RGB", stride
    )  # with a 0 after each: the number of the next
    if number:
        rows = bytearray(rows)
        rows[stride - 1 :: stride] = first * image.height
    packer = isal_zlib.compressobj(1)
    return packer.compress(first) + packer.compress(memoryview(rows)[:-1]) + packer.flush()
