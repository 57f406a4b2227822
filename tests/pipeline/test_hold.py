"""Holds: what an editor stops does not go out, until one says so; what may be out is asked about."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import SENT, deliver, post, steps

from syndication.config import parse
from syndication.errors import InputError, NotFound, NotSent, Unknown
from syndication.models import State
from syndication.pipeline import (
    Choice,
    accept,
    foresee,
    hold,
    prepare_next,
    resolve,
    resume,
    run_due,
    share,
    sweep,
)
from syndication.pipeline.hold import fold, stops
from syndication.store import holds
from syndication.store.holds import Hold
from syndication.vault import Vault

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def fire(store, config, desk, event):
    """Takes in a story about a fire: fire(number, **changes)."""

    def make(number=1, **changes):
        facts = {
            "id": f"cms-{number}",
            "url": f"https://news.example/fire/{number}",
            "tags": ["Fire"],
            **changes,
        }
        return accept(store, config, event(**facts))

    return make


def standing(**choice):
    facts = {"topic": "", "section": "", "account": "", **choice}
    return Hold(id=1, **facts, why="", began_at=1000, until_at=9000, ended_at=None)


@pytest.mark.parametrize(
    ("choice", "stopped"),
    [
        ({}, True),
        ({"topic": "#FIRE "}, True),
        ({"topic": "flood"}, False),
        ({"section": "WORLD"}, True),
        ({"section": "sport"}, False),
        ({"account": "desk"}, True),
        ({"account": "Desk"}, False),
        ({"topic": "fire", "section": "sport"}, False),
        ({"topic": "fire", "section": "world", "account": "desk"}, True),
    ],
)
def test_a_hold_takes_in_what_fits_all_its_choices(event, choice, stopped):
    """Topics are the story's tags; names are compared whatever their case; an empty choice takes in everything."""
    assert stops(standing(**choice), event(tags=["Fire"], section="World"), "desk") is stopped


@given(st.text())
def test_a_topic_is_the_same_however_it_is_typed(name):
    """Upper case, wide letters, spaces and a # make no other topic of it."""
    assert fold(f"#{name.upper()} ") == fold(fold(name.upper()))
    assert fold(name) == fold(f"  {name}\t") or name.startswith("#")


def test_a_release_by_name_passes_older_holds_and_no_newer_ones(event):
    """Whoever let a post go knew of the holds that stood then."""
    assert stops(standing(), event(), "desk", released_at=999)
    assert not stops(standing(), event(), "desk", released_at=1000)


def test_what_waits_is_stopped_at_once_and_goes_out_when_released(store, config, network, fire):
    """Planned or frozen, it is held in the very transaction; a story of another topic goes out."""
    fire(1)
    prepare_next(store, config)
    fire(2)
    fire(3, tags=["Sport"])
    made = hold(store, config, Choice(topic="fire"), why="people are missing")
    assert (made.stopped, made.doubtful) == (2, 0)
    assert post(store, 1).reason == "hold 1: people are missing"
    run_due(store, config)
    assert [draft.link for draft in network.sent] == ["https://news.example/fire/3"]
    resume(store, config, number=1, every=0)
    run_due(store, config)
    assert len(network.sent) == 3
    assert "held" in steps(store)
    assert "released" in steps(store)


def test_what_comes_while_a_hold_stands_is_held_too(store, config, network, fire):
    """New stories, shares and posts written anew: whatever was planned after it went up."""
    hold(store, config, Choice(topic="fire"))
    fire(1)
    assert post(store).state is State.HELD
    shared = share(store, config, "cms-1", ["desk"], label="evening")
    assert shared[0].delivery.state is State.HELD
    run_due(store, config)
    assert network.sent == []
    resume(store, config, number=1, every=0)
    fire(2)
    run_due(store, config)
    assert len(network.sent) == 3


def test_a_worker_that_has_claimed_a_letter_finds_out_at_the_intent(store, config, network, fire):
    """The hold came between the claim and the sending: nothing goes out, and nothing is lost."""
    fire(1)
    prepare_next(store, config)

    def meanwhile():
        hold(store, config, Choice(topic="fire"))

    network.meanwhile = meanwhile
    asked = network.publish

    def publish(http, draft, image):
        meanwhile()
        return asked(http, draft, image)

    network.publish = publish
    deliver(store, config)
    assert post(store).state is State.HELD
    assert network.sent == []


def test_what_may_be_out_is_asked_about_and_not_sent_again(store, config, network, fire, clock):
    """Its answer was lost: found it counts as sent; not found it waits for an editor as long as the hold stands."""
    network.publishes = [Unknown("lost"), SENT]
    fire(1)
    run_due(store, config)
    assert post(store).state is State.UNKNOWN
    hold(store, config, Choice(topic="fire"))
    clock.move(11)
    run_due(store, config)
    waiting = post(store)
    assert (waiting.state, waiting.due, len(network.sent)) == (State.UNKNOWN, None, 1)
    assert "hold 1" in waiting.reason
    resolve(store, 1, retry=True)
    run_due(store, config)
    assert post(store).state is State.SENT


def test_one_about_to_be_sent_again_is_asked_about_instead(store, config, network, fire, clock):
    """It was to be sent with the same key once more: a hold that goes up then is minded."""
    network.publishes = [Unknown("lost"), NotSent("down"), SENT]
    fire(1)
    run_due(store, config)
    clock.move(11)
    run_due(store, config)
    assert post(store).state is State.READY
    made = hold(store, config, Choice())
    assert (made.stopped, made.doubtful) == (0, 1)
    network.finds = [SENT]
    clock.move(60)
    run_due(store, config)
    assert post(store).state is State.SENT
    assert len(network.sent) == 2


def test_a_held_story_that_changes_goes_out_with_its_newest_words(store, config, network, fire):
    """An update does not free it, and nothing old is posted."""
    hold(store, config, Choice(topic="fire"))
    fire(1)
    fire(1, revision=2, summary="Everybody is safe.", tags=["Rescue"])
    assert post(store).state is State.HELD
    assert foresee(store, config, "cms-1")[0].step == "hold"
    resume(store, config, posts=[1])
    run_due(store, config)
    assert network.sent[0].text.startswith("Everybody is safe.")


def test_a_held_story_that_is_withdrawn_is_cancelled(store, config, network, fire):
    """Nothing is left to release."""
    hold(store, config, Choice(topic="fire"))
    fire(1)
    fire(1, kind="withdraw")
    assert post(store).state is State.CANCELLED
    assert resume(store, config, number=1) == []


def test_released_posts_are_spaced_by_account_the_urgent_first(store, config, network, connect, fire, clock):
    """No burst after a hold: one at once, the next ten minutes later; another account has its own turn."""
    connect("world", "script", Vault(config).seal({"token": "another-token"}))
    hold(store, config, Choice(topic="fire"))
    fire(1, priority="evergreen")
    fire(2)
    fire(3, priority="breaking")
    done = resume(store, config, number=1, every=10 * MINUTE)
    when = {(one.delivery.account, one.delivery.story): one.due_at - clock.value for one in done}
    for account in ("desk", "world"):
        assert [when[account, f"cms-{n}"] for n in (3, 2, 1)] == [0, 10 * MINUTE, 20 * MINUTE]
    run_due(store, config)
    assert len(network.sent) == 2
    clock.move(601)
    run_due(store, config)
    assert len(network.sent) == 4


def test_a_released_post_keeps_its_turn_when_its_story_changes(store, config, network, fire, clock):
    """An update in between writes it anew and does not let it jump the queue."""
    hold(store, config, Choice(topic="fire"))
    fire(1)
    fire(2)
    resume(store, config, number=1, every=10 * MINUTE)
    fire(2, revision=2, summary="Newer.")
    run_due(store, config)
    assert len(network.sent) == 1
    clock.move(601)
    run_due(store, config)
    assert network.sent[1].text.startswith("Newer.")


def test_one_post_is_let_go_by_name_while_the_hold_stands(store, config, network, fire):
    """It alone goes out, also past every other hold of then; a newer hold stops it again."""
    hold(store, config, Choice(topic="fire"))
    hold(store, config, Choice())
    fire(1)
    fire(2)
    resume(store, config, posts=[1])
    hold(store, config, Choice(section="sport"))
    run_due(store, config)
    assert (post(store, 1).state, post(store, 2).state) == (State.SENT, State.HELD)
    resume(store, config, posts=[2])
    hold(store, config, Choice(account="desk"))
    run_due(store, config)
    assert post(store, 2).state is State.HELD


def test_the_end_of_one_hold_frees_nothing_that_another_holds(store, config, network, fire):
    """Two editors may have stopped the same story."""
    hold(store, config, Choice(topic="fire"))
    fire(1)
    hold(store, config, Choice(account="desk"))
    resume(store, config, number=1)
    run_due(store, config)
    assert post(store).state is State.HELD
    assert post(store).held_for == "hold:2"


def test_a_hold_ends_by_itself_and_lets_go_spaced(store, config, network, fire, clock):
    """At its time, by the sweep; what it held goes out one after the other."""
    hold(store, config, Choice(topic="fire"), until=clock.value + HOUR)
    fire(1)
    fire(2)
    clock.move(3599)
    sweep(store, config)
    assert post(store).state is State.HELD
    clock.move(2)
    run_due(store, config)
    assert len(network.sent) == 1
    clock.move(301)
    run_due(store, config)
    assert len(network.sent) == 2
    fire(3)
    run_due(store, config)
    assert len(network.sent) == 3


def test_a_hold_that_ended_while_nothing_ran_makes_no_news_of_what_is_old(
    store, config, network, fire, clock
):
    """What it held was free at its end, and is late since: breaking news of five hours ago is not announced now."""
    hold(store, config, Choice(topic="fire"), until=clock.value + HOUR)
    fire(1, priority="breaking")
    for number in (2, 3):
        fire(number)
    clock.move(6 * 3600)
    run_due(store, config)
    assert (post(store).state, post(store).reason) == (State.FAILED, "not sent in its time")
    assert len(network.sent) == 1  # one by one, as with all that is late
    clock.move(config.late.pace / 1000 + 1)
    run_due(store, config)
    assert len(network.sent) == 2


def test_what_nobody_releases_is_dropped_with_the_reason(store, config, network, fire, clock):
    """The review list has a maximum age; what is dropped is told, and an editor may still send it."""
    hold(store, config, Choice(topic="fire"), why="people are missing")
    fire(1)
    clock.move(48 * 3600 + 1)
    sweep(store, config)
    assert post(store).state is State.FAILED
    assert post(store).reason == "held, and nobody released it in time: hold 1: people are missing"
    resolve(store, 1, retry=True)
    run_due(store, config)
    assert post(store).state is State.HELD  # the hold still stands


def test_a_post_for_later_is_reviewed_until_after_its_time(store, config, network, fire, clock):
    """What is held before its time is not dropped before it, and goes out no earlier."""
    at = datetime.fromtimestamp(clock.value / 1000 + 72 * 3600, UTC)
    fire(1, embargo=at.isoformat())
    hold(store, config, Choice(topic="fire"))
    clock.move(49 * 3600)
    sweep(store, config)
    assert post(store).state is State.HELD
    resume(store, config, number=1)
    run_due(store, config)
    assert network.sent == []
    clock.move(23 * 3600 + 1)
    run_due(store, config)
    assert post(store).state is State.SENT


def test_held_posts_can_be_dropped(store, config, network, fire):
    """They stay away, also when the story changes or is published again."""
    hold(store, config, Choice(topic="fire"))
    fire(1)
    resume(store, config, number=1, drop=True)
    fire(1, revision=2)
    run_due(store, config)
    assert post(store).state is State.CANCELLED
    assert network.sent == []


def test_everything_is_let_go_at_once(store, config, network, fire):
    """All holds end, and nothing stays held."""
    hold(store, config, Choice(topic="fire"))
    hold(store, config, Choice(account="desk"))
    fire(1)
    fire(2)
    assert len(resume(store, config, everything=True, every=0)) == 2
    run_due(store, config)
    assert len(network.sent) == 2
    with store.read() as tx:
        assert holds.standing(tx) == []


def test_what_cannot_be_is_told(store, config, network, fire, clock):
    """A past end, an unknown account, hold or post, a hold that has ended, a post that is not held."""
    with pytest.raises(InputError, match="end before it begins"):
        hold(store, config, Choice(), until=clock.value)
    with pytest.raises(NotFound, match="no account is called dsek"):
        hold(store, config, Choice(account="dsek"))
    with pytest.raises(NotFound, match="no hold 7"):
        resume(store, config, number=7)
    hold(store, config, Choice())
    resume(store, config, number=1)
    with pytest.raises(InputError, match="has ended already"):
        resume(store, config, number=1)
    fire(1)
    with pytest.raises(InputError, match="delivery 1 is planned: it is not held"):
        resume(store, config, posts=[1])
    with store.read() as tx:
        assert holds.standing(tx) == []


def test_a_hold_of_a_long_queue_reads_what_it_compares(store, config, network, fire):
    """Also beyond the five hundred posts of one statement every one is stopped."""
    for number in range(505):
        fire(number)
    assert hold(store, config, Choice(topic="fire")).stopped == 505
    assert len(resume(store, parse("", config.folder / "x.toml"), number=1)) == 505
