"""Who is writing a story's files, told by a lock that ends with its process, however that ends.

So whoever removes them knows whether another may write one after them. It holds among the processes of one machine.
"""

import fcntl
from contextlib import ExitStack
from zlib import crc32

from syndication.config import Config


class Files(ExitStack):
    """A story's files, for the length of a `with`: several may write them, and who removes them asks."""

    def __init__(self, config: Config, story: str) -> None:
        super().__init__()
        self._file, self._place = config.data / "writing.lock", crc32(story.encode())

    def write(self) -> None:
        """Tell others that we may write. Doing it again is harmless."""
        self._lock(fcntl.LOCK_SH)

    def no_writers(self) -> bool:
        """Whether nobody else writes, nor can begin to before the end of the `with`."""
        return self._lock(fcntl.LOCK_EX)

    def _lock(self, how: int) -> bool:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lock = self.enter_context(self._file.open("a+b"))
        try:
            fcntl.lockf(lock, how | fcntl.LOCK_NB, 1, self._place)  # a byte for each story
        except BlockingIOError:
            return False
        except OSError:
            return True  # a share without locks tells nothing, and is no reason to draw nothing
        return True
