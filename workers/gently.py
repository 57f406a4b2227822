"""The Celery application for work that gives way to all other: `celery -A workers.gently worker -Q bulk`.

Its processes take the lowest priority once they stand, as to start with it may take minutes on a busy machine.
"""

import os
from contextlib import suppress
from pathlib import Path

from celery.signals import worker_process_init

from workers.app import app

__all__ = ["app"]

_NICE = 10


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _give_way(**_: object) -> None:
    """Have the kernel run this process when nobody else wants the processor.

    Linux may weigh sessions against each other and not processes (sched(7), "The autogroup feature"), and each role
    of the supervisor is a session of its own.
    """
    os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICE))
