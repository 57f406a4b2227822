"""The supervisor with real processes: it starts again what dies, and takes all with it when it goes."""

import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest
from machines import free_port, syndicate, until
from processes import alive, children, listening, words_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc"),
]


def listeners():
    """The local addresses that TCP sockets of this machine listen at, as /proc/net tells: (address, port)."""
    found = []
    for file, kind in (("/proc/net/tcp", socket.AF_INET), ("/proc/net/tcp6", socket.AF_INET6)):
        for line in Path(file).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, port = local.split(":")
            if state == "0A":
                found.append((address if kind is socket.AF_INET else f"v6:{address}", int(port, 16)))
    return found


def at_port(port):
    """The addresses at which somebody listens at that port."""
    return [address for address, taken in listeners() if taken == port]


def test_our_redis_is_private(kept):
    """It listens on 127.0.0.1 only, asks for its password, and no process shows that in its arguments."""
    facts = kept.redis()
    assert at_port(facts["port"]) == ["0100007F"]
    with socket.create_connection(("127.0.0.1", facts["port"]), timeout=5) as line:
        line.sendall(b"PING\r\n")
        assert line.recv(100).startswith(b"-NOAUTH")
    folder = kept.room.config.data / "redis"
    assert stat.S_IMODE((folder / "redis.json").stat().st_mode) == 0o600
    for pid in (kept.pid, *kept.family()):
        assert facts["password"] not in words_of(pid)
    assert facts["password"] not in kept.log() + (folder / "redis.log").read_text()


def test_two_supervisors_do_not_share_a_folder(kept):
    """The second one says who is in the way, exits with 2 and leaves the first at work."""
    second = kept.room.start("second", syndicate("worker"))
    assert second.process.wait(30) == 2
    assert "a worker runs on" in second.log.read_text()
    assert "--only deliver" in second.log.read_text()
    assert kept.works()


def test_what_dies_is_started_again(kept):
    """Every role is a process; each that is killed comes back, and the queue with it."""
    before = kept.roles()
    assert set(before) == {"redis", "draw", "deliver", "bulk", "sweep"}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: set(kept.roles()) == set(before), 60, "all roles are back")
    until(kept.works, 60, "the workers listen again")
    assert not set(before.values()) & set(kept.roles().values())
    assert "ended with status -9" in kept.log()


def nudged(*queues):
    """As the sweep does while something is due."""
    from workers import nudge

    nudge._line.cache_clear()
    for queue in queues:
        assert nudge.nudge(queue, 4)
    nudge._line().release()
    nudge._line.cache_clear()


def test_what_hears_nothing_any_more_is_started_again(room):
    """A worker that lives and leaves its nudges lying for a whole lease is as good as dead; the others stay."""
    room.file.write_text("[delivery]\nlease = 3\nsweep = 0.5\n")
    kept = room.supervisor()
    before = kept.roles()
    os.kill(before["deliver"], signal.SIGSTOP)
    nudged("deliver", "draw")
    until(lambda: kept.roles().get("deliver") not in (None, before["deliver"]), 60, "it is started anew")
    until(kept.works, 60, "the workers listen again")
    assert {**kept.roles(), "deliver": 0} == {**before, "deliver": 0}
    assert "deliver takes nothing up any more" in kept.log()


def test_bulk_work_gives_way_to_all_other(kept):
    """The processes of the bulk lanes have a lower priority than all others, in one session, where that counts."""
    calm = os.getpriority(os.PRIO_PROCESS, kept.pid)
    for name, pid in kept.roles().items():
        assert os.getsid(pid) == os.getsid(kept.pid)
        for one in children(pid):
            assert os.getpriority(os.PRIO_PROCESS, one) == (10 if name == "bulk" else calm)


def test_a_port_that_was_lost_is_given_up(kept):
    """If something else has taken our Redis's port, another is chosen, and everybody follows."""
    lost, ours = kept.redis(), kept.roles()["redis"]
    os.kill(kept.pid, signal.SIGSTOP)  # so that the port is free for long enough to be taken
    os.kill(ours, signal.SIGKILL)
    until(lambda: not at_port(lost["port"]), 60, "the port is free")
    kept.room.redis(lost["port"], "stranger")
    until(lambda: at_port(lost["port"]), 60, "the stranger has it")
    os.kill(kept.pid, signal.SIGCONT)
    until(lambda: kept.redis().get("port", lost["port"]) != lost["port"], 60, "another port is chosen")
    until(kept.works, 60, "the workers follow")
    assert kept.redis()["password"] != lost["password"]
    assert "redis gives its port up" in kept.log()


def test_asked_to_end_it_leaves_nobody_behind(room):
    """On Ctrl-C everything stops, our Redis too, and the exit status is 0."""
    kept = room.supervisor()
    family, port = kept.family(), kept.redis()["port"]
    kept.machine.process.send_signal(signal.SIGINT)
    assert kept.machine.process.wait(40) == 0
    assert [pid for pid in family if alive(pid)] == []
    assert at_port(port) == []


def test_killed_it_takes_everyone_along(room):
    """A supervisor that is killed leaves nobody running; the next one starts at once, and ends on SIGTERM with 0."""
    kept = room.supervisor()
    family = kept.family()
    assert len(family) >= 8
    kept.machine.process.kill()
    kept.machine.process.wait()
    until(lambda: not any(alive(pid) for pid in family), 60, "the children end too")
    kept = room.supervisor()
    family = kept.family()
    kept.machine.process.terminate()
    assert kept.machine.process.wait(40) == 0
    assert [pid for pid in family if alive(pid)] == []


def test_with_a_redis_of_the_operators_none_of_ours_runs(room):
    """With [queue] redis only the roles asked for are started, and a plain Celery worker takes part."""
    port = free_port()
    room.file.write_text(f'[queue]\nredis = "redis://127.0.0.1:{port}/0"\n')
    room.redis(port)
    kept = room.start("worker", syndicate("worker", "--only", "sweep", "--only", "redis"))
    words = [sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", "deliver", "-c", "1"]
    plain = room.start("plain", words)
    until(lambda: listening(f"redis://127.0.0.1:{port}/0") == 1, 60, "the plain worker listens to its queue")
    assert ["workers.sweeper" in words_of(pid) for pid in children(kept.process.pid)] == [True]
    assert not (room.config.data / "redis").exists()
    plain.kill()  # nobody waits for its long goodbye
