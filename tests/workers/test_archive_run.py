"""The archive drawn anew by real workers, which are killed again and again."""

import os
import signal
from contextlib import suppress
from datetime import UTC, datetime

from machines import until
from processes import children

from syndication.models import PublishEvent
from syndication.pipeline import accept, redraw_archive, run_due
from syndication.store import open_store, stories

STORIES = 60


def test_killed_workers_leave_no_story_undrawn(room, database):
    """Drawing processes are killed by SIGKILL all through a run; each story is drawn anew in the end."""
    room.file.write_text("[delivery]\nlease = 4\nsweep = 0.2\n")
    store, config = open_store(room.config.store_url), room.config
    for number in range(STORIES):
        accept(store, config, _event(number))
    run_due(store, config)
    kept = room.supervisor()
    run = redraw_archive(store, config, template="quote")
    assert run.waiting == STORIES

    def waiting():
        with store.read() as tx:
            return stories.progress(tx, run.run).waiting

    kills = 0
    for left in range(STORIES - 8, 0, -8):
        until(lambda left=left: waiting() <= left, 60, f"{left} stories are left")
        for pid in children(kept.roles()["bulk"]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                kills += 1
    until(lambda: waiting() == 0, 60, "every story is drawn anew")
    assert kills >= 5
    with store.read() as tx:
        drawn = [stories.need(tx, f"cms-{number}") for number in range(STORIES)]
    assert {card.template for story in drawn for card in story.cards} == {"quote"}
    assert not any(story.problem for story in drawn)
    store.close()


def _event(number):
    return PublishEvent.model_validate(
        {
            "id": f"cms-{number}",
            "url": f"https://news.example/world/{number}",
            "headline": f"Harbour opens berth {number}",
            "published": datetime.now(UTC).isoformat(),
        }
    )
