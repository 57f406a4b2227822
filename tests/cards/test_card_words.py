"""What a story says on its card."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.cards import words
from syndication.config import Brand, Config
from syndication.errors import CardError
from syndication.models import PublishEvent

Make = Callable[..., PublishEvent]


@pytest.mark.parametrize(
    ("language", "date"),
    [
        ("en", "November 20, 2026"),
        ("en-GB", "20 November 2026"),
        ("ar", "٢٠ نوفمبر ٢٠٢٦"),
        ("ar-MA", "20 نونبر 2026"),
        ("fa", "۲۹ آبان ۱۴۰۵"),
        ("th", "20 พฤศจิกายน 2569"),
        ("hi", "20 नवंबर 2026"),
        ("mr", "२० नोव्हेंबर, २०२६"),
        ("bn", "২০ নভেম্বর, ২০২৬"),
        ("my", "၂၀၂၆ နိုဝင်ဘာ ၂၀"),
        ("zh-Hant", "2026年11月20日"),
        ("ja", "2026年11月20日"),
        ("he", "20 בנובמבר 2026"),
        ("ru", "20 ноября 2026\u202fг."),
        ("el", "20 Νοεμβρίου 2026"),
        ("xx-YY", "November 20, 2026"),
    ],
)
def test_dates_are_told_in_the_storys_language(story: Make, language: str, date: str) -> None:
    """Month names, their order, the digits and the calendar are the locale's."""
    assert words.fields(story(language=language), Config(), photo=True)["date"] == date


@pytest.mark.parametrize(
    ("zone", "language", "moment"),
    [
        ("Europe/London", "en-GB", "20 Nov 2026, 08:12 GMT"),
        ("Asia/Baghdad", "en-GB", "20 Nov 2026, 11:12 GMT+3"),
        ("Asia/Kolkata", "ru", "20 нояб. 2026\u202fг., 13:42 GMT+5:30"),
        ("Pacific/Auckland", "en-GB", "20 Nov 2026, 21:12 GMT+13"),
        ("Asia/Tehran", "fr", "20 nov. 2026, 11:42 UTC+3:30"),
        ("Asia/Tehran", "fa", "۲۹ آبان ۱۴۰۵،\u200f ۱۱:۴۲ +۳:۳۰ گرینویچ"),
        ("Asia/Dhaka", "bn", "২০ নভে, ২০২৬ ২:১২ PM GMT +৬"),
    ],
)
def test_hours_are_told_in_the_brands_zone(story: Make, zone: str, language: str, moment: str) -> None:
    """A breaking card tells the hour where the paper is, and which zone that is."""
    config = Config(brand=Brand(timezone=zone))
    assert words.fields(story(language=language), config, photo=True)["moment"] == moment


def test_the_day_is_that_of_the_zone(story: Make) -> None:
    """Shortly before midnight in London it is the next day in Auckland."""
    late = story(published="2026-11-20T23:30:00Z")
    config = Config(brand=Brand(timezone="Pacific/Auckland"))
    assert words.fields(late, config, photo=True)["date"] == "21 November 2026"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_machines_zone_changes_no_date(story: Make, zone: str) -> None:
    """A worker in Kiritimati or Los Angeles tells the same day as one in London."""
    code = (
        "from datetime import datetime; from syndication.cards import words\n"
        "print(words.day(datetime(2026, 11, 20, 23, 59), words.locale_of('en-GB'), 'long'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.strip() == "20 November 2026"


def test_label_is_the_kicker_or_else_the_section(story: Make) -> None:
    """Without a kicker the section names the story."""
    assert words.fields(story(section="World"), Config(), photo=True)["label"] == "Climate"
    assert words.fields(story(section="World", kicker=""), Config(), photo=True)["label"] == "World"


def test_bylines_are_joined_as_the_language_does(story: Make) -> None:
    """Several names are a list in the story's own language; empty ones do not count."""
    assert words.fields(story("ru"), Config(), photo=True)["byline"] == "Анна Орлова и Пётр Ким"
    assert words.fields(story(byline=["A", " ", "B", "C"]), Config(), photo=True)["byline"] == "A, B and C"


def test_credit_needs_a_photo(story: Make) -> None:
    """A card without a photo credits nobody."""
    assert words.fields(story(), Config(), photo=True)["credit"] == "Photo: Leo Brandt"
    assert words.fields(story(), Config(), photo=False)["credit"] == ""


def test_a_headline_of_nothing_is_refused(story: Make) -> None:
    """A headline that cleans to nothing is an error, not an empty card."""
    with pytest.raises(CardError, match="no letters"):
        words.fields(story(headline="\u202e\u2066"), Config(), photo=True)


def test_alt_says_the_words_then_the_photo(story: Make) -> None:
    """A card's alternative text is its own words and what its photo shows, each a sentence."""
    event = story(headline="What now?")
    values = words.fields(event, Config(), photo=True)
    assert (
        words.alt(values, event, photo=True)
        == "Climate. What now? Ines Okafor. 20 November 2026. Low sun over a calm sea."
    )
    assert words.alt(values, event, photo=False).endswith("20 November 2026.")


@pytest.mark.parametrize(
    ("written", "set_as"),
    [
        ("“We counted the boats.”", "We counted the boats."),
        ("“We counted the boats”.", "We counted the boats."),
        ("„Wir zählten die Boote“", "Wir zählten die Boote"),
        ("»Wir zählten die Boote«", "Wir zählten die Boote"),
        ("»Vi räknade«", "Vi räknade"),
        ("”Vi räknade”", "Vi räknade"),
        ("« Nous avons compté »", "Nous avons compté"),
        ("«Мы считали лодки»", "Мы считали лодки"),
        ("「船を数えた」", "船を数えた"),
        ('"We counted"', "We counted"),
        ("״ספרנו בארה״ב״", "ספרנו בארה״ב"),
        ("‘It’s ours’", "It’s ours"),
        ("“He said “no” to us”", "He said “no” to us"),
        ("“Yes” and “no”", "“Yes” and “no”"),
        ('"Yes" and "no"', '"Yes" and "no"'),
        ("„Ja“ und „nein“", "„Ja“ und „nein“"),
        ("“Never closed", "“Never closed"),
        ("Never opened”", "Never opened”"),
        ("“”", "“”"),
    ],
)
def test_marks_around_a_whole_quotation_are_left_to_the_card(written: str, set_as: str) -> None:
    """A card that sets quotation marks leaves out the pair around all of it, of any language, and no other."""
    assert words.unquoted(written) == set_as


@given(st.text(alphabet='“”„«»‹›‘’"ab .', max_size=12))
def test_leaving_out_marks_leaves_all_else(text: str) -> None:
    """Whatever the text, letters stay in their order, and what is left is never nothing."""
    found = words.unquoted(text)
    assert [one for one in found if one.isalpha()] == [one for one in text if one.isalpha()]
    assert bool(found) == bool(text)
