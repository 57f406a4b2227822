"""Where things stand on a card."""

import tomllib
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.cards import layout, ops, template, templates, typeset, views
from syndication.config import Config
from syndication.models import is_rtl

SIZES = [(1200, 630), (1080, 1080), (1080, 1350), (1080, 1920), (1000, 1500), (1600, 900)]
LARGE = (2400, 1600)
TEMPLATES = templates.names(Config())
TEXTS = (
    "abcdefghij ABC éßø 0123456789 .,:;!?-–—'’“”()/%",
    "абвгдежз ёйЇґ 2026 «»—, .",
    "αβγδεζ ΆΈό 12 ·;«»",
    "ابتثجحخ دذرز ةى ءأإ ًٌَ ۱۲٣٤ ،؛؟",
    "אבגדהו םןץ ְִֵ ״׳־ 34 ,.",
)
SPECIMENS = tomllib.loads(
    (Path(__file__).parents[2] / "benchmarks" / "headlines.toml").read_text(encoding="utf-8")
)["headline"]
HEADLINES = [one["text"] for one in SPECIMENS]
LONG_WORDS = (
    "https://www.meridian.example/world/2026/11/harbour-towns-vote-to-let-the-sea-back-in?ref=card#top",
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
    "Lopadotemachoselachogaleokranioleipsanodrimhypotrimmatosilphioparaomelitokatakechymenokichlepikossy",
    "กรุงเทพมหานครอมรรัตนโกสินทร์มหินทรายุธยามหาดิลกภพนพรัตนราชธานีบูรีรมย์",
)
letters = st.sampled_from(TEXTS).flatmap(lambda letters: st.text(letters, max_size=120))
# A headline of any script, in part, in capitals, or before another of another script.
real = st.builds(
    lambda text, more, length, capitals: f"{text.upper() if capitals else text} {more}"[:length],
    st.sampled_from([*HEADLINES, *LONG_WORDS]),
    st.sampled_from(["", *HEADLINES, *LONG_WORDS]),
    st.integers(1, 200),
    st.booleans(),
)
words = (letters | real).map(typeset.clean)
LANGUAGES = ["en", "ar", "he", "ur", "de", "hi", "th", "my", "ja", "zh-Hant"]


def words_of(placed: tuple[ops.Op, ...]) -> list[ops.TextOp]:
    return [op for op in placed if isinstance(op, ops.TextOp)]


def lay_out(
    name: str,
    size: tuple[int, int],
    language: str,
    *,
    photo: tuple[int, int] | None,
    facts: Sequence[str] = (),
    **values: str,
) -> tuple[ops.Op, ...]:
    design, _ = templates.read(name, Config())
    told = {"headline": "Yes", "brand": "The Meridian", **values}
    subject = layout.Subject(
        told,
        language,
        is_rtl(language),
        photo,
        facts=tuple((str(n), fact) for n, fact in enumerate(facts, 1)),
    )
    return layout.lay_out(design, subject, size)


@settings(max_examples=150)
@given(
    st.sampled_from(TEMPLATES),
    st.sampled_from(SIZES),
    st.sampled_from(LANGUAGES),
    st.booleans(),
    st.fixed_dictionaries(
        {
            "headline": st.lists(words, min_size=1, max_size=4).map(" ".join).map(typeset.clean).filter(bool),
            **dict.fromkeys(set(template.FIELDS) - {"headline", "brand", "place", "fact"}, words),
        }
    ),
    st.lists(words.filter(bool), max_size=5),
)
def test_nothing_overflows_or_collides(
    name: str, size: tuple[int, int], language: str, photo: bool, values: dict[str, str], facts: list[str]
) -> None:
    """Whatever a story says, all words stand inside the margins of the card, and no two texts overlap."""
    placed = words_of(lay_out(name, size, language, photo=LARGE if photo else None, facts=facts, **values))
    margin = (48 if name == "photo" else 64) * max(size[0] / 1200, min(size) / 1080) - 1
    for op in placed:
        if op.name == "mark":  # stands by its ink, and that of „ is far down in its box
            continue
        assert op.rect.y >= margin * 0.4
        assert op.rect.bottom <= size[1] - margin * 0.4
        assert margin <= op.rect.x <= op.rect.right <= size[0] - margin
    for one, other in combinations(placed, 2):
        apart = (
            one.rect.right <= other.rect.x + 1
            or other.rect.right <= one.rect.x + 1
            or one.rect.bottom <= other.rect.y + 1
            or other.rect.bottom <= one.rect.y + 1
        )
        assert apart or "mark" in (one.name, other.name), (one.name, other.name)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_right_to_left_is_the_mirror(name: str, size: tuple[int, int]) -> None:
    """The same words in a story from right to left stand at the same places, seen in a mirror."""
    told = dict.fromkeys(set(template.FIELDS) - {"brand", "place", "fact"}, "x") | {"headline": "abc def"}
    boxes = {}
    for language in ("en", "ckb"):  # Sorani has no words of its own in the templates
        placed = lay_out(name, size, language, photo=LARGE, facts=["ab", "cd"], **told)
        boxes[language] = [op.rect for op in placed if not (isinstance(op, ops.TextOp) and op.name == "mark")]
    mirrored = [(size[0] - rect.right, rect.y, rect.width, rect.height) for rect in boxes["ckb"]]
    straight = [(rect.x, rect.y, rect.width, rect.height) for rect in boxes["en"]]
    assert mirrored == [pytest.approx(box, abs=0.01) for box in straight]


def test_byline_comes_before_date_and_credit_at_the_end() -> None:
    """In Arabic the byline is at the right, the date left of it, the credit in the far left corner."""
    placed = lay_out(
        "article", (1200, 630), "ar", photo=LARGE, headline="خبر", byline="ليلى", date="٢٠", credit="تصوير"
    )
    byline, date, credit = (
        next(op for op in words_of(placed) if op.name == n) for n in ("byline", "date", "credit")
    )
    assert byline.rect.right == pytest.approx(1200 - 64)
    assert credit.rect.x == pytest.approx(64)
    assert credit.rect.right < date.rect.x < date.rect.right < byline.rect.x


@pytest.mark.parametrize("size", SIZES)
def test_what_a_story_has_not_leaves_no_trace(size: tuple[int, int]) -> None:
    """Without label, byline and credit there is no bar and no rule, and nothing stands where they would."""
    placed = lay_out("article", size, "en", photo=None, date="20 November 2026")
    assert [op.name for op in words_of(placed)] == ["brand", "headline", "date"]
    assert sum(isinstance(op, ops.FillOp) for op in placed) == 1


def test_tall_cards_give_words_a_block_and_the_photo_the_rest() -> None:
    """On a square the photo ends where the words' block begins, however long they are."""
    for headline in ("Yes", "word " * 60):
        placed = lay_out("article", (1080, 1080), "en", photo=LARGE, headline=headline)
        photo = next(op for op in placed if isinstance(op, ops.PhotoOp))
        block = next(op for op in placed if isinstance(op, ops.FillOp) and op.rect.y > 0)
        assert photo.rect.bottom == block.rect.y
        assert block.rect.bottom == 1080
        assert photo.rect.height >= 0.4 * 1080
        assert not [op for op in placed if isinstance(op, ops.ScrimOp) and op.edge == "bottom"]


def test_the_same_story_is_laid_out_the_same() -> None:
    """Layout is a function of its input: repeated, it gives equal places."""
    one, two = (
        [op.rect for op in lay_out("article", (1200, 630), "en", photo=LARGE, headline="word " * 20)]
        for _ in range(2)
    )
    assert one == two


def test_facts_are_of_one_size() -> None:
    """One long fact makes all of them smaller, and their words start on one line from top to bottom."""
    facts = ["Short", "A fact that is so long that it needs more room than others have " * 4, "Nine"]
    placed = words_of(lay_out("list", (1200, 630), "en", photo=None, facts=facts))
    rows = [op for op in placed if op.name == "fact"]
    assert len(rows) == 3
    assert len({op.block.size for op in rows if op.block}) == 1
    assert len({round(op.rect.x) for op in rows}) == 1


def test_a_badge_falls_away() -> None:
    """When a story is not live any more its card is the article: nothing stands where the badge was."""
    told = {"label": "Climate", "byline": "A", "date": "B"}
    live, ended, article = (
        words_of(lay_out(name, (1200, 630), "en", photo=LARGE, live=badge, **told))
        for name, badge in (("live", "● Live"), ("live", ""), ("article", ""))
    )
    assert [op.name for op in live].count("live") == 1
    assert {(op.name, op.rect.y) for op in ended} == {(op.name, op.rect.y) for op in article}


@pytest.mark.parametrize("size", SIZES)
def test_a_long_name_is_whole_where_it_stands_before_the_headline(size: tuple[int, int]) -> None:
    """Whose opinion it is stands in two lines rather than end in an ellipsis."""
    told = {"byline": "Maximiliane von Hohenlohe-Waldenburg-Schillingsfürst", "headline": "word " * 12}
    (name,) = (
        op.block
        for op in words_of(lay_out("opinion", size, "en", photo=LARGE, **told))
        if op.name == "byline"
    )
    assert name
    assert not name.cut


@pytest.mark.parametrize("size", [(1200, 630), (1080, 1080)])
@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - {"photo", "textfree"}))
def test_a_headline_in_nastaliq_is_whole(name: str, size: tuple[int, int]) -> None:
    """Its lines are twice as high as others, and so is a name over it: a common headline stands whole all the same."""
    told = {
        "label": "موسمیات",
        "opinion": "رائے",
        "byline": "عائشہ صدیقی",
        "date": "20 نومبر، 2026",
        "number": "7",
    }
    headline = "سمندر دو بار سڑک لے گیا، اب جزیرے کو فیصلہ کرنا ہے کہ کیا بچانا ہے"
    for photo in (LARGE, None):
        placed = lay_out(name, size, "ur", photo=photo, facts=["ایک", "دو"], headline=headline, **told)
        (block,) = (op.block for op in words_of(placed) if op.name == "headline")
        assert block
        assert not block.cut


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", ["article", "live", "audio", "gallery"])
def test_an_upright_or_square_photo_stands_beside_the_words(name: str, language: str) -> None:
    """A wide card would leave little of it: it keeps the far side, and words are on the ground beside it."""
    told = {
        "label": "Climate",
        "byline": "Ines Okafor",
        "date": "20 November 2026",
        "credit": "Photo: A",
        "age": "From 2021",
    }
    for pixels, aside in (((1200, 1600), True), ((1600, 1600), True), ((1600, 1280), False), (LARGE, False)):
        placed = lay_out(name, (1200, 630), language, photo=pixels, headline="word " * 12, **told)
        (photo,) = (op.rect for op in placed if isinstance(op, ops.PhotoOp))
        assert (photo.width, photo.height) == (480 if aside else 1200, 630)
        assert (photo.x == 0) is (language == "ar" or not aside)
        solid = 1200 * 0.72 * (1 - 0.16)  # of the ground beside it, which fades into the photo
        ends = [1200 - op.rect.x if language == "ar" else op.rect.right for op in words_of(placed)]
        assert (max(ends) <= solid) is aside


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - {"photo", "textfree"}))
def test_two_hundred_capitals_stand_whole(name: str, size: tuple[int, int]) -> None:
    """A headline of 200 letters, all capitals, is cut by no template, with a large photo, a small one or none."""
    loud = (
        "THE GOVERNMENT WILL MOVE FORTY THOUSAND PEOPLE INLAND BEFORE THE NEXT WINTER STORMS, MINISTERS SAID ON"
        " THURSDAY, AS THE COUNCIL OF PORT ELLIS VOTED TO GIVE UP THE OUTER ROAD AND ALL THE HARBOUR, NOW"
    )
    told = {"label": "Climate", "byline": "Ines Okafor", "date": "20 November 2026", "number": "1 in 7"}
    facts = ["Deposits are capped at one month’s rent", "Repairs must start within fourteen days"]
    assert len(loud) == 198
    for pixels in (LARGE, (600, 400), None):
        placed = lay_out(name, size, "en", photo=pixels, facts=facts, headline=loud, **told)
        (block,) = (op.block for op in words_of(placed) if op.name == "headline")
        assert block
        assert (block.cut, pixels) == (0, pixels)


@pytest.mark.parametrize("size", [(1200, 630), (1080, 1080)])
@pytest.mark.parametrize("language", ["ml", "my", "ta", "ur"])
@pytest.mark.parametrize("name", ["article", "breaking", "opinion", "plain", "quote", "video"])
def test_a_long_headline_in_tall_letters_stands_whole(
    name: str, language: str, size: tuple[int, int]
) -> None:
    """In scripts whose lines are high, words are smaller, or stand to one side, before a letter of them is lost."""
    headline = next(one["text"] for one in SPECIMENS if one["language"] == language)
    told = {"byline": "Ines Okafor", "date": "20 November 2026", "credit": "Photo: A", "video": "12:34"}
    long = " ".join([headline] * 5)[:200].strip()
    for pixels in (LARGE, None):
        placed = lay_out(name, size, language, photo=pixels, headline=long, **told)
        (block,) = (op.block for op in words_of(placed) if op.name == "headline")
        assert block
        assert (block.cut, pixels) == (0, pixels)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["article", "live", "audio", "gallery", "opinion", "quote", "breaking"])
def test_names_roles_and_credits_are_whole(name: str, size: tuple[int, int]) -> None:
    """Where they have no room side by side they stand under each other; nobody is cut off for somebody else."""
    told = {
        "headline": "The harbour towns vote to let the sea back in",
        "byline": "Alexandra-Marie von Hohenstein-Lindqvist",
        "role": "Deputy Director-General for Coastal Adaptation at the Ministry",
        "date": "20 November 2026",
        "note": "Corrected",
        "credit": "Krzysztof Wojciechowski-Brzęczyszczykiewicz / Agence Meridian-Reuters Pictures",
    }
    for pixels in (LARGE, (1200, 2000), (600, 400)):
        for op in words_of(lay_out(name, size, "en", photo=pixels, **told)):
            assert op.block
            assert (op.name, op.block.cut) == (op.name, 0)


def test_a_row_that_fits_stays_one_line() -> None:
    """Byline, date and credit of common length stand on one line, as do a name and its role."""
    for name, told in (("article", {"date": "20 November 2026"}), ("quote", {"role": "Harbour master"})):
        placed = lay_out(
            name, (1200, 630), "en", photo=LARGE, byline="Ines Okafor", credit="Photo: A", **told
        )
        lines = {
            round(op.rect.y + op.block.baseline)
            for op in words_of(placed)
            if op.block and op.name in ("byline", "date", "role", "credit")
        }
        assert len(lines) == 1


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("pixels", "words"), [((1200, 1800), 6), (LARGE, 6), (LARGE, 60), ((600, 400), 60), (None, 60)]
)
def test_words_of_a_video_are_clear_of_the_play_button(
    pixels: tuple[int, int] | None, words: int, language: str
) -> None:
    """They stand under it; beside it where the photo is upright, or where they have no room there."""
    told = {"byline": "Ines Okafor", "date": "20 November 2026", "video": "12:34", "credit": "Photo: A"}
    placed = lay_out("video", (1200, 630), language, photo=pixels, headline="word " * words, **told)
    button = views.middle(1200, 630)
    beside = pixels == (1200, 1800) or words > 6
    for op in words_of(placed):
        assert op.rect.within(button) is None
        if op.name in ("headline", "byline", "date"):
            clear = op.rect.right <= button.x or op.rect.x >= button.right
            assert clear if beside else op.rect.y >= button.bottom


FULLEST = {
    "en": "Ministers and the harbour board of Rechtsschutzversicherungsgesellschaften agree after eleven hours. ",
    "ar": "يتفق الوزراء ومجلس الميناء بعد إحدى عشرة ساعة على إعادة فتح خط العبّارات. ",
    "my": "ဆိပ်ကမ်းမြို့များသည် ပင်လယ်ကို ပြန်ဝင်ခွင့်ပေးရန် မဲပေးခဲ့ကြသည်။ ",
    "hi": "बंदरगाह के शहरों ने समुद्र को लौटने देने के लिए मतदान किया। ",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", FULLEST)
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_fullest_story_has_room(name: str, language: str, size: tuple[int, int]) -> None:
    """A story whose every field is as long as it may be is cut where it must, and refused by no template."""
    text = FULLEST[language] * 8
    told = dict.fromkeys(set(template.FIELDS) - {"brand", "place", "fact"}, text[:300].strip())
    told |= {"headline": text[:500].strip(), "number": text[:20].strip()}
    told |= {"date": "20 November 2026", "moment": "20 Nov 2026, 08:12 GMT", "age": "From 2021"}
    placed = words_of(lay_out(name, size, language, photo=LARGE, facts=[text[:300].strip()] * 5, **told))
    for one, other in combinations(placed, 2):
        if (
            one.rect.x < other.rect.right - 1
            and other.rect.x < one.rect.right - 1
            and "mark" not in (one.name, other.name)
        ):
            assert one.rect.bottom <= other.rect.y + 1 or other.rect.bottom <= one.rect.y + 1
