"""A PostgreSQL of the tests' own: one private cluster a test process, one database a test, gone at the end.

It sorts by the rules of English and lives in Kathmandu, so that nothing here rests on bytes' order or on UTC.
"""

import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from machines import until

from syndication.store import open_store

# Nothing of it is to outlive the power, so nothing is forced to the disk.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "listen_addresses": "",
    "timezone": "Asia/Kathmandu",
}


def programs() -> Path | None:
    """The folder of the newest server on this machine: Debian keeps them off the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


class Cluster:
    """A server that is reached by its socket alone. `url` of a database is what `[store] url` takes."""

    def __init__(self, binaries: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="meridian-"))
        self._binaries, self._numbers = binaries, itertools.count(1)
        # The server refuses to run as root.
        self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self.folder, "nobody", "nogroup")
        options = ["-U", "syndication", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        options += ["--locale-provider=icu", "--icu-locale=en", "--no-sync", "--no-instructions"]
        self._run("initdb", "-D", str(self.folder / "data"), *options).check_returncode()
        self.process = self._serve()
        self._desk = self._open()
        self._desk.execute("CREATE DATABASE template_store")
        open_store(self.url("template_store")).close()

    def url(self, database: str) -> str:
        """Where a database is, as SQLAlchemy writes it."""
        return f"postgresql+psycopg://syndication@/{database}?host={self.folder}"

    def create(self, template: str = "template_store") -> str:
        """A fresh database, with the tables in it unless the template is `template0`; returns its name."""
        name = f"store_{next(self._numbers)}"
        self._desk.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, database: str) -> None:
        """Take a database away, whoever still has it open."""
        self._desk.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and leave nothing behind."""
        self._desk.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        shutil.rmtree(self.folder)

    def _serve(self) -> subprocess.Popen[bytes]:
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        words = [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*words, *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then end it
                preexec_fn=_die_with_parent,
                **self._as,
            )

    def _open(self) -> psycopg.Connection:
        opened: list[psycopg.Connection] = []

        def works() -> bool:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                opened.append(
                    psycopg.connect(
                        host=str(self.folder), user="syndication", dbname="postgres", autocommit=True
                    )
                )
            except psycopg.OperationalError:
                return False
            return True

        until(works, 60, "PostgreSQL answers")
        return opened[0]

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self._binaries / program), *words], cwd=self.folder, stdout=subprocess.DEVNULL, **self._as
        )


def _die_with_parent() -> None:
    """A test process that is killed leaves no server behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG
