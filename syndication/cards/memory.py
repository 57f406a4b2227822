"""Memory that drawing uses again and again stays with the process between two pictures.

A card is a dozen pictures of a few megabytes that live for a millisecond. By its defaults glibc gives such memory back
to the kernel each time and has it mapped and zeroed anew, page by page: a third of all time (measured 2026-11).
"""

import ctypes
from functools import cache

from PIL import ImageFile

_PIECE = (
    4 << 20
)  # bytes that Pillow reads or packs at a time; by its own 64 KB a card takes a thirtieth longer
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # mallopt(3)
_MADV_HUGEPAGE = 14  # madvise(2)
_PICTURES, _HUGE = 24 << 20, 2 << 20  # bytes: what a card's pictures take together, and a huge page
_KEPT = 64 << 20  # bytes of freed memory that the process may keep
_LARGE = 32 << 20  # bytes, the most that glibc allows: larger pieces are mapped, and given back at once


@cache
def keep() -> None:
    """Keep up to 64 MB of freed memory in this process, for all of its threads in one place, and have Pillow use it.

    Memory is not kept where the C library is not glibc.
    """
    ImageFile.MAXBLOCK = _PIECE
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_M_ARENA_MAX, 1)
        _in_huge_pages(libc)


def _in_huge_pages(libc: ctypes.CDLL) -> None:
    """Ask for pages of 2 MB for the memory that pictures will be in: a card takes a fortieth less (measured 2026-11).

    Some kernels have none, or give them to all.
    """
    libc.malloc.restype = ctypes.c_void_p
    place = libc.malloc(ctypes.c_size_t(_PICTURES))
    if place:
        start = -(-place // _HUGE) * _HUGE
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(place + _PICTURES - start), _MADV_HUGEPAGE)
        libc.free(ctypes.c_void_p(place))  # it is kept, and what is wanted next is taken from it
