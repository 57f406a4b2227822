"""Processes as /proc tells of them (Linux)."""

import re
from pathlib import Path

from redis import Redis, RedisError


def children(pid):
    """The direct children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def words_of(pid):
    """A process's arguments, as everybody on the machine can read them."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def role_of(pid):
    """What a supervisor's child does; "" while it is still being started."""
    words = words_of(pid)
    if "workers.sweeper" in words:
        return "sweep"
    queue = re.search(r"-Q (\w+)", words)
    return queue[1] if queue else "redis" if "valkey-server" in words else ""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def listening(url):
    """How many workers wait at the queues of a Redis; 0 if it does not answer."""
    try:
        with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as line:
            return sum("brpop" in one["cmd"].lower() for one in line.client_list())
    except (RedisError, OSError):
        return 0
