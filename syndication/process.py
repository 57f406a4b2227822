"""How the process of a `syndicate` command is set up. Celery's workers, which live long, are as Python sets them up."""

import atexit
import gc
import os


def tune() -> None:
    """Leave out what costs a short process a fifth of its time. Called before anything large is imported.

    Python's collector looks for rings of dead objects once for 100,000 new ones, not for 700, and not at the very end.
    Pydantic does not look for plugins among all installed packages, unless the environment says which.
    """
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
