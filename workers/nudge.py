"""Telling the workers that something is due. A nudge that gets lost is made up for by the next sweep."""

from functools import lru_cache

from kombu import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from syndication.config import load
from workers.app import app
from workers.broker import broker_url

AT_ONCE = 4
"""More nudges at once than workers that could take them up are of no use."""

WAITING = 50
"""A queue this long needs no more nudges: whoever takes one does all that is due."""


def nudge(queue: str, times: int = 1) -> bool:
    """Send up to `times` nudges to a queue; False if the broker cannot be reached. Takes a second or two at most."""
    try:
        channel = _line().default_channel
        waiting = channel.queue_declare(queue, passive=False).message_count
        for _ in range(min(times, AT_ONCE, max(0, WAITING - waiting))):
            app.send_task(f"workers.{queue}", queue=queue, connection=_line(), retry=False)
    except (OperationalError, RedisError, OSError):
        _line().release()
        _line.cache_clear()
        return False
    return True


@lru_cache(maxsize=1)
def _line() -> Connection:
    """This process's own connection, which gives up soon: whoever nudges has an editor or a CMS waiting."""
    options = {
        **app.conf.broker_transport_options,
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "connect_retries_timeout": 1,
    }
    # Asked anew after each failure: our own Redis may have moved to another port.
    return Connection(broker_url(load()), transport_options=options)
