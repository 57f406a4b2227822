"""`syndicate render --all`: the archive drawn anew by the workers, watched from here."""

import threading
import time
from typing import TYPE_CHECKING

import click

from syndication.cli.common import home, nudge, say, show_json, show_rows
from syndication.cli.times import DAY, moment_of

if TYPE_CHECKING:
    from syndication.config import Config
    from syndication.pipeline import Archive
    from syndication.store import Store

_LOOK = 0.3  # seconds between two looks at how far it is
_PATIENCE = 10.0  # seconds without a story drawn, after which no worker is believed to be at it
_SHOWN = 20


def render_all(template: str, since: str | None, until: str | None, section: str, *, machine: bool) -> int:
    """Draw a part of the archive anew, and wait for it; 1 if a story could not be drawn, else 0."""
    from syndication.pipeline import Part, redraw_archive
    from syndication.store import stories

    with home() as (store, config):
        zone = config.brand.timezone
        part = Part(
            moment_of(since, zone, "--since", DAY) if since else None,
            moment_of(until, zone, "--until", DAY) if until else None,
            section,
        )
        if part.since and part.until and part.until <= part.since:
            raise click.BadParameter(f"{until} is not after --since {since}", param_hint="--until")
        archive = redraw_archive(store, config, template=template, part=part)
        if archive.begun:
            say(
                f"This was begun before, and goes on: {archive.waiting:,} of its stories are still to be drawn."
            )
        try:
            if archive.waiting:
                _watch(store, config, archive, reached=nudge("bulk"))
        except KeyboardInterrupt:
            say(
                "What is not drawn yet waits for the workers. The same command watches them, or goes on here."
            )
            raise click.Abort from None
        with store.read() as tx:
            failed = stories.failures(tx, archive.run)
    if machine:
        told = [{"story": story, "problem": problem} for story, problem in failed]
        show_json({"run": archive.run, "stories": archive.waiting, "failed": told})
        return int(bool(failed))
    if not archive.waiting:
        say("There is no story of that kind in the store.")
        return 0
    say(f"{archive.waiting - len(failed):,} of {archive.waiting:,} stories are drawn.")
    if failed:
        show_rows(("Story", "Keeps its old cards, because"), failed[:_SHOWN])
        if len(failed) > _SHOWN:
            say(f"And {len(failed) - _SHOWN:,} more: --json lists them all.")
    return int(bool(failed))


def _watch(store: "Store", config: "Config", archive: "Archive", *, reached: bool) -> None:
    """Show how far the run is until nothing waits. Where no worker draws, this process does, and says so."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from syndication.pipeline import prepare_next

    pause, moved_at, here = threading.Event(), time.monotonic(), False
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task, last = bar.add_task("Drawing", total=archive.waiting), archive.waiting
        while waiting := _waiting(store, archive.run):
            bar.update(task, completed=archive.waiting - waiting)
            if waiting != last:
                last, moved_at = waiting, time.monotonic()
            if not here and (not reached or time.monotonic() - moved_at > _PATIENCE):
                here = True
                bar.console.print("No worker draws: the cards are drawn here. `syndicate worker` would help.")
            if not here or prepare_next(store, config) is None:
                pause.wait(_LOOK)
        bar.update(task, completed=archive.waiting)


def _waiting(store: "Store", run: str) -> int:
    from syndication.store import stories

    with store.read() as tx:
        return stories.progress(tx, run).waiting
