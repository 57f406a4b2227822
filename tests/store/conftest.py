"""What tests of the store begin with."""

import pytest
from rows import HOUR

from syndication.store import deliveries, stories


@pytest.fixture
def planned(store, event, connect):
    """A story with one planned delivery to `desk`."""
    connect()

    def make(story_id="cms-1", account="desk", **changes):
        story = event(id=story_id, **changes)
        now = store.now()
        with store.write() as tx:
            stories.add(tx, story, withdrawn=False, due_at=now, now=now)
            deliveries.plan(tx, story, account, "publish", due_at=now, expires_at=now + HOUR, now=now)
            return deliveries.by_key(tx, deliveries.key_of(story.id, account, "publish"))

    return make
