"""Clean pictures of a story: its photo cropped to what search engines ask for, with no word and no logo on it.

Google asks for the photo in 16:9, 4:3 and 1:1, at least 50,000 pixels each, and for no text in them
(developers.google.com: Article structured data, Image SEO); Discover shows it large from 1200 pixels of width on, best
in 16:9 (Discover and your website). All read 2026-11.
"""

import hashlib
import json
from pathlib import Path

from syndication.cards import Note, crop, encode, photo, rights
from syndication.files import write_whole
from syndication.models import Card, PublishEvent

SIZES = ((1600, 900), (1600, 1200), (1200, 1200))
LEAST = 50_000  # pixels of one picture
LARGE = 1200  # pixels of width, from which on Discover shows a picture large

# What a page names as og:image WhatsApp leaves out from 600 KB on.
_MOST_BYTES = 600_000
_PAPER = (255, 255, 255)  # behind what is see-through
# Counts up with each change that changes pixels: older pictures then get new names.
_ENGINE = 2


def make_clean(
    event: PublishEvent, *, path: Path, folder: Path, note: Note | None = None
) -> tuple[Card, ...]:
    """Crop a story's photo into `folder`, each file under a name that carries its content's hash.

    They are as large as SIZES, or as the photo allows in that shape: nothing is enlarged. Shapes in which the photo has
    fewer than LEAST pixels are left out. A file that is there is not made again; `note` is told of all files first.
    Raises PhotoError or CardError.
    """
    (whole, xmp), focal = rights.told_by(path, event), event.image.focal if event.image else None
    content = [_ENGINE, photo.digest(path), focal or crop.finds_faces(), xmp.decode()]
    files = {size: folder / _name(content, size) for size in sizes_for(whole)}
    if note:
        note([file.name for file in files.values()])
    missing = [size for size, file in files.items() if not file.exists()]
    if missing:
        source = photo.load(path, missing, _PAPER, focal)
        folder.mkdir(parents=True, exist_ok=True)
    for size in missing:
        write_whole(files[size], encode.jpeg(source.cover(size), xmp, _MOST_BYTES))
    return tuple(_card(event, size, file) for size, file in files.items())


def sizes_for(photo_size: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes that a photo of these pixels gives, in the order of SIZES."""
    shares = [(size, min(1.0, photo_size[0] / size[0], photo_size[1] / size[1])) for size in SIZES]
    sizes = [(int(width * share), int(height * share)) for (width, height), share in shares]
    return [(width, height) for width, height in sizes if width * height >= LEAST]


def _name(content: list[object], size: tuple[int, int]) -> str:
    digest = hashlib.sha256(json.dumps([*content, size]).encode()).hexdigest()[:16]
    return f"photo-{digest}-{size[0]}x{size[1]}.jpg"


def _card(event: PublishEvent, size: tuple[int, int], file: Path) -> Card:
    data, image = file.read_bytes(), event.image
    return Card(
        template="",
        width=size[0],
        height=size[1],
        file=file.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        alt=(image.alt or image.caption) if image else "",
    )
