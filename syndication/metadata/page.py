"""Putting a story's tags into its page, where all else keeps its bytes."""

import codecs
import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from syndication.errors import MetadataError
from syndication.html import (
    JSON_LD,
    OUR_MARK,
    articles,
    clean,
    declared_charset,
    is_ascii_based,
    read_json_ld,
    read_text,
    without_articles,
)
from syndication.metadata.tags import LARGE_PREVIEW, HeadTags, Meta, script_json
from syndication.scan import MOST_NESTED, Attribute, Tag, find_tags, nested_too_deep

# What the tags of a story say; whatever else a page says by such names (og:video, twitter:app:…) stays.
_OURS = re.compile(
    r"og:(type|site_name|title|description|url|locale|updated_time)"
    r"|article:(published_time|modified_time|expiration_time|author|section|tag)"
    r"|twitter:(card|site|title|description|url|domain)"
)
_IMAGE = re.compile(r"(og|twitter):image(\d|:.+)?")
# A robots tag that says anything else is the page's own.
_LARGE_PREVIEW = tuple([word] for word in LARGE_PREVIEW)
_IDENTITIES = (b"property", b"name", b"itemprop", b"http-equiv")
_PAGE_TAGS = frozenset(b"html head body title".split())
_IN_HEAD = frozenset(b"base basefont bgsound link meta title noscript noframes style script".split())
_ENDS_HEAD = frozenset(b"head body html br".split())
_DOCTYPE = re.compile(rb"(?>[\t\n\f\r ]+|<!--.*?-->|<\?[^>]*>)*+<!doctype[^>]*>", re.I | re.S)
_ASIDE = re.compile(rb"<!--.*?-->|<[!?/][^>]*>", re.S)
_LINE_BEFORE = re.compile(rb"(?:\r\n|\n|\r)[ \t]*\Z")
_SPACES = b"\t\n\f\r "
_SAMPLE = 4096
_HEAD = 500_000  # bytes


class _Cut(NamedTuple):
    start: int
    end: int
    put: bytes = b""


def rewrite(page: bytes, tags: HeadTags) -> bytes:
    """The page with `tags` in its head, in place of those it had; every other byte stays.

    A removed tag takes the line break before it along. Tags that name no picture leave the page's own. Rewriting
    the result again changes nothing. Raises MetadataError for what is no HTML page, is UTF-16, or is so broken
    that tags put into it would not be read.
    """
    charset = declared_charset(page)
    bom, page = (page[:3], page[3:]) if page.startswith(codecs.BOM_UTF8) else (b"", page)
    _refuse(page, charset)
    ascii_only = charset != "utf-8"  # a page that does not say UTF-8 may be read as something else
    rest = _strip(page, charset or "utf-8", tags.has_image, ascii_only)
    place = _place(rest)
    newline = (re.search(rb"\r\n|\n|\r", page) or [b"\n"])[0]
    block = b"".join(newline + line.encode() for line in tags.lines(ascii_only=ascii_only))
    result = rest[:place] + block + rest[place:]
    if _strip(result, charset or "utf-8", tags.has_image, ascii_only) != rest or not _reads(
        bom + result, tags
    ):
        raise MetadataError(
            "the page's markup is broken: tags put into its head would not be read as such",
            "Look for a comment, a quote or a script that is not closed.",
        )
    return bom + result


def strip(page: bytes) -> bytes:
    """The page without the tags that `rewrite` put there, picture and all; one that has none of ours is as it was.

    Tags that the page had of its own were replaced when ours were put there, and do not come back.
    """
    if not any(tag.get(OUR_MARK.encode()) is not None for tag in find_tags(page) if tag.name == b"script"):
        return page
    charset = declared_charset(page)
    bom, page = (page[:3], page[3:]) if page.startswith(codecs.BOM_UTF8) else (b"", page)
    return bom + _strip(page, charset or "utf-8", images=True, ascii_only=charset != "utf-8")


def read_properties(page: bytes, charset: str | None = None) -> dict[str, str]:
    """What a page's Open Graph tags say, on one line each; of several by one name the first, as crawlers take it.

    `charset` is that of the HTTP header. Only the beginning of a page is read, where its head stands.
    """
    said, templates = dict[str, str](), 0
    for tag in find_tags(read_text(page[:_HEAD], charset).encode("utf-8", "replace")):
        if tag.name == b"template":
            templates = max(0, templates + (-1 if tag.closing else 1))
        elif tag.name == b"body" or (tag.name == b"head" and tag.closing):
            break
        elif tag.name == b"meta" and not templates and (content := tag.get(b"content")) is not None:
            for name in (*_words(tag.get(b"property")), *_words(tag.get(b"name"))):
                if name.startswith("og:"):
                    said.setdefault(name, clean(unescape(content.decode())))
    return said


def _refuse(page: bytes, charset: str | None) -> None:
    if charset and not is_ascii_based(charset):
        raise MetadataError(f"the page is in {charset.upper()}", "Save it as UTF-8.")
    if b"\0" in page[:_SAMPLE]:
        raise MetadataError("this is no HTML page: it holds bytes that are no text", "Save it as UTF-8.")
    if not _DOCTYPE.match(page) and not any(tag.name in _PAGE_TAGS for tag in find_tags(page)):
        raise MetadataError("this is no HTML page: it has neither doctype nor html, head, title or body")
    if nested_too_deep(read_text(page).encode("utf-8", "replace")):
        raise MetadataError(f"the page's elements are nested deeper than {MOST_NESTED:,} levels")


def _strip(page: bytes, charset: str, images: bool, ascii_only: bool) -> bytes:
    """The page without the tags that ours replace."""
    parts, position = [], 0
    for cut in _cuts(page, charset, images, ascii_only):
        parts += [page[position : cut.start], cut.put]
        position = cut.end
    return b"".join([*parts, page[position:]])


def _cuts(page: bytes, charset: str, images: bool, ascii_only: bool) -> Iterator[_Cut]:
    templates, script_start = 0, -1
    for tag in find_tags(page):
        if tag.name == b"template":
            templates = max(0, templates + (-1 if tag.closing else 1))
        if script_start >= 0:  # this is the end tag of that script
            yield _Cut(_line_start(page, script_start, tag.end), tag.end)
            script_start = -1
        elif templates or tag.closing:
            continue
        elif tag.name == b"meta":
            yield from _meta_cuts(page, tag, images)
        elif tag.name == b"link" and "canonical" in _words(tag.get(b"rel")):
            yield _Cut(_line_start(page, tag.start, tag.end), tag.end)
        elif tag.name == b"script" and JSON_LD in _words(tag.get(b"type")):
            put = _without_story(tag, page[tag.end : tag.content_end], charset, ascii_only)
            if put is None:
                script_start = tag.start
            elif put:
                yield _Cut(tag.end, tag.content_end, put)


def _meta_cuts(page: bytes, tag: Tag, images: bool) -> Iterator[_Cut]:
    """The whole tag if it says what we say; only the attribute if the tag says something else besides."""
    if images and (_words(tag.get(b"name")), _words(tag.get(b"content"))) == _LARGE_PREVIEW:
        yield _Cut(_line_start(page, tag.start, tag.end), tag.end)
        return
    identities = [attribute for attribute in tag.attributes if attribute.name in _IDENTITIES]
    ours = [attribute for attribute in identities if _is_ours(attribute, images)]
    if ours and len(ours) == len(identities):
        yield _Cut(_line_start(page, tag.start, tag.end), tag.end)
    else:
        for attribute in ours:
            yield _Cut(attribute.start, attribute.end)


def _is_ours(attribute: Attribute, images: bool) -> bool:
    if attribute.name not in (b"property", b"name"):
        return False
    names = _words(attribute.value)
    return any(_OURS.fullmatch(name) or (images and _IMAGE.fullmatch(name)) for name in names)


def _without_story(tag: Tag, content: bytes, charset: str, ascii_only: bool) -> bytes | None:
    """A JSON-LD script's new text: None if the script goes altogether, empty if it stays as it is."""
    if tag.get(OUR_MARK.encode()) is not None:
        return None
    data = read_json_ld(content.decode(charset, "surrogateescape" if charset == "utf-8" else "replace"))
    if not any(articles(data)):
        return b""
    left = without_articles(data)
    return None if left is None else script_json(left, ascii_only).encode("utf-8", "surrogateescape")


def _words(value: bytes | None) -> list[str]:
    return unescape((value or b"").decode("ascii", "replace")).lower().replace(";", " ").split()


def _line_start(page: bytes, start: int, end: int) -> int:
    """Where a tag's line begins, its break included; the tag's own start where the break parts two words."""
    blank = _LINE_BEFORE.search(page, max(0, start - 200), start)
    if not blank:
        return start
    parts_words = blank.start() > 0 and page[blank.start() - 1] != ord(">")
    return (
        start
        if parts_words and page[end : end + 1] not in (b"", *(bytes([s]) for s in _SPACES))
        else blank.start()
    )


def _place(page: bytes) -> int:
    """Where the head's tags may begin: behind doctype, <html>, <head> and the <meta> that tells the charset.

    That one has to stand in the page's first 1024 bytes, so nothing is put before it.
    """
    doctype = _DOCTYPE.match(page)
    place = seen = doctype.end() if doctype else 0
    for tag in find_tags(page):
        if tag.start < seen:
            continue
        if _ASIDE.sub(b"", page[seen : tag.start]).strip(_SPACES):
            break  # text: the head is over, whether it was closed or not
        seen = tag.content_end
        if tag.closing:
            if tag.name in _ENDS_HEAD:
                break
        elif tag.name in (b"html", b"head"):
            place = tag.end
        elif tag.name not in _IN_HEAD:
            break
        elif tag.name == b"meta" and _tells_charset(tag):
            place = tag.end
    return place


def _tells_charset(tag: Tag) -> bool:
    return tag.get(b"charset") is not None or "content-type" in _words(tag.get(b"http-equiv"))


def _reads(page: bytes, tags: HeadTags) -> bool:
    """Whether a parser, as others use it, sees `tags` in the page, once each, and nothing else of their kind."""
    tree = LexborHTMLParser(read_text(page))
    metas = []
    for node in tree.css("meta"):
        told = node.attributes
        for key in ("property", "name"):
            for name in (told.get(key) or "").lower().split():
                content = told.get("content") or ""
                image = _IMAGE.fullmatch(name) or (name, content.lower().strip()) == LARGE_PREVIEW
                if _OURS.fullmatch(name) or (tags.has_image and image):
                    metas.append(Meta(key, name, content))
    links = [node.attributes.get("href") for node in tree.css('head link[rel~="canonical" i]')]
    scripts = [read_json_ld(node.text()) for node in tree.css(f'script[type="{JSON_LD}" i]')]
    stories = [story for script in scripts for story in articles(script)]
    return (metas, links, stories) == (list(tags.metas), [tags.canonical], [tags.json_ld])
