"""The sweep: every few seconds, look in the store for what is due and nudge whoever can do it.

It makes good whatever got lost on the way: a nudge, a worker, the whole of Redis.
"""

import logging
import signal
import socket
import sys
import threading
import time

from sqlalchemy.exc import DBAPIError

from syndication.config import Config
from syndication.errors import ConfigError, SyndicationError
from syndication.log import start_logging
from syndication.pipeline import sweep
from syndication.pipeline.notify import tell
from syndication.store import Store, pulses
from workers.app import BULK, DELIVER, DRAW, home
from workers.nudge import nudge

log = logging.getLogger(__name__)

_TELL = 30.0
"""Seconds between two looks at what a person is to be told."""


def run() -> None:
    """Sweep until told to stop by SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    (store, config), host = home(), socket.gethostname()
    swept: float | None = None
    threading.Thread(target=_tell, args=(store, config, stop), daemon=True).start()
    while not stop.is_set():
        before, began = swept, time.monotonic()
        try:
            with store.write() as tx:
                pulses.beat(tx, "sweep", host, store.now())
            due = sweep(store, config, None if before is None else began - before)
        except DBAPIError as error:
            log.warning("the store cannot be reached", extra={"why": str(error.orig)})
        else:
            swept = began
            for queue, count in ((DRAW, due.stories), (DELIVER, due.mailboxes), (BULK, due.bulk)):
                if count and not nudge(queue, count):
                    log.warning("the queue cannot be reached", extra={"queue": queue, "due": count})
        stop.wait(config.delivery.sweep)


def _tell(store: Store, config: Config, stop: threading.Event) -> None:
    """Tell a person what only they can mend, apart from the sweep, as a mail server may take its time."""
    while not stop.wait(_TELL):
        try:
            tell(store, config)
        except (DBAPIError, ConfigError) as error:
            log.warning("nobody can be told", extra={"why": str(error)})


if __name__ == "__main__":
    start_logging()
    try:
        run()
    except SyndicationError as error:  # the supervisor tries again
        log.error("the sweep cannot begin", extra={"why": str(error)})
        sys.exit(error.exit_status)
