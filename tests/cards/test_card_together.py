"""What stands together on a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.cards import breaks, together


def parts(text: str, language: str) -> str:
    """The text with a bar at each chance to break."""
    ends = breaks.chances(text, language)
    return "|".join(text[start:end] for start, end in zip((0, *ends), ends, strict=False))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("uk", "Мінфін |виділить |4,2 млрд грн |на |15 тис. |сімей"),
        ("ru", "за |98,5 руб. |и 3 млрд долл. |через |3 года"),
        ("ru", "В 2019–2021 гг. |на |40 тыс. кв. м |больше"),
        ("pl", "to |1,5 mld zł |i 20 proc. |płac |w 2026 r."),
        ("cs", "o 5 mil. Kč |méně"),
        ("de", "um |4,2 Mrd. Euro |und |500 Tsd. Franken |und |15 Prozent"),
        ("fr", "soit |4,2 milliards |d’euros |et |1,2 M$ |et |15 pour cent"),
        ("es", "los |4.200 millones |de euros |y |el |5 por ciento"),
        ("pt", "R$ 4,2 bilhões |e |R$ 5 mi |a |mais"),
        ("en", "a |$4.2 million |deal, |1.5 billion pounds, |5 trillion won |and |5 p.m."),
        ("en-IN", "₹4.2 lakh crore |and |Rs 500 crore |more"),
        ("tr", "tam |4,2 milyar lira, |yüzde 15 |artış"),
        ("el", "πληρώνει |4,2 δισ. ευρώ"),
        ("ka", "დახარჯეს |4,2 მლრდ ლარი |დღეს"),
        ("hy", "միայն |4,2 մլրդ դրամ |են"),
        ("da", "får |4,2 mia. kr. |til |vejen"),
        ("sv", "får |4,2 miljarder kronor |nu"),
        ("fi", "saa |4,2 mrd. euroa |ja |15 %:n |osan"),
        ("hu", "csak |4,2 milliárd forint |és |15 százalék |jár"),
        ("ro", "încă |3 mil. de euro |și |15 la sută |din"),
        ("lt", "dar |4,2 mlrd. eurų |ir"),
        ("kk", "тағы |4,2 млрд теңге |және"),
        ("ar", "تخصص |٤٫٢ مليار دولار |لـ٣ آلاف |أسرة"),
        ("fa", "پرداخت |۴٫۲ میلیارد دلار |شد"),
        ("ur", "کو |4.2 ارب ڈالر |اور |15 فیصد |اضافہ"),
        ("he", "תעביר |4.2 מיליארד דולר |היום"),
        ("hi", "का |₹4.2 लाख करोड़ |का |बजट, |15 फ़ीसदी |बढ़ोतरी"),
        ("bn", "এবার |৪.২ লাখ কোটি টাকার |বাজেট"),
        ("ta", "இது |ரூ. 4.2 லட்சம் கோடி |பட்ஜெட்"),
        ("am", "ዛሬ |4.2 ቢሊዮን ብር |መደበ፤ |15 በመቶ |ጭማሪ"),
        ("vi", "chi |4,2 tỷ đồng |cho |15 triệu |người"),
        ("id", "keluarkan |Rp4,2 triliun |untuk |15 juta |orang"),
        ("it", "paga |4,2 miliardi |di euro |e |5 |di |questi"),
        ("ko", "정부, |4억 2000만 달러 |투입해 |15만 명 |지원"),
        ("th", "ทุ่ม |4.2 พันล้านบาท |ช่วย |15 ล้านคน"),
        ("km", "ចំណាយ |៤,២ ពាន់លានដុល្លារ |ជួយ"),
        ("my", "အစိုးရ|က |၄.၂ ဘီလီယံဒေါ်လာ |သုံးစွဲ"),
        ("ja", "約1万2000人が|4億2000万ドルを"),
        ("zh-Hans", "拨款|4.2亿美元，|第3季度"),
        ("zh-Hant", "2026年|11月|23日起，|3萬多人|領取"),
        ("xx", "5 km |und |7 %"),
    ],
)
def test_an_amount_is_not_parted(language: str, text: str) -> None:
    """A number, its scale and the unit or currency after it are on one line, as each language counts."""
    assert parts(text.replace("|", ""), language) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Dr. J. K. O’Brien |of |St. John’s |and |the |U.S. |Army"),
        ("uk", "каже |О. Гнатюк |в Києві"),
        ("fr-CA", "dit |J.-P. Tremblay |à |M. Roy"),
        ("ar", "تصوير: |م. عمر"),
        ("en", "plan |b. |now |and |vitamin |C. |there"),
        ("lt", "Įstatymas |Nr. 5 |ir"),
        ("es", "el |n.º 2 |y |la |pág. |3"),
        ("nl", "naar |’s-Hertogenbosch: |€ 4,2 miljard"),
        ("ro", "Într-o |lună"),
        ("en", "a |T-shirt |and |a |well-|known |e-mail"),
        ("de", "am |1. August, |am |23. November"),
        ("en", "on |Nov. 3 |and |23 November |but |November |2026"),
        ("fr", "à |20 h 30 |ce |50 % + 1 |des |voix"),
        ("en", "it |fell – |and |rose — |now - |and |then"),
        ("pl", "„W Łodzi |i w „Domu” |z 2:1 |do |3:2”"),
        ("en", "In |2026 |I |saw |a |film"),
        ("en", "won |15, |million |lost"),
        ("en", "Mother |and |child 👩‍👧 |win 🏆 |at |last"),
        ("th", "ต่าง ๆ |และ|อื่นๆ"),
        ("de", "u. a. |in |Berlin |z. B. |am |1. 1. 2027 |für |5 €/kg"),
        ("es", "EE. UU. |dice |no |y/o |Sr. Sánchez"),
        ("fr", "le |11-Septembre, |répond-il, |vient-|elle, |qu’est-ce"),
        ("pl", "z dr. hab. J. Kowalskim |o „Solidarności”"),
        ("nl", "’s Nachts |in |’t Gooi"),
        ("cs", "v 90. minutě |3 : 2"),
        ("en", "a |duel—|what’s |next"),
        ("he", "״לא!״ |אמר"),
        ("ja", "中国は|145%に |株価は|3000ドル高"),
        ("ja", "9・11から|25年"),
        ("ko", "‘어닝 |쇼크’에 |주가"),
        ("km", "និង|ផ្សេងៗ"),
        ("fa", "رشد |و |iPhone 17 |در"),
        ("en", "In |Gaza |12 |die"),
        ("zh-Hans", "《人民日报》：|“绝不放弃”——|政府"),
        ("ja", "“アップル・|ストア”に集まる"),
    ],
)
def test_names_and_short_words_lean_on_the_next(language: str, text: str) -> None:
    """Initials and titles keep the name, abbreviations the number, days the month, one-letter words what follows."""
    assert parts(text.replace("|", ""), language) == text


@given(st.text("ab5 .,-–—/״%€“”NrkmМ億ล้าน"), st.sampled_from(["en", "pl", "ar", "xx", "und", "root"]))
def test_only_blanks_hyphens_and_dashes_are_kept(text: str, language: str) -> None:
    """Whatever the words, what is kept lies inside them, after a blank, a hyphen or a stroke or before a dash."""
    for end in together.kept(text, language):
        assert 0 < end < len(text)
        assert text[end - 1] in " -–/" or text[end] in "–—״"


def test_plain_words_do_not_ask_how_a_language_counts() -> None:
    """The CLDR is read only where a word follows a number, and not for a date."""
    together._counting.cache_clear()
    for text in ("The sea took the road twice", "20 November 2026", "By Ada Marlowe · 1 May 2026"):
        together.kept(text, "en")
    assert together._counting.cache_info().currsize == 0
    together.kept("it took 4 metres", "en")
    assert together._counting.cache_info().currsize == 1
