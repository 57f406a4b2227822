"""Commands as processes of their own: exit status, the two streams, pipes, signals, ports."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest
import requests
from machines import Machine, free_port, syndicate, until

ENV = {**os.environ, "PYTHONUNBUFFERED": "1", "BROWSER": "true"}


def shell(words, folder, **how):
    return subprocess.run(words, cwd=folder, env=ENV, capture_output=True, text=True, timeout=60, **how)


def test_data_and_messages_go_apart(run, story):
    """In a process of its own too, stdout is data only and the status is the shell's."""
    story()
    assert run("init").status == 0
    done = shell(syndicate("publish", "story.json", "--json"), run.room)
    assert done.returncode == 0
    assert json.loads(done.stdout)["result"] == "new"
    assert done.stderr.startswith("The queue cannot be reached")
    wrong = shell(syndicate("publish", "nowhere.json"), run.room)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Traceback" not in wrong.stderr


def test_a_reader_who_has_seen_enough_is_no_failure(run):
    """`syndicate … | head -1` ends quietly, with status 0, though the pipe is closed early."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            syndicate("schema", "event"),
            cwd=run.room,
            env=ENV,
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")


WRAPPED = """
import os, signal, syndication.cli
from syndication.cli.common import end

def busy(**_):
    signal.signal(signal.SIGTERM, end)  # as the demo does
    try:
        os.kill(os.getpid(), {number})
    except BaseException as error:
        raise ValueError(f"half built: {{error!r}}") from None

syndication.cli.cli.main = busy
syndication.cli.main()
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_is_told_to_end_ends_whatever_a_library_makes_of_it(run, number, status):
    """A signal that comes while a library is at work may come out as an error of the library's own."""
    done = shell([sys.executable, "-c", WRAPPED.format(number=int(number))], run.room)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "Stopped.\n")


def test_ctrl_c_ends_a_command_with_130(run, network):
    """A command that is interrupted says so in one line and exits with 130."""
    run("init")
    words = syndicate("connect", "mastodon", "--server", network.url, "--no-browser")
    process = subprocess.Popen(
        words, cwd=run.room, env=ENV, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        line = ""
        while "/oauth/authorize" not in line:
            line = process.stderr.readline()
            assert line, "it ended before it asked"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip() == "Stopped."


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_on_a_terminal_words_fold_and_addresses_do_not(desk, network, story):
    """At 80 columns rows fold between words, an address is never broken, and states have their colour."""
    url = "https://news.example/" + "a-long-way-to-the-story/" * 6
    desk("publish", story(url=url, summary="Many words " * 30), "--now")
    shown = on_terminal(syndicate("why", "cms-4711"), desk.room)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.splitlines()]
    assert url in plain
    assert all(len(line) <= 80 for line in plain if "https://" not in line and ".jpg" not in line)
    assert "\x1b[32msent\x1b[0m" in on_terminal(syndicate("status"), desk.room)


def on_terminal(words, folder):
    """What a command shows on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    env = {**ENV, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "50"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(words, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the terminal is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert process.wait(30) == 0
    return shown.decode().replace("\r\n", "\n")


SERVERS = {
    "serve": (["serve", "--port", "0"], "/healthz"),
    "sandbox": (["sandbox", "--port", "0"], "/api/v2/instance"),
    "preview": (["preview", "story.json"], "/"),
}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_ends_when_told(run, story, name, how):
    """What serves says where, listens on this machine only, and ends with 0 on SIGTERM and on Ctrl-C."""
    story()
    run("init")
    words, path = SERVERS[name]
    machine = Machine(name, syndicate(*words), run.room, ENV).start()
    try:
        until(lambda: "http://" in machine.log.read_text(), 60, "it says where it listens")
        [url] = re.findall(r"http://127\.0\.0\.1:\d+", machine.log.read_text())
        assert requests.get(url + path, timeout=10).status_code == 200
        machine.process.send_signal(how)
        assert machine.process.wait(20) == 0
        assert "Traceback" not in machine.log.read_text()
    finally:
        machine.stop()


@pytest.mark.parametrize("name", SERVERS)
def test_a_port_that_is_taken_is_told(run, story, network, name):
    """A taken port, and a host that is none, are wrong input with a remedy."""
    story()
    run("init")
    words = [word for word in SERVERS[name][0] if word not in ("--port", "0")]
    done = run(*words, "--port", network.server_port)
    assert done.status == 2
    assert "cannot listen at 127.0.0.1" in done.err
    assert "Choose another --port" in done.err
    if name != "preview":
        assert "cannot listen at" in run(*words, "--host", "nonsense.invalid").err


def test_the_signed_door_is_open_where_it_says(run, story):
    """`serve` takes an event signed with the key that `init` made, and refuses one that is not."""
    from datetime import UTC, datetime

    from syndication.events.webhook import sign

    run("init")
    port = free_port()
    machine = Machine("serve", syndicate("serve", "--port", str(port)), run.room, ENV).start()
    try:
        until(lambda: "Taking events" in machine.log.read_text(), 60, "the door is open")
        body, url = story().read_bytes(), f"http://127.0.0.1:{port}/events"
        secret = (run.room / "data/webhook.secret").read_text()
        headers = sign("msg-1", datetime.now(UTC), body, secret)
        assert requests.post(url, data=body, timeout=10).status_code == 401
        assert requests.post(url, data=body, headers=headers, timeout=10).status_code == 202
    finally:
        machine.stop()
    assert run("status", "--json").data()[0]["story"] == "cms-4711"
    assert secret not in machine.log.read_text()


def test_help_answers_at_once(run):
    """`syndicate --help` imports none of the parts that take their time; it waits for Python and click alone."""
    slow = "alembic babel celery cryptography icu4py PIL pydantic redis requests rich regex selectolax sqlalchemy"
    slow += " starlette uharfbuzz uvicorn"
    done = shell([sys.executable, "-X", "importtime", "-m", "syndication", "--help"], run.room)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "click" in imported
    assert not imported & set(slow.split())


def test_nothing_runs_on_when_a_preview_ends(run, story):
    """The preview's folder of cards is gone with it."""
    story()
    run("init")
    scratch = run.room / "scratch"
    scratch.mkdir()
    machine = Machine(
        "preview", syndicate("preview", "story.json"), run.room, {**ENV, "TMPDIR": str(scratch)}
    ).start()
    try:
        until(lambda: "http://" in machine.log.read_text(), 60, "the page is there")
        assert list(scratch.iterdir())
    finally:
        machine.stop()
    assert list(scratch.iterdir()) == []
