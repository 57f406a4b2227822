"""The trail as a chain: what was changed shows, and what is old moves into files that prove themselves."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from syndication.errors import InputError, NotFound
from syndication.pipeline import records, sweep
from syndication.store import seals, stories, trail
from syndication.store.schema import trail as table

DAY = 86_400


def write(store, count, story="cms-1", words="words"):
    with store.write() as tx:
        for number in range(count):
            trail.add(tx, store.now(), story, "problem", f"{words} {number}")


def files(folder):
    return sorted(folder.iterdir())


def test_the_sweep_seals_what_is_new(store, config):
    """Nobody waits for a seal: the sweep gives one to each new row, once."""
    write(store, 3)
    sweep(store, config)
    write(store, 2)
    sweep(store, config)
    with store.read() as tx:
        assert [row.place for row in seals.rows(tx)] == [1, 2, 3, 4, 5]
        assert seals.unsealed(tx) == 0
    found = records.check(store)
    assert (found.rows, found.faults) == (5, ())


@pytest.mark.parametrize("column", ["at", "story", "delivery", "attempt", "what", "status", "words", "seal"])
def test_a_changed_row_shows(store, column):
    """Whatever is changed in a row, its place is named."""
    write(store, 5)
    records.seal_all(store)
    with store.write() as tx:
        third = update(table).where(table.c.place == 3)
        value = 7 if column in ("at", "delivery", "attempt", "status") else "another"
        tx.execute(third.values({column: value}))
    assert "place 3" in records.check(store).faults[0]


def test_a_removed_row_shows_and_so_does_one_put_in_between(store):
    """Neighbours no longer fit."""
    write(store, 5)
    records.seal_all(store)
    with store.write() as tx:
        tx.execute(delete(table).where(table.c.place == 3))
    assert records.check(store).faults[0] == "places 3 to 3 are missing"
    with store.write() as tx:
        row = {"at": 1, "story": "cms-1", "what": "sent", "words": "", "place": 3, "seal": "0" * 64}
        tx.execute(table.insert().values(**row))
    assert "place 3" in records.check(store).faults[0]


@given(words=st.text(max_size=50), number=st.integers(min_value=-(2**53), max_value=2**53))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_row_proves_itself_and_no_other(words, number):
    """A row is whole as it was sealed, and not with any other words or number."""
    facts = (1, number, "cms", None, None, "sent", 200, words)
    row = seals.Row(1, "", seals._seal("", facts), *facts)
    assert row.is_whole
    assert not row._replace(words=words + "x").is_whole
    assert not row._replace(at=number + 1).is_whole
    assert not row._replace(before="0" * 64).is_whole


def test_old_rows_move_into_files_and_the_chain_stays_whole(store, clock, tmp_path):
    """What is older than asked is in a file that proves itself; what is newer stays; both fit together."""
    write(store, 4)
    clock.move(10 * DAY)
    write(store, 3)
    with store.read() as tx:
        all_rows = tx.execute(select(func.count()).select_from(table)).scalar_one()
    assert all_rows == 7
    moved = list(records.archive(store, tmp_path / "old", clock() - DAY * 1000))
    assert [(one.first, one.last) for one in moved] == [(1, 4)]
    (file,) = files(tmp_path / "old")
    found = records.check_file(file)
    assert (found.rows, found.place, found.seal, found.faults) == (4, 4, moved[0].seal, ())
    left = records.check(store)
    assert (left.rows, left.place, left.faults) == (3, 7, ())
    write(store, 1)
    assert records.check(store).place == 8
    assert list(records.archive(store, tmp_path / "old", clock() - DAY * 1000)) == []


def test_whoever_is_interrupted_goes_on(store, clock, tmp_path, monkeypatch):
    """Rows that are safe in a file and still in the store go away with the next run, and are never written twice."""
    write(store, 6)
    clock.move(10 * DAY)
    monkeypatch.setattr(records, "_IN_A_FILE", 2)
    made = records.archive(store, tmp_path / "old", clock())
    first = next(made)
    made.close()
    assert first.last == 2
    with monkeypatch.context() as patch, pytest.raises(OSError, match="full"):
        patch.setattr(records, "drop_archived", lambda store: (_ for _ in ()).throw(OSError("full")))
        list(records.archive(store, tmp_path / "old", clock()))
    assert [one.last for one in records.archive(store, tmp_path / "old", clock())][-1] == 6
    lines = [gzip.decompress(file.read_bytes()).splitlines() for file in files(tmp_path / "old")]
    assert [[json.loads(line)["place"] for line in some] for some in lines] == [[1, 2], [3, 4], [5, 6]]
    assert records.check(store).rows == 0


def test_a_broken_chain_is_not_moved(store, clock, tmp_path):
    """What somebody changed stays where it is, and whoever archives is told."""
    write(store, 3)
    records.seal_all(store)
    with store.write() as tx:
        tx.execute(update(table).where(table.c.place == 2).values(words="never said"))
    clock.move(10 * DAY)
    with pytest.raises(InputError, match="place 2"):
        list(records.archive(store, tmp_path / "old", clock()))
    assert files(tmp_path / "old") == []
    with store.read() as tx:
        assert [row.place for row in seals.rows(tx)] == [1, 2, 3]


def test_one_storys_record_is_written_out_and_each_line_proves_itself(store, event, tmp_path):
    """The legal desk gets the rows of a story, and any changed line shows."""
    with store.write() as tx:
        stories.add(tx, event(), withdrawn=False, due_at=None, now=store.now())
    for _ in range(3):
        write(store, 1)
        write(store, 1, story="cms-2")
    file = tmp_path / "one.jsonl"
    assert records.export(store, file, "https://news.example/world/1").rows == 3
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["place"] for row in rows] == [1, 3, 5]
    assert records.check_file(file).faults == ()
    file.write_text(file.read_text(encoding="utf-8").replace("words 0", "words 9", 1), encoding="utf-8")
    assert "place 1" in records.check_file(file).faults[0]
    with pytest.raises(NotFound):
        records.export(store, file, "nothing")


def test_a_line_taken_out_of_an_exported_record_shows(store, tmp_path):
    """Where the file is of all stories; one story's rows have others' between them by their nature."""
    write(store, 2)
    write(store, 3, story="cms-2")
    file = tmp_path / "all.jsonl"
    assert records.export(store, file).rows == 5
    assert records.check_file(file).faults == ()
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:2], *lines[3:]]), encoding="utf-8")
    assert records.check_file(file).faults == ("places 3 to 3 are missing",)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"not json", b'{"place": 1}', b"\xff\xfe\n", b'["1", 2]']
)
def test_a_file_that_is_no_record_is_told_so(tmp_path, data):
    """Any other file is wrong input, by its line."""
    file = tmp_path / "x.jsonl"
    file.write_bytes(data)
    with pytest.raises(InputError, match="row of a trail"):
        records.check_file(file)
    packed = tmp_path / "x.jsonl.gz"
    packed.write_bytes(data)
    with pytest.raises(InputError, match="row of a trail"):
        records.check_file(packed)
