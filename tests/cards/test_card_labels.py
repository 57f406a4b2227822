"""What the house says on a card in the story's language."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from syndication.cards import labels, shape, template
from syndication.config import Brand, Config, parse
from syndication.errors import ConfigError
from syndication.models import PublishEvent, is_rtl

Make = Callable[..., PublishEvent]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TABLE: dict[str, dict[str, str]] = tomllib.loads(
    (resources.files("syndication.cards") / "labels.toml").read_text("utf-8")
)


def told(event: PublishEvent, **config: Any) -> dict[str, str]:
    return labels.fields(event, Config(**config), NOW)


@pytest.mark.parametrize("language", TABLE)
def test_every_language_tells_all(language: str) -> None:
    """Each language has the same words as English, which our fonts have, and its age holds the year."""
    assert TABLE[language].keys() == TABLE["en"].keys()
    assert shape.itemise(" ".join(TABLE[language].values()), "sans", 700, language, "", rtl=is_rtl(language))
    assert all(TABLE[language].values())
    assert TABLE[language]["from"].count("{year}") == 1


def test_every_field_is_filled(story: Make) -> None:
    """Whatever a template may name is told here or with the story's words, and nothing else is."""
    from syndication.cards import words

    filled = told(story()).keys() | words.fields(story(), Config(), photo=True).keys()
    assert filled == set(template.FIELDS) - {"place", "fact"}


@pytest.mark.parametrize(
    ("language", "age"),
    [
        ("en-GB", "From 2021"),
        ("nb", "Fra 2021"),
        ("ar", "من عام ٢٠٢١"),
        ("de", "Von 2021"),
        ("fa", "از ۱۴۰۰"),
        ("ru", "2021 год"),
        ("sw", "Ya 2021"),
        ("sr-Latn", "Iz 2021."),
        ("pa", "2021 ਦੀ ਖ਼ਬਰ"),
        ("pa-PK", "۲۰۲۱"),
        ("zh-TW", "2021年報導"),
        ("mi", "2021"),
    ],
)
def test_age_is_told_in_the_storys_language(story: Make, language: str, age: str) -> None:
    """An old story's year stands in its own language and digits, and alone where we have no words for it."""
    assert told(story(language=language, published="2021-06-01T00:00:00Z"))["age"] == age


@pytest.mark.parametrize(
    ("language", "year"), [("en", "2021"), ("ja", "2021"), ("fa", "۱۴۰۰"), ("dz", "2021")]
)
def test_the_bare_year_can_always_be_drawn(story: Make, language: str, year: str) -> None:
    """A card without words tells the year in the language's figures, or in ours where no font has them."""
    assert told(story(language=language, published="2021-06-01T00:00:00Z"))["year"] == year
    assert told(story(language=language))["year"] == ""


def test_no_card_says_what_its_readers_do_not_speak(story: Make) -> None:
    """In a language without words the section stands in a badge's place, or nothing does; lengths are still told."""
    card = {"live": True, "note": "corrected", "seconds": 222, "pictures": 12}
    values = told(story(language="mi", kicker="Moana", card=card))
    assert (values["breaking"], values["opinion"]) == ("Moana", "Moana")
    assert values["live"] == values["note"] == values["correction"] == values["gallery"] == ""
    assert values["video"].endswith("\ufe0e 3:42")


def test_a_newsroom_may_have_words_of_its_own(story: Make, tmp_path: Path) -> None:
    """The config's words come before ours, one by one, in the script that they are told for."""
    text = '[brand.words.en]\nopinion = "Comment"\n[brand.words.mi]\nfrom = "Nō {year}"\nbreaking = "Hou"\n'
    config = parse(text, tmp_path / "syndicate.toml")
    assert labels.fields(story(), config, NOW)["opinion"] == "Comment"
    assert labels.fields(story(), config, NOW)["breaking"] == "Breaking"
    old = story(language="mi", published="2021-06-01T00:00:00Z")
    assert labels.fields(old, config, NOW)["age"] == "Nō 2021"
    assert labels.fields(old, config, NOW)["breaking"] == "Hou"
    for wrong in ('from = "Nō"', 'braking = "Hou"'):
        with pytest.raises(ConfigError, match=r"brand\.words"):
            parse(f"[brand.words.mi]\n{wrong}\n", tmp_path / "syndicate.toml")


def test_the_year_is_the_brands(story: Make) -> None:
    """A story of New Year's Eve is of the year that it was where the paper is."""
    event = story(published="2020-12-31T23:30:00Z")
    assert told(event)["age"] == "From 2020"
    assert told(event, brand=Brand(timezone="Asia/Tokyo"))["age"] == "From 2021"


@pytest.mark.parametrize("days", [-400, 0, 364])
def test_young_stories_have_no_age(story: Make, days: int) -> None:
    """A story within the limit, or of the future, carries no year."""
    assert told(story(published=NOW - timedelta(days=days)))["age"] == ""


@pytest.mark.parametrize(
    ("seconds", "video"),
    [(5, "0:05"), (222, "3:42"), (3599, "59:59"), (3600, "1:00:00"), (36_125, "10:02:05")],
)
def test_running_time_is_a_clocks(story: Make, seconds: int, video: str) -> None:
    """Minutes and seconds, and hours where there are any; without a length the badge says only what it is."""
    assert told(story(card={"seconds": seconds}))["video"].endswith(f"Video {video}")
    assert told(story())["video"].endswith("Video")


def test_badges_and_notes(story: Make) -> None:
    """A badge is there while its cause is: live, updated, corrected, the number of pictures."""
    assert told(story())["live"] == told(story())["note"] == ""
    assert told(story(card={"live": True}))["live"] == "● Live"
    assert told(story(card={"note": "corrected"}))["note"] == "Corrected"
    assert told(story("ru", card={"note": "updated"}))["note"] == "Обновлено"
    assert told(story(card={"pictures": 1200}))["gallery"] == "Pictures 1,200"
    # Nothing round stands beside the figures: in Arabic it would be a nought.
    assert told(story("ar", card={"pictures": 12}))["gallery"] == "صور ١٢"


def test_facts_are_counted_in_the_languages_digits(story: Make) -> None:
    """Empty points do not count, and each has its place in the story's own digits."""
    event = story("ar", card={"facts": ["واحد", " ", "اثنان"]})
    assert labels.facts(event) == (("١", "واحد"), ("٢", "اثنان"))


def test_each_language_is_read_from_its_part_of_the_file() -> None:
    """A language's words read by themselves are those that the whole file has for it."""
    text = Path(labels.__file__).with_name("labels.toml").read_text("utf-8")
    assert {key: labels._ours(key) for key in labels._parts()} == tomllib.loads(text)
