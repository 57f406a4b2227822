"""Posts that are out follow their story: edited, removed, or told of, whatever goes wrong on the way."""

import time
from datetime import timedelta

import pytest
from scripted import DONE, NOT_THERE, SENT, deliver, post, steps

from syndication.config import AccountTable
from syndication.errors import NotFound, NotSent, RateLimited, Refused, Unauthorized, Unknown, Unsupported
from syndication.models import BY_HAND, Deed, Receipt, State
from syndication.networks.base import Connector
from syndication.pipeline import accept, deliver_next, prepare_next, resolve, run_due, share, sweep, withdraw
from syndication.store import accounts, deeds, deliveries, stories
from syndication.vault import Vault


@pytest.fixture
def out(store, config, network, published):
    """A post that is out."""
    deliver(store, config)
    assert post(store).state is State.SENT
    return published


@pytest.fixture
def no_edits(monkeypatch, network):
    """A network that lets posts be removed, and not edited."""
    monkeypatch.setattr(type(network), "edit", Connector.edit)


def settle(store, config, clock, rounds=10, seconds=60):
    for _ in range(rounds):
        run_due(store, config)
        clock.move(seconds)


def change(store, config, event, revision=2, summary="The council votes on 50 homes.", **facts):
    accept(store, config, event(kind="update", revision=revision, summary=summary, **facts))
    while prepare_next(store, config):
        pass


def policy(config, word):
    return config.model_copy(update={"accounts": {"desk": AccountTable(correct=word)}})


def said(store, number=1):
    return post(store, number).draft.text


# An update

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


def test_a_post_that_is_out_is_edited(store, config, network, out, event):
    """An update changes the post where it stands, new words and new card, and announces nothing again."""
    change(store, config, event, headline="The sea took the road three times")
    run_due(store, config)
    [edit] = network.edited
    assert edit.text.startswith("The council votes on 50 homes.")
    assert edit.card.sha256 != network.sent[0].card.sha256
    assert (len(network.sent), network.removed) == (1, [])
    assert (post(store).state, post(store).pending, said(store)) == (State.SENT, None, edit.text)
    assert steps(store)[-3:] == ["frozen", "follows", "edited"] or steps(store)[-2:] == ["follows", "edited"]


def test_what_readers_do_not_see_changes_no_post(store, config, network, out, event):
    """A new revision of the same words asks for nothing, nor does sharing the story again."""
    change(store, config, event, summary=event().summary, tags=["sea"])
    share(store, config, "cms-1", ["desk"])
    run_due(store, config)
    assert network.edited == []
    assert len(network.sent) == 2


def test_a_change_of_the_config_edits_no_post(store, config, network, out):
    """Only a newer event of the story makes its posts follow: a new voice is for new posts."""
    louder = config.model_copy(update={"accounts": {"desk": AccountTable(text="Read: {summary} {link}")}})
    share(store, louder, "cms-1", ["desk"])
    run_due(store, louder)
    assert network.edited == []
    assert said(store, 2).startswith("Read: ")


def test_of_two_quick_updates_the_last_one_counts(store, config, network, out, event):
    """One edit goes out, with the newest words."""
    change(store, config, event)
    change(store, config, event, revision=3, summary="The council votes on 60 homes.")
    run_due(store, config)
    assert [draft.text[:30] for draft in network.edited] == ["The council votes on 60 homes."]
    assert "60" in said(store)


def test_an_update_during_an_edit_comes_after_it(store, config, network, out, event, clock):
    """The worker that is editing loses to the newer words, and the mailbox does not wait for its lease."""

    def meanwhile():
        change(store, config, event, revision=3, summary="The council votes on 60 homes.")
        return DONE

    network.edits = [meanwhile, DONE]
    change(store, config, event)
    run_due(store, config)
    assert [draft.text[:29] for draft in network.edited] == [
        "The council votes on 50 homes",
        "The council votes on 60 homes",
    ]
    assert "60" in said(store)
    assert post(store).pending is None


def test_a_return_to_the_old_words_undoes_a_begun_edit(store, config, network, out, event, clock):
    """The edit's answer was lost, so the old words are said again; one that never began is just left out."""
    network.edits = [NotSent("nothing within 60 seconds"), DONE]
    change(store, config, event)
    deliver(store, config)
    change(store, config, event, revision=3, summary=event().summary)
    settle(store, config, clock)
    assert [draft.text[:9] for draft in network.edited] == ["The counc", "After the"]
    change(store, config, event, revision=4)
    change(store, config, event, revision=5, summary=event().summary)
    settle(store, config, clock)
    assert len(network.edited) == 2
    assert post(store).pending is None


def test_an_update_waits_until_a_doubtful_post_is_settled(store, config, network, published, event, clock):
    """While nobody knows whether it is out nothing is changed; once it is found, it is."""
    network.publishes, network.finds = [Unknown("lost")], [SENT]
    deliver(store, config)
    change(store, config, event)
    assert not deliver(store, config)
    assert post(store).pending.deed is Deed.EDIT
    settle(store, config, clock)
    assert (post(store).state, len(network.sent), len(network.edited)) == (State.SENT, 1, 1)
    assert "50" in said(store)


def test_an_update_of_a_post_that_is_sent_again_follows_it(store, config, network, published, event, clock):
    """Not found, the post goes out again as it was frozen, since its key protects those words; then it is edited."""
    network.publishes, network.finds = [Unknown("lost"), SENT], [NOT_THERE]
    deliver(store, config)
    change(store, config, event)
    settle(store, config, clock)
    assert [draft.text for draft in network.sent] == [network.sent[0].text] * 2
    assert len(network.edited) == 1
    assert "50" in said(store)


def test_a_post_that_is_being_sent_is_edited_afterwards(store, config, network, published, event):
    """An update that comes in the middle of the sending request is not missed."""

    def meanwhile():
        change(store, config, event)
        return SENT

    network.publishes = [meanwhile]
    run_due(store, config)
    assert len(network.edited) == 1
    assert "50" in said(store)


def test_an_editors_own_words_stay(store, config, network, out, event):
    """A share with words of its own keeps them; its card follows."""
    share(store, config, "cms-1", ["desk"], text="Worth another look")
    run_due(store, config)
    change(store, config, event, headline="The sea took the road three times")
    run_due(store, config)
    assert sorted(draft.text[:18] for draft in network.edited) == ["The council votes ", "Worth another look"]


def test_an_archive_run_edits_nothing(store, config, network, out, event):
    """New cards for old stories go into pages, not into posts."""
    with store.write() as tx:
        stories.start_run(tx, "all", "quote", None, store.now())
    run_due(store, config)
    assert network.edited == []


# Faults


def test_a_worker_killed_after_the_edit_repeats_it(store, config, network, out, event, clock):
    """Killed between the request and the record: the lease runs out, the same is said again, nothing is doubled."""
    network.edits = [SystemExit("killed"), DONE]
    change(store, config, event)
    with pytest.raises(SystemExit):
        deliver(store, config)
    assert post(store).pending.tries == 1
    assert not deliver(store, config)
    clock.move(61)
    assert sweep(store, config).mailboxes == 1
    deliver(store, config)
    assert len({draft.model_dump_json() for draft in network.edited}) == 1
    assert (post(store).pending, len(network.edited), len(network.sent)) == (None, 2, 1)


def test_a_worker_killed_after_the_removal_repeats_it(store, config, network, out, clock):
    """A removal may be asked for twice: what is gone is removed."""
    network.removals = [SystemExit("killed"), DONE]
    withdraw(store, "cms-1")
    with pytest.raises(SystemExit):
        deliver(store, config)
    clock.move(61)
    settle(store, config, clock, rounds=1)
    assert (post(store).state, len(network.removed)) == (State.WITHDRAWN, 2)


def test_an_unanswered_deed_is_tried_again_ever_later(store, config, network, out, event, clock):
    """No answer and a server's trouble are no decision: the deed waits, and is done."""
    network.edits = [NotSent("down"), Unknown("lost"), KeyError("id"), DONE]
    change(store, config, event)
    settle(store, config, clock)
    assert (post(store).pending, len(network.edited)) == (None, 4)
    assert steps(store).count("not_done") == 3


def test_a_rate_limit_rests_the_mailbox(store, config, network, out, event, clock):
    """As for posts: the account's next deed waits as long as the network asked."""
    network.edits = [RateLimited("slow", retry_after=30), DONE]
    change(store, config, event)
    deliver(store, config)
    clock.move(29)
    assert not deliver(store, config)
    clock.move(2)
    deliver(store, config)
    assert post(store).pending is None


def test_a_dead_token_pauses_the_account_and_keeps_the_deed(store, config, network, out, event, connect):
    """Nothing is forgotten while the operator reconnects."""
    network.edits = [Unauthorized("the token was revoked"), DONE]
    change(store, config, event)
    deliver(store, config)
    with store.read() as tx:
        assert accounts.get(tx, "desk")[0].paused == "the token was revoked"
    assert not deliver(store, config)
    connect("desk", "script", Vault(config).seal({"token": "another-token"}))
    deliver(store, config)
    assert post(store).pending is None


def test_a_lost_card_is_drawn_again_before_the_edit(store, config, network, out, event, clock):
    """The frozen card's bytes are checked for an edit, too."""
    change(store, config, event)
    (config.at(config.cards.folder) / post(store).pending.draft.card.file).unlink()
    settle(store, config, clock)
    assert (post(store).pending, len(network.edited)) == (None, 1)


def test_a_deed_that_never_works_is_told_in_the_end(store, config, network, out, event, clock):
    """Nothing is tried for ever in silence."""
    network.edits = [NotSent("down")]
    change(store, config, event)
    settle(store, config, clock, rounds=150, seconds=1000)
    assert post(store).pending.due is None
    assert "tried 100 times: down" in post(store).pending.words
    assert len(network.edited) == 100


# What a network cannot


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


# A withdrawal


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


# Where an editor told where the post is


def test_a_post_whose_number_an_editor_guessed_is_looked_for(store, config, network, published, event, clock):
    """An address is not the network's own name for a post: a removal of a wrong one would look like success."""
    network.replay, network.publishes = timedelta(0), [Unknown("lost")]
    settle(store, config, clock, rounds=2)
    posted = resolve(store, 1, posted="https://social.example/@desk/9")
    assert posted.receipt == Receipt(id="9", url="https://social.example/@desk/9", version=BY_HAND)
    network.finds = [NOT_THERE, SENT]
    withdraw(store, "cms-1")
    settle(store, config, clock)
    assert network.removed == []
    assert "https://social.example/@desk/9" in post(store).pending.words
    accept(store, config, event(revision=2))
    withdraw(store, "cms-1")
    settle(store, config, clock)
    assert network.removed == [SENT]


def test_a_busy_mailbox_takes_the_most_urgent_first(store, config, network, out, event, connect):
    """A deed of a normal story waits behind another's breaking post, and goes before a normal one."""
    change(store, config, event)
    for name, priority in (("cms-2", "normal"), ("cms-3", "breaking")):
        accept(store, config, event(id=name, url=f"https://news.example/{name}", priority=priority))
    while prepare_next(store, config):
        pass
    order = []
    network.publishes = [lambda: order.append("post") or SENT]
    network.edits = [lambda: order.append("edit") or DONE]
    deliver_next(store, config, time.monotonic() + 5)
    assert order == ["post", "edit", "post"]
    with store.read() as tx:
        assert deliveries.get(tx, 3).state is State.SENT
