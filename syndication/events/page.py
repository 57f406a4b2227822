"""A story's event from its HTML page: from its JSON-LD, then its meta tags, then the markup that readers see."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from syndication.errors import EventError, Fault
from syndication.events.event import CheckPhoto, build, is_address, is_seen, read_moment
from syndication.events.hostile import describe
from syndication.events.markup import read_markup, without_site
from syndication.events.told import Told, read_linked_data, read_metas
from syndication.html import read_text
from syndication.models import PublishEvent
from syndication.scan import MOST_NESTED, nested_too_deep

MAX_PAGE = 20_000_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_LONGEST = {"headline": 500, "summary": 5000, "section": 300, "kicker": 300, "language": 35}
_LOOKED_FOR = {
    "headline": "a headline in JSON-LD, in og:title, in an <h1> or the <title>",
    "published": "a date in JSON-LD (datePublished), in article:published_time or in a <time datetime>",
}


def event_from_page(
    html: bytes,
    *,
    url: str,
    charset: str | None = None,
    folder: Path | None = None,
    check_photo: CheckPhoto | None = None,
) -> PublishEvent:
    """The event that a story's page tells, each field from the first source that tells it.

    `url` is where the page stands or will stand, `charset` what the HTTP header said of its encoding. With
    `folder`, where the page's file lies, `url` is the story's own, and a photo that lies beside the page is read
    from there. Without it a canonical link to the same host is the story's own URL, and photos are URLs.

    A time without a zone is taken as UTC, a bare date as its midnight if no source is more exact. Optional fields
    that make no sense are left out. Raises EventError, which names what was looked for.
    """
    if len(html) > MAX_PAGE:
        raise EventError([Fault("page", f"{len(html):,} bytes", f"at most {MAX_PAGE:,} bytes")], url)
    if not is_address(url):
        raise EventError(
            [Fault("url", describe(url), "a web address that begins with https:// or http://")], url
        )
    text = read_text(html, charset)
    if nested_too_deep(text.encode("utf-8", "replace")):
        raise EventError([Fault("page", "elements nested too deep", f"at most {MOST_NESTED:,} levels")], url)
    tree = LexborHTMLParser(text)
    base_node = tree.css_first("base[href]")
    base = _join(url, base_node.attributes.get("href") if base_node else "") or url
    metas = read_metas(tree)
    if folder is None:
        url = _canonical(url, _join(base, metas.get("canonical", "")))
    linked = read_linked_data(tree, url)
    site = linked.get("site") or metas.get("site", "")
    sources = (linked, metas, read_markup(tree, site))
    data: dict[str, Any] = {"url": url, **_texts(sources, site), **_moments(sources)}
    for name in ("byline", "tags"):
        lists = (source[name] for source in sources if source.get(name))
        data[name] = [text[:300] for text in next(lists, [])]
    data["body"] = "".join(f"<p>{escape(text)}</p>" for text in _body(sources))
    data["image"] = _image(sources, base, folder)
    faults = [Fault(name, "nothing", looked) for name, looked in _LOOKED_FOR.items() if not data.get(name)]
    told = {name: value for name, value in data.items() if value}
    return build(told, faults, source=url, folder=folder, check_photo=check_photo)


def _texts(sources: Sequence[Told], site: str) -> Told:
    found = {}
    for name, longest in _LONGEST.items():
        texts = [text for source in sources if (text := source.get(name, "")) and len(text) <= longest]
        texts = [text for text in texts if is_seen(text)]
        if name == "language":
            texts += [source["locale"] for source in sources if source.get("locale")]
            texts = [text.replace("_", "-") for text in texts if _LANGUAGE.fullmatch(text)]
        if texts:
            found[name] = without_site(texts[0], site) if name == "headline" and site else texts[0]
    return found


def _moments(sources: Sequence[Told]) -> dict[str, str]:
    found = {}
    for name in ("published", "modified"):
        told = [_moment(source.get(name, "")) for source in sources]
        exact = [moment for moment, is_exact in told if moment and is_exact]
        if moments := exact or [moment for moment, _ in told if moment]:
            found[name] = moments[0].isoformat()
    return found


def _moment(text: str) -> tuple[datetime | None, bool]:
    """The time a text tells, with a zone, and whether it tells more than the day."""
    is_exact = True
    moment = read_moment(text)
    if moment is None and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        moment, is_exact = read_moment(f"{text}T00:00:00"), False
    if moment is None:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None, False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), is_exact


def _body(sources: Sequence[Told]) -> list[str]:
    """The story's paragraphs; the markup's if there are any, as JSON-LD has lost where they end."""
    return next((source["body"] for source in reversed(sources) if source.get("body")), [])


def _image(sources: Sequence[Told], base: str, folder: Path | None) -> dict[str, str] | None:
    """The first picture that can be had, a file beside the page before any URL, with what is told of it anywhere."""
    candidates = [candidate for source in sources for candidate in source.get("image", [])]
    place = next(_files(candidates, folder), None) or next(_urls(candidates, base), None)
    if place is None:
        return None
    longest = {"alt": 5000, "caption": 5000, "credit": 300}
    told = {}
    for name, most in longest.items():
        told[name] = next((c[name] for c in candidates if c.get(name) and len(c[name]) <= most), "")
    return {**place, **told}


def _files(candidates: Sequence[Told], folder: Path | None) -> Iterator[dict[str, str]]:
    if folder is None:
        return
    for candidate in candidates:
        try:
            parts = urlsplit(candidate["src"])
            path = unquote(parts.path)
            if (
                not parts.scheme
                and not parts.netloc
                and not path.startswith("/")
                and (folder / path).is_file()
            ):
                yield {"path": path}
        except (ValueError, OSError):
            continue


def _urls(candidates: Sequence[Told], base: str) -> Iterator[dict[str, str]]:
    for candidate in candidates:
        if address := _join(base, candidate["src"]):
            yield {"url": address}


def _join(base: str, reference: str | None) -> str:
    """The web address that a reference in the page means; empty if it means none."""
    try:
        joined = urljoin(base, quote((reference or "").strip(), safe="%/:=&?~#+!$,;'@()*[]"))
    except ValueError:
        return ""
    honest = reference and joined.startswith(("http://", "https://")) and len(joined) <= 2000
    return joined if honest and is_address(joined) else ""


def _canonical(url: str, canonical: str) -> str:
    """The story's own address: what the page says, if it speaks of its own host; fragments are no part of it."""
    own = urlsplit(url).hostname == urlsplit(canonical).hostname
    return (canonical if canonical and own else url).partition("#")[0]
