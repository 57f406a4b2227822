"""A network that does what a test says, and what a test asks the store about it."""

import time
from datetime import timedelta

from syndication.models import Limits, Receipt
from syndication.networks.base import Connector
from syndication.pipeline import deliver_next, run_due
from syndication.store import deliveries, trail

SENT = Receipt(id="7", url="https://social.example/7")
NOT_THERE = object()
DONE = object()


class Script(Connector):
    """Each publish, find, edit or withdraw takes the next word of its script.

    A function is called for its word, as what happens meanwhile. An exception is raised (`publish` has committed the
    intent by then, unless `before`), a Receipt returned. `edited` and `removed` tell what was asked for.
    """

    name = "script"
    title = "Script"
    limits = Limits(text=500, link_in_text=True, alt=1000, image_bytes=10_000_000)
    replay = timedelta(hours=1)
    settle = timedelta(seconds=10)

    def __init__(self):
        self.publishes, self.finds, self.sent = [SENT], [NOT_THERE], []
        self.edits, self.removals, self.edited, self.removed = [DONE], [DONE], [], []
        self.before = False

    def connect(self, desk, server):
        raise NotImplementedError("its account is put into the store by hand")

    def replies(self, secret=None):
        return True

    def auth(self, secret):
        return None

    def identify(self, http):
        return "@script"

    def publish(self, http, draft, image):
        if not self.before:
            http._intend()
        self.sent.append(draft)
        return self._next(self.publishes)

    def find(self, http, draft):
        found = self._next(self.finds)
        return None if found is NOT_THERE else found

    def edit(self, http, receipt, draft, image):
        self.edited.append(draft)
        said = self._next(self.edits)
        return receipt if said is DONE else said

    def withdraw(self, http, receipt):
        self.removed.append(receipt)
        self._next(self.removals)

    @staticmethod
    def _next(words):
        word = words.pop(0) if len(words) > 1 else words[0]
        word = word() if callable(word) else word
        if isinstance(word, BaseException):
            raise word
        return word


def post(store, number=1):
    with store.read() as tx:
        return deliveries.get(tx, number)


def deliver(store, config):
    return deliver_next(store, config, time.monotonic() + 5)


def steps(store, story="cms-1"):
    with store.read() as tx:
        return [step.what for step in trail.of_story(tx, story)]


def settle(store, config, clock, rounds=20, seconds=60):
    """Do what is due, again and again, while time passes."""
    for _ in range(rounds):
        run_due(store, config)
        clock.move(seconds)
