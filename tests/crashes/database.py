"""A PostgreSQL of the tests' own, whose lines can be cut."""

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql


class Cluster:
    """One running server that listens on a socket in its folder only, with a database for each room."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        # It refuses to run as root.
        self.user = {"user": "postgres"} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        initdb = [_binary("initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **self.user)
        words = [_binary("postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        words += ["-c", "max_connections=400"]
        with (folder.parent / "postgres.log").open("wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder, **self.user)
        from machines import until

        until(self._answers, 60, "PostgreSQL answers")

    @staticmethod
    def here():
        return _binary("initdb") is not None

    def _answers(self):
        try:
            self._admin().close()
        except psycopg.OperationalError:
            return False
        return True

    def _admin(self):
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def make(self, name):
        """A new empty database; its URL."""
        with self._admin() as line:
            line.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    @contextmanager
    def cut(self, name):
        """Cut every line to a database, and let nobody in, for as long as the block takes."""
        allow = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
        with self._admin() as line:
            line.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
            line.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            yield
            line.execute(allow.format(sql.Identifier(name), sql.SQL("true")))

    def stop(self):
        self.process.send_signal(signal.SIGINT)  # at once: whoever is connected was killed
        self.process.wait(60)


def _binary(name):
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else shutil.which(name)
