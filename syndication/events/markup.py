"""What a page shows its readers of a story: headline, figure, times, breadcrumb, byline, paragraphs."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.events.told import Told, each_once
from syndication.html import clean

_ASIDE = "script style noscript template nav aside form dialog iframe svg button".split()
_BREADCRUMB = '[itemtype*="BreadcrumbList"], [aria-label*="breadcrumb" i], [class*="breadcrumb" i]'
_SUMMARY = (
    '[itemprop="description"]:not(meta)', ".standfirst", ".dek", ".deck", ".subheadline", ".subtitle", ".summary",
    ".lede", ".lead", ".intro", '[class*="standfirst" i]', '[class*="summary" i]',
    "h1 + p:not([class])", "hgroup p:not([class])",
)  # fmt: skip
_KICKER = (".kicker", ".overline", ".topper", ".rubric", '[class*="kicker" i]', '[class*="eyebrow" i]')
_AUTHORS = (
    '[rel~="author"]', '[itemprop="author"] [itemprop="name"]', '[itemprop="author"]', ".byline a", ".author a",
    ".byline", ".author-name", ".author", '[class*="byline" i]', "address",
)  # fmt: skip
_BODY = (
    '[itemprop="articleBody"]', ".article-body", ".article__body", ".story-body", ".entry-content",
    ".post-content", "article", "main", "body",
)  # fmt: skip
_CREDIT = '[itemprop="creditText"], [class*="credit" i], [class*="copyright" i], cite, small'
_PUBLISHED = ('[itemprop="datePublished"]', "time[pubdate]", 'time[class*="publish" i]')
_MODIFIED = ('[itemprop="dateModified"]', 'time[class*="updated" i]', 'time[class*="modified" i]')
_CREDIT_WORD = re.compile(
    r"(?:^|[\s.,;(|/—–-]+)(?P<whole>(?:photo(?:graph)?s?|image|picture|credit|fotos?|crédit|фото|світлина|φωτογραφία"
    r"|צילום|تصوير)\s*(?:[:/©]|by\b)[^.]{2,120})\.?\s*$",
    re.I,
)
_BY = re.compile(
    r"(?:by|von|par|por|od|от|від|автор(?:ка)?|текст|από|מאת|بقلم|كتبت?)\s*:?\s+(?=\S+\s+\S)", re.I
)
# No conjunction that grows onto the next word, as in Arabic and Hebrew: names begin with those letters, too.
_AND = re.compile(r"\s*[,;،&]\s*|\s+(?:and|und|et|y|e|og|och|en|i|и|та|й|και)\s+")
_BARS = re.compile(r"\s+(?:\||·|•|»|«|::|›)\s+")
_DASHES = re.compile(r"\s+[–—-]\s+")
_BREAKS = frozenset("br p li div h1 h2 h3 h4".split())
_SIZE = re.compile(r"\d+(\.\d+)?[wx]")
_LAZY = ("data-src", "data-original", "data-lazy-src")
_MAX_BODY = 400_000
_PARAGRAPHS = 5000
_OUTSIDE = frozenset("header footer figure address".split())


def read_markup(tree: LexborHTMLParser, site: str) -> Told:
    """What the page's own markup tells; `site` is the paper's name, if known. Leaves only the story in the tree."""
    languages = [node.attributes.get("lang") for node in tree.css("article[lang], html[lang], body[lang]")]
    headline = _headline(tree, site)
    section = _section(tree, headline)
    tree.strip_tags(_ASIDE, recursive=True)
    story = _story(tree)
    if story is None:
        return {}
    published, modified = _times(story)
    image = _image(story) or _image(tree.body or story)
    summary, kicker = _first(story, _SUMMARY, most=1000), _first(story, _KICKER, most=60)
    told = {
        "headline": headline,
        "summary": summary,
        "kicker": kicker,
        "section": section,
        "language": next((language for language in languages if language), ""),
        "published": published,
        "modified": modified,
        "byline": _byline(story),
        "image": [image] if image else [],
        "tags": each_once(
            text_of(node) for node in tree.css('a[rel~="tag"], .tags a, [itemprop="keywords"] a')
        ),
        "body": list(_paragraphs(story, {summary, kicker})),
    }
    return {name: value for name, value in told.items() if value}


def text_of(node: LexborNode | None) -> str:
    """The node's text on one line; what breaks a line counts as a space. Non-breaking spaces stay."""
    if node is None:
        return ""
    parts = [
        (part.text_content or "") if part.tag == "-text" else " " * (part.tag in _BREAKS)
        for part in node.traverse(include_text=True)
    ]
    return clean("".join(parts))


def without_site(title: str, site: str) -> str:
    """A title less the paper's name, where that stands behind a bar or a dash at one of its ends."""
    for pattern in (_BARS, _DASHES):
        parts = pattern.split(title)
        kept = [part for part in parts if part.casefold() != site.casefold()]
        if kept and len(kept) < len(parts):
            return _between(title, kept)
    return title


def _without_end(title: str) -> str:
    """A window's title less what is likely the name of a paper that the page does not tell otherwise."""
    bars, dashes = _BARS.split(title), _DASHES.split(title)
    if len(bars) > 1:
        return max(bars, key=len)
    # A dash may belong to the headline: only a short end behind a long beginning is a name.
    if len(dashes) > 1 and len(dashes[-1].split()) <= 3 < len(" ".join(dashes[:-1]).split()):
        return _between(title, dashes[:-1])
    return title


def _between(title: str, kept: list[str]) -> str:
    return title[title.index(kept[0]) : title.rindex(kept[-1]) + len(kept[-1])]


def _first(story: LexborNode, selectors: tuple[str, ...], most: int) -> str:
    """The first text that a selector finds, the earlier selector first, of at most `most` characters."""
    for selector in selectors:
        for node in story.css(selector):
            text = text_of(node)
            is_byline = len(text) < 80 and _BY.match(text)
            if is_byline or node.css_first('h1, time, [rel~="author"]'):
                continue
            if 0 < len(text) <= most:
                return text
    return ""


def _headline(tree: LexborHTMLParser, site: str) -> str:
    for selector in ('h1[itemprop="headline"]', "article h1", "main h1", "h1", '[itemprop="headline"]'):
        for node in tree.css(selector):
            if (text := text_of(node)) and text.casefold() != site.casefold():
                return text
    title = text_of(tree.css_first("head title"))[:1000]
    return without_site(title, site) if site else _without_end(title)


def _section(tree: LexborHTMLParser, headline: str) -> str:
    """The breadcrumb's first step below the front page."""
    for trail in tree.css(_BREADCRUMB):
        steps = [node for node in trail.css("a, [itemprop=name]") if text_of(node)]
        steps = [node for node in steps if not (node.tag != "a" and node.parent and node.parent.tag == "a")]
        if len(steps) > 1 or (steps and _is_front(steps[0])):
            steps = steps[1:]
        names = [text for node in steps if (text := text_of(node)) and text != headline]
        if names:
            return names[0]
    return text_of(tree.css_first('[itemprop="articleSection"], a[rel~="category"]'))


def _is_front(node: LexborNode) -> bool:
    href = (node.attributes.get("href") or "").strip()
    return re.fullmatch(r"(https?://[^/]+)?/?(index\.html?)?", href) is not None


def _story(tree: LexborHTMLParser) -> LexborNode | None:
    """The smallest part of the page that holds the whole story."""
    for selector in ("article:has(h1)", "main:has(h1)", '[itemtype*="Article"]', "main", "article"):
        if node := tree.css_first(selector):
            return node
    return tree.body


def _times(story: LexborNode) -> tuple[str, str]:
    """When the story was published and last changed, as the markup writes it."""
    published, modified = (_when(story, selectors) for selectors in (_PUBLISHED, _MODIFIED))
    if not published:
        moments = [moment for node in story.css("time") if (moment := _moment(node)) and moment != modified]
        published = moments[0] if moments else ""
    return published, modified


def _when(story: LexborNode, selectors: tuple[str, ...]) -> str:
    return next(
        (text for selector in selectors for node in story.css(selector) if (text := _moment(node))), ""
    )


def _moment(node: LexborNode) -> str:
    told = node.attributes
    return (told.get("datetime") or told.get("content") or text_of(node)).strip()


def _byline(story: LexborNode) -> list[str]:
    for selector in _AUTHORS:
        found = [
            text
            for node in story.css(selector)
            if (text := _BY.sub("", text_of(node), count=1)) and len(text) <= 200
        ]
        names = each_once(name for text in found for name in _AND.split(text))
        names = [name for name in names if not any(letter.isdigit() for letter in name) and "@" not in name]
        if names:
            return names
    return []


def _image(part: LexborNode) -> dict[str, str] | None:
    """The first photo: in a figure if there is any. Drawings (SVG) and what the site's own head shows are none."""
    for image in [*part.css("figure img"), *part.css("img")]:
        src = _source(image)
        parents = list(_parents(image))
        in_frame = part.tag == "body" and any(parent.tag in ("header", "footer") for parent in parents)
        if not src or src.partition("?")[0].lower().endswith(".svg") or _is_tiny(image) or in_frame:
            continue
        figure = next((parent for parent in parents if parent.tag == "figure"), None)
        caption, credit = _caption(figure) if figure else ("", "")
        return {
            "src": src,
            "alt": clean(image.attributes.get("alt") or ""),
            "caption": caption,
            "credit": credit,
        }
    return None


def _source(image: LexborNode) -> str:
    told = image.attributes
    parent = image.parent
    sets = [told.get("srcset"), told.get("data-srcset")]
    if parent and parent.tag == "picture":
        sets += [node.attributes.get("srcset") for node in parent.css("source")]
    largest = [_largest(text) for text in sets if text and text.strip()]
    sources = [told.get("src"), *(told.get(name) for name in _LAZY), *largest]
    return next((text.strip() for text in sources if text and not text.strip().startswith("data:")), "")


def _largest(srcset: str) -> str:
    pairs = [part.split() for part in re.split(r",\s+", srcset.strip()) if part.strip()]
    return max(
        pairs, key=lambda pair: float(pair[1][:-1]) if len(pair) > 1 and _SIZE.fullmatch(pair[1]) else 0
    )[0]


def _is_tiny(image: LexborNode) -> bool:
    sides = (image.attributes.get("width") or "", image.attributes.get("height") or "")
    return any(side.isascii() and side.isdigit() and len(side) < 3 for side in sides)


def _parents(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _caption(figure: LexborNode) -> tuple[str, str]:
    """A figure's caption and credit; the credit has a place of its own, or ends the caption behind "Photo:"."""
    credit = text_of(figure.css_first(_CREDIT))
    caption = text_of(figure.css_first("figcaption"))
    if credit and caption.endswith(credit):
        caption = caption[: -len(credit)].rstrip(" (—–-|/·")
    elif credit and caption.startswith(credit):
        caption = caption[len(credit) :].lstrip(" )—–-|/·")
    elif not credit and (found := _CREDIT_WORD.search(caption, max(0, len(caption) - 200))):
        credit = caption[found.start("whole") :].strip(" ()")
        caption = caption[: found.start()].strip()
    return caption, credit


def _paragraphs(story: LexborNode, known: set[str]) -> Iterator[str]:
    """The story's paragraphs, but for those of its head, its figures and its foot."""
    body = next((node for selector in _BODY if (node := story.css_first(selector))), story)
    length = 0
    for node in body.css("p")[:_PARAGRAPHS]:
        text = text_of(node)
        outside = any(parent.tag in _OUTSIDE for parent in _parents(node))
        if not text or outside or text in known or _is_byline(node):
            continue
        length += len(text)
        if length > _MAX_BODY:
            return
        yield text


def _is_byline(node: LexborNode) -> bool:
    names = (node.attributes.get("class") or "").lower()
    return any(word in names for word in ("byline", "author", "credit", "kicker", "standfirst", "dateline"))
