"""A photo that names its colours by code points (ITU-T H.273) and not by an ICC profile -> a profile for them.

PNG has them in its chunk `cICP`, AVIF and HEIC in a box `colr` of the kind `nclx`; Pillow reads neither.
"""

import re
import struct
from functools import lru_cache
from typing import BinaryIO

from syndication.errors import PhotoError

# Of each number of primaries, what their red, green and blue are in XYZ under D50: from the chromaticities of H.273,
# table 2, white D65, adapted by Bradford's matrix as ICC.1 asks. BT.709's are sRGB's; BT.601's are as good as those.
_COLORS = {
    9: (0.67348, 0.27904, -0.00193, 0.16567, 0.67534, 0.02998, 0.12505, 0.04561, 0.79685),  # BT.2020
    12: (0.51512, 0.24119, -0.00105, 0.29198, 0.69224, 0.04188, 0.15710, 0.06657, 0.78407),  # Display P3
}
_AS_SRGB = {1, 2, 5, 6}
# Transfers: those of video stand for sRGB's, as in browsers; PQ and HLG are of pictures brighter than any card.
_CURVES = {1: "sRGB", 2: "sRGB", 6: "sRGB", 13: "sRGB", 14: "sRGB", 15: "sRGB", 4: 2.2, 5: 2.8, 8: 1.0}
_BRIGHT = {16: "PQ", 18: "HLG"}
_WHITE = (0.9642, 1.0, 0.8249)  # D50
_MOST = 1 << 20  # bytes of the box that tells about a photo


def profile(file: BinaryIO, kind: str, name: str, icc: bytes) -> bytes:
    """The ICC profile of a photo whose Pillow format is `kind`: its own or, if it has code points, one made of those.

    In a PNG they outrank its profile (PNG 3, 4.3), elsewhere the profile outranks them. The file stands where it did.
    Raises PhotoError, in words for an editor, for colours that cannot be shown as they are meant. `name` is for that.
    """
    if kind not in ("PNG", "AVIF", "HEIF") or (icc and kind != "PNG"):
        return icc
    place = file.tell()
    try:
        points = _of_png(file) if kind == "PNG" else _of_box(file)
    finally:
        file.seek(place)
    return icc if points is None else _meant(points, name)


def _meant(points: tuple[int, int], name: str) -> bytes:
    primaries, transfer = points
    if transfer in _BRIGHT:
        raise PhotoError(
            f"{name}: a photo in HDR ({_BRIGHT[transfer]}), which would look grey on a card",
            "Export it without HDR, best in sRGB.",
        )
    curve = _CURVES.get(transfer)
    if curve is None or primaries not in _COLORS.keys() | _AS_SRGB:
        raise PhotoError(
            f"{name}: its colours are of an unusual kind (primaries {primaries}, transfer {transfer} of H.273)",
            "Export it in sRGB.",
        )
    if primaries in _AS_SRGB and curve == "sRGB":
        return b""
    return _made(_COLORS.get(primaries, _SRGB), curve)


_SRGB = (0.43604, 0.22248, 0.01392, 0.38511, 0.71691, 0.09707, 0.14305, 0.06061, 0.71391)


def _of_png(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(8)
    while len(head := file.read(8)) == 8 and (chunk := head[4:]) not in (b"IDAT", b"IEND"):
        if chunk == b"cICP":
            told = file.read(2)
            return (told[0], told[1]) if len(told) == 2 else None
        file.seek(int.from_bytes(head[:4]) + 4, 1)
    return None


def _of_box(file: BinaryIO) -> tuple[int, int] | None:
    """Of a file of the ISO base media format: what its box `meta` says (ISO/IEC 23008-12)."""
    file.seek(0)
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[:4])
        if head[4:] == b"meta":
            found = re.search(rb"colrnclx(.{4})", file.read(min(size, _MOST)), re.DOTALL)
            return struct.unpack(">HH", found[1]) if found else None
        if size < 8:  # to the file's end, or longer than four gigabytes
            return None
        file.seek(size - 8, 1)
    return None


@lru_cache(maxsize=8)
def _made(colors: tuple[float, ...], curve: str | float) -> bytes:
    """An ICC profile (ICC.1:2010) of three colours in XYZ and one curve."""
    if curve == "sRGB":  # IEC 61966-2-1
        shape = (
            b"para\0\0\0\0"
            + struct.pack(">HH", 3, 0)
            + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        )
    else:
        shape = b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + _fixed(float(curve))
    text = "code points".encode("utf-16-be")
    words = b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(text), 28) + text
    tags = {b"desc": words, b"cprt": words, b"wtpt": _xyz(_WHITE)}
    tags |= {tag: _xyz(colors[at : at + 3]) for tag, at in ((b"rXYZ", 0), (b"gXYZ", 3), (b"bXYZ", 6))}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shape)
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += struct.pack(">4sII", tag, start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s4s24s12s48s",
        start + len(data), b"", 0x04200000, b"mntr", b"RGB ", b"XYZ ", struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp", b"", b"", _fixed(*_WHITE), b"",
    )  # fmt: skip
    return head + struct.pack(">I", len(tags)) + table + data


def _xyz(color: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*color)


def _fixed(*values: float) -> bytes:
    """Numbers in 16 bits before the point and 16 after it."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
