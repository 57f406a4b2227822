"""`syndicate trail`: the record of all that happened, for the legal desk and for whoever must be sure of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndication.cli.common import as_json, counted, home, say, show_json

if TYPE_CHECKING:
    from syndication.pipeline.records import Finding

_SHOWN = 20


@click.group(short_help="The record of all that happened: check it, write it out, move old rows into files.")
def trail() -> None:
    """The record of all that happened to every story.

    Its rows are only added, and each is sealed together with the seal before it: a row that somebody changed, added in
    between or removed shows in `check`. Note the seal that `check` prints somewhere else from time to time: with it you
    can show that the record up to there was not made anew.

    \b
    syndicate trail check
    syndicate trail export --story cms-4711 --out cms-4711.jsonl
    """


@trail.command(short_help="Whether the record is as it was written.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_json
def check(files: tuple[Path, ...], machine: bool) -> int:
    """Whether the record is as it was written: the one in the store, or FILES that were exported or archived.

    \b
    syndicate trail check
    syndicate trail check archive/trail-1-200000.jsonl.gz
    """
    from syndication.pipeline import records

    if files:
        found = {str(file): records.check_file(file) for file in files}
    else:
        with home() as (store, _):
            found = {"the store": records.check(store)}
    if machine:
        show_json([{"where": name, **one._asdict()} for name, one in found.items()])
    else:
        for name, one in found.items():
            _tell(name, one)
    return int(any(one.faults for one in found.values()))


def _tell(name: str, found: "Finding") -> None:
    if not found.faults:
        say(f"{name}: {counted(found.rows, 'row')}, all as written. Place {found.place}, seal {found.seal}")
        return
    say(f"{name}: NOT as written, {counted(len(found.faults), 'fault')} in {counted(found.rows, 'row')}:")
    for fault in found.faults[:_SHOWN]:
        say(f"  {fault}")
    if len(found.faults) > _SHOWN:
        say(f"  and {len(found.faults) - _SHOWN:,} more: --json lists them all")
    say("Compare with a backup or an export of before, and find out who can write to the database.")


@trail.command(short_help="Write the record, or one story's, into a file.")
@click.option("--story", default="", help="Only this story (its id or URL).")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file; gzip where it ends in .gz.",
)
def export(story: str, out: Path) -> None:
    """Write the record, or one story's, into a file: JSON, a row a line, each with its seal.

    \b
    syndicate trail export --out trail.jsonl.gz
    syndicate trail export --story cms-4711 --out cms-4711.jsonl
    """
    from syndication.pipeline import records

    with home() as (store, _):
        found = records.export(store, out, story)
    say(f"{out}: {counted(found.rows, 'row')}. `syndicate trail check {out}` shows that none was changed.")


@trail.command(short_help="Move old rows out of the store into files.")
@click.option(
    "--older",
    default=400,
    show_default=True,
    metavar="DAYS",
    type=click.IntRange(1, 36_500),
    help="How old.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder; keep it with your backups.",
)
def archive(older: int, out: Path) -> None:
    """Move rows older than DAYS out of the store into compressed files, while everything else goes on.

    Stories and posts stay, as a takedown must find them years later; `why` tells of them what is left in the store. Say
    it again, or after it was interrupted: it goes on.

    \b
    syndicate trail archive --older 400 --out archive
    """
    from syndication.pipeline import records
    from syndication.store import milliseconds

    with home() as (store, _):
        count = 0
        for moved in records.archive(store, out, milliseconds(datetime.now(UTC) - timedelta(days=older))):
            count += 1
            say(f"{out / moved.file}: {counted(moved.last - moved.first + 1, 'row')}")
    if not count:
        say(f"Nothing in the record is older than {older} days.")
