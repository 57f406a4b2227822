"""Posts of a withdrawn story are removed, and what comes out late as well."""

import pytest
from following import change, said, settle
from scripted import DONE, NOT_THERE, SENT, deliver, post, steps

from syndication.errors import NotSent, Unknown, Unsupported
from syndication.models import State
from syndication.networks.base import Shown
from syndication.pipeline import accept, prepare_next, resolve, run_due, share, withdraw


def test_a_withdrawal_removes_what_is_out_before_all_else(store, config, network, out, event, clock):
    """At once, in the breaking lane, also ahead of another story's breaking post; twice changes nothing."""
    accept(store, config, event(id="cms-2", url="https://news.example/2", priority="breaking"))
    prepare_next(store, config)
    order = []
    network.publishes = [lambda: order.append("post") or SENT]
    network.removals = [lambda: order.append("removal") or DONE]
    accept(store, config, event(kind="withdraw"))
    accept(store, config, event(kind="withdraw"))
    run_due(store, config)
    assert order == ["removal", "post"]
    assert post(store).state is State.WITHDRAWN
    assert steps(store).count("removed") == 1


def test_a_withdrawal_wins_over_an_edit_that_waits(store, config, network, out, event):
    """Nothing is corrected that is to go."""
    change(store, config, event)
    accept(store, config, event(kind="withdraw", revision=3))
    run_due(store, config)
    assert (network.edited, len(network.removed)) == ([], 1)
    assert post(store).state is State.WITHDRAWN


def test_what_comes_out_after_a_withdrawal_is_removed(store, config, network, published, event, clock):
    """In flight when the story was withdrawn, and sent: the post is removed by itself."""

    def meanwhile():
        accept(store, config, event(kind="withdraw"))
        return SENT

    network.publishes = [meanwhile]
    run_due(store, config)
    assert (post(store).state, network.removed) == (State.WITHDRAWN, [SENT])


@pytest.mark.parametrize("late", [False, True])
def test_what_is_found_after_a_withdrawal_is_removed(store, config, network, published, event, clock, late):
    """An answer was lost, the story withdrawn, the post found; or given up as not there, and the answer came late."""

    def frozen():
        accept(store, config, event(kind="withdraw"))
        clock.move(61)
        run_due(store, config)
        assert post(store).state is State.CANCELLED
        return SENT

    network.publishes = [frozen if late else Unknown("lost")]
    network.finds = [NOT_THERE if late else SENT]
    deliver(store, config)
    accept(store, config, event(kind="withdraw"))
    settle(store, config, clock)
    assert (post(store).state, network.removed) == (State.WITHDRAWN, [SENT])


def test_a_post_that_cannot_be_removed_is_told(store, config, network, out, clock):
    """Telegram after two days: an editor is told where it is, and says when it is gone."""
    network.removals = [Unsupported("only within 48 hours", "Remove it by hand there.")]
    withdraw(store, "cms-1")
    settle(store, config, clock)
    assert post(store).pending.words == f"only within 48 hours. Remove it by hand there. The post: {SENT.url}"
    assert resolve(store, 1, done=True).state is State.WITHDRAWN


def test_a_story_published_again_at_once_keeps_its_posts(store, config, network, out, event):
    """A takedown by mistake that nobody has begun to carry out is called off; what changed meanwhile is edited."""
    accept(store, config, event(kind="withdraw"))
    accept(store, config, event(revision=2, summary="The council votes on 50 homes."))
    run_due(store, config)
    assert network.removed == []
    assert (post(store).state, "50" in said(store)) == (State.SENT, True)


def test_a_removal_that_was_begun_is_finished(store, config, network, out, event, clock):
    """Nobody knows whether the post is still there, so it is removed, also if the story stands again."""
    network.removals = [NotSent("nothing within 60 seconds"), DONE]
    accept(store, config, event(kind="withdraw"))
    deliver(store, config)
    accept(store, config, event(revision=2))
    settle(store, config, clock)
    assert (post(store).state, len(network.removed), len(network.sent)) == (State.WITHDRAWN, 2, 1)


@pytest.mark.parametrize("answer", [DONE, NotSent("nothing within 60 seconds")])
def test_a_newer_post_is_read_back_after_a_removal_that_came_late(
    store, config, network, out, event, clock, answer
):
    """A worker frozen in a removal wakes after the story was posted again: what it took along of that post shows."""

    def frozen():
        clock.move(61)
        run_due(store, config)
        accept(store, config, event(revision=2))
        share(store, config, "cms-1", ["desk"])
        for _ in range(3):  # it is posted, and read back
            run_due(store, config)
            clock.move(31)
        assert (post(store).state, post(store, 2).state) == (State.WITHDRAWN, State.SENT)
        network.read = lambda http, receipt: None
        return answer

    network.read = lambda http, receipt: Shown(network.sent[-1].text, image=True)
    network.publishes = [SENT.model_copy(update={"id": "8"})]
    network.removals = [frozen, DONE]
    withdraw(store, "cms-1")
    deliver(store, config)
    settle(store, config, clock)
    assert len(network.removed) == 2
    assert post(store, 2).pending.words.startswith("Script shows nothing there any more")


def test_an_edit_begun_before_a_takedown_that_was_called_off_is_finished(
    store, config, network, out, event, clock
):
    """Its answer was lost: the post may say words that no version of the story says."""
    network.edits = [NotSent("nothing within 60 seconds"), DONE]
    change(store, config, event)
    deliver(store, config)
    accept(store, config, event(kind="withdraw", revision=3))
    accept(store, config, event(revision=4))
    settle(store, config, clock)
    assert [draft.text[:9] for draft in network.edited] == ["The counc", "After the"]
    assert network.removed == []
