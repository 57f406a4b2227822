"""A story's photos as files, and the crops of its photo that search engines are shown."""

import hashlib
from contextlib import suppress
from pathlib import Path

from syndication.cards import clean
from syndication.cards.photo import probe_bytes
from syndication.config import Config
from syndication.errors import CardError
from syndication.fetch import fetch
from syndication.models import Card, Image, PublishEvent
from syndication.pipeline.accept import keep_file


def clean_crops(event: PublishEvent, photo: Path | None, folder: Path) -> tuple[tuple[Card, ...], list[str]]:
    """Crops of a story's photo without words, made in `folder`; and in a line why there are none, if it has a photo."""
    if photo is None:
        return (), []
    try:
        crops = clean.make_clean(event, path=photo, folder=folder)
    except CardError as error:
        return (), [f"there is no clean photo for search engines: {error.message}"]
    if not crops:
        return (), [f"the photo is too small for search engines: they ask for {clean.LEAST:,} pixels"]
    return crops, []


def photo_of(event: PublishEvent, config: Config, folder: Path) -> Path | None:
    """The story's photo as a file; one with a URL is fetched into `folder`, once for each version of the story.

    Raises FetchError or PhotoError.
    """
    return _file_of(event.image, event, config, folder)


def portrait_of(event: PublishEvent, config: Config, folder: Path) -> Path | None:
    """As `photo_of`, for the portrait of who writes or is quoted."""
    return _file_of(event.card.portrait, event, config, folder)


def _file_of(image: Image | None, event: PublishEvent, config: Config, folder: Path) -> Path | None:
    if image is None:
        return None
    if image.path is not None:
        return folder / image.path
    assert image.url is not None  # noqa: S101 - an image has a path or a URL
    token = hashlib.sha256(f"{image.url}\0{event.version}".encode()).hexdigest()
    known = folder / f"{token}.url"
    if known.exists():
        return known.resolve()
    limits = config.fetch
    fetched = fetch(
        image.url, allow=limits.allow, max_bytes=limits.max_bytes, seconds=limits.seconds, accept="image/*"
    )
    probe_bytes(fetched.body)
    name = keep_file(folder, fetched.body)
    with suppress(FileExistsError):
        known.symlink_to(name)
    return folder / name
