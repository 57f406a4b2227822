"""What becomes of a post that is out where no edit serves: answered, posted again, or told of."""

import time

import pytest
from following import change, policy, said, settle
from scripted import DONE, SENT, deliver, post, steps

from syndication.errors import NotFound, NotSent, Refused, Unsupported
from syndication.models import State
from syndication.pipeline import accept, deliver_next, resolve, run_due, withdraw
from syndication.store import deeds, deliveries

REPLIES = [(1, "publish"), (2, "reply:2:1"), (3, "reply:3:1")]


def occasions(store):
    with store.read() as tx:
        return [(one.id, one.occasion) for one in deliveries.of_story(tx, "cms-1")]


def test_a_correction_answers_the_post_and_leaves_it_as_it_is(store, config, network, out, event):
    """One reply for each change that readers see, always to the first post, and the corrections themselves stay."""
    answers = policy(config, "reply")
    change(store, answers, event)
    change(store, answers, event)  # the same event again
    run_due(store, answers)
    run_due(store, answers)
    change(store, answers, event, revision=3, card={"note": "corrected"}, summary="They vote on 60 homes.")
    run_due(store, answers)
    assert occasions(store) == REPLIES
    assert [draft.text.split(".")[0] for draft in network.sent[1:]] == [
        "Updated: The council votes on 50 homes",
        "Corrected: They vote on 60 homes",
    ]
    assert {draft.reply_to for draft in network.sent[1:]} == {SENT}
    assert {draft.card for draft in network.sent[1:]} == {None}
    assert (network.edited, network.removed, post(store).pending) == ([], [], None)


def test_a_correction_that_waits_says_the_newest_words_once(store, config, network, out, event, clock):
    """Two quick changes before anything goes out are one correction."""
    answers = policy(config, "reply")
    change(store, answers, event)
    deliver_next(store, answers, time.monotonic() + 60)  # the reply is planned, and not yet written
    change(store, answers, event, revision=3, summary="They vote on 60 homes.")
    settle(store, answers, clock, rounds=3)
    assert [draft.text.split(".")[0] for draft in network.sent[1:]] == ["Updated: They vote on 60 homes"]
    assert occasions(store) == REPLIES[:2]


def test_a_picture_alone_is_edited_and_not_answered(store, config, network, out, event):
    """There would be nothing to say; nor do old words that come back before the reply was planned."""
    answers = policy(config, "reply")
    change(store, answers, event, headline="The sea took the road three times", summary=event().summary)
    run_due(store, answers)
    assert (len(network.edited), occasions(store)) == (1, REPLIES[:1])
    change(store, answers, event, revision=3)
    change(
        store,
        answers,
        event,
        revision=4,
        summary=event().summary,
        headline="The sea took the road three times",
    )
    run_due(store, answers)
    assert occasions(store) == REPLIES[:1]


def test_an_account_that_cannot_answer_edits(store, config, network, monkeypatch, out, event):
    """Some accounts of a network answer and others do not: a webhook's post is edited where it stands."""
    monkeypatch.setattr(network, "replies", lambda secret=None: secret is None)
    answers = policy(config, "reply")
    change(store, answers, event)
    run_due(store, answers)
    assert (len(network.edited), occasions(store), post(store).pending) == (1, REPLIES[:1], None)


def test_a_withdrawal_takes_the_corrections_along(store, config, network, out, event, clock):
    """Every post of the story is removed; one that is not out yet stays in."""
    answers = policy(config, "reply")
    change(store, answers, event)
    run_due(store, answers)
    run_due(store, answers)
    accept(store, answers, event(kind="withdraw", revision=9))
    settle(store, answers, clock, rounds=3)
    assert [post(store, number).state for number in (1, 2)] == [State.WITHDRAWN] * 2


@pytest.mark.parametrize(
    "word", [Unsupported("Script changes nothing after a day", "Change it by hand."), Refused("422: no")]
)
def test_what_a_network_does_not_do_is_told(store, config, network, out, event, clock, word):
    """The post's address and what to do stand beside it, nothing is tried again, and an editor settles it."""
    network.edits = [word]
    change(store, config, event)
    settle(store, config, clock)
    told = post(store).pending
    assert told.due is None and SENT.url in told.words and word.message in told.words
    assert (len(network.edited), steps(store)[-1]) == (1, "told")
    with store.read() as tx:
        assert deeds.count_left(tx) == 1
        assert [one.id for one in deeds.left_to_editors(tx, 9)] == [1]
    assert resolve(store, 1, done=True).pending is None
    assert "50" in said(store)
    with store.read() as tx:
        assert deeds.count_left(tx) == 0


def test_what_is_left_as_it_is_still_says_the_old_words(store, config, network, out, event, no_edits):
    """An editor who leaves a post alone is not asked again until the story changes once more."""
    change(store, config, event)
    assert "by hand" in post(store).pending.words and SENT.url in post(store).pending.words
    resolve(store, 1, drop=True)
    assert "40" in said(store)
    run_due(store, config)
    assert post(store).pending is None
    change(store, config, event, revision=3, summary=event().summary)
    assert post(store).pending is None
    change(store, config, event, revision=4)
    assert post(store).pending.due is None


def test_a_newer_story_that_says_the_old_words_asks_nobody(store, config, network, out, event, no_edits):
    """What an editor was asked to change by hand is right again."""
    change(store, config, event)
    change(store, config, event, revision=3, summary=event().summary)
    assert post(store).pending is None


def test_nothing_is_posted_again_unless_the_newsroom_says_so(store, config, network, out, event, no_edits):
    """`repost`: removed first, and once that is sure posted again under an occasion of its own, once."""
    wants = policy(config, "repost")
    network.removals = [NotSent("down"), DONE]
    change(store, wants, event)
    run_due(store, wants)
    assert len(network.sent) == 1
    store.now.move(60)
    run_due(store, wants)
    assert [post(store, number).state for number in (1, 2)] == [State.WITHDRAWN, State.SENT]
    assert post(store, 2).occasion == "repost:2:1"
    assert len(network.sent) == 2
    assert "50" in said(store, 2)
    run_due(store, wants)
    assert len(network.sent) == 2


def test_a_repost_killed_half_way_posts_once(store, config, network, out, event, clock, no_edits):
    """Killed after the removal: it is removed again, and posted once."""
    wants = policy(config, "repost")
    network.removals = [SystemExit("killed"), DONE]
    change(store, wants, event)
    with pytest.raises(SystemExit):
        deliver(store, wants)
    # Going back does not bring the removed post back, so it goes on with the newest words.
    change(store, wants, event, revision=3, summary=event().summary)
    clock.move(61)
    settle(store, wants, clock)
    assert (len(network.removed), len(network.sent)) == (2, 2)
    assert "40" in said(store, 2)


def test_a_story_withdrawn_during_its_repost_is_not_posted_again(
    store, config, network, out, event, no_edits
):
    """The removal goes on, the posting does not."""
    wants = policy(config, "repost")

    def meanwhile():
        withdraw(store, "cms-1")
        return DONE

    network.removals = [meanwhile, DONE]
    change(store, wants, event)
    run_due(store, wants)
    assert post(store).state is State.WITHDRAWN
    assert len(network.sent) == 1
    with pytest.raises(NotFound):
        post(store, 2)


def test_told_by_policy_is_not_edited(store, config, network, out, event):
    """`tell` leaves every change of a post to an editor, also where the network could."""
    change(store, policy(config, "tell"), event)
    run_due(store, config)
    assert network.edited == []
    assert post(store).pending.due is None
