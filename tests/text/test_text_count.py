"""Links and lengths, as the networks find and count them."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from syndication.models import Limits
from syndication.text import fits, hostless, links, measure
from syndication.text.count import breaks

MASTODON = Limits(text=500, link_cost=23, link_in_text=True, alt=1500, image_bytes=16_777_216)
BLUESKY = Limits(text=300, text_bytes=3000, link_in_text=False, alt=2000, image_bytes=1_000_000)

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
urls = st.from_regex(r"https://[a-z]{1,9}\.example/[a-z0-9/_-]{0,20}[a-z0-9]", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://news.example/a.", "https://news.example/a"),
        ("(https://news.example/a_(b))", "https://news.example/a_(b)"),
        ("“https://news.example/a”, he said", "https://news.example/a"),
        ("https://news.example/a?b=c&d=%20#e!", "https://news.example/a?b=c&d=%20#e"),
        ("见https://新闻.example/世界。后来", "https://新闻.example/世界"),
        ("xhttps://news.example/a", None),
        ("见 https://新闻.example/世界。后来", "https://新闻.example/世界"),
        ("HTTP://NEWS.EXAMPLE", "HTTP://NEWS.EXAMPLE"),
        ("\u2067https://news.example/a\u2069", "https://news.example/a"),
        ("https://", None),
        ("https://...", None),
        ("mailto:desk@news.example ftp://x.example", None),
    ],
)
def test_a_link_ends_where_readers_see_it_end(text, url):
    """Punctuation, brackets and direction marks around a link are not part of it; a link begins after a gap."""
    assert [found for _, _, found in links(text)] == ([url] if url else [])


@given(anything)
def test_links_are_slices_of_the_text_in_order(text):
    """Each span holds exactly its URL, spans do not overlap, and a link has no space or bidi control in it."""
    at = 0
    for start, end, url in links(text):
        assert at <= start < end
        assert text[start:end] == url
        assert not regex.search(r"[\s\p{Bidi_Control}]", url)
        at = end


@given(anything, urls, anything)
def test_a_link_between_spaces_is_found_whole(before, url, after):
    """Whatever stands around it."""
    assert (len(before) + 1, len(before) + 1 + len(url), url) in links(f"{before} {url} {after}")


@given(urls)
def test_any_link_has_the_price_the_server_names(url):
    """Mastodon counts 23 for short links and long ones."""
    assert measure(f"Read {url} now", MASTODON) == len("Read  now") + 23
    assert measure(url, BLUESKY) == len(url)


@pytest.mark.parametrize(
    ("text", "length"),
    [("👨‍👩‍👧‍👦", 1), ("🇩🇪🇫🇷", 2), ("e\u0301", 1), ("กำ", 1), ("a\r\nb", 3), ("हिन्दी", 2), ("", 0)],
)
def test_graphemes_are_counted_as_bluesky_counts_them(text, length):
    """These figures are those of the reference server's own counter (unicode-segmenter 0.14.5)."""
    assert measure(text, BLUESKY) == length


def test_mastodon_counts_older_graphemes_and_mentions_without_their_host():
    """Ruby before 2025 splits Indic conjuncts; counting too much is safe, too little is a refusal."""
    assert measure("हिन्दी", MASTODON) == 3
    assert measure("by @desk@news.example!", MASTODON) == len("by @desk!")
    assert hostless("mail me@news.example") == "mail me@news.example"


@given(anything)
def test_mastodons_measure_never_undercounts_a_text_without_links_and_mentions(text):
    """It is at least the number of graphemes."""
    plain = text.replace(":", "").replace("@", "")
    assert measure(plain, MASTODON) >= measure(plain, BLUESKY)


def test_bytes_are_bounded_too():
    """Bluesky takes 300 graphemes and 3000 bytes, whichever ends first."""
    family = "👨‍👩‍👧‍👦"
    assert fits("a" * 300, BLUESKY)
    assert not fits("a" * 301, BLUESKY)
    assert measure(family * 150, BLUESKY) == 150
    assert not fits(family * 150, BLUESKY)


@given(anything)
def test_a_cut_falls_between_graphemes_and_outside_links(text):
    """No place to cut lies inside a grapheme, a link or a mention; the end is always one."""
    places = breaks(text)
    assert places == sorted(set(places))
    assert not text or places[-1] == len(text)
    ends = {match.end() for match in regex.finditer(r"\X", text)}
    assert set(places) <= ends
    for start, end, _ in links(text):
        assert not any(start < place < end for place in places)
