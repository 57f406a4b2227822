"""What is handed to the driver as it is: the same rows, the same errors."""

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from syndication.store import trail
from syndication.store.prepared import row_of, run
from syndication.store.schema import notices as rows

ADD = insert(rows)
ROW = {"what": "one", "words": "a token is dead", "since": 5, "due_at": 7}
CHANGE = update(rows).where(rows.c.what == bindparam("which"), rows.c.due_at == 7)
FIND = select(rows).where(rows.c.what == bindparam("which"))


def test_a_prepared_statement_does_what_it_does_elsewhere(store):
    """Rows go in and come back as SQLAlchemy has them, with values that the statement brings along."""
    with store.write() as tx:
        run(tx, ADD, ROW)
        assert row_of(tx, FIND, {"which": "one"}) == dict(tx.execute(select(rows)).mappings().one()) == ROW
        assert row_of(tx, FIND, {"which": "two"}) is None
        assert run(tx, CHANGE, {"which": "one", "since": 6, "due_at": 8}).rowcount == 1
        assert run(tx, CHANGE, {"which": "one", "since": 9, "due_at": 8}).rowcount == 0
        assert row_of(tx, FIND, {"which": "one"}) == {**ROW, "since": 6, "due_at": 8}


def test_strangers_words_are_kept_as_every_database_takes_them(store):
    """NUL and half surrogate pairs are no more than U+FFFD, here as in all other statements."""
    with store.write() as tx:
        run(tx, ADD, {**ROW, "words": "a\0b\ud800c"})
        trail.add(tx, 1, "cms-1", "sent", "d\0e")
        assert (
            tx.execute(select(rows.c.words)).scalar_one()
            == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
        )
        assert trail.of_story(tx, "cms-1")[0].words == "d\N{REPLACEMENT CHARACTER}e"


def test_what_the_driver_complains_of_is_an_error_of_sqlalchemys_without_the_words(store):
    """So whoever waits for these errors finds them, and nothing that was written stands in them."""
    with pytest.raises(IntegrityError) as caught, store.write() as tx:
        run(tx, ADD, ROW)
        run(tx, ADD, {**ROW, "words": "a-secret"})
    assert "a-secret" not in str(caught.value)
    with store.read() as tx:
        assert row_of(tx, FIND, {"which": "one"}) is None


@pytest.mark.parametrize("values", [{}, {"which": "one", "whose": "two"}])
def test_values_that_a_statement_lacks_or_does_not_take_are_refused(store, values):
    """A column that is misspelt is not left as it was without a word."""
    with store.write() as tx, pytest.raises(ValueError, match="which"):
        run(tx, FIND, values)
