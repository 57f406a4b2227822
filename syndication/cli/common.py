"""What the commands share: the config, the store, and how things are said."""

import json
import os
import re
import shutil
import signal
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from rich.text import Text

    from syndication.config import Config
    from syndication.models import Delivery
    from syndication.store import Store

as_json = click.option("--json", "machine", is_flag=True, help="Print data for scripts instead of a table.")
PORT = click.IntRange(0, 65535)
FOLDER: click.Path[Path] = click.Path(file_okay=False, path_type=Path)

# What a terminal would obey instead of showing; networks and pages may say anything.
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NARROWEST = 24  # columns for the words of a row, however narrow the terminal


told_to_end: list[int] = []
"""The exit status of whoever was told by a signal to end."""


def end(number: int, _: object) -> None:
    """A signal's handler: whatever is at work ends there. Raises KeyboardInterrupt, or SystemExit for SIGTERM."""
    told_to_end.append(128 + number)
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def config_or_defaults() -> "Config":
    """The config, or the defaults where there is no file: for commands that touch no store."""
    from syndication.config import FILE_NAME, Config, load

    if "SYNDICATE_CONFIG" in os.environ or Path(FILE_NAME).exists():
        return load()
    return Config(folder=Path.cwd())


@contextmanager
def home() -> Iterator[tuple["Store", "Config"]]:
    """The store and the config that commands work on. A database that fails meanwhile is a SyndicationError."""
    from sqlalchemy.exc import DBAPIError

    from syndication.config import load
    from syndication.errors import SyndicationError
    from syndication.store import open_store

    config = load()
    store = open_store(config.store_url)
    try:
        yield store, config
    except DBAPIError as error:
        raise SyndicationError(
            f"the store failed: {error.orig}", "Nothing was half done; mend it, then try again."
        ) from None
    finally:
        store.close()


def nudge(queue: str) -> bool:
    """Tell the workers that something is due in `draw`, `deliver` or `bulk`; False if the queue cannot be reached."""
    try:
        from workers.nudge import nudge as send
    except ModuleNotFoundError:  # the library may be installed without the queue
        return False
    return send(queue)


def say(words: str) -> None:
    """A message for people, on stderr."""
    words = clean(words)
    if sys.stderr.isatty():
        words = "\n".join(_fold(words, shutil.get_terminal_size().columns, "  "))
    click.echo(words, err=True)


def clean(words: str) -> str:
    """Words from outside, without what would steer a terminal or turn the direction of its line."""
    return _ORDERS.sub("�", words)


def _fold(words: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width`, broken between words and never within an address."""
    how: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False, "subsequent_indent": indent}
    wide = max(width, _NARROWEST)
    return [part for line in words.split("\n") for part in textwrap.wrap(line, wide, **how) or [""]]


def show_json(data: object) -> None:
    """Data for scripts, on stdout."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def show_rows(columns: Sequence[str], rows: "Sequence[Sequence[str | Text]]") -> None:
    """Print rows on stdout under their columns' names; a row of one cell stands above those that follow.

    Only the last column is folded to fit a terminal, between words, so that addresses stay whole. Where stdout is
    no terminal nothing is folded or coloured.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    made = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    made.insert(0, [Text(name, style="bold") for name in columns])
    full = [row for row in made if len(row) > 1]
    widths = [max(row[at].cell_len for row in full) for at in range(len(columns) - 1)]
    for *short, last in made:
        line = Text()
        for cell, width in zip(short, widths, strict=False):
            line.append_text(cell).append(" " * (width - cell.cell_len + 2))
        style, left = last.style, line.cell_len
        if not short:
            console.print()
            style = "bold"
        words = clean(last.plain)
        for part in _fold(words, console.width - left) if console.is_terminal else words.split("\n"):
            line.append(part, style)
            line.rstrip()
            console.print(line, soft_wrap=True)
            line, style = Text(" " * left), style if short else ""


_COLORS = {
    "sent": "green",
    "failed": "red",
    "held": "yellow",
    "unknown": "yellow",
    "cancelled": "dim",
    "withdrawn": "dim",
}

POST_COLUMNS = ("No", "Account", "For", "State", "Where it is, or why it is not")


def post_row(
    delivery: "Delivery", config: "Config", now: datetime, paused: Mapping[str, str]
) -> "list[str | Text]":
    """A delivery under POST_COLUMNS; `paused` says why accounts rest, by name."""
    from rich.text import Text

    state, due = delivery.state.value, delivery.due
    words = delivery.receipt.url if delivery.receipt else delivery.reason
    if state == "sent" and delivery.reason:
        words = f"{words}; {delivery.reason}"
    if state in ("planned", "ready", "unknown") and not delivery.receipt:
        why = paused.get(delivery.account)
        # The network's words on a pause are mostly the reason of the post that met it, too.
        notes = [words, f"the account is paused: {why}" if why and why != words else ""]
        if due and due > now and not why:
            notes.append(f"{'asked again' if state == 'unknown' else 'due'} {clock(due, config)}")
        words = "; ".join(note for note in notes if note)
    if state == "held":
        words = f"{words}; syndicate holds"
    if delivery.pending:
        words = "; ".join(note for note in (words, _pending(delivery, config, now, paused)) if note)
    colored = Text(state, style=_COLORS.get(state, "cyan"))
    return [str(delivery.id), delivery.account, delivery.occasion, colored, words]


def _pending(delivery: "Delivery", config: "Config", now: datetime, paused: Mapping[str, str]) -> str:
    """What a post waits for, once it is out."""
    pending = delivery.pending
    if pending is None:
        return ""
    if pending.due is None:
        return f"by hand: {pending.words}"
    notes = [f"{_DEEDS[pending.deed.value]}{f' ({pending.words})' if pending.words else ''}"]
    if why := paused.get(delivery.account):
        notes.append(f"the account is paused: {why}")
    elif pending.due > now:
        notes.append(f"due {clock(pending.due, config)}")
    return "; ".join(notes)


_DEEDS = {
    "edit": "to be edited",
    "reply": "to be answered by a correction",
    "repost": "to be removed and posted again",
    "withdraw": "to be removed",
}


def clock(moment: datetime, config: "Config") -> str:
    """A time as the paper's own clock tells it, with the zone."""
    return f"{moment.astimezone(ZoneInfo(config.brand.timezone)):%Y-%m-%d %H:%M %Z}"


def counted(number: int, noun: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


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
        "pending": delivery.pending.model_dump(mode="json", exclude={"draft"}) if delivery.pending else None,
        "text": delivery.draft.text if delivery.draft else None,
    }
