"""Open Graph, Twitter card tags, the canonical link and JSON-LD of a story.

Sources: https://ogp.me, https://developer.x.com/en/docs/x-for-websites/cards/overview/markup (read 2026-11),
https://schema.org/NewsArticle, https://developers.google.com/search/docs/appearance/structured-data/article.

Pictures: Google takes its preview from JSON-LD or og:image, asks for no text in either, and for 16:9, 4:3 and 1:1 in
JSON-LD. Discover shows a picture large from 1200 pixels of width on, where the page allows it by max-image-preview
(developers.google.com: Image SEO, Discover, Robots meta tag; read 2026-11). Feeds and messengers read og:image alone.
"""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from babel.core import get_global
from selectolax.lexbor import LexborHTMLParser

from syndication.config import Brand
from syndication.html import JSON_LD, OUR_MARK, PHOTO_ID, clean
from syndication.models import Card, PublishEvent
from syndication.text import clip

SHARE_SIZE = (1200, 630)
ALT_LENGTH = 420  # of twitter:image:alt (X's last card reference, 2026-02); Open Graph names no limit
LARGE_PREVIEW = ("robots", "max-image-preview:large")
"""Name and content of the tag that lets search engines show a picture large. Of a page's several rules on the same
matter the strictest counts (developers.google.com, Robots meta tag), so a page can still forbid it."""
_DESCRIPTION = 300  # no preview shows more of a body that stands in for a summary
_ENOUGH_HTML = 50_000  # the parser's time grows with the square of the nesting
# Inside <script> only these could end it or hide its end; the line separators end a line for some readers.
_SCRIPT_ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


Picture = tuple[str, Card]  # its public address, and what it is


class Meta(NamedTuple):
    """One <meta>: `key` is `property` or `name`, as its readers look for it."""

    key: str
    name: str
    content: str


@dataclass(frozen=True)
class HeadTags:
    """What belongs into the <head> of a story's page. `json_ld` is a schema.org NewsArticle."""

    metas: tuple[Meta, ...]
    canonical: str
    json_ld: dict[str, Any]

    @property
    def has_image(self) -> bool:
        """Whether a share picture is named; without one a page keeps what it has."""
        return any(meta.name == "og:image" for meta in self.metas)

    def html(self) -> str:
        """The tags as HTML, one a line. Every value is escaped, whatever it holds."""
        return "\n".join(self.lines(ascii_only=False))

    def lines(self, *, ascii_only: bool) -> list[str]:
        """The tags as HTML. `ascii_only` writes all else as references, which hold in any encoding."""
        rows = [f'<link rel="canonical" href="{html.escape(self.canonical)}" />']
        for meta in self.metas:
            rows.append(f'<meta {meta.key}="{meta.name}" content="{html.escape(meta.content)}" />')
        rows.append(
            f'<script type="{JSON_LD}" {OUR_MARK}="">{script_json(self.json_ld, ascii_only)}</script>'
        )
        return [row.encode("ascii", "xmlcharrefreplace").decode() if ascii_only else row for row in rows]

    def data(self) -> dict[str, Any]:
        """The same as plain data: `canonical`, `meta` (a list of objects), `json_ld`."""
        metas = [{meta.key: meta.name, "content": meta.content} for meta in self.metas]
        return {"canonical": self.canonical, "meta": metas, "json_ld": self.json_ld}


def script_json(data: Any, ascii_only: bool) -> str:
    """JSON that may stand inside <script>: nothing in it can end the script or open a comment."""
    return json.dumps(data, ensure_ascii=ascii_only).translate(_SCRIPT_ESCAPES)


def card_url(base_url: str, card: Card) -> str:
    """The public address of a card whose folder has the address `base_url`."""
    return f"{base_url.rstrip('/')}/{quote(card.file)}"


def head_tags(
    event: PublishEvent,
    cards: Sequence[Card],
    *,
    brand: Brand,
    base_url: str,
    image: Literal["card", "photo"] = "card",
) -> HeadTags:
    """The tags of a story whose cards, and clean crops of its photo, lie under `base_url`.

    og:image is the 1200x630 card, or the first if there is none of that size; or, as `image` says, the widest crop.
    Each stands in for the other where that is missing. JSON-LD names the crops. Without `base_url` or pictures none
    is named: a wrong address would be worse than none.
    """
    pictures = [(card_url(base_url, card), card) for card in cards] if base_url else []
    crops = [one for one in pictures if one[1].is_clean]
    shared = _shared(pictures, image)
    description = clean(event.summary) or _opening(event.body)
    metas = [
        Meta("property", "og:type", "article"),
        Meta("property", "og:site_name", brand.name),
        Meta("property", "og:title", event.headline),
        Meta("property", "og:description", description),
        Meta("property", "og:url", event.url),
        Meta("property", "og:locale", _locale(event.language)),
        *_article(event),
        *(_picture(*shared) if shared else ()),
        Meta("name", "twitter:card", "summary_large_image" if shared else "summary"),
        Meta("name", "twitter:site", brand.twitter),
        Meta("name", "twitter:title", event.headline),
        Meta("name", "twitter:description", description),
    ]
    if shared:
        alt = clip(shared[1].alt, ALT_LENGTH)
        metas += [Meta("name", "twitter:image", shared[0]), Meta("name", "twitter:image:alt", alt)]
        metas += [Meta("name", *LARGE_PREVIEW)]
    told = (meta._replace(content=clean(meta.content)) for meta in metas)
    return HeadTags(
        metas=tuple(meta for meta in told if meta.content),
        canonical=clean(event.url),
        json_ld=_json_ld(event, crops, brand, description),
    )


def _shared(pictures: Sequence[Picture], image: str) -> Picture | None:
    """The picture for og:image."""
    cards = [one for one in pictures if not one[1].is_clean]
    crops = [one for one in pictures if one[1].is_clean]
    crops.sort(key=lambda one: one[1].height / one[1].width)
    cards.sort(key=lambda one: (one[1].width, one[1].height) != SHARE_SIZE)
    return next(iter([*crops, *cards] if image == "photo" else [*cards, *crops]), None)


def _article(event: PublishEvent) -> list[Meta]:
    pairs = [("article:published_time", _moment(event.published))]
    if event.modified:
        pairs.append(("article:modified_time", _moment(event.modified)))
    if event.expires:
        pairs.append(("article:expiration_time", _moment(event.expires)))
    pairs += [("article:author", name) for name in event.byline]
    pairs.append(("article:section", event.section))
    pairs += [("article:tag", tag) for tag in event.tags]
    return [Meta("property", name, content) for name, content in pairs]


def _picture(address: str, card: Card) -> list[Meta]:
    pairs = [("og:image", address)]
    if address.startswith("https://"):
        pairs.append(("og:image:secure_url", address))
    pairs += [
        ("og:image:type", card.mime),
        ("og:image:width", str(card.width)),
        ("og:image:height", str(card.height)),
        ("og:image:alt", clip(card.alt, ALT_LENGTH)),
    ]
    return [Meta("property", name, content) for name, content in pairs]


def _json_ld(event: PublishEvent, crops: Sequence[Picture], brand: Brand, description: str) -> dict[str, Any]:
    images: list[dict[str, Any]] = [
        {"url": address, "width": card.width, "height": card.height, "encodingFormat": card.mime}
        for address, card in crops
    ]
    if event.image and event.image.url:
        images.append({"@id": event.url + PHOTO_ID, "url": event.image.url})
    if event.image:
        caption = clean(event.image.caption or event.image.alt)
        about = _told({"caption": caption, "creditText": clean(event.image.credit)})
        images = [{"@type": "ImageObject", **image, **about} for image in images]
    publisher = {"@type": "NewsMediaOrganization", "name": brand.name, "url": brand.site}
    return _told(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": clean(event.headline),
            "description": description,
            "url": clean(event.url),
            "mainEntityOfPage": {"@type": "WebPage", "@id": clean(event.url)},
            "inLanguage": event.language,
            "datePublished": _moment(event.published),
            "dateModified": _moment(event.modified or event.published),
            "expires": _moment(event.expires) if event.expires else "",
            "image": images,
            "author": [{"@type": "Person", "name": clean(name)} for name in event.byline if clean(name)],
            "publisher": _told(publisher),
            "articleSection": clean(event.section),
            "keywords": [clean(tag) for tag in event.tags if clean(tag)],
        }
    )


def _told(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _locale(language: str) -> str:
    """The language as Open Graph writes it, `ll_CC`; the country that CLDR thinks likeliest where none is told."""
    parts = re.split(r"[-_]", language)
    country = next((part.upper() for part in parts[1:] if len(part) == 2 and part.isalpha()), "")
    if not country:
        country = get_global("likely_subtags").get(parts[0].lower(), "").rpartition("_")[2]
    return f"{parts[0].lower()}_{country}" if country else ""


def _opening(body: str) -> str:
    """The first paragraph of a body in HTML, or of all its text if it has none, cut between words."""
    tree = LexborHTMLParser(body[:_ENOUGH_HTML])
    tree.strip_tags(["script", "style", "figure", "template"], recursive=True)
    paragraphs = (clean(node.text()) for node in tree.css("p"))
    text = next((paragraph for paragraph in paragraphs if paragraph), "") or clean(tree.text())
    if len(text) <= _DESCRIPTION:
        return text
    return (text[: _DESCRIPTION - 1].rpartition(" ")[0] or text[: _DESCRIPTION - 1]).rstrip(" ,;:–—-") + "…"
