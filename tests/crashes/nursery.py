"""A process that has everything imported, and forks others that work: each is there within milliseconds.

Run as `python nursery.py SOCKET`. Whoever connects sends one line of JSON that says what the child is to be, and gets
its number. The child holds the connection: it says there when it has come to its step, and waits there for a word to
go on. Nothing of this is in the program: the steps are functions of it that are wrapped here.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time
import warnings
from functools import partial

import celery.bin.worker  # noqa: F401
import kombu.transport.redis  # noqa: F401
from sqlalchemy.exc import DBAPIError

import syndication.sandbox  # noqa: F401
from syndication.cards import encode
from syndication.config import load
from syndication.log import start_logging
from syndication.networks import http
from syndication.pipeline import (
    accept,
    deliver_next,
    letter,
    prepare,
    prepare_next,
    sweep,
)
from syndication.sources import read_event
from syndication.store import open_store

UPLOADS, CREATES = ("/api/v2/media",), ("/api/v1/statuses", "/sendPhoto", "/sendMessage")


def _asks(paths, session, request, seconds):
    return request.method == "POST" and request.url.endswith(paths)


def _any(*_, **__):
    return True


# Where a child stops: the module and the name of a function, whether before or after it, and at which of its calls.
STOPS = {
    "render": (encode, "jpeg", "before", _any),
    "metadata": (prepare, "write_metadata", "after", _any),
    "claim": (letter, "card_bytes", "before", _any),
    "upload": (http, "exchange", "after", partial(_asks, UPLOADS)),
    "intent": (http, "exchange", "before", partial(_asks, CREATES)),
    "answer": (http, "exchange", "after", partial(_asks, CREATES)),
}


class Line:
    """The child's end of the connection."""

    def __init__(self, connection):
        self.file = connection.makefile("rw")

    def say(self, word):
        self.file.write(f"{word}\n")
        self.file.flush()

    def stop(self):
        """Say that the step has come, and wait for a word to go on."""
        self.say("there")
        self.file.readline()


def _stop_at(line, step):
    module, name, side, which = STOPS[step]
    whole = getattr(module, name)

    def stopping(*parts, **more):
        if not which(*parts, **more):
            return whole(*parts, **more)
        setattr(module, name, whole)
        if side == "before":
            line.stop()
        made = whole(*parts, **more)
        if side == "after":
            line.stop()
        return made

    setattr(module, name, stopping)


def _cms(line, told):
    """Hand a story in, as a CMS does through `syndicate publish`, and stop when it is accepted."""
    config = load()
    store = open_store(config.store_url)
    accept(store, config, read_event(json.dumps(told["event"]).encode()))
    if told["step"] == "accept":
        line.stop()
    if told["queue"]:
        from workers.nudge import nudge

        nudge("draw")
    store.close()


def _worker(line, told):
    """What a worker's processes do, in one: the sweep and both tasks, again and again, until it is killed.

    A database that fails ends a task, and not the worker, as it is with Celery.
    """
    config = load()
    store = open_store(config.store_url)
    if told["step"] in STOPS:
        _stop_at(line, told["step"])
    swept = None
    while True:
        began = time.monotonic()
        try:
            sweep(store, config, began - swept if swept else None)
            swept = began
            while prepare_next(store, config):
                pass
            while deliver_next(store, config, time.monotonic() + config.delivery.task_budget):
                pass
        except DBAPIError as error:
            line.say(f"database: {error.orig}".replace("\n", " "))
        line.say("round")
        time.sleep(config.delivery.sweep)


def _celery(line, told):
    """A worker as it is run: Celery with a pool of one process, which stops at its step."""
    if told["step"] in STOPS:
        _stop_at(line, told["step"])
    from workers import app

    warnings.simplefilter("default")  # it warns of being root
    words = ["worker", "-l", "WARNING", "-c", "1", "-Q", "draw,deliver,bulk", "-n", "one@cell"]
    app.worker_main([*words, "--without-gossip", "--without-mingle", "--without-heartbeat"])


def _sweeper(line, told):
    from workers.sweeper import run

    run()


ROLES = {"cms": _cms, "worker": _worker, "celery": _celery, "sweeper": _sweeper}


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG of linux/prctl.h


def _live(connection, told):
    """Be the child that was asked for; what it prints goes to a log in its folder."""
    os.setsid()
    _die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    line = Line(connection)
    line.say(os.getpid())
    start_logging()
    ROLES[told["role"]](line, told)


def main():
    _die_with_parent()
    signal.signal(
        signal.SIGCHLD, signal.SIG_IGN
    )  # nobody asks how they ended: that their line breaks is enough
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen(64)
        print("ready", flush=True)
        while True:
            connection, _ = door.accept()
            told = json.loads(connection.makefile().readline())
            if os.fork():
                connection.close()
                continue
            door.close()
            status = 1
            try:
                _live(connection, told)
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)


if __name__ == "__main__":
    main()
