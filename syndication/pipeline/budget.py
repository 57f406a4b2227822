"""Budgets: what posts cost is counted at their intent, and one that is beyond a budget waits for an editor.

Days and months are those of the paper's own time zone. Removing a post is never held up: it only counts.
"""

from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from syndication.config import Config
from syndication.config.budget import Budget
from syndication.models import Delivery, Draft, State
from syndication.networks import connector
from syndication.networks.base import Connector
from syndication.store import Store, accounts, deliveries, moment, rates, spending
from syndication.store.rates import Rate
from syndication.store.spending import Spent

HELD_FOR = "budget"
"""What holds a post that is beyond its budget."""

MILLION = 1_000_000
_NONE = Budget()
_SPANS = (("day", "today"), ("month", "this month"))


class Limit(NamedTuple):
    """One line of a budget: what is counted, in which span, how much of it is allowed, and what is used by now.

    Dollars are in millionths. `account` is empty for the newsroom's own.
    """

    account: str
    measure: str
    span: str
    most: int
    used: Spent

    def refuses(self, micros: int) -> bool:
        """Whether one more post, at that price, is too much."""
        wanted = {"posts": 1, "calls": 1, "dollars": micros}[self.measure]
        return wanted > 0 and self._used + wanted > self.most

    @property
    def _used(self) -> int:
        return {"posts": self.used.posts, "calls": self.used.calls, "dollars": self.used.micros}[self.measure]

    @property
    def allowed(self) -> str:
        """How much, in words: `1 post`, `20 calls`, `3.00 USD`."""
        if self.measure == "dollars":
            return f"{dollars(self.most)} USD"
        return f"{self.most} {self.measure.removesuffix('s') if self.most == 1 else self.measure}"

    def words(self, micros: int, number: int) -> str:
        """Why a post waits, and what an editor can do."""
        whose = f"of {self.account}" if self.account else "of the newsroom"
        when = dict(_SPANS)[self.span]
        spent = f"{self.used.posts} posts, {self.used.calls} calls, {dollars(self.used.micros)} USD {when}"
        price = f"; this one costs {dollars(micros)} USD" if micros else ""
        return (
            f"over the budget {whose}, {self.allowed} a {self.span}: {spent}{price}. "
            f"`syndicate resume --delivery {number}` sends it all the same"
        )


def dollars(micros: int) -> str:
    """Millionths of a dollar as people write them: 0.20, 0.015."""
    text = f"{micros / MILLION:.6f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def price_of(network: Connector, frozen: Draft) -> int:
    """What posting a draft costs, in millionths of a dollar."""
    return int(network.price(frozen) * MILLION)


def day_of(config: Config, now: int) -> str:
    """The paper's day at a time of the store, such as 2026-11-23."""
    return f"{moment(now).astimezone(ZoneInfo(config.brand.timezone)):%Y-%m-%d}"


def _first(day: str, span: str) -> str:
    return day if span == "day" else f"{day[:8]}01"


def limits(tx: Connection, config: Config, account: str, now: int) -> Iterator[Limit]:
    """The lines of an account's own budget, then those of the newsroom's; an empty name: only these."""
    own = config.table(account).budget if account else _NONE
    day = day_of(config, now)
    for name, table in ((account, own), ("", config.budget)):
        for span, _ in _SPANS:
            used: Spent | None = None
            for measure in ("posts", "calls", "dollars"):
                most = getattr(table, f"{measure}_per_{span}")
                if most is not None:
                    used = used or spending.since(tx, _first(day, span), name or None)
                    yield Limit(
                        name, measure, span, round(most * MILLION) if measure == "dollars" else most, used
                    )


def refusal(tx: Connection, config: Config, delivery: Delivery, micros: int, now: int) -> str:
    """Why a post is not to go out without an editor's word; empty if it may."""
    if (delivery.released and delivery.held_for == HELD_FOR) or not is_limited(config, delivery.account):
        return ""
    found = (one for one in limits(tx, config, delivery.account, now) if one.refuses(micros))
    return next((one.words(micros, delivery.id) for one in found), "")


def is_limited(config: Config, account: str) -> bool:
    """Whether any budget counts for an account."""
    return config.table(account).budget != _NONE or config.budget != _NONE


def count(tx: Connection, config: Config, account: str, what: Spent, at: int) -> None:
    """Count something on the paper's day of a time."""
    if any(what):
        spending.add(tx, account, day_of(config, at), what)


class Use(NamedTuple):
    """What an account has used and still wants; `waiting` posts are not out yet, at `price` millionths of a dollar.

    `unpriced` of these are not written yet, so that nobody knows their price.
    """

    account: str
    network: str
    today: Spent
    month: Spent
    limits: tuple[Limit, ...]
    waiting: int
    unpriced: int
    price: int
    held: int
    rates: tuple[Rate, ...]


def used_by_all(store: Store, config: Config) -> tuple[list[Use], tuple[Limit, ...]]:
    """What each account has used, by name; and the newsroom's own budget."""
    with store.read() as tx:
        now = store.now()
        newsroom = tuple(limits(tx, config, "", now))
        return [_use(tx, config, one.name, one.network, now) for one in accounts.everyone(tx)], newsroom


def _use(tx: Connection, config: Config, name: str, network: str, now: int) -> Use:
    day = day_of(config, now)
    counts = deliveries.count_states(tx, name)
    waiting = sum(counts.get(state, 0) for state in (State.PLANNED, State.READY))
    unpriced, price = 0, 0
    kind = connector(network)
    if type(kind).price is not Connector.price:
        unpriced = counts.get(State.PLANNED, 0)
        price = sum(price_of(kind, one) for one in deliveries.drafts_waiting(tx, name))
    own = tuple(one for one in limits(tx, config, name, now) if one.account)
    today, month = (spending.since(tx, _first(day, span), name) for span, _ in _SPANS)
    told = tuple(rates.of_account(tx, name, now))
    return Use(name, network, today, month, own, waiting, unpriced, price, counts.get(State.HELD, 0), told)
