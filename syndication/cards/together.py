"""Words that stand together on a line: a number and what it counts, initials and a name, a short word and the next.

Scales, units and months come from the CLDR, in the forms with which a language counts; what newspapers write besides
stands here.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from babel.core import Locale, UnknownLocaleError

_WORDS = re.compile(r"[^ \u00a0\u2007\u202f]+")
_OPENING, _CLOSING = "“”„‟‘’‚«»‹›\"'([¿¡״\u200e\u200f", "“”„‘’»«›‹\"')],;:!?…،؛؟।״.\u200e\u200f"
_PAUSES = frozenset(_CLOSING) - {"."}
_SIGNS = frozenset("€$£¥₹₽₴₺₪₩₸₾֏₦₱₫৳₨")
_SEPARATORS = frozenset("– — ― - | · • / + × =".split())
_OPERATORS = frozenset("+×=:")
_GROUP, _NEXT_GROUP = re.compile(r"(?<![\d.,٫٬])\d{1,3}$"), re.compile(r"\d{3}(?!\d)")
_DAY = re.compile(r"\d{1,2}(?!\d)")
_ORDINAL = re.compile(r"\d{1,2}\.")
_SHORTENED = re.compile(r"([^\W\d_]{1,2})\.")
_INITIAL = re.compile(r"[^\W\d_]\.(?:-[^\W\d_]\.)?")
_NOT_LATIN = re.compile(r"[\u0370-\u1cff\u3040-\ud7ff]")
_DATE = re.compile(r"(?<!\d)\d{1,2} (?=\w+ \d{4}(?!\d))")  # told without the CLDR, as most bylines have one
_KOREAN = re.compile(r"\d[십백천만억조]+$")
_FIRST_PICTURE, _AFTER_PICTURES = "\U0001f000", "\U00020000"  # emoji belong to the words before them
# No line starts inside a range of numbers, with a dash or with the mark that ends a Hebrew quotation; after a hyphen
# that a number or a single letter stands before, or one or two letters behind; nor inside `y/o` or `€/kg`.
_HYPHENS = re.compile(
    r"\d–(?=\d)|\S(?=[–—―״׳])|(?<![^\W\d_])[^\W\d_]\.?-(?=\w)|\d-(?=[^\W\d_])"
    r"|[^\W_]-(?=[^\W\d_]{1,2}(?![^\W\d_]))|(?<![^\W\d_]{4})/(?=[^\W\d_]{1,3}(?!\w))"
)

# In these languages a word of one letter, which is a preposition or conjunction, is never the last of a line.
_NO_LONE_LETTER = frozenset("be bg bs cs hr mk pl ru sk sl sr uk".split())

# After a number, or after one of these that follows a number; what is counted may come after them.
_SCALES = frozenset(
    """
    thousand million billion trillion bn mn mln mld mlrd mljrd milj mil mio mrd tsd tys tis tūkst tuh
    millier milliers milhões bilhões trilhões lakh lakhs crore crores тис тыс млн млрд трлн хил мың χιλ εκατ
    δισ τρισ მლნ მლრდ ათასი հազար մլն մլրդ ألف آلاف مليون ملايين مليار مليارات بليون تريليون هزار میلیون
    میلیارد ہزار لاکھ کروڑ ارب کھرب ملین אלף מיליון מיליארד טריליון מיליאן ביליאן हज़ार हजार लाख करोड़ करोड
    अरब अर्ब खरब खर्ब कोटी হাজার লাখ লক্ষ কোটি ਹਜ਼ਾਰ ਲੱਖ ਕਰੋੜ હજાર લાખ કરોડ ହଜାର ଲକ୍ଷ କୋଟି ஆயிரம் லட்சம்
    இலட்சம் கோடி వేల లక్ష లక్షల కోటి కోట్ల ಸಾವಿರ ಲಕ್ಷ ಕೋಟಿ ആയിരം ലക്ഷം കോടി ሺህ ሚሊዮን ቢሊዮን nghìn ngàn triệu tỷ
    tỉ ribu juta miliar triliun miljun biljun por per pour la кв куб ملیار
    """.split()
)
# After a number or its scale.
_UNITS = frozenset(
    """
    EUR USD GBP CHF JPY CNY INR RUB UAH PLN CZK SEK NOK DKK HUF RON BGN TRY kr zł Kč lei leva Ft kn yen jen
    M$ M€ Md€ G€ k€ percent pct pst km km² m m² m³ cm cm² mm kg g t ft lb oz °C °F ° W kW kWh MW MWh GW GWh
    TWh Wh MB GB TB B kB bit/s Mbit/s km/h mph Hz kHz MHz GHz h min ms p.m a.m uhr proc r eur км м см кг га
    т ч мин ст г гг р рр руб грн лв дол χλμ كم كغ ק״מ euro euros euroa euron eurot eurų eurov eurá euró
    eurót eiro coronas corone coroas koron korun korona cent cents pts tl لەسەد سيڪڙو
    """.split()
)
# So are words that begin with these, as they are inflected.
_STEMS = tuple(
    """
    dollar dólar dolar dollár đô- pound libras libre sterlin franc franken frank kronor kroner kronur króna
    koruna rupe rupi rubl rouble pesos liras forint złot zlot dinar dirham riyal reais shilling shilingi
    rupiah ringgit naira taka shekel yuan juan renminbi tenge hryvn hrivn baht prozent procent prosent
    prósent protsent százalék persen peratus евро євро доллар долар долл фунт франк крон корун иен юан рупи
    рубл гривен гривн злот лев динар тенге теңге лари драм лир процент відсот одсто отсто пайыз ευρώ δολάρι
    λίρ φράγκ ლარ დოლარ ევრო პროცენტ դրամ դոլար եվրո տոկոս دولار يورو جنيه ريال درهم دينار ليرة دلار یورو
    تومان ریال روپ ڈالر درصد فیصد דולר שקל אירו אחוז דאָלאַר रुपए रुपय रूपए रुपैयाँ डॉलर डलर यूरो फ़ीसद फीसद
    प्रतिशत टक्क টাকা ডলার ইউরো শতাংশ ਰੁਪ ਡਾਲਰ ਫ਼ੀਸਦ ਫੀਸਦ રૂપિ ડોલર ટકા ଟଙ୍କା ரூபா டாலர் சதவீத சதவிகித రూపా
    డాలర్ శాతం ರೂಪಾ ಡಾಲರ್ രൂപ ഡോളർ ശതമാന ብር ዶላር በመቶ 원 달러 유로 엔 위안 명 개 년 톤 건 곳 manat evr денар ڊالر ډالر دۆلار
    दशलक्ष કરોડ લાખ कोटी करोड লাখ কোটি కోట్ల ലക്ഷ കോടി கோடி லட்ச ಕೋಟಿ ಲಕ್ಷ
    """.split()
)
# After a scale only, as these are other words as well.
_AFTER_SCALE = frozenset("won real rand lev leu lira dong đồng".split())
# Words that are a scale or a unit in one language and something else in others.
_OWN = {
    "da": "mia", "en": "m k tn am pm mi gallons", "es": "mil", "pt": "mil mi bi tri", "tr": "bin lira",
    "sv": "md", "it": "mila", "ro": "sută", "ka": "მილიარდი", "sw": "elfu milioni bilioni", "fi": "markkaa",
}  # fmt: skip
_PARTICLES = frozenset(("de", "di", "da"))  # between a scale and its unit; a line may end before them
_DIVIDED = frozenset("h ft lb st min ч".split())  # after these units a second number may follow: 20 h 30
_CLITICS = frozenset(("’s", "’t", "’n", "'s", "'t", "'n"))
# Before a number.
_NUMBERED = frozenset(
    """
    № § §§ No. Nos. Nr. Nr nr. nr Nº nº N.º n.º N° n° núm. č. br. бр. lp. ст. п. Art. art. Abs. p. pp. S. s.
    kl. стр. с. Rs Rs. Rp Sh KSh Fr. kr. US$ A$ C$ R$ HK$ NT$ EUR USD GBP CHF JPY INR PKR ca. c. ரூ. రూ. രൂ.
    රු. रु. रू. Tk ರೂ. રૂ. vol. ch. cap. yüzde asilimia සියයට ಶೇ ကျပ် biliyan miliyan kashi
    """.split()
)
# Before a name.
_TITLES = frozenset(
    """
    Dr. Dr Mr. Mr Mrs. Mrs Ms. Ms Prof. St. St Ste. Mt. Ft. Hr. Fr. Sr. Sra. Srta. Sta. Sto. Dña. Mme Mlle
    MM. Mgr on. On. Sen. Rep. Gov. Gen. Col. Lt. Sgt. Rev. Hon. dr prof. mgr inż. ks. im. ul. al. г. ул. д-р
    проф. св. им. вул. акад. ген. κ. Δρ. Αγ. hl. sv. ing. Ing. arch. avv. dott. sig. dhr. mevr. ds. mr. ir.
    डॉ. डॉ ডা. ড. డా. ഡോ. dr. hab. g. ga. S:t S:ta м.
    """.split()
)
_MEASURES = """
    concentr-percent duration-year duration-month duration-week duration-day duration-hour duration-minute
    duration-second length-kilometer length-meter length-centimeter length-mile length-foot mass-kilogram mass-gram
    mass-tonne area-hectare area-square-kilometer area-square-meter volume-liter power-megawatt
""".split()
# Among them are all forms that the plurals of languages have, but for some of Arabic.
_COUNTS = (1, 2, 5, 1.5)


class _Counting(NamedTuple):
    """How a language counts: what an amount goes on with, what may end it, and its months."""

    scales: frozenset[str]
    units: frozenset[str]
    months: frozenset[str]


def kept(text: str, language: str) -> set[int]:
    """The ends of blanks and hyphens in a text after which no line starts; the language is told by its primary tag."""
    ends = {match.end() for match in _HYPHENS.finditer(text)}
    ends |= {match.end() for match in _DATE.finditer(text)}
    foreign = bool(_NOT_LATIN.search(text))
    amount = ended = scaled = False  # whether the last word is a number or its scale, or ends an amount
    for one, other in pairwise(_WORDS.finditer(text)):
        word, after = one[0], other[0]
        if not (amount or ended or len(word) == 1 or word in _TITLES) and word.isalpha() and after.isalpha():
            continue  # as most pairs are
        if other.start() in ends:
            amount, scaled, ended = False, False, True
            continue
        linked = scaled and word in _PARTICLES
        scaled = amount and _is_scale(word, language) and word[-1] not in _PAUSES
        korean = bool(_KOREAN.search(word))
        amount = scaled or korean or word[-1].isdecimal() or word[-1] in "½¼¾"
        counted = amount or ended
        divided = after[0].isdecimal() and (korean or (ended and word in _DIVIDED))
        ended = (amount or linked) and _goes_on(after, language, scaled=scaled or linked)
        named = foreign and after[0].isdecimal() and word.isascii() and word.isalpha()  # iPhone 17
        if ended or divided or named or _leans(word, after, language, counted=counted):
            ends.add(other.start())
    return ends


def _leans(word: str, after: str, language: str, *, counted: bool) -> bool:
    """Whether a word is no end of a line, or the one after it no start, whatever is counted."""
    bare, first = word.lstrip(_OPENING), after.lstrip(_OPENING)[:1]
    if _FIRST_PICTURE <= first < _AFTER_PICTURES:
        return True
    if after in _SEPARATORS:
        return after not in _OPERATORS or counted or word[-1] in "%‰"
    if len(bare) == 1 and bare.isalpha() and not counted and language in _NO_LONE_LETTER:
        return first.isalnum()
    if first.isdecimal():
        signed = bare in _NUMBERED or bare in _OPERATORS or word[-1] in "№§" or word[-1] in _SIGNS
        group = (_GROUP.search(word) and _NEXT_GROUP.match(after)) or _ORDINAL.fullmatch(bare)
        return bool(
            signed or group or (_DAY.match(after) and bare[:1].isupper() and _is_month(bare, language))
        )
    if counted or not first.isalpha():
        return False
    if (
        _ORDINAL.fullmatch(bare)
        or _are_shortened(bare, after)
        or (word in _CLITICS and language in ("af", "nl"))
    ):
        return True
    if bare in _TITLES and after in _TITLES:
        return True
    named = bare in _TITLES or (_INITIAL.fullmatch(bare) and not bare[:1].islower())
    return bool(named and not first.islower())


def _are_shortened(word: str, after: str) -> bool:
    """Whether two words are cut to as many letters, as those of `z. B.` and `EE. UU.` are."""
    one, other = _SHORTENED.fullmatch(word), _SHORTENED.match(after)
    return bool(one and other and len(one[1]) == len(other[1]))


def _goes_on(after: str, language: str, *, scaled: bool) -> bool:
    """Whether a word is a part of the amount before it."""
    if after[0] in "%‰" or after[0] in _SIGNS:
        return not after[1:2].isalnum()
    return _is_scale(after, language) or _ends(after, language, scaled=scaled) or _is_month(after, language)


def _is_scale(word: str, language: str) -> bool:
    bare = word.rstrip(_CLOSING)
    small = bare.lower()
    return bare in _SCALES or small in _SCALES or small in _counting(language).scales


def _ends(word: str, language: str, *, scaled: bool) -> bool:
    bare = word.rstrip(_CLOSING)
    small = bare.lower()
    return (
        bare in _UNITS
        or small in _UNITS
        or small.startswith(_STEMS)
        or small in _counting(language).units
        or (scaled and small in _AFTER_SCALE)
    )


def _is_month(word: str, language: str) -> bool:
    return word.rstrip(_CLOSING).lower() in _counting(language).months


@lru_cache(maxsize=64)
def _counting(language: str) -> _Counting:
    from babel.units import format_unit  # not paid for by words without a number

    own = _OWN.get(language, "").split()
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return _Counting(frozenset(own), frozenset(), frozenset())
    scales = {
        word.rstrip(".").lower()
        for forms in locale.compact_decimal_formats.values()
        for plurals in forms.values()
        for pattern in plurals.values()
        for word in pattern.pattern.replace("'", "").split()
        if len(word) > 1 and "0" not in word
    }
    units = set[str]()
    for measure in _MEASURES:
        for count in _COUNTS:
            words = format_unit(count, measure, "long", locale=locale).split()
            counted = [word.rstrip(".").lower() for word in words if word[0].isalpha()]
            if counted and measure not in words:  # which Babel says where the CLDR says nothing
                scales |= {*counted[:-1]}
                units.add(counted[-1])
    months = {
        name.rstrip(".").lower()
        for width in ("wide", "abbreviated")
        for name in locale.months["format"][width].values()
    }
    return _Counting(frozenset({*scales, *own}), frozenset(units), frozenset(months))
