"""The Celery application for work that gives way to all other: `celery -A workers.gently worker -Q bulk`.

Its processes take their low priority once they stand, as to start with it takes long on a busy machine.
"""

import os
from contextlib import suppress
from pathlib import Path

from celery.signals import worker_process_init

from workers.app import app

__all__ = ["app"]

_NICE = 10
"""A tenth of what others get where all want the processor. With 19 they would stand still in the middle of a
transaction, or of an account's mailbox, which news may wait for, and for ever on a machine that is never idle."""


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _give_way(**_: object) -> None:
    """Have the kernel run this process when nobody else wants the processor.

    Linux may weigh sessions against each other and not processes (sched(7), "The autogroup feature"), and each role
    of the supervisor is a session of its own.
    """
    os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICE))
