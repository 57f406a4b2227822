"""What a story says on a card: its fields as text, told in its own language, digits and calendar."""

import re
from collections.abc import Collection, Container, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError, get_global
from babel.localedata import resolve_locale_filename
from icu4py.messageformat import MessageFormat

from syndication.cards import patterns, typeset
from syndication.config import Config
from syndication.errors import CardError
from syndication.models import PublishEvent

_ENDS = ".!?…؟۔।॥။៕។።。！？"  # of sentences

# Marks that a quotation begins with, in any language, and those that then may end it.
_QUOTES = {
    "“": "”", "„": "“”", "”": "”“", "‘": "’", "‚": "‘’", "’": "’", "«": "»", "»": "«»", "‹": "›", "›": "‹›",
    "「": "」", "『": "』", "﹁": "﹂", "﹃": "﹄", "״": "״", '"': '"', "＂": "＂", "〝": "〞〟",
}  # fmt: skip
_QUOTED = r"(?s)(?P<inside>.*)(?P<close>[\p{Pf}\p{Pi}\p{Pe}\"״＂])(?P<end>[.!?…。]?)"

# The numbering systems that CLDR has as some language's first, of the scripts that cards can be set in.
_ZEROS = {"arab": 0x0660, "arabext": 0x06F0, "deva": 0x0966, "beng": 0x09E6, "mymr": 0x1040}


def fields(
    event: PublishEvent, config: Config, *, photo: bool, shown: Container[str] = ("date", "moment")
) -> dict[str, str]:
    """The fields that come from the story's text, empty where it has none; dates in the brand's time zone.

    A `date` or `moment` that is not among those `shown` stays empty, as to learn a language's times takes a while.
    Raises CardError if nothing can be seen of the headline.
    """
    locale = locale_of(event.language)
    published = event.published.astimezone(ZoneInfo(config.brand.timezone))
    names = [name for name in event.byline if name.strip()]
    values = {
        "headline": event.headline,
        "summary": event.summary,
        "label": event.kicker or event.section,
        "byline": _listed(names, locale),
        "date": day(published, locale, "long") if "date" in shown else "",
        "moment": _moment(published, locale) if "moment" in shown else "",
        "credit": event.image.credit if event.image and photo else "",
        "brand": config.brand.name,
    }
    values = {name: typeset.clean(text) for name, text in values.items()}
    if not values["headline"]:
        raise CardError(f"{event.id}: the headline has no letters that can be drawn")
    return values


def _listed(names: list[str], locale: Locale) -> str:
    if len(names) < 2:
        return "".join(names)
    from babel import lists  # as `dates` and `numbers`, not paid for by cards that show none

    return lists.format_list(names, locale=locale)


def unquoted(text: str) -> str:
    """A quotation without the marks around the whole of it, for a card that sets its own; others stay as they are."""
    closing = _QUOTES.get(text[:1], "")
    match = patterns.compiled(_QUOTED).fullmatch(text, 1)
    if not match or match["close"] not in closing:
        return text
    open_ones = 1
    for index in range(1, match.end("close")):
        within = text[index - 1].isalnum() and text[index + 1 : index + 2].isalnum()  # an apostrophe
        if text[index] in closing and not within:
            open_ones -= 1
        elif text[index] == text[0] and not within:
            open_ones += 1
        if not open_ones and index < match.end("inside"):
            return text  # it was the first of several
    inside = match["inside"].strip()
    return f"{inside}{match['end']}" if inside else text


def alt(
    values: dict[str, str],
    event: PublishEvent,
    *,
    photo: bool,
    fields: Collection[str] = ("label", "headline", "byline", "date"),
    more: Sequence[str] = (),
) -> str:
    """The card in words, for those who cannot see it: what it says, then what its photo shows.

    `fields` are those that its template shows, and `more` is what stands on this kind of card besides. A card that
    says nothing and whose photo nobody described is told by the headline.
    """
    shows = typeset.clean(event.image.alt) if event.image and photo else ""
    said = {name: values[name] if name in fields else "" for name in ("label", "headline", "byline", "date")}
    parts = [said["label"], said["headline"], *more, said["byline"], said["date"], shows]
    parts = parts if said["headline"] or shows else [*parts, values["headline"]]
    return " ".join(part if part[-1] in _ENDS else f"{part}." for part in parts if part)


@lru_cache(maxsize=128)
def locale_of(language: str) -> Locale:
    """The locale of a BCP 47 tag, with its most likely script and region; English if CLDR does not know it.

    The region matters: CLDR 47 gives plain `ar` Western digits, but its likely region, Egypt, Arabic-Indic ones.
    """
    tag = language.replace("-", "_")
    primary = tag.split("_")[0].lower()
    likely = get_global("likely_subtags")
    for candidate in (likely.get(tag), tag, likely.get(primary), primary):
        if candidate and (locale := _known(candidate)):
            return locale
    return Locale("en")


def _known(tag: str) -> Locale | None:
    # Babel itself finds `en_US` for `en_Latn_US`, once it has gone through the names of all its files.
    short = re.sub(r"^([a-z]+)_[A-Z][a-z]{3}_([A-Z]{2})$", r"\1_\2", tag)
    if short != tag and not _has_file(tag) and _has_file(short):
        tag = short
    try:
        return Locale.parse(tag)
    except (ValueError, UnknownLocaleError):
        return None


def _has_file(tag: str) -> bool:
    return Path(resolve_locale_filename(tag)).exists()


def day(time: datetime, locale: Locale, form: str) -> str:
    """The day of a time, in the language's own calendar: 29 Aban 1405 in Persian, 2569 as the year in Thai.

    `form` is ICU's: `long`, or a skeleton such as `::yMMMd`.
    """
    # ICU tells times in the machine's zone: the day's noon is on that day in any.
    noon = datetime(time.year, time.month, time.day, 12)  # noqa: DTZ001
    return _day_format(form, str(locale)).format({"day": noon})


@lru_cache(maxsize=128)
def _day_format(form: str, locale: str) -> MessageFormat:
    return MessageFormat(f"{{day,date,{form}}}", locale)


def _moment(time: datetime, locale: Locale) -> str:
    """Day, hour and zone: `20 Nov 2026, 08:12 GMT`."""
    from babel import dates

    hour = dates.format_time(time, "short", tzinfo=time.tzinfo, locale=locale)
    pattern = str(dates.get_datetime_format("medium", locale))
    return pattern.format(digits(f"{hour} {_zone(time, locale)}", locale), day(time, locale, "::yMMMd"))


def _zone(time: datetime, locale: Locale) -> str:
    """The zone's short name where the language has one, else its distance from Greenwich: `GMT+3`."""
    from babel import dates

    name: str = dates.get_timezone_name(time, "short", locale=locale)
    if name[0] not in "+-":
        return name
    minutes = int((time.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    offset = f"{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}" if minutes else ""
    return str(locale.zone_formats["gmt"] % offset)


def digits(text: str, locale: Locale) -> str:
    """Numbers in the locale's own digits, which Babel does not use in dates."""
    zero = _ZEROS.get(locale.default_numbering_system)
    return text.translate({ord("0") + n: zero + n for n in range(10)}) if zero else text
