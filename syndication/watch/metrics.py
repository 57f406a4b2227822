"""What Prometheus reads: how things stand, from the store; what came of things, by following the trail.

The trail is followed in the order of its seals, each row once, from where it stood when this process started. So
nothing is counted in the workers, any number of which may come and go, and a scrape costs what is new.
"""

import threading
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import select

from syndication.models import Priority
from syndication.store import Store, seals
from syndication.store.schema import accounts, deliveries, trail
from syndication.watch.state import standing

_ONCE = 2000
_OUTCOMES = frozenset(
    "sent found not_sent refused unauthorized unknown waits given_up cancelled edited removed told not_done".split()
)
_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)


class Metrics(Collector):
    """The metrics of one store. `text` gives them as Prometheus reads them; it may be called by several threads."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._registry = CollectorRegistry()
        self._outcomes = Counter(
            "syndication_outcomes",
            "What came of tries, by network, account and outcome.",
            ("network", "account", "outcome"),
            registry=self._registry,
        )
        self._delay = Histogram(
            "syndication_post_delay_seconds",
            "From when a post was to go out until the network had it.",
            ("lane",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._registry.register(self)
        with store.read() as tx:
            self._place, _ = seals.head(tx)

    def text(self) -> bytes:
        """Everything, as of now. Raises SQLAlchemyError if the store cannot be read."""
        with self._lock:
            self._follow()
            return generate_latest(self._registry)

    def _follow(self) -> None:
        columns = (trail.c.place, trail.c.at, trail.c.what, deliveries.c.lane, deliveries.c.wanted_at)
        of_post = trail.join(deliveries, trail.c.delivery == deliveries.c.id)
        joined = of_post.join(accounts, deliveries.c.account == accounts.c.name)
        query = select(*columns, accounts.c.name, accounts.c.network).select_from(joined)
        with self._store.read() as tx:
            last, _ = seals.head(tx)
            while self._place < last:
                until = min(last, self._place + _ONCE)
                part = query.where(trail.c.place > self._place, trail.c.place <= until)
                for row in tx.execute(part):
                    if row.what in _OUTCOMES:
                        self._outcomes.labels(row.network, row.name, row.what).inc()
                    if row.what in ("sent", "found"):
                        self._delay.labels(_lane(row.lane)).observe(max(0, row.at - row.wanted_at) / 1000)
                self._place = until

    def collect(self) -> Iterator[Metric]:
        """How things stand."""
        with self._store.read() as tx:
            now = standing(tx, self._store.now())
        posts = _gauge("posts", "Posts that are not settled.", "lane", "state", "network")
        for some in now.waiting:
            posts.add_metric((_lane(some.lane), some.state, some.network), some.number)
        yield posts
        late = _gauge("queue_age_seconds", "How long the oldest post that is due has waited.", "lane")
        for priority in Priority:
            late.add_metric((priority.value,), now.late.get(priority.lane, 0.0))
        yield late
        paused = _gauge("account_paused", "1 for an account that waits for a person.", "account")
        for name in now.paused:
            paused.add_metric((name,), 1)
        yield paused
        for name, words, value in (
            ("stories_due", "Stories that wait to be drawn.", now.stories_due),
            (
                "stories_age_seconds",
                "How long the oldest of them has waited.",
                max(now.undrawn.values(), default=0.0),
            ),
            ("editor_decisions", "Posts that only a person can settle.", now.editors),
            ("trail_unsealed_rows", "Rows of the trail that the sweep has not sealed yet.", now.unsealed),
            ("sweep_age_seconds", "Since the sweep gave a sign of life; -1: never.", _or_never(now.swept)),
        ):
            one = _gauge(name, words)
            one.add_metric((), value)
            yield one


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"syndication_{name}", words, labels=labels)


def _lane(lane: int) -> str:
    return list(Priority)[lane].value if lane < len(Priority) else "bulk"


def _or_never(seconds: float | None) -> float:
    return -1.0 if seconds is None else seconds
