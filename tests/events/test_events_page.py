"""Events from HTML pages: which source tells what."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.config import Brand
from syndication.errors import EventError
from syndication.events import parse_event
from syndication.events.page import event_from_page
from syndication.metadata import head_tags, rewrite
from syndication.models import Card, PublishEvent

URL = "https://news.example/world/1"
SAMPLES = Path(__file__).parents[2] / "syndication" / "samples" / "stories"
PLAIN = """<html lang="el"><head><title>Small headline here today - The Meridian</title></head><body>
<header><h1>The Meridian</h1></header>
<ol class="breadcrumbs"><li><a href="/">Home</a><li><a href="/w">World</a><li>Big headline</ol>
<article><p class="kicker">Iraq</p><h1>Big <em>head</em>line</h1><p class="dek">What it is about.</p>
<p class="byline">By Ines Varga and Tomas Lind</p><time datetime="2026-11-20T08:00+02:00">today</time>
<figure><img src="/sea.jpg" alt="A wall"><figcaption>At dusk. Photo: Mara Osei</figcaption></figure>
<p>First &amp; last.</p><aside><p>Not this.</p></aside></article></body></html>"""


def read(html: str, **options: Any) -> PublishEvent:
    return event_from_page(html.encode(), **{"url": URL, **options})


def page(head: str, body: str = "<h1>Shown</h1><time datetime='2026-01-01T00:00:00Z'></time>") -> str:
    return f"<html><head>{head}</head><body>{body}</body></html>"


def linked(**fields: Any) -> str:
    data = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Linked", **fields}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.html")), ids=lambda file: file.stem)
def test_samples_tell_the_same_as_events(file: Path) -> None:
    """Each sample page, in whatever language and with or without meta tags, gives the event of its JSON twin."""
    twin = parse_event(file.with_suffix(".json").read_bytes(), folder=file.parent)
    event = event_from_page(file.read_bytes(), url=twin.url, folder=file.parent)
    apart = {"id", "priority", "overrides", "image"}
    assert event.model_dump(exclude=apart) == twin.model_dump(exclude=apart)
    assert event.image and twin.image
    assert event.image.model_dump(exclude={"focal"}) == twin.image.model_dump(exclude={"focal"})


def test_markup_alone_tells_all() -> None:
    """A page with no meta tags gives a whole event from what it shows its readers."""
    event = read(PLAIN)
    assert (event.headline, event.summary, event.kicker) == ("Big headline", "What it is about.", "Iraq")
    assert (event.section, event.language, event.byline) == ("World", "el", ("Ines Varga", "Tomas Lind"))
    assert event.published.isoformat() == "2026-11-20T08:00:00+02:00"
    assert event.image and event.image.url == "https://news.example/sea.jpg"
    assert (event.image.alt, event.image.caption, event.image.credit) == (
        "A wall",
        "At dusk",
        "Photo: Mara Osei",
    )
    assert event.body == "<p>First &amp; last.</p>"


@pytest.mark.parametrize(
    "nested", ["<div>", "<div></span>", "<ul><li>", "<DIV><table><tr><td></div>", "<div/>", "<svg><g>"]
)
def test_a_page_nested_too_deep_is_refused_at_once(nested: str) -> None:
    """A parser's time grows with the square of the levels: such a page would keep a worker for minutes."""
    start = time.process_time()
    with pytest.raises(EventError, match="nested too deep"):
        read(page("", nested * 200_000))
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "held",
    [
        "<div>x</div>",
        "<script>for(i=0;i<n;i++){a<b &&c<d}</script>",
        "<svg><path d='M0'/><use href='#a'/></svg>",
    ],
)
def test_a_long_page_is_read(held: str) -> None:
    """Neither comparisons in scripts nor a map's thousands of shapes are levels of a page."""
    shown = "<h1>Shown</h1><time datetime='2026-01-01T00:00:00Z'></time>"
    assert read(page("", shown + held * 20_000)).headline == "Shown"


def test_order_of_sources() -> None:
    """JSON-LD is believed before meta tags, meta tags before markup, each field by itself."""
    metas = '<meta property="og:title" content="Meta"><meta property="og:description" content="Meta dek">'
    both = read(page(metas + linked(datePublished="2026-02-02T00:00:00Z")))
    assert (both.headline, both.summary, both.published.month) == ("Linked", "Meta dek", 2)
    assert read(page(metas)).headline == "Meta"
    assert read(page("")).headline == "Shown"


def test_graph_with_references() -> None:
    """An article inside @graph is found, and what it refers to by @id is looked up."""
    graph = [
        {"@type": "WebPage", "name": "not this"},
        {"@type": ["Thing", "http://schema.org/ReportageNewsArticle"], "headline": "Graph &amp; all",
         "datePublished": "2026-03-03", "author": [{"@id": "#a"}], "image": {"@id": "#i"}},
        {"@type": "Person", "@id": "#a", "name": "Ines Varga"},
        {"@type": "ImageObject", "@id": "#i", "contentUrl": "/i.jpg", "caption": "C", "creditText": "D"},
    ]  # fmt: skip
    head = f'<script type="application/ld+json"><!-- {json.dumps({"@graph": graph})} --></script>'
    event = read(page(head, "<h1>x</h1>"))
    assert (event.headline, event.byline, event.published.day) == ("Graph & all", ("Ines Varga",), 3)
    assert event.image and (event.image.url, event.image.credit) == ("https://news.example/i.jpg", "D")


def test_the_articles_own_json_ld() -> None:
    """Among several articles the one that names this page's address is the page's own."""
    date = "2026-03-03T00:00:00Z"
    other, own = (
        linked(headline="Other", datePublished=date),
        linked(headline="Own", url=URL, datePublished=date),
    )
    assert read(page(other + own)).headline == "Own"


def test_broken_json_ld_is_passed_over() -> None:
    """JSON-LD that cannot be read costs nothing but itself."""
    assert (
        read(page('<script type="application/ld+json">{"@type": "NewsArticle", </script>')).headline
        == "Shown"
    )


def test_exact_times_before_bare_dates() -> None:
    """A bare date counts only if no source tells the hour, and a time without a zone is UTC."""
    assert read(page(linked(datePublished="2026-01-01"))).published == datetime(2026, 1, 1, tzinfo=UTC)
    body = "<h1>x</h1><time datetime='2026-01-01T09:30:00'></time>"
    event = read(page(linked(datePublished="2026-01-01"), body))
    assert event.published == datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


def test_what_is_missing_is_named() -> None:
    """A page that tells no headline and no date is refused with what was looked for."""
    with pytest.raises(EventError) as caught:
        read("<p>Hello</p>")
    told = {fault.field: fault.expected for fault in caught.value.faults}
    assert "<h1>" in told["headline"] and "<time datetime>" in told["published"]


@pytest.mark.parametrize(
    ("title", "site", "headline"),
    [
        ("Storm hits the coast | The Meridian", "", "Storm hits the coast"),
        ("The Meridian | Storm hits the coast", "", "Storm hits the coast"),
        ("Storm hits - dozens are rescued - The Meridian", "The Meridian", "Storm hits - dozens are rescued"),
        ("Storm hits the coast – The Meridian", "", "Storm hits the coast"),
        ("Rain – then sun", "", "Rain – then sun"),
        ("Plain", "", "Plain"),
    ],
)  # fmt: skip
def test_brand_in_the_title(title: str, site: str, headline: str) -> None:
    """The paper's name at an end of <title> is no part of the headline."""
    site_tag = f'<meta property="og:site_name" content="{site}">' if site else ""
    body = "<time datetime='2026-01-01T00:00:00Z'></time>"
    assert read(page(f"<title>{title}</title>{site_tag}", body)).headline == headline


def test_canonical_of_the_own_host_only() -> None:
    """A fetched page may name its own canonical address on its host, not somebody else's; a file keeps its URL."""
    head = '<link rel="canonical" href="/world/1">'
    assert read(page(head), url=f"{URL}?utm=1#top").url == URL
    elsewhere = '<link rel="canonical" href="https://other.example/">'
    assert read(page(elsewhere)).url == URL
    assert read(page(head), url=f"{URL}?a=1", folder=Path()).url == f"{URL}?a=1"


def test_local_photo_before_urls(tmp_path: Path) -> None:
    """Of a local page, a photo that lies beside it is taken as a file; what is not there stays a URL."""
    (tmp_path / "sea view.jpg").write_bytes(b"photo")
    head = '<meta property="og:image" content="https://cdn.example/a.jpg">'
    body = "<h1>x</h1><time datetime='2026-01-01T00:00:00Z'></time><img src='{}' alt='Sea'>"
    local = read(page(head, body.format("sea%20view.jpg?v=2")), folder=tmp_path).image
    assert local and (local.path, local.alt) == (str(tmp_path / "sea view.jpg"), "Sea")
    missing = read(page(head, body.format("none.jpg")), folder=tmp_path).image
    assert missing and missing.url == "https://cdn.example/a.jpg"
    remote = read(page("", body.format("sea%20view.jpg"))).image
    assert remote and remote.url == "https://news.example/world/sea%20view.jpg"


def test_lazy_and_responsive_images() -> None:
    """A placeholder is not the photo: the largest of what is offered in its place is."""
    lazy = "<h1>x</h1><time datetime='2026-01-01T00:00Z'></time><img width=1 height=1 src=/dot.gif><img src='data:x' "
    event = read(page("", lazy + "srcset='/s.jpg 400w, /l.jpg 1600w'>"))
    assert event.image and event.image.url == "https://news.example/l.jpg"
    event = read(page("", lazy + "data-src='/d.jpg'>"))
    assert event.image and event.image.url == "https://news.example/d.jpg"


def test_logos_and_bylines_are_no_story() -> None:
    """A logo is not the photo, and the byline below the headline is not the summary."""
    body = """<header><img src="/logo.png"></header><h1>x</h1><p>By Ines Varga</p><time datetime="2026-01-01T00:00Z">
    </time><div><img src="/icon.svg"><img src="/photo.jpg"></div><p>First.</p>"""
    event = read(page("", body))
    assert event.image and event.image.url == "https://news.example/photo.jpg" and event.summary == ""


@pytest.mark.parametrize(
    ("raw", "charset"),
    [
        ("<meta charset=windows-1251><h1>Поезд</h1>".encode("cp1251"), None),
        ("<h1>Поезд</h1>".encode("koi8-r"), "koi8-r"),
        ("\ufeff<h1>Поезд</h1>".encode("utf-16-le"), None),
        ("\ufeff<h1>Поезд</h1>".encode(), "koi8-r"),
        ("<meta charset=utf-16><h1>Поезд</h1>".encode(), "nonsense"),
        ("<h1>Поезд</h1>".encode(), None),
    ],
)
def test_encodings(raw: bytes, charset: str | None) -> None:
    """A page is read by its byte order mark, the HTTP header, its own word, or as UTF-8, in that order."""
    date = "<time datetime=2026-01-01T00:00Z>"
    tail = date.encode("utf-16-le") if raw.startswith(b"\xff\xfe") else date.encode()
    assert event_from_page(raw + tail, url=URL, charset=charset).headline == "Поезд"


def test_our_own_cards_are_not_the_photo() -> None:
    """A page that we have tagged before gives its photo again, not the card or the crop made of it."""
    first = read(PLAIN)
    card = Card(template="article", width=1200, height=630, file="c.jpg", sha256="0" * 64, size=1)
    crop = card.model_copy(update={"template": "", "file": "p.jpg"})
    tags = head_tags(first, [card, crop], brand=Brand(), base_url="https://cdn.example")
    bare = PLAIN.replace('<img src="/sea.jpg" alt="A wall">', "")
    for html in (PLAIN, bare):
        again = event_from_page(rewrite(html.encode(), tags), url=URL)
        assert again.image and first.image and again.image.url == first.image.url


@given(
    st.text(max_size=400),
    st.sampled_from(["", "<h1>", "<script type='application/ld+json'>", "<meta content='"]),
)
def test_any_page(text: str, start: str) -> None:
    """Whatever a page holds, the answer is an event or an EventError."""
    try:
        event = event_from_page((start + text).encode("utf-8", "surrogatepass"), url=URL)
    except EventError as error:
        assert error.faults
    else:
        assert event.headline


json_ld_values = st.recursive(
    st.text(max_size=5) | st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["@type", "@id", "name", "url", "@graph"]), inner, max_size=3)
    ),
    max_leaves=8,
)
json_ld_names = st.sampled_from(
    ["author", "image", "headline", "datePublished", "inLanguage", "keywords", "url", "publisher"]
)


@given(json_ld_values, json_ld_names)
def test_any_json_ld(value: Any, name: str) -> None:
    """Whatever shape a JSON-LD value has, the page's other sources still give the event."""
    assert read(page(linked(**{name: value}))).headline
