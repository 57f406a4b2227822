"""What the house says on a card beside the story's own words: badges, notes, age, counts; in the story's language."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale

from syndication.cards import shape, typeset, words
from syndication.config import Config
from syndication.errors import CardError
from syndication.models import PublishEvent

_ALIASES = {"nb": "no", "nn": "no", "iw": "he"}
_PLAY = "\u25b6\ufe0e"  # as a letter, not as an emoji


def fields(event: PublishEvent, config: Config, now: datetime) -> dict[str, str]:
    """The fields that do not come from the story's text, empty where the story has none.

    `age` is the year of a story that is older at `now` than the config allows to pass for news, `year` its bare number.
    Where we have no words in the language, the section stands in the place of a badge, or nothing does.
    """
    data, told = event.card, _told(event.language, config)
    locale = words.locale_of(event.language)
    length = _clock(data.seconds, locale) if data.seconds else ""
    count = _counted(data.pictures, locale) if data.pictures else ""
    section = event.kicker or event.section
    year = _year(event, config, locale, now)
    values = {
        "age": told.get("from", "{year}").replace("{year}", year) if year else "",
        "year": _plain(year, event.language),
        "breaking": told.get("breaking", section),
        "live": f"● {told['live']}" if data.live and "live" in told else "",
        "opinion": told.get("opinion", section),
        "correction": told.get("correction", ""),
        "video": " ".join(filter(None, [_PLAY, told.get("video"), length])),
        "audio": " ".join(filter(None, [_PLAY, told.get("audio"), length])),
        "gallery": " ".join(filter(None, [told["gallery"], count])) if "gallery" in told else "",
        "note": told.get(data.note, "") if data.note else "",
        "number": data.number,
        "source": data.source,
        "role": data.role,
    }
    return {name: typeset.clean(text) for name, text in values.items()}


def house_word(name: str, language: str, config: Config) -> str:
    """A word that the house says of its stories, such as `corrected`, in the story's language or else in English."""
    return _told(language, config).get(name) or _told("en", config)[name]


def facts(event: PublishEvent) -> tuple[tuple[str, str], ...]:
    """The points of a list, each after its place in the language's own digits; empty ones do not count."""
    locale = words.locale_of(event.language)
    told = [text for fact in event.card.facts if (text := typeset.clean(fact))]
    return tuple((words.digits(str(place), locale), text) for place, text in enumerate(told, 1))


def _year(event: PublishEvent, config: Config, locale: Locale, now: datetime) -> str:
    """The year of an old story as its language tells it: `2021`, `2021年`, `1400` in Persian; empty if it is young."""
    if now - event.published <= timedelta(days=config.cards.old_after):
        return ""
    published = event.published.astimezone(ZoneInfo(config.brand.timezone))
    return words.day(published, locale, "::y")


def _counted(number: int, locale: Locale) -> str:
    from babel import numbers

    return words.digits(numbers.format_decimal(number, locale=locale), locale)


def _clock(seconds: int, locale: Locale) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    clock = f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    return words.digits(clock, locale)


def _plain(year: str, language: str) -> str:
    """The number of a year alone, in figures that can be drawn whatever fonts there are."""
    number = "".join(filter(str.isdigit, year))
    try:
        shape.itemise(number, "sans", 700, language, "", rtl=False)
    except CardError:
        return "".join(str(unicodedata.digit(figure)) for figure in number)
    return number


def _told(language: str, config: Config) -> Mapping[str, str]:
    """The words of a language in its script: the newsroom's own, then ours; none for a language without any."""
    primary = language.lower().replace("_", "-").split("-")[0]
    script = words.locale_of(language).script
    keys = [f"{primary}-{script}"]
    if script == words.locale_of(primary).script:
        keys += [primary, _ALIASES.get(primary, primary)]
    ours = next((_ours(key) for key in keys if key in _parts()), {})
    own: Mapping[Any, str] = next((config.brand.words[key] for key in keys if key in config.brand.words), {})
    return {**ours, **own}


@cache
def _parts() -> dict[str, str]:
    """Our words' file by language, unread: to read all of it takes as long as to draw a card."""
    text = resources.files("syndication.cards").joinpath("labels.toml").read_text("utf-8")
    return dict(re.findall(r"^\[([\w-]+)\]\n((?:[^\[\n].*\n|\n)*)", text, re.MULTILINE))


@cache
def _ours(key: str) -> dict[str, str]:
    return tomllib.loads(_parts()[key])
