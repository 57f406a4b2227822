"""The tasks: each takes up what is due until nothing is, and says so to the next. None has an argument.

What to do stands in the rows, most urgent first; a task that finds nothing ends at once.
"""

import time

from syndication.pipeline import deliver_next, mailboxes_due, prepare_next
from workers.app import DELIVER, DRAW, app, home
from workers.nudge import nudge


@app.task(name="workers.draw")  # type: ignore[untyped-decorator]
def draw() -> None:
    """Prepare stories: cards, metadata, frozen posts."""
    store, config = home()
    until = time.monotonic() + config.delivery.task_budget
    while time.monotonic() < until:
        if prepare_next(store, config) is None:
            return
        if due := mailboxes_due(store):
            nudge(DELIVER, due)
    nudge(DRAW)


@app.task(name="workers.deliver")  # type: ignore[untyped-decorator]
def deliver() -> None:
    """Open mailboxes and send what is in them."""
    store, config = home()
    until = time.monotonic() + config.delivery.task_budget
    while time.monotonic() < until:
        if not deliver_next(store, config, until):
            return
    nudge(DELIVER)
