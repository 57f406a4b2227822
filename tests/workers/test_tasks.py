"""The tasks: which lanes each serves, and whom it tells."""

import pytest
from scripted import SENT, Script, post

from syndication.models import State
from syndication.networks import NETWORKS
from syndication.pipeline import accept, prepare_next
from syndication.vault import Vault


@pytest.fixture
def network(monkeypatch):
    script = Script()
    monkeypatch.setitem(NETWORKS, "script", script)
    return script


@pytest.fixture
def tasks(store, config, network, connect, tmp_path, monkeypatch):
    """The tasks of a worker on this store, at a scripted network; what they nudge is noted, and nobody hears it."""
    file = tmp_path / "queue.toml"
    file.write_text("")
    monkeypatch.setenv("SYNDICATE_CONFIG", str(file))  # the package `workers` reads one when it is imported
    from workers import tasks

    connect("desk", "script", Vault(config).seal({"token": "a-secret-token"}))
    monkeypatch.setattr(tasks, "home", lambda: (store, config))
    monkeypatch.setattr(tasks, "_PATIENCE", 0)
    tasks.nudged = []
    monkeypatch.setattr(tasks, "nudge", lambda queue, times=1: tasks.nudged.append(queue))
    return tasks


@pytest.fixture
def story(store, config, event):
    def make(name, priority):
        accept(store, config, event(id=name, url=f"https://n.example/{name}", priority=priority))

    return make


def states(store, count):
    return [post(store, number).state for number in range(1, count + 1)]


def test_those_who_serve_the_news_leave_bulk_alone(store, tasks, story):
    """`draw` and `deliver` do what is breaking or normal and nothing else; `bulk` does the rest, to its end."""
    for name, priority in (("green", "evergreen"), ("news", "normal"), ("alarm", "breaking")):
        story(name, priority)
    tasks.draw()
    tasks.deliver()
    assert states(store, 3) == [State.PLANNED, State.SENT, State.SENT]
    assert tasks.nudged == ["deliver", "deliver"]
    tasks.bulk()
    assert states(store, 3) == [State.SENT] * 3


def test_bulk_hands_a_mailbox_back_once_news_is_in_it(store, config, network, tasks, story):
    """What is on its way is finished; then those who serve the news are told, and find the mailbox free."""
    story("green", "evergreen")
    story("old", "evergreen")
    while prepare_next(store, config):
        pass

    def news():
        story("alarm", "breaking")
        prepare_next(store, config)
        return SENT

    network.publishes = [news, SENT]
    tasks.bulk()
    assert states(store, 3) == [State.SENT, State.READY, State.READY]
    assert tasks.nudged == ["deliver"]
    tasks.deliver()
    assert states(store, 3) == [State.SENT, State.READY, State.SENT]
    tasks.bulk()
    assert states(store, 3) == [State.SENT] * 3


def test_bulk_takes_turns(store, config, tasks, story, monkeypatch):
    """After its turn a bulk task ends, though more is due, and nudges for the next: what else waits comes between."""
    story("green", "evergreen")
    story("old", "evergreen")
    monkeypatch.setattr(tasks, "_TURN", 0.0001)
    tasks.bulk()
    assert tasks.nudged == ["bulk"]
    assert State.SENT not in states(store, 2)


def test_bulk_waits_for_news_that_is_on_its_way(store, config, tasks, story, clock):
    """From `accept` until it is out, news has the machine for itself; what is long due waits for something else."""
    story("green", "evergreen")
    story("alarm", "breaking")
    tasks.bulk()
    assert states(store, 2) == [State.PLANNED, State.PLANNED]
    assert prepare_next(store, config) == "alarm"
    tasks.bulk()
    assert states(store, 2) == [State.PLANNED, State.READY]
    assert tasks.nudged == []  # the next sweep starts it again
    clock.move(11)
    tasks.bulk()
    assert states(store, 2) == [State.READY, State.READY]


def test_bulk_goes_on_once_news_is_out(store, config, tasks, story, monkeypatch):
    """It waits a moment for that, rather than for the next sweep."""
    story("green", "evergreen")
    story("alarm", "breaking")
    looks = []

    def deliver(_seconds):
        looks.append(states(store, 2))
        tasks.draw()
        tasks.deliver()

    monkeypatch.setattr(tasks, "_PATIENCE", 60)
    monkeypatch.setattr(tasks.time, "sleep", deliver)
    tasks.bulk()
    assert looks == [[State.PLANNED, State.PLANNED]]
    assert states(store, 2) == [State.SENT, State.SENT]
