"""What reading and rewriting an HTML page both need to know: its encoding, and the JSON-LD of its article."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

# Labels of the WHATWG Encoding Standard (section 4.2) that Python does not know, or knows otherwise.
_LABELS = {
    "x-gbk": "gbk", "x-sjis": "shift_jis", "x-x-big5": "big5", "windows-874": "cp874", "x-user-defined": "cp1252",
    "iso-8859-8-i": "iso8859-8", "x-mac-cyrillic": "mac_cyrillic", "x-mac-roman": "mac_roman",
    "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252", "unicode-1-1-utf-8": "utf-8",
    # A page that says so in ASCII cannot be UTF-16; the standard reads it as UTF-8.
    "utf-16": "utf-8", "utf-16le": "utf-8", "utf-16be": "utf-8", "unicode": "utf-8",
}  # fmt: skip
# Encodings that browsers read as a larger one, by Python's names.
_LARGER = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
# All of these keep ASCII's markup characters to themselves: < > " ' = never are a part of another character.
_ASCII_BASED = re.compile(
    r"utf-8|cp(12\d\d|866|874|932|949)|iso8859-\d+|koi8-[ru]|mac-(roman|cyrillic)|big5hkscs|gb18030|euc_jp"
)
_OTHERS = frozenset(["iso2022_jp"])
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARATION = re.compile(rb"""<meta\s[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_PRESCAN = 4096  # the standard looks at 1024 bytes; browsers look further

_ARTICLES = frozenset(
    # schema.org 29: Article and the types below it that a newsroom publishes
    "Article NewsArticle AnalysisNewsArticle AskPublicNewsArticle BackgroundNewsArticle OpinionNewsArticle "
    "ReportageNewsArticle ReviewNewsArticle AdvertiserContentArticle SatiricalArticle Report "
    "SocialMediaPosting BlogPosting LiveBlogPosting".split()
)
_WRAPPERS = ("<!--", "-->", "//<![CDATA[", "// <![CDATA[", "<![CDATA[", "//]]>", "// ]]>", "]]>")
_SCHEMA = re.compile(r"^(?:https?://schema\.org/|schema:)")

_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CONTAINERS = ("@graph", "mainEntity")
_MAX_DEPTH = 8

JSON_LD = "application/ld+json"
OUR_MARK = "data-syndication"
"""The attribute of our own JSON-LD: its presence says that the page's og:image is of our making, not the photo."""

PHOTO_ID = "#photo"
"""How the `@id` of the story's own photo ends among the pictures of our JSON-LD."""


def one_line(text: str) -> str:
    """The text with line breaks and runs of blanks made one space; non-breaking spaces stay, as French needs them."""
    return _BLANKS.sub(" ", text).strip(" ")


def clean(text: str) -> str:
    """The text on one line, without what no reader can show: controls, halves of pairs, non-characters."""
    return one_line(_UNSEEN.sub("", one_line(text)))


def codec(label: str | None) -> str | None:
    """Python's name for an encoding as HTML labels it; None if browsers do not know it either."""
    name = (label or "").strip().lower()
    try:
        found = codecs.lookup(_LABELS.get(name, name)).name
    except LookupError:
        return None
    found = _LARGER.get(found, found)
    return found if _ASCII_BASED.fullmatch(found) or found in _OTHERS else None


def declared_charset(page: bytes) -> str | None:
    """What a page says of itself, by its byte order mark or its first <meta charset>; None if nothing usable."""
    for mark, name in _BOMS:
        if page.startswith(mark):
            return name
    found = _DECLARATION.search(_COMMENT.sub(b"", page[:_PRESCAN]))
    return codec(found[1].decode("ascii", "replace")) if found else None


def read_text(page: bytes, charset: str | None = None) -> str:
    """The page's text: by its byte order mark, else `charset` (of the HTTP header), else what it declares,
    else UTF-8 if it is that, else windows-1252, as browsers do. What cannot be read becomes U+FFFD.
    """
    for mark, name in _BOMS:
        if page.startswith(mark):
            return page[len(mark) :].decode(name, "replace")
    told = codec(charset) or declared_charset(page)
    if told:
        return page.decode(told, "replace")
    try:
        return page.decode("utf-8")
    except UnicodeDecodeError:
        return page.decode("cp1252", "replace")


def is_ascii_based(charset: str) -> bool:
    """Whether markup can be found in the bytes of a page in this encoding without decoding it."""
    return bool(_ASCII_BASED.fullmatch(charset))


def read_json_ld(text: str) -> Any:
    """The value in a JSON-LD script, whatever old wrapper stands around it; None if it cannot be read."""
    text = text.strip()
    for wrapper in _WRAPPERS:
        text = text.removeprefix(wrapper).removesuffix(wrapper).strip()
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def types_of(node: Any) -> frozenset[str]:
    """The schema.org types of a JSON-LD node, by their bare names."""
    if not isinstance(node, dict):
        return frozenset()
    types = node.get("@type")
    names = types if isinstance(types, list) else [types]
    return frozenset(_SCHEMA.sub("", name) for name in names if isinstance(name, str))


def is_article(node: Any) -> bool:
    """Whether a JSON-LD node is a story."""
    return bool(types_of(node) & _ARTICLES)


def articles(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The page's own stories in a JSON-LD value, outermost first; not those that it only links to."""
    if depth > _MAX_DEPTH:
        return
    if is_article(data):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from articles(item, depth + 1)
    elif isinstance(data, dict):
        for key in _CONTAINERS:
            yield from articles(data.get(key), depth + 1)


def without_articles(data: Any, depth: int = 0) -> Any:
    """The JSON-LD value less what `articles` finds in it; None if nothing is left."""
    if depth > _MAX_DEPTH:
        return data
    if is_article(data):
        return None
    if isinstance(data, list):
        return [kept for item in data if (kept := without_articles(item, depth + 1)) is not None] or None
    if not isinstance(data, dict):
        return data
    result = dict(data)
    for key in _CONTAINERS:
        if key in result and (kept := without_articles(result.pop(key), depth + 1)) is not None:
            result[key] = kept
    return result if result.keys() - {"@context"} else None
