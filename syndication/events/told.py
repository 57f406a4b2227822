"""What a page tells machines of its story: JSON-LD (schema.org), Open Graph, Twitter and other meta tags.

Each reader returns plain data under the names of the event's fields, `image` as a list of candidates with
`src`, `alt`, `caption` and `credit`; what a page does not tell is not there.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from syndication.html import JSON_LD, OUR_MARK, PHOTO_ID, articles, clean, read_json_ld

Told = dict[str, Any]

# Names of <meta>, in the order in which they are believed.
_METAS = {
    "headline": ("og:title", "twitter:title", "dc.title"),
    "summary": ("og:description", "twitter:description", "description", "dc.description"),
    "section": ("article:section", "parsely-section"),
    "published": ("article:published_time", "parsely-pub-date", "datepublished", "dc.date.issued", "pubdate", "date"),
    "modified": ("article:modified_time", "og:updated_time", "datemodified", "dc.date.modified", "last-modified"),
    "language": ("content-language", "dc.language"),
    "byline": ("article:author", "author", "parsely-author", "dc.creator"),
    "tags": ("article:tag", "news_keywords", "keywords", "parsely-tags"),
}  # fmt: skip
_MANY = ("byline", "tags")
_IMAGES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
_IMAGE_ALTS = ("og:image:alt", "twitter:image:alt")
_SEPARATORS = re.compile(r"\s*[,;،]\s*")
_MOST = 100


def read_linked_data(tree: LexborHTMLParser, url: str) -> Told:
    """What the page's JSON-LD tells of the article at `url`, or of its first article."""
    values, ours = [], False
    for script in tree.css(f'script[type^="{JSON_LD}" i]'):
        values.append(read_json_ld(script.text()))
        ours = ours or OUR_MARK in script.attributes
    stories = [story for value in values for story in articles(value)]
    if not stories:
        return {}
    nodes = {node["@id"]: node for value in values for node in _named(value)}
    story = next((one for one in stories if url in _addresses(one)), stories[0])
    pictures = [_resolve(picture, nodes) for picture in _list(story.get("image"))]
    if ours:  # what else it names are crops of this photo
        pictures = [p for p in pictures if isinstance(p, dict) and str(p.get("@id", "")).endswith(PHOTO_ID)]
    people = [_text(_resolve(person, nodes)) for person in _list(story.get("author"))]
    keywords = [word for part in _list(story.get("keywords")) for word in _SEPARATORS.split(_text(part))]
    body = _text(story.get("articleBody"))
    return _known(
        headline=_text(story.get("headline")) or _text(story.get("name")),
        summary=_text(story.get("description")),
        section=_text(story.get("articleSection")),
        published=_text(story.get("datePublished")),
        modified=_text(story.get("dateModified")),
        language=_text(story.get("inLanguage"), "alternateName", "name"),
        byline=_names(people),
        tags=each_once(keywords),
        body=[body] if body else [],
        site=_text(_resolve(story.get("publisher"), nodes)),
        image=[picture for one in pictures if (picture := _picture(one))],
    )


def read_metas(tree: LexborHTMLParser) -> Told:
    """What the page's meta tags tell; `canonical`, `locale` and `site` besides."""
    told: dict[str, list[str]] = {}
    for node in tree.css("meta[content]"):
        content = clean(node.attributes.get("content") or "")
        for key in ("property", "name", "itemprop", "http-equiv"):
            for name in (node.attributes.get(key) or "").lower().split():
                if content:
                    told.setdefault(name, []).append(content)
    found: Told = {}
    for field, names in _METAS.items():
        texts = next((told[name] for name in names if name in told), [])
        if field == "tags":
            found[field] = each_once(word for text in texts for word in _SEPARATORS.split(text))
        elif field == "byline":
            found[field] = _names(texts)
        elif texts:
            found[field] = texts[0]
    alt = next((told[name][0] for name in _IMAGE_ALTS if name in told), "")
    # Our own JSON-LD says that the picture named here is a card, or a crop.
    cards = tree.css_first(f"script[{OUR_MARK}]") is not None
    sources = [] if cards else each_once(told[name][0] for name in _IMAGES if name in told)
    found["image"] = [{"src": src, "alt": alt} for src in sources]
    canonical = tree.css_first('link[rel~="canonical" i][href]')
    return _known(
        **found,
        canonical=(canonical.attributes.get("href") or "").strip() if canonical else "",
        # Not believed before the markup's lang: ar_AR is what share previews want of Arabic, not a language tag.
        locale=told.get("og:locale", [""])[0],
        site=told.get("og:site_name", [""])[0],
    )


def _known(**told: Any) -> Told:
    return {name: value for name, value in told.items() if value}


def _named(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every node that others can refer to by its @id."""
    if depth > 6:
        return
    if isinstance(value, dict):
        if isinstance(value.get("@id"), str) and len(value) > 1:
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        if isinstance(inner, dict | list):
            yield from _named(inner, depth + 1)


def _resolve(node: Any, nodes: dict[str, dict[str, Any]]) -> Any:
    if isinstance(node, dict) and node.keys() <= {"@id", "@type"} and isinstance(node.get("@id"), str):
        return nodes.get(node["@id"], node)
    return node


def _addresses(story: dict[str, Any]) -> Iterator[str]:
    for key in ("url", "@id", "mainEntityOfPage"):
        value = story.get(key)
        address = value.get("@id") if isinstance(value, dict) else value
        if isinstance(address, str):
            yield address.partition("#")[0]


def _list(value: Any) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items[:_MOST] if item is not None]


def _text(value: Any, *names: str) -> str:
    """The text of a value as JSON-LD has it: bare, in a list, or in an object under one of `names`."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = next(
            (value[name] for name in (*names, "name", "@value") if isinstance(value.get(name), str)), ""
        )
    # Many a CMS writes entities into its JSON, where they mean nothing.
    return clean(unescape(value)) if isinstance(value, str) else ""


def _picture(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {"src": value}
    if not isinstance(value, dict):
        return {}
    src = _text(value.get("contentUrl")) or _text(value.get("url"))
    credit = _text(value.get("creditText")) or _text(value.get("creator"))
    return {"src": src, "caption": _text(value.get("caption")), "credit": credit} if src else {}


def _names(texts: Iterable[str]) -> list[str]:
    """The names among the texts: some tell a profile's address instead."""
    return each_once(text for text in texts if "://" not in text and not text.startswith("@"))


def each_once(texts: Iterable[str]) -> list[str]:
    """The texts in their order, each once, without empty ones; a hundred at most."""
    return list(dict.fromkeys(text for text in texts if text))[:_MOST]
