"""Rows as a worker makes them."""

from syndication.models import Draft
from syndication.store import deliveries

HOUR = 3_600_000
LEASE = 60_000


def freeze(store, delivery):
    draft = Draft(
        key=delivery.key,
        text="words",
        link="https://news.example/world/1",
        title="t",
        description="",
        language="en",
        card=None,
        alt="",
        created=delivery.due,
    )
    with store.write() as tx:
        assert deliveries.freeze(tx, delivery, draft, store.now())
