"""What posts cost and what networks still allow, as an editor asks for it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from syndication.cli.common import as_json, clock, counted, home, say, show_json, show_rows

if TYPE_CHECKING:
    from syndication.config import Config
    from syndication.pipeline.budget import Limit, Use
    from syndication.store.rates import Rate
    from syndication.store.spending import Spent


@click.command(short_help="What is used and planned of budgets and rate limits.")
@as_json
def budget(machine: bool) -> None:
    """What each account has posted and paid, what still waits, and what its network still allows.

    \b
    syndicate budget
    syndicate budget --json
    """
    from syndication.pipeline.budget import used_by_all

    with home() as (store, config):
        uses, newsroom = used_by_all(store, config)
        if machine:
            show_json(
                {"accounts": [_data(use) for use in uses], "newsroom": [_limit_data(one) for one in newsroom]}
            )
        elif not uses:
            say("No account is connected; `syndicate connect` adds one.")
        else:
            rows: list[list[str]] = []
            for use in uses:
                rows += [[use.account], *_rows(use, config)]
            rows += [["The newsroom"], *(_limit_row(one) for one in newsroom)] if newsroom else []
            show_rows(("What", "Posts", "Calls", "USD", "Of"), rows)


def _rows(use: "Use", config: "Config") -> Iterator[list[str]]:
    from syndication.pipeline.budget import dollars

    for span, when, spent in (("day", "today", use.today), ("month", "this month", use.month)):
        yield _row(when, spent, [one for one in use.limits if one.span == span])
    unpriced = f"; {use.unpriced} not written yet, and so without a price" if use.unpriced else ""
    held = f"{counted(use.held, 'post')} held for an editor" if use.held else ""
    notes = "; ".join(note for note in (held, unpriced.removeprefix("; ")) if note)
    yield ["waiting", str(use.waiting), "", dollars(use.price), notes]
    for rate in use.rates:
        yield ["the network's", "", "", "", _rate_words(rate, config)]


def _row(when: str, spent: "Spent", limits: "Iterable[Limit]") -> list[str]:
    from syndication.pipeline.budget import dollars

    return [
        when,
        str(spent.posts),
        str(spent.calls),
        dollars(spent.micros),
        ", ".join(one.allowed for one in limits),
    ]


def _limit_row(limit: "Limit") -> list[str]:
    return _row({"day": "today", "month": "this month"}[limit.span], limit.used, [limit])


def _rate_words(rate: "Rate", config: "Config") -> str:
    """One limit of the network's, and what it means for posts."""
    from syndication.store import moment

    whose = " of the app" if rate.app else ""
    until = clock(moment(rate.resets_at), config)
    if rate.name == "pause":
        return f"a pause{whose} until {until}, as the network asked"
    of = f" of {rate.most}" if rate.most is not None else ""
    means = ""
    if rate.remaining <= 0:
        means = ": nothing goes out before"
    elif rate.reserved:
        means = ": kept for breaking posts"
    return f"{rate.name}{whose}: {rate.remaining}{of} left until {until}{means}"


def _limit_data(limit: "Limit") -> dict[str, object]:
    most = limit.most / 1_000_000 if limit.measure == "dollars" else limit.most
    return {"measure": limit.measure, "span": limit.span, "most": most, "used": _spent_data(limit.used)}


def _spent_data(spent: "Spent") -> dict[str, object]:
    return {"posts": spent.posts, "calls": spent.calls, "dollars": spent.micros / 1_000_000}


def _data(use: "Use") -> dict[str, object]:
    from syndication.store import moment

    return {
        "account": use.account,
        "network": use.network,
        "today": _spent_data(use.today),
        "month": _spent_data(use.month),
        "limits": [_limit_data(one) for one in use.limits],
        "waiting": {"posts": use.waiting, "unpriced": use.unpriced, "dollars": use.price / 1_000_000},
        "held": use.held,
        "rates": [
            {
                "name": rate.name,
                "app": rate.app,
                "remaining": rate.remaining,
                "limit": rate.most,
                "resets": moment(rate.resets_at).isoformat(),
                "seen": moment(rate.seen_at).isoformat(),
            }
            for rate in use.rates
        ],
    }
