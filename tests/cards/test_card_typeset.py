"""Words into lines."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.cards import breaks, shape, typeset
from syndication.errors import CardError

SERIF = typeset.Face("serif", 700, 1.07, -0.012, "en", rtl=False)
NASKH = typeset.Face("serif", 700, 1.07, -0.012, "ar", rtl=True)

ALPHABETS = (
    "abcdefghij ABC éßø 0123456789 .,:;!?-–—'’“”()/%€$",
    "абвгдежз ёйЇґ 2026 «»—, .",
    "αβγδεζ ΆΈό 12 ·;«»",
    "ابتثجحخ دذرز ةى ءأإ ًٌَُ ۱۲٣٤ ،؛؟ \u200c\u200f پچگ",
    "אבגדהו םןץ ְִֵ ״׳־ 34 ,.",
    "कखगत्रक्षिीुेंा् ।12",
    "กขคงจน่้ิีุูเแไๆ",
    "ကခဂငစကျြွှိီုူ",
    "海水淹没公路、。「」",
    "かなカナの灯台ー、",
    "바다가 길을 삼켰다",
    "👩‍👩‍👧🇺🇦👍🏽 ❤\ufe0f",
)
words = st.sampled_from(ALPHABETS).flatmap(st.text)
mixed = st.lists(words, min_size=1, max_size=12).map(" ".join).map(typeset.clean).filter(bool)


@pytest.mark.parametrize("tracking", [-0.025, 0.08])
def test_tight_words_keep_their_blanks(tracking: float) -> None:
    """Tight letters stand closer, and words as far apart as ever; wide ones are all set wider, in measure and line."""
    text = "road twice. Now"
    items = shape.itemise(text, "sans", 800, "en", "", rtl=False)
    loose, tracked = (shape.advances(text, items, 100, "en", amount) for amount in (0, tracking))
    beside = {place for place, sign in enumerate(text) if " " in text[place : place + 2]}
    for place, (one, other) in enumerate(zip(loose, tracked, strict=True)):
        assert other - one == pytest.approx(0 if tracking < 0 and place in beside else 100 * tracking)
    _, width = shape.line(text, items, 0, len(text), 100, "en", tracking)
    assert width == pytest.approx(sum(tracked))


@settings(max_examples=150)
@given(mixed, st.booleans(), st.integers(120, 1200), st.integers(60, 400), st.integers(1, 5))
def test_words_never_leave_their_box(text: str, rtl: bool, width: int, height: int, lines: int) -> None:
    """Whatever the words, their lines are within the box, in number and size, or the box is refused."""
    face = typeset.Face("serif", 700, 1.07, -0.012, "ar" if rtl else "en", rtl=rtl)
    try:
        block = typeset.fit(text, face, width, height, (20, 66), lines)
    except CardError as error:
        assert "no room" in error.message
        return
    assert 1 <= len(block.lines) <= lines
    assert block.width <= width + 0.5
    assert block.height <= height + 0.5
    assert 20 <= block.size <= 66


@settings(max_examples=60)
@given(mixed, st.integers(200, 1000), st.integers(60, 400), st.integers(1, 4), st.sampled_from([0, 6]))
def test_a_larger_box_never_sets_smaller(text: str, width: int, height: int, lines: int, most: int) -> None:
    """Size grows with width, height and lines: an author who gives more room does not get smaller words."""
    sizes = []
    for box in (
        (width, height, lines),
        (width * 1.3, height, lines),
        (width, height * 1.3, lines),
        (width, height, lines + 1),
        (width + 1, height + 1, lines),
    ):
        try:
            block = typeset.fit(text, SERIF, box[0], box[1], (20, 66), box[2], most)
            sizes.append(block.size - bool(block.cut))
        except CardError:
            sizes.append(0)
    assert sizes[0] == min(sizes)


@settings(max_examples=60)
@given(mixed, st.integers(200, 1000), st.sampled_from(["en", "ar", "th", "ja", "de"]))
def test_the_same_words_are_set_the_same(text: str, width: int, language: str) -> None:
    """Setting words twice, also with nothing kept from the first time, gives the same lines."""
    face = typeset.Face("serif", 700, 1.07, -0.012, language, rtl=language == "ar")
    blocks = []
    for _ in range(2):
        shape.itemise.cache_clear()
        breaks.chances.cache_clear()
        try:
            blocks.append(typeset.fit(text, face, width, 300, (20, 66), 4))
        except CardError as error:
            blocks.append(error.message)
    assert pictured(blocks[0]) == pictured(blocks[1])


def pictured(block: typeset.Block | str) -> object:
    """A block's size, and each glyph's number and place."""
    if isinstance(block, str):
        return block
    return block.size, [[(glyph.id, glyph.x, glyph.y) for glyph in line.glyphs] for line in block.lines]


def test_lines_are_of_like_length() -> None:
    """A headline in two lines is balanced, with no single word left over."""
    block = typeset.fit(
        "The sea took the road twice. Now the island must choose", SERIF, 1072, 300, (44, 66), 4
    )
    shorter, longer = sorted(line.width for line in block.lines)
    assert len(block.lines) == 2
    assert shorter / longer > 0.85


@settings(max_examples=80)
@given(
    st.lists(st.text("abcdefghij", min_size=2, max_size=9), min_size=8, max_size=20), st.integers(400, 1000)
)
def test_no_word_is_left_alone(words: list[str], width: int) -> None:
    """The last line of a headline is never one short word: the lines share what there is."""
    block = typeset.fit(" ".join(words), SERIF, width, 600, (40, 60), 5)
    assert block.lines[-1].width > block.width / 3


def test_a_short_last_word_takes_another_with_it() -> None:
    """Rather an uneven headline than one whose last line is one short word."""
    block = typeset.fit("plan government storm", SERIF, 640, 200, (66, 66), 2)
    assert [len(line.glyphs) for line in block.lines] == [len("plan"), len("government storm")]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Old dam, many fears: It will not hold now", "Old dam, many fears:"),
        ("Now she said “we are going to go", "Now she said"),
    ],
)
def test_no_line_ends_on_the_first_short_word_after_a_pause(text: str, first: str) -> None:
    """What is said after a colon, or in quotation marks, begins on a line of its own rather than end one."""
    block = typeset.fit(text, SERIF, 800, 200, (60, 60), 2)
    assert len(block.lines[0].glyphs) == len(first)


def test_chinese_lines_like_to_end_after_a_pause() -> None:
    """A line ends at the comma, not a word after it, where lengths are nearly as even so."""
    face = typeset.Face("serif", 700, 1.1, 0, "zh-Hans", rtl=False)
    block = typeset.fit("海水两次淹没公路，岛上居民必须决定保留什么", face, 660, 200, (38, 38), 2)
    assert [len(line.glyphs) for line in block.lines] == [9, 12]


def test_quotes_and_points_stand_right_in_arabic() -> None:
    """From right to left the full stop is at the far left, and brackets and quotes open to the right, as a mirror."""
    line = typeset.fit("قال: «لن ننسى (البحر)».", NASKH, 900, 200, (50, 50), 1).lines[0]
    ids = [glyph.id for glyph in line.glyphs]
    nominal = {sign: line.glyphs[0].font.get_nominal_glyph(ord(sign)) for sign in ".«»()"}
    places = [ids.index(nominal[sign]) for sign in ".«()»"]
    assert places == sorted(places)


def test_the_largest_size_that_fits_is_used() -> None:
    """Short words are set at the largest size, long ones shrink just as far as they must."""
    assert typeset.fit("Yes", SERIF, 1072, 300, (44, 66), 4).size == 66
    long = "word " * 34
    block = typeset.fit(long.strip(), SERIF, 1072, 400, (44, 66), 4)
    assert 44 < block.size < 66
    assert not block.cut
    assert typeset.fit(long.strip(), SERIF, 1072, 400, (block.size + 1, 66), 4).cut


def test_words_that_would_be_lost_get_more_lines() -> None:
    """More lines than are wanted come only where the smallest size fits no fewer, and then at that size."""
    for count, lines, size in ((20, 4, 53), (30, 4, 44), (40, 5, 44), (48, 6, 44)):
        block = typeset.fit(" ".join(["word"] * count), SERIF, 1000, 400, (44, 66), 4, 6)
        assert (len(block.lines), block.size >= size, block.cut) == (lines, True, 0), count
        assert lines == 4 or block.size == 44


def test_words_are_smaller_before_they_are_cut() -> None:
    """Where more lines do not do either, sizes go down as far as is allowed, and no further than they must."""
    words = "The sea took the road twice, and now the island must choose what to keep of it"
    cut, whole = (typeset.fit(words, SERIF, 300, 180, (40, 60), 2, 4, least) for least in (0, 20))
    assert (cut.cut > 0, cut.size) == (True, 40)
    assert (whole.cut, len(whole.lines)) == (0, 4)
    assert 20 < whole.size < 40
    assert typeset.fit(words, SERIF, 300, 180, (whole.size + 1, 60), 2, 4).cut


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    """The ellipsis is the last resort, and no point or comma stands before it."""
    block = typeset.fit("one, two, three, " * 40, SERIF, 600, 300, (44, 66), 3)
    assert block.cut
    assert len(block.lines) == 3
    last = block.lines[-1].glyphs[-1]
    assert last.font.get_nominal_glyph(ord(typeset.ELLIPSIS)) == last.id


def test_how_many_letters_an_ellipsis_stands_for_is_told() -> None:
    """An editor learns by how much a headline is too long: all that is left out, the blank before it too."""
    text = "The sea took the road twice, and more"
    block = typeset.fit(text, SERIF, 500, 60, (40, 40), 1)
    shown = len(block.lines[0].glyphs) - 1
    assert text[:shown] == "The sea took the road"
    assert block.cut == len(text) - shown - 1


def test_an_arabic_ellipsis_stands_at_the_left() -> None:
    """In text from right to left the ellipsis is the leftmost thing of its line."""
    block = typeset.fit("المزارعون يطالبون بخطة " * 20, NASKH, 600, 300, (44, 66), 2)
    first = block.lines[-1].glyphs[0]
    assert block.cut
    assert first.font.get_nominal_glyph(ord(typeset.ELLIPSIS)) == first.id


def test_a_word_wider_than_the_box_is_broken() -> None:
    """A compound that fits no line at the smallest size is broken rather than lost."""
    block = typeset.fit("Rechtsschutzversicherungsgesellschaften" * 2, SERIF, 700, 300, (40, 66), 4)
    assert len(block.lines) >= 2
    assert not block.cut


def test_letters_join_in_arabic() -> None:
    """Arabic is shaped: the same letter has another form in the middle of a word than alone."""
    alone = typeset.fit("ه", NASKH, 600, 200, (50, 50), 1).lines[0].glyphs
    joined = typeset.fit("ههه", NASKH, 600, 200, (50, 50), 1).lines[0].glyphs
    assert len({glyph.id for glyph in (*alone, *joined)}) == 4


def test_words_are_in_reading_order() -> None:
    """A Hebrew line stands right to left, and a Latin name in it left to right."""
    text = "אב XY"
    glyphs = (
        typeset.fit(text, typeset.Face("sans", 400, 1.2, 0, "he", rtl=True), 600, 200, (50, 50), 1)
        .lines[0]
        .glyphs
    )
    ids = [glyph.id for glyph in glyphs]
    expected = [
        font.get_nominal_glyph(ord(character))
        for font, character in zip([g.font for g in glyphs], "XY בא", strict=True)
    ]
    assert ids == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Climate", "CLIMATE"),
        ("tr", "iklim ılık", "İKLİM ILIK"),
        ("el", "Κλίμα προϊόν", "ΚΛΙΜΑ ΠΡΟΪΟΝ"),
        ("de", "Straße", "STRASSE"),
        ("hy", "երևան", "ԵՐԵՎԱՆ"),
        ("ar", "مياه", "مياه"),
    ],
)
def test_capitals_are_those_of_the_language(language: str, text: str, expected: str) -> None:
    """Turkish keeps its dots, Greek drops its accents, scripts without case stay as they are."""
    assert typeset.upper(text, language) == expected


def test_hostile_controls_are_dropped() -> None:
    """Direction overrides and control characters cannot make a card say something else; no-break spaces stay."""
    assert typeset.clean("a\u202eb\u2066c\x00\x07  \n d\u00a0e\u00ad") == "abc d\u00a0e"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Ĳmuiden, ĳs", "IJmuiden, ijs"), ("ﬁets, oﬃce", "fiets, office"), ("ǅep", "Džep"), ("ﺍﻟﺴﻼﻡ", "السلام")],
)
def test_ready_made_forms_become_letters(text: str, expected: str) -> None:
    """Ligatures and joined forms that an old system wrote are the letters they stand for, which fonts have and join."""
    assert typeset.clean(text) == expected


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Cleaned text is composed, has no runs of blanks, and stays as it is."""
    cleaned = typeset.clean(text)
    assert typeset.clean(cleaned) == cleaned
    assert "  " not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


def test_a_bracket_is_of_one_font() -> None:
    """The bracket that closes Arabic words in an English headline is of the font of the one that opens them."""
    text = "Report (تقرير) on"
    items = shape.itemise(text, "serif", 700, "en", "", rtl=False)
    face = {index: item.face.family for item in items for index in range(item.start, item.end)}
    assert face[text.index("(")] == face[text.index(")")] == "Source Serif 4"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "“We will not forget the road”"),
        ("de", "„Wir vergessen die Straße nicht“"),
        ("ar", "«لن ننسى الطريق»"),
        ("he", "״לא נשכח את הכביש״"),
        ("ja", "「道を忘れない」と島の人々"),
    ],
)
def test_quotation_marks_hang_outside(language: str, text: str) -> None:
    """The letters of a quote stand on the edge on which other lines start, in both directions; the mark beyond it."""
    rtl = language in ("ar", "he")
    level, hung = (
        typeset.fit(
            text, typeset.Face("serif", 700, 1.4, 0, language, rtl, hang=hang), 1500, 200, (50, 50), 1
        )
        for hang in (0.0, 48.0)
    )
    out = level.width - hung.width
    assert 5 < out <= 48
    left, _, right, _ = hung.ink()
    assert (right > hung.width + 2) if rtl else (left < -2 or language == "ja")
    edge = 0 if rtl else -out
    assert [glyph.x for glyph in hung.lines[0].glyphs] == [
        pytest.approx(glyph.x + edge) for glyph in level.lines[0].glyphs
    ]


def test_only_what_begins_a_line_hangs() -> None:
    """A mark inside a line, or one of words of the other direction that do not begin at the edge, stays."""
    for rtl, text in ((False, "The “road” is gone"), (True, "הכביש “road” נעלם"), (False, "“")):
        face = typeset.Face("serif", 700, 1.4, 0, "he" if rtl else "en", rtl)
        level = typeset.fit(text, face, 900, 200, (50, 50), 1)
        assert typeset.fit(text, face._replace(hang=48), 900, 200, (50, 50), 1) == level
