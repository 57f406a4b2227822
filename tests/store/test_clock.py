"""A clock that is set back, or ahead: nothing sleeps for as long, and nobody asks for a post that is on its way."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from syndication.models import Deed, State
from syndication.pipeline import accept, sweep
from syndication.store import NEVER, accounts, moment, stories
from syndication.store.schema import accounts as mailboxes
from syndication.store.schema import deliveries as rows
from syndication.store.schema import stories as stories_table

HOUR = 3600
LEASE = 60_000


@pytest.fixture
def desk(connect):
    return connect("desk")


def post(store):
    with store.read() as tx:
        return tx.execute(select(rows)).mappings().one()


def drawing(store, story="cms-1"):
    with store.read() as tx:
        return stories.need(tx, story).due_at


def change(store, **values):
    with store.write() as tx:
        tx.execute(update(rows).values(**values))


def mailbox(store):
    with store.read() as tx:
        return tx.execute(select(mailboxes.c.due_at)).scalar_one()


def test_what_was_due_stays_due(store, config, desk, clock, event):
    """A story that was accepted before the clock went back an hour is drawn and sent now, not in an hour."""
    accept(store, config, event())
    sweep(store, config)
    clock.move(-HOUR)
    assert sweep(store, config).stories == 1
    assert post(store)["due_at"] == drawing(store) == clock.value


def test_a_lease_keeps_its_rest(store, config, desk, clock, event):
    """Story, post and mailbox of a worker that died are taken up by another when its lease would have run out."""
    accept(store, config, event())
    sweep(store, config)
    with store.write() as tx:
        stories.claim(tx, clock.value, LEASE)
    change(store, state=State.SENDING, due_at=clock.value + LEASE, intent_at=clock.value)
    with store.write() as tx:
        accounts.open_by_name(tx, "desk", clock.value, LEASE)
    clock.move(-HOUR)
    sweep(store, config)
    assert {post(store)["due_at"], drawing(store), mailbox(store)} == {clock.value + LEASE}


def test_an_embargo_holds_whatever_the_clock_did(store, config, desk, clock, event):
    """The wrong clock had passed it, the right one has not: nothing goes out before its time."""
    at = moment(clock.value - 600_000)
    accept(store, config, event(embargo=at))
    accept(store, config, event(id="cms-2", embargo=moment(clock.value + 600_000)))
    sweep(store, config)
    clock.move(-HOUR)
    assert sweep(store, config) == (0, 0, 0)
    assert drawing(store, "cms-2") == clock.value + HOUR * 1000 + 600_000
    assert drawing(store) >= clock.value


def test_a_schedule_is_not_brought_forward(store, config, desk, clock, event):
    """What an editor asked for tomorrow goes out tomorrow, by the clock as it is then."""
    accept(store, config, event())
    tomorrow = clock.value + 24 * HOUR * 1000
    change(store, due_at=tomorrow, wanted_at=tomorrow)
    sweep(store, config)
    clock.move(-HOUR)
    sweep(store, config)
    assert post(store)["due_at"] == tomorrow


def test_what_waits_for_a_person_goes_on_waiting(store, config, desk, clock, event):
    """Never is never, by any clock."""
    accept(store, config, event())
    change(store, state=State.UNKNOWN, due_at=NEVER, deed=Deed.EDIT, deed_due_at=NEVER)
    sweep(store, config)
    clock.move(-HOUR)
    sweep(store, config)
    assert post(store)["due_at"] == post(store)["deed_due_at"] == NEVER


def test_a_key_is_trusted_no_longer_than_before(store, config, desk, clock, event):
    """The network forgets it by its own clock: the try that may have got through is as long ago as it was."""
    accept(store, config, event())
    change(store, state=State.UNKNOWN, due_at=clock.value, intent_at=clock.value - 1000)
    sweep(store, config)
    clock.move(-HOUR)
    sweep(store, config)
    assert clock.value - post(store)["intent_at"] == 1000


def test_a_leap_ahead_ends_no_lease(store, config, desk, clock, event):
    """Who is sending when the clock leaps has the rest of its lease; by then it has recorded the answer."""
    accept(store, config, event())
    sweep(store, config)
    change(store, state=State.SENDING, due_at=clock.value + LEASE, intent_at=clock.value)
    clock.move(HOUR)
    sweep(store, config, 2.0)
    assert post(store)["state"] == State.SENDING
    clock.move(LEASE / 1000)
    sweep(store, config, LEASE / 1000)
    assert post(store)["state"] == State.UNKNOWN


def test_an_hour_without_a_sweep_is_no_leap(store, config, desk, clock, event):
    """A machine that was off, or whose sweep stood still: the leases have run out in truth."""
    accept(store, config, event())
    sweep(store, config)
    for elapsed in (None, HOUR):
        change(store, state=State.SENDING, due_at=clock.value + LEASE, intent_at=clock.value)
        clock.move(HOUR)
        sweep(store, config, elapsed)
        assert post(store)["state"] == State.UNKNOWN


@pytest.mark.parametrize("apart", [-29, 29])
def test_a_clock_that_is_put_right_by_seconds_moves_nothing(store, config, desk, clock, event, apart):
    """As time servers do."""
    accept(store, config, event())
    sweep(store, config)
    change(store, state=State.SENDING, due_at=clock.value + LEASE)
    before = post(store)["due_at"]
    clock.move(apart)
    sweep(store, config, 2.0)
    assert post(store)["due_at"] == before


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("apart", [35, 120, HOUR])
def test_machines_whose_clocks_differ_end_no_lease_and_no_pause(
    store, config, desk, clock, event, monkeypatch, caplog, apart
):
    """Each sweeps by its own clock, again and again: what sleeps wakes no earlier, and no jump is told."""
    accept(store, config, event())
    sleeps = clock.value + 2 * HOUR * 1000
    change(store, state=State.SENDING, due_at=sleeps, intent_at=clock.value)
    with store.write() as tx:
        tx.execute(update(mailboxes).values(due_at=sleeps, paced_until=sleeps))
        tx.execute(update(stories_table).values(due_at=sleeps))
    for host, ahead in [("one", apart), ("two", -apart)] * 5:
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        clock.move(1 + ahead)
        sweep(store, config, 2.0)
        assert {post(store)["due_at"], drawing(store), mailbox(store)} == {sleeps}
    assert caplog.records == []
    with store.read() as tx:
        assert tx.execute(select(mailboxes.c.paced_until)).scalar_one() == sleeps


def test_the_jump_is_told(store, config, clock, caplog):
    """Whoever reads the log learns of it, once."""
    sweep(store, config)
    clock.move(-HOUR)
    with caplog.at_level(logging.WARNING):
        sweep(store, config)
        sweep(store, config, timedelta(seconds=2).total_seconds())
    assert [record.seconds for record in caplog.records] == [-HOUR]
