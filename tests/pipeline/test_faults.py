"""Everything that goes wrong at a bad moment: nothing is lost, doubled, late without a word, or stuck for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from scripted import NOT_THERE, SENT, deliver, post, settle

from syndication.errors import InputError, RateLimited, Refused, Unauthorized, Unknown
from syndication.models import State
from syndication.pipeline import accept, prepare_next, resolve, run_due, share, sweep
from syndication.store import accounts, deliveries, moment
from syndication.vault import Vault

HOUR = 3600


# A withdrawal, an update or a new connection in the middle of a try


def test_a_story_withdrawn_while_its_post_was_being_refused_a_place_stays_in(
    store, config, network, published, clock, event
):
    """What surely did not go out before the withdrawal does not go out after it."""

    def withdrawn():
        accept(store, config, event(kind="withdraw"))
        return RateLimited("slow", retry_after=5)

    network.publishes = [withdrawn, SENT]
    settle(store, config, clock)
    assert len(network.sent) == 1
    assert post(store).state is State.CANCELLED


def test_a_story_withdrawn_while_it_is_looked_for_is_not_sent_again(
    store, config, network, published, clock, event
):
    """The withdrawal counts although the question was asked before it."""

    def withdrawn():
        accept(store, config, event(kind="withdraw"))
        return NOT_THERE

    network.publishes, network.finds = [Unknown("lost"), SENT], [withdrawn, NOT_THERE]
    settle(store, config, clock)
    assert len(network.sent) == 1
    assert post(store).state is State.CANCELLED


def test_a_story_changed_while_its_post_was_being_refused_a_place_goes_out_as_it_is_now(
    store, config, network, published, clock, event
):
    """What surely did not go out is written anew from the newest version."""

    def changed():
        accept(store, config, event(kind="update", revision=2, summary="The council votes on 50 homes."))
        prepare_next(store, config)
        return RateLimited("slow", retry_after=5)

    network.publishes = [changed, SENT]
    settle(store, config, clock)
    assert post(store).state is State.SENT
    assert [draft.text[:29] for draft in network.sent][1:] == ["The council votes on 50 homes."[:29]]


def test_an_account_connected_again_while_its_old_token_was_refused_is_not_paused(
    store, config, network, published, connect, clock
):
    """The word about the old token says nothing of the new one."""

    def connected():
        connect("desk", "script", Vault(config).seal({"token": "another-token"}))
        return Unauthorized("the token was revoked")

    network.publishes = [connected, SENT]
    settle(store, config, clock)
    with store.read() as tx:
        assert accounts.get(tx, "desk")[0].paused == ""
    assert post(store).state is State.SENT


def test_a_session_renewed_for_an_old_connection_does_not_replace_the_new_one(
    store, config, network, published, connect, monkeypatch
):
    """Who connects an account again has the last word on its secret."""
    fresh = Vault(config).seal({"token": "the-new-token"})

    def publish(http, draft, image):
        connect("desk", "script", fresh)
        http.renew({"token": "renewed-from-the-old-one"}, None)

    monkeypatch.setattr(network, "publish", publish)
    deliver(store, config)
    with store.read() as tx:
        assert accounts.get(tx, "desk")[1] == fresh


# The editor's word


@pytest.mark.parametrize("word", [{"retry": True}, {"drop": True}, {"posted": "https://social.example/9"}])
def test_a_post_that_is_being_sent_is_nothing_to_resolve(store, config, network, published, word):
    """An editor's word on a post in the middle of its try would send it twice."""
    refused = []

    def meanwhile():
        with pytest.raises(InputError, match="nothing to resolve"):
            resolve(store, 1, **word)
        refused.append(True)
        return SENT

    network.publishes = [meanwhile]
    deliver(store, config)
    assert refused
    assert post(store).state is State.SENT


def test_a_refused_post_goes_out_as_the_story_is_now(store, config, network, published, clock, event):
    """Nobody wants the words that were refused: an editor's retry writes the post anew."""
    network.publishes = [Refused("that word is not allowed here"), SENT]
    deliver(store, config)
    accept(store, config, event(kind="update", revision=2, summary="Said in another way."))
    resolve(store, 1, retry=True)
    settle(store, config, clock)
    assert post(store).state is State.SENT
    assert network.sent[1].text.startswith("Said in another way.")


def test_an_editors_retry_waits_for_the_embargo(store, config, network, published, clock, event):
    """An embargo that came later than the refusal holds for the retry, too."""
    network.publishes = [Refused("no"), SENT]
    deliver(store, config)
    at = moment(clock.value + HOUR * 1000)
    accept(store, config, event(kind="update", revision=2, embargo=at))
    resolve(store, 1, retry=True)
    settle(store, config, clock, rounds=50)
    assert len(network.sent) == 1
    settle(store, config, clock)
    assert post(store).state is State.SENT


def test_what_an_editor_dropped_stays_dropped(store, config, network, published, clock, event):
    """Also when the story is withdrawn and published again: the post may be out, for all a machine knows."""
    network.replay, network.publishes = timedelta(0), [Unknown("lost"), SENT]
    settle(store, config, clock, rounds=2)
    resolve(store, 1, drop=True)
    accept(store, config, event(kind="withdraw"))
    accept(store, config, event(revision=2))
    settle(store, config, clock)
    assert post(store).state is State.CANCELLED
    assert len(network.sent) == 1


# Time


def test_what_is_too_old_is_not_sent_although_nobody_swept(store, config, network, published, clock):
    """A dead sweep does not make old news go out."""
    clock.move(25 * HOUR)
    deliver(store, config)
    assert network.sent == []
    assert post(store).state is State.FAILED
    assert post(store).reason.startswith("not sent in its time")


def test_a_rate_limit_of_no_seconds_is_still_a_pause(store, config, network, published, clock):
    """A server that says `Retry-After: 0` is not asked again at once, for ever."""
    network.publishes = [RateLimited("slow", retry_after=0), SENT]
    run_due(store, config, seconds=60)
    assert len(network.sent) == 1
    settle(store, config, clock)
    assert post(store).state is State.SENT


def test_an_embargo_that_is_lifted_early_lets_the_posts_go(store, config, network, desk, clock, event):
    """The newest word on the time counts, also when it is an earlier one."""
    later = moment(clock.value + 8 * HOUR * 1000)
    accept(store, config, event(embargo=later))
    accept(store, config, event(kind="update", revision=2))
    run_due(store, config)
    assert post(store).state is State.SENT


def test_a_story_made_breaking_goes_first(store, config, network, desk, event):
    """A post's lane is that of its story's newest version."""
    accept(store, config, event(id="cms-0"))
    accept(store, config, event(priority="evergreen"))
    accept(store, config, event(revision=2, priority="breaking"))
    while prepare_next(store, config):
        pass
    run_due(store, config)
    assert [draft.key for draft in network.sent] == [post(store, 2).key, post(store, 1).key]


def test_a_share_for_later_outlives_a_change_of_the_story(store, config, network, published, clock, event):
    """What an editor asked for next week is not dropped since the story's own posts expire tomorrow."""
    run_due(store, config)
    at = datetime.fromtimestamp(clock.value / 1000, UTC) + timedelta(days=7)
    share(store, config, "cms-1", ["desk"], at=at)
    tomorrow = moment(clock.value + 24 * HOUR * 1000)
    accept(store, config, event(kind="update", revision=2, expires=tomorrow))
    clock.move(6 * 24 * HOUR)
    run_due(store, config)
    assert len(network.sent) == 1
    clock.move(24 * HOUR + 1)
    run_due(store, config)
    assert len(network.sent) == 2
    assert post(store, 2).state is State.SENT


def test_a_share_for_later_says_when_it_goes_out(store, config, network, published, clock):
    """Networks sort by the time a post names: one dated a week ago is seen by nobody."""
    at = datetime.fromtimestamp(clock.value / 1000, UTC) + timedelta(days=7)
    share(store, config, "cms-1", ["desk"], at=at)
    run_due(store, config)
    clock.move(7 * 24 * HOUR)
    run_due(store, config)
    assert network.sent[-1].created == at


def test_sharing_an_embargoed_story_makes_nothing_of_it_early(store, config, desk, clock, event):
    """No card and no metadata before the embargo, whoever asks."""
    accept(store, config, event(embargo=moment(clock.value + HOUR * 1000)))
    share(store, config, "cms-1", ["desk"])
    assert prepare_next(store, config) is None
    clock.move(HOUR + 1)
    assert prepare_next(store, config) == "cms-1"


# What is planned


def test_a_shared_story_that_is_published_afterwards_is_posted(store, config, network, desk, clock, event):
    """An editor's share of a filed story does not stand in for its publication."""
    accept(store, config, event(kind="update"))
    share(store, config, "cms-1", ["desk"], text="Worth another look")
    accept(store, config, event(revision=2))
    settle(store, config, clock, rounds=2)
    with store.read() as tx:
        assert [d.occasion for d in deliveries.of_story(tx, "cms-1")] == ["share:again", "publish"]
    assert len(network.sent) == 2


def test_a_takedown_that_counts_no_revisions_is_not_missed(store, config, network, published, event):
    """Only a revision that is told and lower makes a withdrawal too late."""
    accept(store, config, event(kind="update", revision=3))
    accept(store, config, event(kind="withdraw"))
    assert post(store).state is State.CANCELLED


def test_a_late_takedown_of_an_older_revision_is_too_late(store, config, network, published, event):
    """A withdrawal overtaken by a newer publication changes nothing."""
    accept(store, config, event(revision=3))
    accept(store, config, event(kind="withdraw", revision=2))
    assert post(store).state is State.PLANNED


# Cards


def test_a_damaged_card_is_drawn_again_and_the_post_goes_out(store, config, network, published, clock):
    """A file that is not what it was does not hold its post up until it is too late."""
    (config.at(config.cards.folder) / post(store).draft.card.file).write_bytes(b"damaged")
    settle(store, config, clock)
    assert post(store).state is State.SENT
    assert len(network.sent) == 1


def test_a_card_that_can_never_be_the_same_again_is_frozen_anew(
    store, config, network, published, clock, monkeypatch
):
    """After an upgrade the same story may give other bytes: the post that surely is not out takes those."""
    from syndication.cards import encode

    (config.at(config.cards.folder) / post(store).draft.card.file).unlink()
    jpeg = encode.jpeg
    monkeypatch.setattr(encode, "jpeg", lambda *parts, **settings: jpeg(*parts, **settings) + b"\0")
    settle(store, config, clock)
    assert post(store).state is State.SENT


def test_a_paused_accounts_posts_are_given_up_with_its_reason(
    store, config, network, published, clock, event
):
    """Also those that were never tried tell an editor what held them up."""
    network.publishes = [Unauthorized("the token was revoked")]
    deliver(store, config)
    accept(store, config, event(id="cms-2"))
    prepare_next(store, config)
    clock.move(25 * HOUR)
    sweep(store, config)
    assert post(store, 2).reason == "not sent in its time: the token was revoked"
