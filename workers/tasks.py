"""The tasks: each takes up what is due until nothing is, and says so to the next. None has an argument.

What to do stands in the rows, most urgent first; a task that finds nothing ends at once. What may wait for a quiet
moment is a task of its own, so that whoever serves the news is never busy with anything else.
"""

import time

from syndication.models import BULK as BULK_LANES
from syndication.models import NEWS
from syndication.pipeline import deliver_next, mailboxes_due, prepare_next
from workers.app import BULK, DELIVER, DRAW, app, home
from workers.nudge import nudge

_TURN = 1.0
"""Seconds of bulk work at a time: a worker that serves all queues turns to the news as often."""


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
        drawn = prepare_next(store, config, BULK_LANES) is not None
        sent = deliver_next(store, config, until, BULK_LANES)
        if sent and (due := mailboxes_due(store, NEWS)):
            nudge(DELIVER, due)
        if not drawn and not sent:
            return
    nudge(BULK)
