"""What becomes of a story's posts by the rules of their accounts, from the event to the network."""

import pytest
from scripted import SENT, deliver

from syndication.config import parse
from syndication.errors import NotSent
from syndication.models import State
from syndication.pipeline import Step, accept, foresee, prepare_next, resolve, share, sweep
from syndication.store import deliveries, stories, trail
from syndication.vault import Vault

RULES = """
[accounts.world.takes]
sections = ["World"]
[accounts.sport.takes]
sections = ["Sport"]
[accounts.alerts.takes]
priorities = ["breaking"]
[accounts.day]
takes = { desks = ["Day"] }
hours = "06:00-11:00"
"""
NAMES = ("world", "sport", "alerts", "day")


@pytest.fixture
def config(tmp_path):
    return parse(f"[delivery]\nlease = 60\n{RULES}", tmp_path / "syndicate.toml")


@pytest.fixture(autouse=True)
def accounts(connect, config, network):
    for name in NAMES:
        connect(name, "script", Vault(config).seal({"token": "a-secret-token"}))


def posts(store):
    """Each account's announcement: its state."""
    with store.read() as tx:
        return {
            one.account: one.state for one in deliveries.of_story(tx, "cms-1") if one.occasion == "publish"
        }


def the(store, account):
    with store.read() as tx:
        return next(one for one in deliveries.of_story(tx, "cms-1") if one.account == account)


def test_a_story_goes_to_the_accounts_that_take_it(store, config, event):
    """And the trail tells why not to the others."""
    accept(store, config, event(section="World"))
    assert posts(store) == {"world": State.PLANNED}
    with store.read() as tx:
        [routed] = [step for step in trail.of_story(tx, "cms-1") if step.what == "routed"]
    assert "sport: section is World, takes Sport" in routed.words
    assert "alerts: priority is normal, takes breaking" in routed.words


def test_a_story_that_changes_its_section_goes_elsewhere(store, config, event):
    """What is not out is cancelled where it is no longer taken, and planned where it is now; and back again."""
    accept(store, config, event(section="World"))
    prepare_next(store, config)
    accept(store, config, event(section="Sport", revision=2))
    assert posts(store) == {"world": State.CANCELLED, "sport": State.PLANNED}
    assert the(store, "world").reason == "no longer for this account: section is Sport, takes World"
    accept(store, config, event(section="World", revision=3, kind="update"))
    assert posts(store) == {"world": State.PLANNED, "sport": State.CANCELLED}
    prepare_next(store, config)
    assert posts(store)["world"] is State.READY


def test_an_update_never_announces_a_story_anew(store, config, event):
    """Only a `publish` takes a story to accounts that were not to have it before."""
    accept(store, config, event(section="World"))
    accept(store, config, event(section="Sport", revision=2, kind="update"))
    assert posts(store) == {"world": State.CANCELLED}


def test_a_story_that_becomes_breaking_goes_to_the_alerts(store, config, event):
    """While it is news; months later a changed story is announced to nobody."""
    accept(store, config, event(section="World"))
    accept(store, config, event(section="World", revision=2, priority="breaking"))
    assert posts(store) == {"world": State.PLANNED, "alerts": State.PLANNED}


def test_an_old_story_is_announced_nowhere_for_its_new_section(store, config, event, clock, network):
    """After the hours in which its first post might have gone out."""
    accept(store, config, event(section="World"))
    prepare_next(store, config)
    deliver(store, config)
    clock.move(24 * 3600)
    accept(store, config, event(section="Sport", revision=2))
    assert posts(store) == {"world": State.SENT}


def test_an_account_connected_later_gets_no_old_story(store, config, event, connect):
    """It would have taken the story as it was, so nothing in the story calls for a post."""
    accept(store, config, event(section="World"))
    connect("late", "script")
    accept(store, config, event(section="World", revision=2))
    assert posts(store) == {"world": State.PLANNED}


def test_a_post_that_is_out_stays_and_follows(store, config, event, network):
    """The account no longer takes the story, but what it has posted is to be true."""
    accept(store, config, event(section="World"))
    prepare_next(store, config)
    deliver(store, config)
    accept(store, config, event(section="Sport", revision=2, summary="The road is closed."))
    prepare_next(store, config)
    assert posts(store)["world"] is State.SENT
    while deliver(store, config):
        pass
    assert "The road is closed." in network.edited[0].text


def test_a_post_that_was_on_its_way_is_not_sent_again_where_it_is_no_longer_taken(
    store, config, event, network
):
    """It surely did not go out, and the story has changed its section meanwhile."""

    def fails():
        accept(store, config, event(section="Sport", revision=2))
        return NotSent("busy")

    network.publishes = [fails, SENT]
    accept(store, config, event(section="World"))
    prepare_next(store, config)
    deliver(store, config)
    assert posts(store)["world"] is State.CANCELLED
    assert len(network.sent) == 1


def test_a_story_waits_for_the_hours_of_its_account(store, config, event, clock, network):
    """It is noon, the account posts until eleven: tomorrow at six. An update waits as long, and breaking not at all."""
    accept(store, config, event(desk="Day"))
    assert the(store, "day").due.isoformat() == "2026-11-21T06:00:00+00:00"
    accept(store, config, event(desk="Day", revision=2, kind="update", summary="Corrected."))
    assert the(store, "day").due.isoformat() == "2026-11-21T06:00:00+00:00"
    prepare_next(store, config)
    clock.move(18 * 3600 - 1)
    assert not deliver(store, config)
    clock.move(1)
    assert deliver(store, config)
    assert [draft.text.split(".")[0] for draft in network.sent] == ["Corrected"]
    accept(store, config, event(id="cms-2", desk="Day", priority="breaking"))
    with store.read() as tx:
        assert all(one.due.timestamp() * 1000 <= clock() for one in deliveries.of_story(tx, "cms-2"))


def test_a_post_held_up_beyond_the_hours_waits_for_the_next(store, config, event, clock, network):
    """A server that comes back in the night gets nothing then; what an editor asks for goes out at any hour."""
    clock.move(-2 * 3600)  # ten o'clock
    network.before, network.publishes = True, [NotSent("down"), SENT]
    accept(store, config, event(desk="Day"))
    prepare_next(store, config)
    deliver(store, config)
    clock.move(2 * 3600)
    deliver(store, config)
    assert len(network.sent) == 1
    waits = the(store, "day")
    assert (waits.state, waits.reason) == (State.READY, "the hours of its account are over")
    assert waits.due.isoformat() == "2026-11-21T06:00:00+00:00"
    share(store, config, "cms-1", ["day"], label="noon")
    prepare_next(store, config)
    deliver(store, config)
    assert len(network.sent) == 2
    clock.move(48 * 3600)
    sweep(store, config)
    assert the(store, "day").state is State.FAILED
    resolve(store, waits.id, retry=True)
    prepare_next(store, config)
    deliver(store, config)
    assert len(network.sent) == 3


def test_a_story_taken_down_and_published_again_goes_where_it_belongs_now(store, config, event):
    """What the takedown cancelled comes back only where the story is still taken."""
    accept(store, config, event(section="World"))
    accept(store, config, event(section="World", kind="withdraw"))
    accept(store, config, event(section="Sport", revision=2))
    assert posts(store) == {"world": State.CANCELLED, "sport": State.PLANNED}


def outlook(store, config, event):
    return [(one.delivery.account, one.step, one.words) for one in foresee(store, config, "cms-1", event)]


def test_the_outlook_knows_where_a_changed_story_goes(store, config, event):
    """What `plan --event` says of rules is what then happens; nothing is planned by asking."""
    accept(store, config, event(section="World"))
    moved = event(section="Sport", revision=2)
    lost = "no longer for this account: section is Sport, takes World"
    expected = [("world", Step.CANCEL, lost), ("sport", Step.SEND, "section is Sport")]
    assert outlook(store, config, moved) == expected
    assert posts(store) == {"world": State.PLANNED}
    accept(store, config, moved)
    assert posts(store) == {"world": State.CANCELLED, "sport": State.PLANNED}
    back = event(section="World", revision=3, kind="update")
    assert outlook(store, config, back)[0] == ("world", Step.SEND, "section is World")


def test_accounts_with_a_template_of_their_own_carry_its_card(store, event, tmp_path, network):
    """The page and the other accounts show the story's own; what the event says goes before the account's choice."""
    rules = '[accounts.world]\ntemplate = "quote"\n[cards]\nbase_url = "https://cdn.example/"\n'
    config = parse(f'{rules}[metadata]\nfragments = "out"\n', tmp_path / "syndicate.toml")
    accept(store, config, event())
    prepare_next(store, config)
    assert the(store, "world").draft.card.template == "quote"
    assert the(store, "sport").draft.card.template == "article"
    with store.read() as tx:
        cards = stories.need(tx, "cms-1").cards
    assert [card.template for card in cards] == ["article", "article", "quote"]
    assert the(store, "sport").draft.card.file in (tmp_path / "out/cms-1.html").read_text(encoding="utf-8")
    assert all((config.at(config.cards.folder) / card.file).exists() for card in cards)
    accept(store, config, event(revision=2, card={"template": "opinion"}))
    prepare_next(store, config)
    assert {the(store, name).draft.card.template for name in NAMES} == {"opinion"}
    accept(store, config, event(kind="withdraw"))
    prepare_next(store, config)
    assert list(config.at(config.cards.folder).iterdir()) == []


def test_a_template_that_cannot_be_drawn_costs_its_account_only_the_card(store, event, tmp_path):
    """Its post carries the story's own, and the editor is told."""
    config = parse('[accounts.world]\ntemplate = "qoute"\n', tmp_path / "syndicate.toml")
    accept(store, config, event())
    prepare_next(store, config)
    assert {the(store, name).draft.card.template for name in NAMES} == {"article"}
    with store.read() as tx:
        problem = stories.need(tx, "cms-1").problem
    assert "world: the qoute card cannot be drawn, the story's own is posted" in problem


def test_a_network_that_reads_the_page_shows_the_pages_card(store, event, tmp_path, monkeypatch, network):
    """An account's template has no say where the card is crawled."""
    monkeypatch.setattr(network, "forms", ("crawled",))
    config = parse('[accounts.world]\ntemplate = "quote"\n', tmp_path / "syndicate.toml")
    accept(store, config, event())
    prepare_next(store, config)
    assert the(store, "world").draft.card.template == "article"


def test_an_edit_carries_the_accounts_own_card(store, event, tmp_path, network):
    """A story that changes redraws it, and the post that is out gets it; the outlook says so before."""
    config = parse('[accounts.world]\ntemplate = "quote"\n', tmp_path / "syndicate.toml")
    accept(store, config, event())
    prepare_next(store, config)
    while deliver(store, config):
        pass
    changed = event(revision=2, headline="The sea took the road a third time")
    steps = {one.delivery.account: one for one in foresee(store, config, "cms-1", changed)}
    assert steps["world"].changed == ("image",)
    accept(store, config, changed)
    prepare_next(store, config)
    while deliver(store, config):
        pass
    assert sorted(draft.card.template for draft in network.edited) == [
        "article",
        "article",
        "article",
        "quote",
    ]
