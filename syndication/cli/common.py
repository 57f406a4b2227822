"""What the commands share: the config, the store, and how things are said."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

    from syndication.config import Config
    from syndication.models import Delivery
    from syndication.store import Store

as_json = click.option("--json", "machine", is_flag=True, help="Print data for scripts instead of a table.")


def config_or_defaults() -> "Config":
    """The config, or the defaults where there is no file: for commands that touch no store."""
    from syndication.config import FILE_NAME, Config, load

    if "SYNDICATE_CONFIG" in os.environ or Path(FILE_NAME).exists():
        return load()
    return Config(folder=Path.cwd())


@contextmanager
def home() -> Iterator[tuple["Store", "Config"]]:
    """The store and the config that commands work on."""
    from syndication.config import load
    from syndication.store import open_store

    config = load()
    store = open_store(config.store_url)
    try:
        yield store, config
    finally:
        store.close()


def nudge(queue: str) -> bool:
    """Tell the workers that something is due in `draw` or `deliver`; False if the queue cannot be reached."""
    from workers.nudge import nudge as send

    return send(queue)


def say(words: str) -> None:
    """A message for people, on stderr."""
    click.echo(words, err=True)


def show_json(data: object) -> None:
    """Data for scripts, on stdout."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def table(*columns: str) -> "Table":
    """An empty table in the house's style."""
    from rich.box import SIMPLE
    from rich.table import Table

    made = Table(box=SIMPLE, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def show(table: "Table") -> None:
    """Print a table on stdout: coloured on a terminal, plain and wide elsewhere."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table)


_COLORS = {"sent": "green", "failed": "red", "unknown": "yellow", "cancelled": "dim", "withdrawn": "dim"}


def state_words(delivery: "Delivery") -> str:
    """A delivery's state with its colour, and where it is or why it is not."""
    from rich.markup import escape

    color = _COLORS.get(delivery.state, "cyan")
    rest = delivery.receipt.url if delivery.receipt else delivery.reason
    return f"[{color}]{delivery.state}[/] {escape(rest)}".rstrip()


def delivery_data(delivery: "Delivery") -> dict[str, Any]:
    """A delivery for scripts."""
    return {
        "delivery": delivery.id,
        "story": delivery.story,
        "account": delivery.account,
        "occasion": delivery.occasion,
        "state": delivery.state.value,
        "attempts": delivery.attempt,
        "due": delivery.due.isoformat() if delivery.due else None,
        "url": delivery.receipt.url if delivery.receipt else None,
        "reason": delivery.reason,
        "text": delivery.draft.text if delivery.draft else None,
    }
