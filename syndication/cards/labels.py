"""What the house says on a card beside the story's own words: badges, notes, age, counts; in the story's language."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from babel import Locale, dates, numbers

from syndication.cards import typeset, words
from syndication.config import Config
from syndication.models import PublishEvent

_ALIASES = {"nb": "no", "nn": "no"}
_PLAY = "\u25b6\ufe0e"  # as a letter, not as an emoji


def fields(event: PublishEvent, config: Config, now: datetime) -> dict[str, str]:
    """The fields that do not come from the story's text, empty where the story has none.

    `age` is the year of a story that is older at `now` than the config allows to pass for news.
    """
    data, told = event.card, _told(event.language)
    locale = words.locale_of(event.language)
    length = _clock(data.seconds, locale) if data.seconds else ""
    count = (
        words.digits(numbers.format_decimal(data.pictures, locale=locale), locale) if data.pictures else ""
    )
    values = {
        "age": _age(event, config, now, locale),
        "breaking": told["breaking"],
        "live": f"● {told['live']}" if data.live else "",
        "opinion": told["opinion"],
        "correction": told["correction"],
        "video": " ".join(filter(None, [_PLAY, told["video"], length])),
        "audio": " ".join(filter(None, [_PLAY, told["audio"], length])),
        "gallery": " · ".join(filter(None, [told["gallery"], count])),
        "note": told[data.note] if data.note else "",
        "number": data.number,
        "source": data.source,
        "role": data.role,
    }
    return {name: typeset.clean(text) for name, text in values.items()}


def facts(event: PublishEvent) -> tuple[tuple[str, str], ...]:
    """The points of a list, each after its place in the language's own digits; empty ones do not count."""
    locale = words.locale_of(event.language)
    told = [text for fact in event.card.facts if (text := typeset.clean(fact))]
    return tuple((words.digits(str(place), locale), text) for place, text in enumerate(told, 1))


def _age(event: PublishEvent, config: Config, now: datetime, locale: Locale) -> str:
    if now - event.published <= timedelta(days=config.cards.old_after):
        return ""
    published = event.published.astimezone(dates.get_timezone(config.brand.timezone))
    year = words.day(published, locale, "::y")
    return _told(event.language)["from"].format(year=year) if _knows(event.language) else year


def _clock(seconds: int, locale: Locale) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    clock = f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    return words.digits(clock, locale)


def _primary(language: str) -> str:
    primary = language.lower().replace("_", "-").split("-")[0]
    return _ALIASES.get(primary, primary)


def _knows(language: str) -> bool:
    return _primary(language) in _table()


def _told(language: str) -> Mapping[str, str]:
    return _table().get(_primary(language), _table()["en"])


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("syndication.cards").joinpath("labels.toml").read_text("utf-8"))
