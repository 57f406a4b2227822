"""The words of a post: which are chosen, and how they are cut."""

import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from syndication.models import Limits, PublishEvent
from syndication.text import clip, compose, fits, language_tag, links, measure, plain
from syndication.text.prose import tidy

MASTODON = Limits(text=500, link_cost=23, link_in_text=True, alt=1500, image_bytes=16_777_216)
BLUESKY = Limits(text=300, text_bytes=3000, link_in_text=False, alt=2000, image_bytes=1_000_000)
URL = "https://news.example/world/4711"

prose = st.text(st.characters(exclude_categories=["Cs"]), max_size=1500)
scripts = st.sampled_from(
    ["Der Bericht. ", "Он ушёл? ", "他说好的。", "قال الوزير، ", "हिन्दी में ", "👩‍👩‍👧 ", "ไทยไม่เว้นวรรค",
     "\u2067אבג\u2069 ",
     "\u202bרץ ", "https://a.example/b(c)d ", "@desk@news.example ", "e\u0301\u0323"]
)  # fmt: skip
mixed = st.lists(scripts, max_size=150).map("".join)


def event(**parts):
    given_parts = {"url": URL, "headline": "Ferry sinks off the coast", "published": "2026-11-20T08:00:00Z"}
    return PublishEvent.model_validate({**given_parts, **parts})


def test_the_summary_is_what_a_post_says():
    """Summary before body before headline; the link follows after a blank line where there is no link card."""
    told = event(summary="Twelve are missing.", body="<p>It was dark.</p>")
    assert compose(told, limits=MASTODON) == f"Twelve are missing.\n\n{URL}"
    assert compose(told, limits=BLUESKY) == "Twelve are missing."
    assert compose(event(body="<p>It was dark.</p>"), limits=BLUESKY) == "It was dark."
    assert compose(event(), limits=BLUESKY) == "Ferry sinks off the coast"


def test_an_override_is_the_editors_own_words():
    """It is not changed where it fits, and a link that it says itself is not said again."""
    assert compose(event(summary="x"), limits=MASTODON, override="Hear!") == f"Hear!\n\n{URL}"
    own = f"Read {URL} now"
    assert compose(event(summary="x"), limits=MASTODON, override=own) == own
    longer = compose(event(), limits=MASTODON, override=f"{URL} " + "word " * 300)
    assert longer.endswith(f"word…\n\n{URL}")
    assert longer.count(URL) == 1


@pytest.mark.parametrize(
    "address", ["https://news.example/a.", "https://news.example/(a", "https://news.example/a?b=!"]
)
def test_odd_addresses_are_recognised_too(address):
    """An address may end with a mark that links in a text do not end with; a longer address is another one."""
    own = f"Read {address} now"
    assert compose(event(url=address), limits=MASTODON, override=own) == own
    other = f"Read {address}longer now"
    assert compose(event(url=address), limits=MASTODON, override=other) == f"{other}\n\n{address}"
    long = compose(
        event(url=address), limits=MASTODON, override=f"{address} {address}longer " + "word " * 200
    )
    assert long.startswith(f"{address}longer word")
    assert long.endswith(f"word…\n\n{address}")


def test_the_headline_is_not_said_twice():
    """A summary or body that begins with the headline goes on without it, unless that is all there is."""
    assert (
        compose(event(summary="Ferry sinks off the coast: twelve missing"), limits=BLUESKY)
        == "twelve missing"
    )
    body = "<h1>Ferry sinks off the coast</h1><p>FERRY SINKS OFF THE COAST. It was dark.</p>"
    assert compose(event(body=body), limits=BLUESKY) == "It was dark."
    assert (
        compose(event(summary="Ferry sinks off the coast."), limits=BLUESKY) == "Ferry sinks off the coast."
    )
    assert (
        compose(event(summary="Ferry sinks off the coastline"), limits=BLUESKY)
        == "Ferry sinks off the coastline"
    )


def test_the_lead_is_the_articles_running_text():
    """Headings, captions, scripts and tables of a body are not what the article says."""
    body = (
        "<script>x()</script><figure><img><figcaption>A boat.</figcaption></figure><h2>At sea</h2>"
        "<p>First <b>li</b>ne.<br>Second&nbsp;line.</p><table><tr><td>1</td></tr></table><p>Third.</p>"
    )
    assert compose(event(body=body), limits=BLUESKY) == "First line. Second line. Third."
    assert compose(event(body="just words"), limits=BLUESKY) == "just words"


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        (
            "One is short. Two is a little longer. Three is too long.",
            40,
            "One is short. Two is a little longer.",
        ),
        ("Dr. Smith of the U.S. Navy spoke to us for an hour. Then he left.", 55, None),
        ("Am 3. Oktober ging Prof. Weiß ohne ein Wort nach Hause.", 30, "Am 3. Oktober ging Prof. Weiß…"),
        ("It was founded in 1998. It has many readers now.", 30, "It was founded in 1998."),
        ("他说好的。然后他离开了那个地方很久很久。", 12, "他说好的。"),
        ("قال الوزير إنه سيعود؟ ثم غادر المدينة مع عائلته", 30, "قال الوزير إنه سيعود؟"),
        ("ไทยไม่เว้นวรรคระหว่างคำและประโยคยาวมาก", 13, "ไทยไม่เว้นวรรค…"),
        ("no sentence ends here, and so words are kept", 24, "no sentence ends here…"),
        ("Incomprehensibilities", 10, "Incompreh…"),
        ("“Never (ever", 9, "“Never…"),
    ],
)
def test_texts_are_cut_at_sentences_else_at_words(text, limit, cut):
    """Whole sentences while they fit; initials, titles and ordinals end none; else words and an ellipsis."""
    limits = Limits(text=limit, link_in_text=False, alt=1, image_bytes=1)
    cut = cut or "Dr. Smith of the U.S. Navy spoke to us for an hour."
    assert compose(event(summary=text), limits=limits) == cut


def test_a_cut_never_runs_an_ellipsis_into_a_link():
    """Mastodon would take the ellipsis for a part of the address."""
    text = compose(event(), limits=Limits(text=60, link_cost=23, link_in_text=True, alt=1, image_bytes=1),
                   override="look https://other.example/path " + "and words " * 30)  # fmt: skip
    assert "https://other.example/path …" in text or "https://other.example/path and" in text
    assert ("https://other.example/path") in [url for _, _, url in links(text)]


@given(st.one_of(prose, mixed), st.sampled_from([MASTODON, BLUESKY]), st.booleans())
def test_what_is_composed_always_fits(text, limits, override):
    """Any text, any script: it fits the network, ends whole graphemes, closes its direction runs, keeps its link."""
    said = compose(
        event(summary="" if override else text[:5000]), limits=limits, override=text if override else ""
    )
    assert fits(said, limits)
    assert said.strip()
    assert not regex.search(r"[\p{Cs}\x00-\x09\x0b-\x1f]", said)
    if limits.link_in_text:
        assert URL in [url for _, _, url in links(said)]
    for line in said.split("\n"):
        assert line.count("\u2069") <= len(regex.findall("[\u2066-\u2068]", line)) or "\u2069" in text
    last = said.rpartition("\n")[2]
    assert sum(last.count(char) for char in "\u2066\u2067\u2068") <= last.count("\u2069")


@given(mixed)
def test_a_cut_keeps_a_prefix_of_the_words(text):
    """Nothing is invented: what is left, less its ellipsis and closing marks, begins the tidied text."""
    said = compose(event(), limits=BLUESKY, override=text or "x")
    kept = regex.sub(r" ?…?[\u2069\u202c]*$", "", regex.sub(r"[\u2069\u202c]*$", "", said))
    assert tidy(text or "x").startswith(kept)


@given(mixed)
def test_no_link_is_cut(text):
    """Every link of the result stood in the text as it is."""
    before = {url for _, _, url in links(tidy(text))}
    said = compose(event(), limits=BLUESKY, override=text or "x")
    assert {url for _, _, url in links(said)} <= before


def test_the_link_alone_remains_where_nothing_else_fits():
    """A limit that the link fills leaves no words, and never half a link."""
    limits = Limits(text=24, link_cost=23, link_in_text=True, alt=1, image_bytes=1)
    assert compose(event(summary="word " * 50), limits=limits) == URL


@given(prose)
def test_tidying_twice_is_tidying_once(text):
    """Tidy text is left alone, so that what is frozen and what is compared agree."""
    assert tidy(tidy(text)) == tidy(text)


def test_html_becomes_text_without_markup():
    """Blocks are set apart by blank lines, breaks by line ends, entities are what they stand for."""
    assert plain("<p>a &amp; b<br>c</p><p>d</p><script>e</script>").startswith("a & b\nc\n\nd")
    assert plain("5 < 6 & 7") == "5 < 6 & 7"


@given(prose | mixed, st.integers(0, 60))
def test_a_clipped_text_is_no_longer_than_asked(text, length):
    """Alt texts are bounded in code points, as servers count them, and are never cut within a grapheme."""
    clipped, whole = clip(text, length), tidy(text)
    assert len(clipped) <= length
    if clipped != whole:
        kept = clipped.rstrip("\u202c\u2069").removesuffix("…").rstrip()
        ends = {match.end() for match in regex.finditer(r"\X", whole)}
        assert whole.startswith(kept) and (not kept or len(kept) in ends)


@pytest.mark.parametrize(
    ("length", "clipped"),
    [
        (60, "The sea took the road twice. It will be back. Nobody stays."),
        (50, "The sea took the road twice. It will be back."),
        (40, "The sea took the road twice."),
        (24, "The sea took the road…"),
        (5, "The…"),
    ],
)
def test_a_text_is_clipped_at_a_sentence_else_a_word(length, clipped):
    """Whole sentences where they keep at least half of what fits, else whole words and an ellipsis."""
    assert clip("The sea took the road twice. It will be back. Nobody stays.", length) == clipped


def test_a_short_first_sentence_is_not_all_that_is_left():
    """A label of one word before a long headline does not end the description."""
    assert (
        clip("Iraq. " + "the river rises and " * 20, 60)
        == "Iraq. the river rises and the river rises and the river…"
    )


@pytest.mark.parametrize(
    ("given_tag", "tag"),
    [("en_GB", "en-GB"), ("zh-Hant-TW", "zh-Hant-TW"), ("de-1996", "de"), ("sr-Latn", "sr-Latn")],
)
def test_language_tags_are_plain_bcp_47(given_tag, tag):
    """Networks refuse a whole post for a tag they cannot read."""
    assert language_tag(given_tag) == tag


@pytest.mark.parametrize(
    "hostile",
    ["a. @b@c.de " * 6000, "\u202b" * 60_000, "https://(" * 7000, "https://a" + ")..?" * 15_000, "@a.a" * 17_000,
     "e" + "\u0301" * 60_000],
    ids=["mentions", "runs", "links", "tails", "dots", "marks"],
)  # fmt: skip
def test_hostile_texts_take_no_time(hostile):
    """Nothing here grows with the square of the length, which at 70,000 characters takes minutes."""
    start = time.process_time()
    assert measure(compose(event(), limits=MASTODON, override=hostile), MASTODON) <= 500
    assert time.process_time() - start < 15


def test_hostile_bodies_take_no_time():
    """A body of nested elements is read only as far as a post can use it."""
    start = time.process_time()
    assert compose(event(body="<div>" * 190_000), limits=BLUESKY) == "Ferry sinks off the coast"
    assert time.process_time() - start < 3
