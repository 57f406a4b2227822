"""Many at once on one store: no deadlock, nothing lost, nothing twice; and one mailbox is one worker's."""

import itertools
import multiprocessing
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scripted import Script, steps

from syndication.cards.policy import Checked
from syndication.errors import InputError, Unknown
from syndication.models import BULK, EVERY, NEWS, Priority, Receipt, State
from syndication.networks import NETWORKS
from syndication.pipeline import accept, deliver_next, prepare_next, run_due, share, sweep, withdraw
from syndication.store import accounts, deliveries, open_store, stories
from syndication.vault import Vault

CROWD, ACTS, STORIES = 8, 20, 5
ACCOUNTS = ("desk", "world", "sport")


class Square(Script):
    """A network that many post to at once; now and then it takes a post and its answer is lost."""

    def __init__(self, seed):
        super().__init__()
        self.posts, self.twice, self._lock, self._dice = {}, [], threading.Lock(), random.Random(seed)

    def publish(self, http, draft, image):
        http._intend()
        with self._lock:
            if draft.key in self.posts:
                self.twice.append(draft.key)
            self.posts[draft.key] = draft.text
            if self._dice.random() < 0.15:
                raise Unknown("the answer was lost")
        return self.find(http, draft)

    def find(self, http, draft):
        return (
            Receipt(id=draft.key, url=f"https://social.example/{draft.key}")
            if draft.key in self.posts
            else None
        )

    def edit(self, http, receipt, draft, image):
        self.posts[receipt.id] = draft.text
        return receipt

    def withdraw(self, http, receipt):
        self.posts[receipt.id] = ""


class Storm:
    """What a crowd does at once, each by its own dice."""

    def __init__(self, store, config, event):
        self.store, self.config, self.event = store, config, event
        self.revisions, self.faults = itertools.count(1), []

    def blow(self, seed):
        crowd = [threading.Thread(target=self._one, args=(seed * CROWD + number,)) for number in range(CROWD)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(120)
            assert not one.is_alive(), "somebody waits for ever"

    def calm(self):
        """One story stands in the end, and one does not."""
        self._tell("cms-0", random.Random(), kind="publish")
        share(self.store, self.config, "cms-0", ACCOUNTS, label="last")
        self._tell("cms-1", random.Random(), kind="withdraw")

    def _one(self, seed):
        dice = random.Random(seed)
        acts = (self._tell, self._tell, self._take_back, self._share, self._work, self._work, self._work)
        try:
            for _ in range(ACTS):
                dice.choice(acts)(f"cms-{dice.randrange(STORIES)}", dice)
        except Exception as error:
            self.faults.append(error)

    def _tell(self, story, dice, kind=""):
        number = next(self.revisions)
        url, summary = f"https://news.example/{story}", f"These are words {number}."
        kind = kind or dice.choice(("publish", "publish", "update", "update", "withdraw"))
        accept(
            self.store,
            self.config,
            self.event(
                id=story,
                url=url,
                kind=kind,
                revision=number,
                summary=summary,
                priority=dice.choice([*Priority]),
            ),
        )

    def _take_back(self, story, _):
        with self.store.read() as tx:
            known = stories.get(tx, story)
        if known:
            withdraw(self.store, story)

    def _share(self, story, dice):
        with self.store.read() as tx:
            known = stories.get(tx, story)
        if known and not known.withdrawn:
            try:
                share(self.store, self.config, story, ACCOUNTS[:2], label=dice.choice("ab"))
            except InputError as error:
                assert "withdrawn" in error.message  # meanwhile

    def _work(self, _, dice):
        lanes = dice.choice((EVERY, NEWS, BULK))
        sweep(self.store, self.config)
        prepare_next(self.store, self.config, lanes)
        deliver_next(self.store, self.config, time.monotonic() + 5, lanes)


@pytest.mark.parametrize("seed", range(2))
def test_a_crowd_at_once_neither_loses_nor_doubles_a_post(
    store, config, event, connect, clock, monkeypatch, seed
):
    """8 connections publish, change, withdraw, share, draw and deliver, some of them news or bulk alone: in the end
    all posts say what stands, once.
    """
    square = Square(seed)
    monkeypatch.setitem(NETWORKS, "script", square)
    monkeypatch.setattr(
        "syndication.pipeline.drawing.checked_cards", lambda *_, **__: Checked((), "article", ())
    )
    for name in ACCOUNTS:
        connect(name, "script", Vault(config).seal({"token": name}))
    storm = Storm(store, config, event)
    storm.blow(seed)
    assert storm.faults == []
    storm.calm()
    for _ in range(12):  # leases and back-off run out
        clock.move(300)
        run_due(store, config)
    assert square.twice == []
    with store.read() as tx:
        told = stories.newest(tx, STORIES)
        posts = {story.event.id: deliveries.of_story(tx, story.event.id) for story in told}
    assert len(told) == STORIES
    for story in told:
        assert story.due_at is None
        for post in posts[story.event.id]:
            shown = square.posts.get(post.key, "")
            final = {State.WITHDRAWN, State.CANCELLED} | (set() if story.withdrawn else {State.SENT})
            assert post.state in final, (post.reason, steps(store, post.story))
            assert post.pending is None
            assert (post.state is State.SENT) == bool(shown)
            assert not shown or story.event.summary in shown
    assert {post.state for group in posts.values() for post in group} >= {State.SENT, State.WITHDRAWN}


def _hold_mailboxes(url, folder, rounds, done):
    """Open mailboxes again and again; while one is open, a file says so, which nobody else may make."""
    store, opened, doubled = open_store(url), 0, []
    for _ in range(rounds):
        with store.write() as tx:
            mailbox = accounts.open_mailbox(tx, store.now(), 60_000)
        if mailbox is None:
            continue
        opened += 1
        mark = Path(folder) / mailbox.account.name
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            doubled.append(mailbox.account.name)
            continue
        with store.write() as tx:
            accounts.hold(tx, mailbox, store.now() + 60_000)
        mark.unlink()
        with store.write() as tx:
            accounts.hold(tx, mailbox, store.now())
    store.close()
    done.put((opened, doubled))


@pytest.mark.slow
def test_two_processes_never_hold_one_mailbox(store, config, event, connect, network_of_none, tmp_path):
    """4 processes open, use and close 3 mailboxes all the time: nobody ever finds another inside."""
    store.now = lambda: time.time_ns() // 1_000_000
    for name in ACCOUNTS:
        connect(name, "script", Vault(config).seal({"token": name}))
    accept(store, config, event(published=datetime.now(UTC)))
    prepare_next(store, config)
    (tmp_path / "open").mkdir()
    url = store.engine.url.render_as_string(hide_password=False)
    start = multiprocessing.get_context("spawn")
    done = start.Queue()
    words = (url, str(tmp_path / "open"), 100, done)
    crowd = [start.Process(target=_hold_mailboxes, args=words) for _ in range(4)]
    for process in crowd:
        process.start()
    told = [done.get(timeout=120) for _ in crowd]
    for process in crowd:
        process.join()
        assert process.exitcode == 0
    assert [doubled for _, doubled in told if doubled] == []
    assert sum(opened for opened, _ in told) > 100


@pytest.fixture
def network_of_none(monkeypatch):
    """A network that nobody asks for anything."""
    monkeypatch.setitem(NETWORKS, "script", Script())
    monkeypatch.setattr(
        "syndication.pipeline.drawing.checked_cards", lambda *_, **__: Checked((), "article", ())
    )
