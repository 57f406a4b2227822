"""Posts that are out are edited as their story changes, whatever goes wrong on the way."""

import time
from datetime import timedelta

import pytest
from following import change, said, settle
from scripted import DONE, NOT_THERE, SENT, deliver, post, steps

from syndication.config import AccountTable
from syndication.errors import NotSent, RateLimited, Unauthorized, Unknown
from syndication.models import BY_HAND, Deed, Receipt, State
from syndication.pipeline import accept, deliver_next, prepare_next, resolve, run_due, share, sweep, withdraw
from syndication.store import accounts, deliveries, stories
from syndication.vault import Vault


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
