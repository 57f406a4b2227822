"""Whether a network shows the text that we sent."""

import html
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.text.same import same

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="%")).filter(
    lambda text: any(map(str.isalnum, text))
)


@given(WORDS)
def test_what_networks_do_to_a_text_leaves_it_the_same(text):
    """Spaces and lines are theirs, and so is the form of letters made of two."""
    assert same(text, text)
    assert same(" ".join(text.split()), text)
    assert same(unicodedata.normalize("NFD", text), text)
    assert same(html.unescape(html.escape(text)), text)


@given(WORDS)
def test_a_word_more_is_another_text(text):
    """Nothing that is said may be missing."""
    assert not same(f"{text} more", text)
    assert not same(text, f"No {text}")


@pytest.mark.parametrize(
    "shown",
    ["https://news.example/ä?a=1&b=2", "news.example/%C3%A4?a=1&b=2", "http://news.example/ä?a=1&b=2"],
)
def test_a_link_may_be_spelled_otherwise(shown):
    """Escaped or not, with its scheme or without."""
    assert same(f"Zwölf. {shown}", f"Zwölf. https://news.example/{quote('ä')}?a=1&b=2")
    assert not same("https://news.example/1", "https://news.example/2")


def test_marks_alone_are_never_the_same():
    """A text of emoji says too little to take another post for ours."""
    assert not same("🚢 …", "🚢 …")
    assert not same("", "")
