"""Bidirectional order."""

from bidi import get_display
from hypothesis import given
from hypothesis import strategies as st

from syndication.cards import order


def shown(text: str, *, rtl: bool) -> str:
    """The text as it is seen from left to right, brackets not turned."""
    levels = order.levels(text, rtl=rtl)
    return "".join(text[index] for index in order.visual(levels))


@given(st.text('ab ابا שד()[] 12.,%-+:/٣ «»"\u0301', min_size=1).map(str.strip).filter(bool), st.booleans())
def test_order_is_that_of_another_implementation(text: str, rtl: bool) -> None:
    """Visual order equals that of an independent UAX #9 implementation (the Rust crate in python-bidi)."""
    assert shown(text, rtl=rtl) == get_display(text, base_dir="R" if rtl else "L")


def test_a_pair_of_brackets_stays_together() -> None:
    """Brackets around a Latin name in an Arabic headline both go with the name."""
    text = "شركة Apple (AAPL) ترتفع"
    levels = order.levels(text, rtl=True)
    assert levels[text.index("(")] == levels[text.index(")")] == levels[text.index("A")] == 2


def test_joiners_go_with_what_stands_before_them() -> None:
    """A zero-width non-joiner, which the algorithm takes out, keeps its place in the text."""
    text = "می\u200cخواهیم"
    assert order.levels(text, rtl=True) == [1] * len(text)


def test_characters_younger_than_python_have_an_order() -> None:
    """An emoji that this Python's tables lack is a neutral sign, a letter that they lack keeps its direction."""
    assert order.levels("a \U0001fae8 b", rtl=False) == [0] * 5
    assert order.levels("\u05d0 \U0001fae8 \u05d1", rtl=False) == [1] * 5
    assert order.levels("\U00010ec0", rtl=False) == [1]
