"""Where a line may end: UAX #14 by ICU, with its dictionaries for Thai, Lao, Khmer and Burmese.

A headline wants more: Japanese and Korean broken between phrases, Chinese between words, numbers with their units, no
preposition left behind, no dash at the start of a line.
"""

import re
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from icu4py.breakers import LineBreaker, WordBreaker

from syndication.cards import patterns, together

if TYPE_CHECKING:
    import pyphen

SOFT_HYPHEN = "\u00ad"

_KANA = r"[\p{Script=Hira}\p{Script=Kana}]"
_HANGUL, _HAN = r"\p{Script=Hang}", r"\p{Script=Hani}"
# Marks beside which one character alone is no end or start of a line of Chinese or Japanese, and what a Chinese line
# never starts with, as it belongs to the word before. Japanese words of so many Chinese characters stay whole.
_CLAUSES = frozenset("、。，；：！？“”‘’「」『』《》（）〈〉【】")
_PARTICLES = frozenset("了的吗呢吧们嗎們")
_COMPOUNDS = r"(?<!\p{Script=Hani})\p{Script=Hani}{2,5}(?!\p{Script=Hani})"
# Numbers of scripts that set no blanks between words, with their scales; what is counted comes after them. A year
# counts nothing. No line starts with a mark that says a word again or cuts it short, nor with the
# particle that belongs to a quotation, as those of Japanese and Korean do.
_EAST_ASIAN_AMOUNT = (
    r"[約约第](?=\d)|\d・(?=\d)"
    r"|\d[%％]?[十百千万萬亿億兆几幾多余餘]*(?=[\d\p{Script=Hani}\p{Script=Kana}\p{Script=Hira}])"
)
_THAI_AMOUNT = (
    r"(?<!\d)(?!\d{4}(?!\d))\d[\d.,]*\x20?(?:ร้อย|พัน|หมื่น|แสน|ล้าน|ຮ້ອຍ|ພັນ|ໝື່ນ|ແສນ|ລ້ານ|ຕື້|ពាន់|ម៉ឺន|សែន|លាន"
    r"|ထောင်|သောင်း|သိန်း|သန်း|ကုဋေ|ဘီလီယံ)*(?=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
)
_REPEATED = r".\x20?(?=[ๆฯໆຯៗ])"
_QUOTED = r"[」』）》”’](?=[\p{Script=Hira}\p{Script=Hang}])"
# Names and quotations of few letters stay whole.
_SHORT_QUOTE = r"《[^《》]{1,8}》|[“「『][^“”「」『』，。]{1,6}[”」』]"
_FIRST_THAI = "\u0e00"
# What comes before needs no look at graphemes, or at scripts.
_FIRST_MARK, _FIRST_EAST_ASIAN = "\u0300", "\u1100"
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LEAST_WORD = 6  # letters, below which a word is not hyphenated
# In these languages, of which Pyphen has no patterns, a consonant before a vowel begins a syllable.
_OPEN_SYLLABLES = frozenset("fi tr az kk ky uz".split())
_VOWELS = "aeiouyåäöüıəâîûаеёиоуыэюяәіөүұ"
_SYLLABLE = rf"(?i)(?<=\p{{L}}{{3}})(?<=[{_VOWELS}]\p{{L}}{{0,3}})(?=[^\W\d_{_VOWELS}][{_VOWELS}]\p{{L}})"
# What German, Dutch and Scandinavian compounds are joined with; other seams Pyphen's patterns do not tell.
_SEAM = re.compile(
    rf"(?:[ui]ng|[hk]eit|heid|het|schaft|scha[fp]|skap|i{SOFT_HYPHEN}?on|tät|teit|tum)s{SOFT_HYPHEN}$"
)


@lru_cache(maxsize=512)
def chances(text: str, language: str, *, loose: bool = False) -> tuple[int, ...]:
    """Indexes after which the next line may start, the text's end always the last.

    `loose` leaves out the house's own rules: what is left is UAX #14, for words that have no room otherwise.
    """
    primary = _primary(language)
    locale = "und@lb=strict" if loose else _locale(text, primary)
    # By the parts' lengths, as ICU counts in UTF-16.
    ends = tuple(accumulate(len(part) for part in LineBreaker(text, locale)))
    if max(text, default="") >= _FIRST_MARK:
        graphemes = {match.end() for match in patterns.compiled(patterns.GRAPHEME).finditer(text)}
        ends = tuple(end for end in ends if end in graphemes)  # ICU looks at less than that after a kana
    if loose:
        return ends
    kept = together.kept(text, primary)
    if max(text, default="") >= _FIRST_THAI:
        kept |= _kept_without_blanks(text, ends, locale)
    return tuple(end for end in ends if end not in kept)


def _kept_without_blanks(text: str, ends: tuple[int, ...], locale: str) -> set[int]:
    """Of the chances in words that no blanks part, those that are not taken."""
    kept = _inside(_THAI_AMOUNT, text) | _inside(_REPEATED, text) | _inside(_QUOTED, text)
    if locale.startswith("zh"):
        kept |= set(ends) - set(accumulate(len(word) for word in WordBreaker(text, locale)))
        kept |= {end for end in ends if text[end : end + 1] in _PARTICLES}
    if locale.startswith("ja"):
        runs = patterns.compiled(_COMPOUNDS).finditer(text)
        kept |= {end for run in runs for end in range(run.start() + 1, run.end())}
    if locale.startswith(("ja", "zh")):
        quotes = patterns.compiled(_SHORT_QUOTE).finditer(text)
        kept |= {end for quote in quotes for end in range(quote.start() + 1, quote.end())}
        kept |= _inside(_EAST_ASIAN_AMOUNT, text) | {end for end in ends[:-1] if _lonely(text, end)}
    return kept


def _inside(pattern: str, text: str) -> set[int]:
    """The places after the first letter of each match, and its end."""
    matches = patterns.compiled(pattern).finditer(text)
    return {end for match in matches for end in range(match.start() + 1, match.end() + 1)}


def _lonely(text: str, end: int) -> bool:
    """Whether one character would end a line after a mark, or start the next before one."""
    before, after = text[max(end - 2, 0) : end], text[end : end + 2]
    ends_alone = len(before) == 2 and before[0] in _CLAUSES and before[1] not in _CLAUSES
    return ends_alone or (after[0] not in _CLAUSES and (len(after) == 1 or after[1] in _CLAUSES))


def hyphenated(words: str, language: str) -> str:
    """Words with a soft hyphen wherever the language may divide them; as they are if it is not known how."""
    primary = _primary(language)
    if primary in _OPEN_SYLLABLES:
        return str(patterns.compiled(_SYLLABLE).sub(SOFT_HYPHEN, words))
    hyphens = _hyphens(primary)
    if hyphens is None:
        return words
    return str(
        patterns.compiled(rf"\p{{L}}{{{_LEAST_WORD},}}").sub(
            lambda match: hyphens.inserted(match[0], SOFT_HYPHEN), words
        )
    )


def is_seam(words: str, end: int) -> bool:
    """Whether the soft hyphen at the end of `words[:end]` stands where two words were joined."""
    return bool(_SEAM.search(words, 0, end))


@cache
def _hyphens(language: str) -> "pyphen.Pyphen | None":
    import pyphen  # 10 ms, for what one headline in a thousand needs

    name = pyphen.language_fallback(language)
    # Three letters on each side: a headline has no room for less to be read well.
    return pyphen.Pyphen(lang=name, left=3, right=3) if name else None


def _locale(text: str, language: str) -> str:
    """What ICU is to break by: words that belong together stay so in Japanese and Korean, whoever tells them."""
    if max(text, default="") < _FIRST_EAST_ASIAN and language not in ("ja", "ko"):
        return f"{language}@lb=strict"
    if language == "ja" or patterns.compiled(_KANA).search(text):
        return "ja@lb=strict;lw=phrase"
    if language == "ko" or patterns.compiled(_HANGUL).search(text):
        return "ko@lb=strict;lw=phrase"
    return f"{'zh' if patterns.compiled(_HAN).search(text) else language}@lb=strict"


def _primary(language: str) -> str:
    primary = language.lower().replace("_", "-").split("-")[0]
    return primary if _LANGUAGE.fullmatch(primary) else "und"
