"""Where stories and their photos come from: a JSON file, an HTML file, a page on the web, or standard input.

Nothing of the store or of a network is imported here, so that a card is drawn at once.
"""

import hashlib
import sys
from contextlib import suppress
from pathlib import Path

from syndication.cards.photo import probe, probe_bytes
from syndication.config import Config
from syndication.errors import EventError, InputError
from syndication.events import parse_event
from syndication.files import keep_file
from syndication.models import Image, PublishEvent

_PAGE_ENDINGS = {".html", ".htm", ".xhtml"}
_MOST = 20_000_000


def read_event(raw: bytes, *, source: str = "event", folder: Path | None = None) -> PublishEvent:
    """A JSON event, checked together with its photo. Raises EventError with every fault.

    `folder` is where the event's file lies; None for an event that came from elsewhere and may name no files.
    """
    return parse_event(raw, source=source, folder=folder, check_photo=probe)


def read_source(source: str, config: Config, *, url: str = "") -> PublishEvent:
    """The event that `source` tells of: a path, an http(s) URL, or `-`. `url` is where an HTML file is published.

    Raises EventError, FetchError, or InputError for a source that cannot be read.
    """
    if source.lower().startswith(("http://", "https://")):
        from syndication.events.page import event_from_page
        from syndication.fetch import fetch

        limits = config.fetch
        page = fetch(source, allow=limits.allow, max_bytes=_MOST, seconds=limits.seconds, accept="text/html")
        if page.mime == "application/json":
            return read_event(page.body, source=source)
        return event_from_page(page.body, url=url or page.url, charset=page.charset)
    if source == "-":
        return _local(sys.stdin.buffer.read(_MOST + 1), "standard input", Path.cwd(), url)
    file = Path(source)
    try:
        with file.open("rb") as open_file:
            data = open_file.read(_MOST + 1)
    except OSError as error:
        raise InputError(
            f"{source}: {error.strerror or 'cannot be read'}",
            "Name an event's JSON or HTML file, a URL, or -.",
        ) from None
    return _local(data, source, file.parent, url)


def _local(data: bytes, name: str, folder: Path, url: str) -> PublishEvent:
    if len(data) > _MOST:
        raise InputError(f"{name}: larger than {_MOST:,} bytes", "An event, or a story's page, is smaller.")
    if Path(name).suffix.lower() in _PAGE_ENDINGS or data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        if not url:
            raise InputError(
                f"{name}: a page does not say where it is published",
                "Add --url https://… , its public address.",
            )
        from syndication.events.page import event_from_page

        try:
            return event_from_page(data, url=url, folder=folder, check_photo=probe)
        except EventError as error:
            raise EventError(error.faults, name) from None
    if url:
        raise InputError(
            f"{name}: an event names its own address", "Leave --url out; it is for an HTML file."
        )
    return read_event(data, source=name, folder=folder)


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
    from syndication.fetch import fetch

    limits = config.fetch
    fetched = fetch(
        image.url, allow=limits.allow, max_bytes=limits.max_bytes, seconds=limits.seconds, accept="image/*"
    )
    probe_bytes(fetched.body)
    name = keep_file(folder, fetched.body)
    with suppress(FileExistsError):
        known.symlink_to(name)
    return folder / name
