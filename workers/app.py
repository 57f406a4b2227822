"""The Celery application. Redis carries nudges only: each may be lost, repeated or late without harm.

`celery -A workers.app worker -Q draw,deliver,bulk` is a plain way to run the queues; `syndicate worker` runs all.
"""

import logging
import os
import sys
import warnings
from functools import lru_cache
from typing import Any

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from celery.signals import setup_logging

from syndication.config import FILE_NAME, Config, load
from syndication.errors import ConfigError
from syndication.log import start_logging
from syndication.store import Store, open_store
from workers.broker import PREFIX, broker_url

DRAW, DELIVER, BULK = "draw", "deliver", "bulk"


# It says at each loss of the broker that a default will change, which we have set; and of root, which the supervisor
# has said, that there is a --uid, which `syndicate worker` has not.
warnings.simplefilter("ignore", CPendingDeprecationWarning)
warnings.simplefilter("ignore", SecurityWarning)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _log(loglevel: int, **_: object) -> None:
    """Our lines as everywhere; Celery's own from its level on."""
    start_logging()
    logging.getLogger("celery").setLevel(loglevel)


@lru_cache(maxsize=1)
def _home(pid: int) -> tuple[Store, Config]:
    config = load()
    return open_store(config.store_url), config


def home() -> tuple[Store, Config]:
    """This process's store and config; a forked child opens its own."""
    return _home(os.getpid())


def settings(config: Config) -> dict[str, Any]:
    """How Celery is set up: one queue a kind of work, and every limit a share of the lease."""
    limit = config.delivery.hard_limit
    return {
        "broker_url": broker_url(config),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # A nudge that a dead worker held is repeated; the row's lease has run out by then.
            "visibility_timeout": max(1, round(2 * limit)),
            "global_keyprefix": PREFIX,
            "health_check_interval": 25,
            "socket_keepalive": True,
            "socket_connect_timeout": 5,
        },
        "result_backend": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": limit,
        "task_default_queue": DELIVER,
        "task_routes": {f"workers.{name}": {"queue": name} for name in (DRAW, DELIVER, BULK)},
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 500,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
    }


def _config() -> Config:
    """The config; without one, plain `celery -A workers` ends with a line of words and not with a traceback."""
    try:
        return load()
    except ConfigError as error:
        where = f"./{FILE_NAME} is read, or the file that SYNDICATE_CONFIG names."
        print(f"{error.message}\n  → {where}", file=sys.stderr)  # noqa: T201 - no log is set up yet
        raise SystemExit(error.exit_status) from None


app = Celery("workers", include=["workers.tasks"])
app.Task.Request = "workers.requests:NudgeRequest"
app.conf.update(settings(_config()))
