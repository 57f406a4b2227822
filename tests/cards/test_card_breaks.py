"""Where lines end."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from syndication.cards import breaks, typeset


def parts(text: str, language: str, *, loose: bool = False) -> str:
    """The text with a bar at each chance to break."""
    ends = breaks.chances(text, language, loose=loose)
    return "|".join(text[start:end] for start, end in zip((0, *ends), ends, strict=False))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("th", "น้ำ|ท่วม|กรุงเทพมหานคร|หลัง|ฝน|ตกหนัก"),
        ("lo", "ນ້ຳ|ຖ້ວມ|ນະຄອນຫຼວງວຽງຈັນ"),
        ("km", "ទឹកជំនន់|នៅ|រាជធានី|ភ្នំពេញ"),
        ("my", "မိုးသည်းထန်|စွာ|ရွာသွန်း|ပြီး|ရေကြီး|သည်"),
        ("en", "น้ำ|ท่วม|กรุงเทพมหานคร"),
        ("ja", "新しい|灯台が|島の|暮らしを|変えて|いく"),
        ("en", "新しい|灯台が|島の|暮らし"),
        ("ko", "바다가 |길을 |삼켰다"),
        ("zh-Hans", "居民|必须|决定"),
        ("zh-Hans", "称|“这一天|终于|来了”，|但充电"),
        ("ja", "海に|町を|返すと|住民投票で|可決"),
    ],
)
def test_words_without_blanks_are_found(language: str, text: str) -> None:
    """Lines end between words or phrases where the script writes them together, whatever the story's language."""
    assert parts(text.replace("|", ""), language) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "a |rise |of |12 % |in |May"),
        ("fr", "plus |de |100 000 km |à |pied"),
        ("en", "all |for |$5 million |more"),
        ("de", "Preis: |1,4 Mrd. € |mehr"),
        ("ru", "к 2030 г. |построят |5 км"),
        ("ru", "дом |у моря |и в горах"),
        ("pl", "łodzie |w ciszy |o świcie"),
        ("en", "in |2026 |100 |people |left"),
        ("en", "5 crore rupees, |62 percent, |7 %"),
        ("hi", "₹2,000 करोड़ |का |घोटाला"),
        ("ar", "بسعر |1,299 دولارا"),
        ("en", "it |fell – |and |rose — |now"),
        ("en", "2020–2026 |and |abc-|def"),
        ("en", "a |no-|break a\u00a0name |here"),
        ("fr", "« La |mer » : |non !"),
        ("en", "plan |b |is |a |go"),
    ],
)
def test_what_belongs_together_stays(language: str, text: str) -> None:
    """A number keeps its unit and its groups, a sign its number, a one-letter word the next, words their dash."""
    expected = text.replace("no-|break a", "no-|break |a")
    assert parts(text.replace("|", ""), language) == expected


@given(
    st.text(
        st.sampled_from("ab 1%€ \u00a0\u0301\u200d👨👩👍🏽🇺🇦กำ้คักษ์ম্কি한水、。か\u093f\u0915\u094d\u0937-."),
        max_size=30,
    ),
    st.sampled_from(["en", "th", "ja", "ru", "zh", "xx", "../etc", ""]),
    st.booleans(),
)
def test_no_line_ends_inside_a_grapheme(text: str, language: str, loose: bool) -> None:
    """Whatever the text and the language's tag, chances rise to the text's end and none is inside a grapheme."""
    ends = breaks.chances(text, language, loose=loose)
    assert list(ends) == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(text)
    assert set(ends) <= {match.end() for match in regex.finditer(r"\X", text)}


def test_words_are_divided_as_the_language_does() -> None:
    """German and English are hyphenated by their own patterns, three letters at the least left on a line."""
    soft = breaks.SOFT_HYPHEN
    assert breaks.hyphenated("Versicherung", "de").replace(soft, "|") == "Ver|si|che|rung"
    assert breaks.hyphenated("international", "en-GB").replace(soft, "|") == "inter|na|tional"
    assert breaks.hyphenated("Versicherung", "xx") == "Versicherung"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fi", "Len|to|ko|ne|suih|ku|moot|tori ja laiva"),
        ("tr", "İstan|bul’daki bele|diyesi"),
        ("kk", "қана|ғат|тан|дыру"),
        ("fi", "Vene Strand"),
    ],
)
def test_where_no_patterns_are_a_consonant_takes_its_vowel_along(language: str, text: str) -> None:
    """Finnish and Turkic words are divided before a consonant and its vowel, three letters left on each side."""
    assert breaks.hyphenated(text.replace("|", ""), language).replace(breaks.SOFT_HYPHEN, "|") == text


@pytest.mark.parametrize(
    ("language", "text", "width"),
    [
        ("de", "Krankenversicherungs|beitragserhöhungs|gesetz kommt", 500),
        ("sv", "Förvaltnings|domstolsutred|ningen kritiserar", 400),
    ],
)
def test_compounds_are_divided_where_they_are_joined(language: str, text: str, width: int) -> None:
    """Of the places that are like good for a compound, one behind `-ungs` is the first choice."""
    face = typeset.Face("serif", 700, 1.1, 0, language, rtl=False)
    block = typeset.fit(text.replace("|", ""), face, width, 400, (31, 66), 5)
    blank = (
        block.lines[0].glyphs[0].font.get_nominal_glyph(ord(" "))
    )  # so HarfBuzz sets a hyphen that is not shown
    drawn = [sum(glyph.id != blank for glyph in line.glyphs) for line in block.lines]
    *divided, last = text.split("|")
    assert drawn == [*(len(part) + 1 for part in divided), len(last) - 1]


def test_a_word_is_hyphenated_rather_than_tiny() -> None:
    """A long compound is set smaller rather than divided, and divided rather than less than half as large."""
    face = typeset.Face("serif", 700, 1.1, 0, "de", rtl=False)
    word = "Rechtsschutzversicherungsgesellschaften"
    whole = typeset.fit(word, face, 1000, 300, (20, 66), 4)
    assert (len(whole.lines), whole.size > 43) == (1, True)
    for width, sizes in ((500, (20, 66)), (500, (44, 66))):
        divided = typeset.fit(word, face, width, 300, sizes, 4)
        last = divided.lines[0].glyphs[-1]
        assert last.id == last.font.get_nominal_glyph(ord("-"))
        assert (divided.cut, divided.size >= 43) == (0, True)


def test_no_word_is_hyphenated_without_need() -> None:
    """What is small as it is long is not divided: hyphens would make it no larger."""
    face = typeset.Face("serif", 700, 1.1, 0, "de", rtl=False)
    block = typeset.fit(
        "Die Versicherung zahlt nicht und niemand fragt danach " * 3, face, 600, 300, (20, 66), 5
    )
    assert block.size < 43
    hyphen = block.lines[0].glyphs[0].font.get_nominal_glyph(ord("-"))
    assert hyphen not in {line.glyphs[-1].id for line in block.lines}
