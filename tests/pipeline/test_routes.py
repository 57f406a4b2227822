"""Which accounts take a story, at what hours they post it, and why the others do not."""

import unicodedata
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.config import parse
from syndication.config.rules import DayHours, fold
from syndication.errors import ConfigError
from syndication.models import Priority, PublishEvent
from syndication.pipeline.routes import opening, route

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def story(**parts):
    told = {"url": "https://news.example/a", "headline": "Ferry sinks", "published": "2026-11-20T08:00:00Z"}
    return PublishEvent.model_validate({**told, **parts})


def desk(rules, zone="UTC"):
    return parse(f'[brand]\ntimezone = "{zone}"\n[accounts.desk]\n{rules}\n')


def goes(rules, at=DAY, **parts):
    return route(desk(rules), "desk", story(**parts), at)


def test_an_account_without_rules_takes_every_story():
    """Also one that stands nowhere in the config."""
    assert goes("").takes
    assert route(parse(""), "desk", story(), DAY) == ("desk", True, "takes every story", None)


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        ('takes = { sections = ["World", "Sport"] }', {"section": "sport"}),
        ('takes = { sections = ["Économie"] }', {"section": "E\u0301CONOMIE"}),
        ('takes = { sections = ["اقتصاد"] }', {"section": "\u200fاقتصاد"}),
        ('takes = { tags = ["#Sea Level"] }', {"tags": ["coast", "sea  level"]}),
        ('takes = { languages = ["pt"] }', {"language": "pt-BR"}),
        ('takes = { languages = ["zh-Hant"] }', {"language": "zh_hant_TW"}),
        ('takes = { desks = ["Night"] }', {"desk": "night"}),
        ('takes = { priorities = ["breaking"] }', {"priority": "breaking"}),
        ('takes = { sections = ["World"], priorities = ["breaking", "normal"] }', {"section": "World"}),
        ('skips = { sections = ["Sport"] }', {}),
        ('skips = { languages = ["pt-BR"] }', {"language": "pt"}),
    ],
)
def test_what_an_account_takes(rules, parts):
    """One of the names under each key is enough, however it is spelt; a language takes its regions along."""
    assert goes(rules, **parts).takes


@pytest.mark.parametrize(
    ("rules", "parts", "why"),
    [
        (
            'takes = { sections = ["World", "Politics"] }',
            {"section": "Sport"},
            "section is Sport, takes World, Politics",
        ),
        ('takes = { sections = ["World"] }', {}, "no section, takes World"),
        ('takes = { tags = ["coast"] }', {"tags": ["sea", "sky"]}, "tags are sea, sky, takes coast"),
        ('takes = { languages = ["pt"] }', {"language": "pto"}, "language is pto, takes pt"),
        ('takes = { languages = ["pt-BR"] }', {"language": "pt"}, "language is pt, takes pt-BR"),
        ('takes = { priorities = ["breaking"] }', {}, "priority is normal, takes breaking"),
        (
            'skips = { tags = ["sponsored"] }',
            {"tags": ["sea", "Sponsored"]},
            "tag is Sponsored, which it skips",
        ),
        (
            'takes = { desks = ["Night"] }\nskips = { sections = ["Sport"] }',
            {"section": "Sport"},
            "no desk, takes Night; section is Sport, which it skips",
        ),
        ("publish = false", {}, "posts only what an editor shares by hand"),
        (
            'takes = { sections = ["Climate"] }',
            {"section": "Climat"},
            "section is Climat, takes Climate (Climate and Climat are nearly the same: is one misspelt?)",
        ),
    ],
)
def test_why_not(rules, parts, why):
    """Every reason is named, in the story's spelling and in the config's; a near miss is pointed out."""
    one = goes(rules, **parts)
    assert (one.takes, one.why) == (False, why)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("takes = { sections = [] }", "accounts.desk.takes.sections: found [], expected one or more"),
        ('takes = { sections = "World" }', "found 'World', expected a list in square brackets"),
        ('takes = { sections = ["# "] }', "takes.sections.0: found '# ', expected a name that can be seen"),
        ('takes = { languages = ["English"] }', "expected a language tag such as en, pt-BR or ar"),
        ('takes = { priorities = ["urgent"] }', "expected 'breaking', 'normal' or 'evergreen'"),
        ('takes = { section = ["World"] }', "takes.section: unknown key; did you mean sections?"),
        ('takes = { sections = ["World"] }\nskips = { sections = ["world", "Sport"] }', "skips all of its sections"),
        ('takes = { languages = ["pt-BR"] }\nskips = { languages = ["pt"] }', "skips all of its languages"),
        ('skips = { priorities = ["breaking", "normal", "evergreen"] }', "skips all of its priorities"),
        ('hours = "6-23"', "expected hours such as 06:00-23:00"),
        ('hours = "06:00-06:00"', "leave `hours` out for the whole day"),
        ('hours = "06:00-24:30"', "expected hours such as 06:00-23:00"),
        ("hours = 6", "accounts.desk.hours: found 6, expected hours such as 06:00-23:00"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(rules, told):
    """An account that could never take anything, and a value nobody can read, are told with what belongs there."""
    with pytest.raises(ConfigError) as refused:
        desk(rules)
    assert told in refused.value.message


def test_a_story_waits_for_the_hours_of_its_account():
    """Outside of them it waits until they begin; breaking news does not, and what expires before is not taken."""
    rules = 'hours = "06:00-23:00"'
    night = datetime(2026, 11, 20, 23, tzinfo=UTC)
    morning = datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert goes(rules, night - timedelta(seconds=1)).waits_until is None
    late = goes(rules, night)
    assert (late.takes, late.waits_until) == (True, morning)
    assert late.why == "takes every story; posts at 06:00-23:00: waits until 2026-11-21 06:00 UTC"
    assert goes(rules, night, priority="breaking").waits_until is None
    assert goes(rules, morning).waits_until is None
    missed = goes(rules, night, expires="2026-11-21T06:00:00Z")
    assert not missed.takes
    assert missed.why == "posts at 06:00-23:00, and the story expires before 2026-11-21 06:00 UTC"


@pytest.mark.parametrize(
    ("hours", "zone", "at", "opens"),
    [
        # The day that has 23 hours, and the one that has 25: it is six by the paper's clock.
        ("06:00-23:00", "Europe/Berlin", "2026-03-28T23:30:00+00:00", "2026-03-29T06:00:00+02:00"),
        ("06:00-23:00", "Europe/Berlin", "2026-10-24T22:30:00+00:00", "2026-10-25T06:00:00+01:00"),
        # Half past two is skipped that night: the clock shows half past three by then.
        ("02:30-12:00", "Europe/Berlin", "2026-03-29T00:00:00+00:00", "2026-03-29T03:30:00+02:00"),
        # Hours that the clock skips as a whole: the next day's.
        ("02:10-02:50", "Europe/Berlin", "2026-03-29T00:00:00+00:00", "2026-03-30T02:10:00+02:00"),
        # Half past two comes twice: the first counts, and for who comes between them the second.
        ("02:30-12:00", "Europe/Berlin", "2026-10-24T23:00:00+00:00", "2026-10-25T02:30:00+02:00"),
        ("02:30-02:50", "Europe/Berlin", "2026-10-25T01:00:00+00:00", "2026-10-25T02:30:00+01:00"),
        ("18:00-02:00", "Asia/Kolkata", "2026-11-20T08:00:00+00:00", "2026-11-20T18:00:00+05:30"),
        ("06:00-24:00", "UTC", "2026-11-20T00:00:00+00:00", "2026-11-20T06:00:00+00:00"),
    ],
)
def test_hours_are_by_the_papers_clock(hours, zone, at, opens):
    """Whatever the clock does that night."""
    config = desk(f'hours = "{hours}"', zone)
    assert opening(config, "desk", Priority.NORMAL, datetime.fromisoformat(at)) == datetime.fromisoformat(
        opens
    )


MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
ZONES = st.sampled_from(
    ["UTC", "Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
)


@given(
    MINUTES,
    MINUTES,
    ZONES,
    st.integers(1_577_836_800, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
)
def test_hours_that_are_over_begin_within_two_days(start, end, zone, at):
    """The opening lies ahead, within the hours by the paper's clock; and a day without a change of clocks has no
    earlier one."""
    if start == end:
        return
    config, clock, hours = (
        desk(f'hours = "{start:%H:%M}-{end:%H:%M}"', zone),
        ZoneInfo(zone),
        DayHours(start, end),
    )
    opens = opening(config, "desk", Priority.NORMAL, at)
    if opens is None:
        assert hours.hold(at.astimezone(clock).time())
        return
    assert not hours.hold(at.astimezone(clock).time())
    assert at < opens <= at + timedelta(days=2)
    assert hours.hold(opens.astimezone(clock).time())
    if at.astimezone(clock).utcoffset() == opens.astimezone(clock).utcoffset():
        assert not hours.hold((opens - timedelta(minutes=1)).astimezone(clock).time())
        assert opens - at < timedelta(days=1)


@given(st.text(max_size=20))
def test_a_name_is_the_same_in_every_spelling(name):
    """Capitals, composed letters and doubled blanks make no other name; what is folded stays as it is."""
    folded = fold(name)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", name)) == folded
    assert fold(f" {name.replace(' ', '  ')} ") == folded


@given(
    st.dictionaries(st.sampled_from(["section", "desk"]), st.text(max_size=8)), st.lists(st.text(max_size=8))
)
def test_every_story_is_decided_with_a_word(parts, tags):
    """Whatever a story says of itself, an account with rules takes it or says why not, in one line."""
    rules = 'takes = { sections = ["World"], tags = ["sea"] }\nskips = { desks = ["Night"] }'
    one = goes(rules, **parts, tags=tags)
    assert one.why
    names = {fold(tag) for tag in tags}
    wanted = fold(parts.get("section", "")) == "world" and "sea" in names
    assert one.takes is (wanted and fold(parts.get("desk", "")) != "night")
