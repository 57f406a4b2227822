"""The Celery application for work that gives way to all other: `celery -A workers.gently worker -Q bulk`."""

import os
from typing import Any

from celery.signals import worker_process_init

from workers.app import app

__all__ = ["app"]

_NICE = 10
"""A tenth of what others get where all want the processor. With 19 they would stand still in the middle of a
transaction, or of an account's mailbox, which news may wait for."""


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _give_way(**_: Any) -> None:
    # Not the parent, which only passes nudges on, and is to start and end as fast as others.
    os.setpriority(os.PRIO_PROCESS, 0, _NICE)
