"""Metadata in files: pages rewritten in place, and fragments that a site's templates include."""

import contextlib
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from syndication.errors import MetadataError
from syndication.files import write_whole
from syndication.metadata.page import rewrite, strip
from syndication.metadata.tags import HeadTags
from syndication.models import PublishEvent

MAX_PAGE = 20_000_000
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_SEGMENT = 255  # bytes; what common file systems take


def rewrite_file(path: Path, tags: HeadTags) -> bool:
    """Put `tags` into the page file, atomically; its mode stays, and a link stays a link. Whether it changed.

    A page that has these tags already is not touched. Raises MetadataError that names the file.
    """
    try:
        file = path.resolve(strict=True)
        if not file.is_file():
            raise MetadataError(f"{path}: not a file")
        if file.stat().st_size > MAX_PAGE:
            raise MetadataError(f"{path}: larger than {MAX_PAGE:,} bytes, so hardly a page")
        page = file.read_bytes()
        new = rewrite(page, tags)
        return _replace(file, new)
    except MetadataError as error:
        named = error.message if error.message.startswith(str(path)) else f"{path}: {error.message}"
        raise MetadataError(named, error.hint) from None
    except FileNotFoundError:
        raise MetadataError(f"{path}: no such page", "Write the page first; its tags come second.") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise MetadataError(f"{path}: cannot be rewritten: {_gist(error)}") from None


def write_fragments(folder: Path, event_id: str, tags: HeadTags) -> tuple[Path, Path]:
    """Write `<id>.html` and `<id>.json` into `folder`, made if missing. An id that is no file name becomes one.

    Raises MetadataError where the folder cannot be written.
    """
    name = file_name(event_id)
    page, data = folder / f"{name}.html", folder / f"{name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(page, (tags.html() + "\n").encode())
        _replace(data, (json.dumps(tags.data(), ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        raise MetadataError(f"{folder}: fragments cannot be written: {_gist(error)}") from None
    return page, data


def strip_file(path: Path) -> bool:
    """Take our tags out of a page file, atomically. Whether it changed; a page that is gone has none.

    Raises MetadataError that names the file.
    """
    try:
        file = path.resolve(strict=True)
        if not file.is_file() or file.stat().st_size > MAX_PAGE:
            return False  # nothing that we ever wrote into
        return _replace(file, strip(file.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise MetadataError(f"{path}: our tags cannot be taken out: {_gist(error)}") from None


def remove_fragments(folder: Path, event_id: str) -> None:
    """Remove what `write_fragments` wrote, if it is there. Raises MetadataError."""
    name = file_name(event_id)
    try:
        for file in (folder / f"{name}.html", folder / f"{name}.json"):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise MetadataError(f"{folder}: fragments cannot be removed: {_gist(error)}") from None


def file_name(event_id: str) -> str:
    """The id itself if it is a plain file name; otherwise what is plain of it and a hash that keeps it unique."""
    if _SAFE_NAME.fullmatch(event_id):
        return event_id
    plain = re.sub(r"[^A-Za-z0-9]+", "-", event_id.rpartition("://")[2]).strip("-")[-60:].strip("-")
    digest = hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{plain or 'story'}-{digest}"


def page_path(pattern: str, event: PublishEvent, base: Path) -> Path:
    """The file of a story's page, after a pattern such as `public/{path}`, `public/{path}.html` or `pages/{id}.html`.

    `{path}` is the decoded path of the story's URL; where the pattern ends with it, a path that ends with a slash
    means its index.html. The part of the pattern before the first placeholder is the operator's word, relative to
    `base`; what the story fills in never leaves that folder. Raises MetadataError.
    """
    fixed = pattern.partition("{")[0]
    root = (
        base / fixed.rpartition("/")[0]
        if not fixed.startswith("/")
        else Path(fixed.rpartition("/")[0] or "/")
    )
    path = _url_path(event.url)
    if path.endswith("/") or not path:
        path = path + "index.html" if pattern.endswith("{path}") else path.rstrip("/") or "index"
    filled = pattern[len(fixed.rpartition("/")[0]) :].lstrip("/")
    filled = filled.replace("{path}", path).replace("{id}", file_name(event.id))
    file = root / filled
    if ".." in Path(filled).parts or not file.resolve().is_relative_to(root.resolve()):
        raise MetadataError(f"{event.url}: its page would lie outside {root}")
    return file


def _url_path(url: str) -> str:
    """The decoded path, without its first slash. Raises MetadataError for what no honest address holds."""
    parts = urlsplit(url).path.split("/")[1:]
    decoded = []
    for part in parts:
        try:
            text = unquote_to_bytes(part).decode("utf-8")
        except UnicodeDecodeError:
            raise MetadataError(f"{url}: its path is not UTF-8") from None
        bad = text in (".", "..") or any(letter in "/\\" or ord(letter) < 32 for letter in text)
        if bad or len(text.encode()) > _MAX_SEGMENT:
            raise MetadataError(f"{url}: its path cannot be the path of a file: {text[:60]!r}")
        decoded.append(text)
    slash = "/" if decoded and not decoded[-1] else ""
    return "/".join(part for part in decoded if part) + (slash if any(decoded) else "")


def _replace(file: Path, data: bytes) -> bool:
    """Put `data` in the file's place. False if it is there already."""
    with contextlib.suppress(FileNotFoundError):
        if file.read_bytes() == data:
            return False
    write_whole(file, data)
    return True


def _gist(error: Exception) -> str:
    return (
        error.strerror or type(error).__name__ if isinstance(error, OSError) else "its links lead in a circle"
    )
