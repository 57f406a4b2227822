"""hold, holds and resume, as an editor on deadline types them."""

import re

import pytest


@pytest.fixture
def fire(desk, story):
    """A desk where two stories about a fire wait."""
    for number in (1, 2):
        file = story(id=f"cms-{number}", url=f"https://news.example/fire/{number}", tags=["Fire"])
        assert desk("publish", file).status == 0
    return desk


def test_what_waits_is_held_listed_and_let_go(fire, network):
    """One command stops it, one shows it, one lets it go, the second post five minutes after the first."""
    done = fire("hold", "--topic", "#fire", "--until", "6h", "--why", "people are missing")
    assert done.status == 0
    assert "Hold 1 stands: the topic #fire, until 2" in done.err
    assert "2 posts that waited are held." in done.err
    listed = fire("holds")
    assert "people are missing" in listed.out
    assert listed.out.count("hold 1: people are missing") == 2
    assert "Hold 1 stands" in fire("status").err
    done = fire("resume", "1")
    assert "Hold 1 has ended." in done.err
    assert "Delivery 1 to desk goes out now." in done.err
    assert re.search(r"Delivery 2 to desk goes out at \d{4}-", done.err)
    assert fire("holds").err == "No hold stands.\nNo post is held.\n"


def test_held_posts_are_told_to_scripts(fire):
    """--json everywhere."""
    made = fire("hold", "--all", "--json").data()
    assert (made["hold"], made["stopped"], made["until"]) == (1, 2, None)
    told = fire("holds", "--json").data()
    assert [one["held_for"] for one in told["held"]] == ["hold:1", "hold:1"]
    assert [one["state"] for one in fire("resume", "--all", "--drop", "--json").data()] == ["cancelled"] * 2


def test_a_slip_in_what_is_to_be_held_is_told(fire):
    """In a bad hour a misspelt topic would stop nothing, and nobody would know; the hold stands all the same."""
    slip = fire("hold", "--topic", "frie", "--section", "Wrold")
    assert slip.status == 0
    assert "The hold stands, but no recent story has the topic frie; Fire, perhaps?\n" in slip.err
    assert "no recent story has the section Wrold" in slip.err
    right = fire("hold", "--topic", "#FIRE")
    assert "no recent story" not in right.err


def test_a_story_that_comes_in_a_hold_is_no_failure(fire, story, network):
    """`publish --now` says that it is held, and where to look."""
    fire("hold", "--section", "World")
    done = fire("publish", story(section="world"), "--now")
    assert done.status == 0
    assert "held" in done.out
    assert "syndicate holds" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hold",), "Say what to stop"),
        (("hold", "--all", "--topic", "x"), "Say what to stop"),
        (("hold", "--all", "--until", "2020-01-01"), "would end before it begins"),
        (("hold", "--all", "--until", "soon"), "expected a time such as"),
        (("hold", "--account", "dsek"), "no account is called dsek"),
        (("resume",), "Name one of"),
        (("resume", "1", "--all"), "Name one of"),
        (("resume", "7"), "there is no hold 7"),
        (("resume", "--delivery", "1"), "it is not held"),
        (("resume", "--all", "--every", "often"), "expected a span"),
        (("resume", "--all", "--drop", "--every", "5m"), "nothing goes out"),
    ],
)
def test_what_makes_no_sense_is_refused(fire, words, told):
    """In words, with status 2, and nothing is changed."""
    done = fire(*words)
    assert done.status == 2, done.err
    assert told in done.err
    assert fire("holds", "--json").data() == {"holds": [], "held": []}


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2027-10-31T02:30", "is twice that night in Europe/Berlin"),
        ("2027-03-28T02:30", "is skipped that night"),
    ],
)
def test_an_hour_that_the_clock_skips_or_repeats_is_asked_about(desk, story, time, told):
    """An hour too early is not to be guessed; both readings are named."""
    file = desk.room / "syndicate.toml"
    file.write_text(file.read_text().replace('# timezone = "UTC"', 'timezone = "Europe/Berlin"'))
    desk("publish", story())
    done = desk("share", "cms-4711", "--to", "desk", "--at", time)
    assert done.status == 2
    assert told in done.err
    assert "+01:00" in done.err
    assert "+02:00" in done.err
