"""The trail as a record: checked, written out for those who ask for it, and moved into files once it is old.

A line of a file is one row as JSON, with its place in the chain, its seal and the seal before it, so that each line
proves itself and each pair of neighbours that nothing is missing between them.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from syndication.errors import InputError
from syndication.files import write_whole
from syndication.store import Store, moment, seals, stories
from syndication.store.seals import Archive, Row

_ROW = TypeAdapter(Row)
_LINE = 100_000  # characters; a row of the trail has some 2,500 at most
_IN_A_FILE = 200_000  # rows, some 20 MB while they are written


class Finding(NamedTuple):
    """What a check of the chain found: how many rows it read, where it ends, and what is wrong, in words."""

    rows: int
    place: int
    seal: str
    faults: tuple[str, ...]


def check(store: Store) -> Finding:
    """Read the whole chain that is in the store. Seals what is new first."""
    seal_all(store)
    with store.read() as tx:
        place, seal = seals.base(tx)
        return _follow(seals.rows(tx), place, seal)


def check_file(file: Path) -> Finding:
    """Read a file of rows: places may be missing only where all are of one story. Raises InputError if it is none."""
    found, gaps, stories_in, count, last = list[str](), set[str](), set[str](), 0, None
    for row in _read(file):
        if last and row.place > last.place + 1:
            missing = f"places {last.place + 1} to {row.place - 1} are missing"
            gaps.add(missing)
            found.append(missing)
        if not row.is_whole:
            found.append(_changed(row))
        elif last and (row.place <= last.place or (row.place == last.place + 1 and row.before != last.seal)):
            found.append(f"place {row.place} does not follow place {last.place}")
        if len(stories_in) < 2:
            stories_in.add(row.story)
        last, count = row, count + 1
    if last is None:
        raise InputError(f"{file}: holds no row of a trail")
    faults = [fault for fault in found if len(stories_in) > 1 or fault not in gaps]
    return Finding(count, last.place, last.seal, tuple(faults))


def export(store: Store, file: Path, story: str = "") -> Finding:
    """Write the trail that is in the store, or one story's, into a file; gzip where its name ends in .gz.

    Raises NotFound for a story we do not know, OSError.
    """
    seal_all(store)
    with store.read() as tx:
        rows = seals.of_story(tx, stories.need(tx, story).event.id) if story else seals.rows(tx)
        return _write(file, rows)


def archive(store: Store, folder: Path, before: int) -> Iterator[Archive]:
    """Move rows older than a moment (milliseconds) out of the store, from the front of the chain, file by file.

    Each file is written whole and read again before its rows go; whoever is interrupted goes on with the same command.
    Raises InputError if the chain is broken there: nothing is removed then.
    """
    seal_all(store)
    drop_archived(store)
    while True:
        with store.read() as tx:
            place, seal = seals.base(tx)
            last = min(seals.last_before(tx, before), place + _IN_A_FILE)
            if last <= place:
                return
            file = folder / f"trail-{place + 1}-{last}.jsonl.gz"
            folder.mkdir(parents=True, exist_ok=True)
            _write(file, seals.rows(tx, until=last))
        found = _follow(_read(file), place, seal)
        if found.faults:
            file.unlink()
            raise InputError(
                f"the trail is broken, and stays where it is: {found.faults[0]}",
                "`syndicate trail check` tells all.",
            )
        moved = Archive(file.name, place + 1, last, found.seal, before)
        with store.write() as tx:
            seals.note_archive(tx, moved)
        drop_archived(store)
        yield moved


def seal_all(store: Store) -> None:
    """Seal every row that is there now, a part at a time, so that nobody waits long."""
    while True:
        with store.write() as tx:
            if not seals.seal_new(tx):
                return


def drop_archived(store: Store) -> None:
    """Remove the rows that are in files, a part at a time."""
    while True:
        with store.write() as tx:
            if not seals.drop_archived(tx):
                return


def _follow(rows: Iterable[Row], place: int, seal: str) -> Finding:
    """Go along the chain from behind a place."""
    faults, count = list[str](), 0
    for row in rows:
        if row.place != place + 1:
            faults.append(f"places {place + 1} to {row.place - 1} are missing")
        elif row.before != seal or not row.is_whole:
            faults.append(_changed(row))
        place, seal, count = row.place, row.seal, count + 1
    return Finding(count, place, seal, tuple(faults))


def _changed(row: Row) -> str:
    return f"place {row.place} ({row.story}, {moment(row.at):%Y-%m-%d %H:%M} UTC) is not what was sealed"


def _write(file: Path, rows: Iterator[Row]) -> Finding:
    lines, count, last = io.BytesIO(), 0, None
    packed = gzip.GzipFile(fileobj=lines, mode="wb", mtime=0) if file.suffix == ".gz" else lines
    for last in rows:
        packed.write(json.dumps(last._asdict(), ensure_ascii=False).encode() + b"\n")
        count += 1
    if packed is not lines:
        packed.close()
    write_whole(file, lines.getvalue())
    return Finding(count, last.place if last else 0, last.seal if last else "", ())


def _read(file: Path) -> Iterator[Row]:
    number = 0
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            while line := lines.readline(_LINE):
                number += 1
                yield _ROW.validate_json(line, strict=True)
    except (ValidationError, EOFError, gzip.BadGzipFile):
        raise InputError(f"{file}, line {number}: not a row of a trail") from None
