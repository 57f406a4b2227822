"""Where an editor's stories come from: a JSON file, an HTML file, a page on the web, or standard input."""

import sys
from pathlib import Path

from syndication.cards.photo import probe
from syndication.config import Config
from syndication.errors import InputError
from syndication.events.page import event_from_page
from syndication.fetch import fetch
from syndication.models import PublishEvent
from syndication.pipeline.accept import read_event

_PAGE_ENDINGS = {".html", ".htm", ".xhtml"}
_MOST = 20_000_000


def read_source(source: str, config: Config, *, url: str = "") -> PublishEvent:
    """The event that `source` tells of: a path, an http(s) URL, or `-`. `url` is where an HTML file is published.

    Raises EventError, FetchError, or InputError for a source that cannot be read.
    """
    if source.lower().startswith(("http://", "https://")):
        limits = config.fetch
        page = fetch(source, allow=limits.allow, max_bytes=_MOST, seconds=limits.seconds, accept="text/html")
        if page.mime == "application/json":
            return read_event(page.body, source=source)
        return event_from_page(page.body, url=url or page.url, charset=page.charset)
    if source == "-":
        return _local(sys.stdin.buffer.read(_MOST), "standard input", Path.cwd(), url)
    file = Path(source)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{source}: {error.strerror or 'cannot be read'}",
            "Name an event's JSON or HTML file, a URL, or -.",
        ) from None
    return _local(data, source, file.parent, url)


def _local(data: bytes, name: str, folder: Path, url: str) -> PublishEvent:
    if Path(name).suffix.lower() in _PAGE_ENDINGS or data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        if not url:
            raise InputError(
                f"{name}: a page does not say where it is published",
                "Add --url https://… , its public address.",
            )
        return event_from_page(data, url=url, folder=folder, check_photo=probe)
    return read_event(data, source=name, folder=folder)
