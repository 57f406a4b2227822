"""The tasks: each takes up what is due until nothing is, and says so to the next. None has an argument.

What to do stands in the rows, most urgent first; a task that finds nothing ends at once. What may wait for a quiet
moment is a task of its own, so that whoever serves the news is never busy with anything else.
"""

import time

from syndication.models import BULK as BULK_LANES
from syndication.models import NEWS
from syndication.pipeline import deliver_next, mailboxes_due, news_comes, prepare_next
from syndication.store import Store
from workers.app import BULK, DELIVER, DRAW, app, home
from workers.nudge import nudge

_TURN = 1.0
"""Seconds of bulk work at a time: a worker that serves all queues turns to the news as often."""

_PATIENCE = 0.25
"""Seconds that bulk work waits for news to be out before it ends; its worker may be the one that is to serve the news,
and the next sweep starts bulk work again."""

_LOOK = 0.05


@app.task(name="workers.draw")  # type: ignore[untyped-decorator]
def draw() -> None:
    """Prepare stories: cards, metadata, frozen posts."""
    store, config = home()
    until = time.monotonic() + config.delivery.task_budget
    while time.monotonic() < until:
        if prepare_next(store, config, NEWS) is None:
            return
        if due := mailboxes_due(store, NEWS):
            nudge(DELIVER, due)
    nudge(DRAW)


@app.task(name="workers.deliver")  # type: ignore[untyped-decorator]
def deliver() -> None:
    """Open mailboxes and send what is in them."""
    store, config = home()
    until = time.monotonic() + config.delivery.task_budget
    while time.monotonic() < until:
        if not deliver_next(store, config, until, NEWS):
            return
    nudge(DELIVER)


@app.task(name="workers.bulk")  # type: ignore[untyped-decorator]
def bulk() -> None:
    """Draw and send what may wait for a quiet moment; a mailbox that news has come into is handed back."""
    store, config = home()
    until = time.monotonic() + _TURN
    while time.monotonic() < until:
        if not _let_pass(store):
            return
        drawn = prepare_next(store, config, BULK_LANES) is not None
        sent = deliver_next(store, config, until, BULK_LANES)
        if sent and (due := mailboxes_due(store, NEWS)):
            nudge(DELIVER, due)
        if not drawn and not sent:
            return
    nudge(BULK)


def _let_pass(store: Store) -> bool:
    """Wait until no news is on its way; False if that takes long."""
    until = time.monotonic() + _PATIENCE
    while news_comes(store):
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK)
    return True
