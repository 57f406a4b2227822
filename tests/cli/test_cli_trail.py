"""The record of all that happened, as an operator and the legal desk use it."""

import json

from sqlalchemy import create_engine, text

from syndication.config import load
from syndication.store import open_store
from syndication.store.schema import trail


def test_the_record_is_checked_written_out_and_moved(desk, network, story):
    """`trail check` says that all is as written, `export` writes a story's part, and `archive` finds nothing old."""
    desk("publish", story(), "--now")
    whole = desk("trail", "check")
    assert whole.status == 0
    assert "all as written" in whole.err
    told = desk("trail", "export", "--story", "cms-4711", "--out", "one.jsonl")
    assert (told.status, told.out) == (0, "")
    rows = [json.loads(line) for line in (desk.room / "one.jsonl").read_text("utf-8").splitlines()]
    assert {row["story"] for row in rows} == {"cms-4711"}
    assert rows[0]["what"] == "accepted"
    assert desk("trail", "check", "one.jsonl").status == 0
    assert "Nothing in the record is older" in desk("trail", "archive", "--out", "old").err


def test_a_changed_row_is_told(desk, network, story):
    """Whoever changes the database behind our back is found out, and the exit status says so."""
    desk("publish", story(), "--now")
    desk("trail", "check")
    engine = create_engine(load().store_url)
    with engine.begin() as tx:
        tx.execute(text("UPDATE trail SET words = 'never said' WHERE place = 2"))
    engine.dispose()
    broken = desk("trail", "check")
    assert broken.status == 1
    assert "NOT as written" in broken.err
    assert "place 2 (cms-4711" in broken.err
    assert desk("trail", "check", "--json").data()[0]["faults"]


def test_old_rows_leave_and_why_says_where_they_went(desk, network, story):
    """After `archive` the file proves itself, and `why` names it."""
    desk("publish", story(), "--now")
    store = open_store(load().store_url)
    with store.write() as tx:
        tx.execute(trail.update().values(at=trail.c.at - 500 * 86_400_000, place=None, seal=None))
        tx.execute(text("UPDATE stories SET accepted_at = accepted_at - 43200000000"))
    store.close()
    moved = desk("trail", "archive", "--older", "400", "--out", "old")
    assert moved.status == 0
    [file] = (desk.room / "old").iterdir()
    assert file.name in moved.err
    assert desk("trail", "check", f"old/{file.name}").status == 0
    assert file.name in desk("why", "cms-4711").err
    assert desk("trail", "check").status == 0


def test_what_is_no_record_is_wrong_input(desk, story):
    """A file of another kind, and a story that is not there, end with status 2."""
    (desk.room / "x.jsonl").write_text("hello\n")
    wrong = desk("trail", "check", "x.jsonl")
    assert (wrong.status, wrong.err) == (2, "x.jsonl, line 1: not a row of a trail\n")
    assert desk("trail", "export", "--story", "nothing", "--out", "y.jsonl").status == 2
    assert not (desk.room / "y.jsonl").exists()
