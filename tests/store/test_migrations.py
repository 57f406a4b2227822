"""A store of any earlier release opens with its rows, which mean the same, on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import MetaData, Table, create_engine, inspect, text

from syndication.errors import ConfigError
from syndication.models import Card, Draft, Receipt, State
from syndication.store import NEVER, accounts, deeds, deliveries, moment, open_store, overdue, stories, trail
from syndication.store.migrations import HEAD, upgrade
from syndication.store.schema import metadata

RELEASES = [f"{number:04}" for number in range(1, int(HEAD))]

CARD = Card(template="article", width=1200, height=630, file="a.jpg", sha256="0", size=1)
RECEIPT = Receipt(id="7", url="https://social.example/7")
FORMS = {"text": "words", "link": "https://a.example", "title": "t", "description": "", "language": "en"}
DRAFT = Draft(key="key-1", **FORMS, card=CARD, alt="", created=moment(5))
EVENT = '{"id": "a", "url": "https://a.example", "headline": "h", "published": "2026-11-20T08:00Z"}'
LIMITS = '{"text": 500, "link_in_text": true, "alt": 1500, "image_bytes": 100}'


@pytest.fixture
def empty(request, database, tmp_path):
    """The URL of a database without a table."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    cluster = request.getfixturevalue("cluster")
    name = cluster.create("template0")
    yield cluster.url(name)
    cluster.drop(name)


def test_migrations_make_exactly_the_schema(empty, store):
    """A store that was migrated has the tables, columns and indexes that the code believes in."""
    made = create_engine(empty)
    metadata.create_all(made)

    def shape(engine):
        look = inspect(engine)
        return {
            table: (
                {(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)},
                {(i["name"], tuple(i["column_names"])) for i in look.get_indexes(table)},
                {tuple(f["constrained_columns"]) for f in look.get_foreign_keys(table)},
            )
            for table in look.get_table_names()
            if table != "alembic_version"
        }

    assert shape(store.engine) == shape(made)
    made.dispose()


def old_store(url, release):
    """A store as that release left it: a story, an account, a post in each state, and a line of the trail."""
    made = create_engine(url)
    with made.begin() as tx:
        upgrade(tx, release)
        old = MetaData()
        old.reflect(tx)

        def put(table: str, **values):
            tx.execute(Table(table, old).insert().values(**values))

        story = {"withdrawn": 0, "lane": 1, "problem": "", "attempt": 1, "tries": 0, "accepted_at": 5}
        put(
            "stories",
            id="a",
            url="https://a.example",
            event=EVENT,
            cards=f"[{CARD.model_dump_json()}]",
            **story,
        )
        box = {"server": "https://s.example", "handle": "@desk", "limits": LIMITS, "paused": "", "due_at": 0}
        put(
            "accounts", name="desk", network="mastodon", secret=b"\x00\xffsealed", holder=3, added_at=5, **box
        )
        put("webhooks", id="msg-1", story="a", received_at=5)
        put("trail", at=5, story="a", what="accepted", words="revision 1: h", delivery=None)
        put("trail", at=6, story="a", what="drawn", words="b.jpg, a.jpg", delivery=None)
        states = [state for state in State if state is not State.HELD]
        for number, state in enumerate(states, 1):
            post = {"occasion": f"share:{state}", "lane": 1, "attempt": 2, "text": "", "created_at": 5}
            told = {"draft": DRAFT.model_dump_json(), "receipt": RECEIPT.model_dump_json()}
            when = {"due_at": NEVER - 1, "expires_at": NEVER, "intent_at": 8 if state == "sending" else None}
            keys = {
                "id": number,
                "key": f"key-{number}",
                "story": "a",
                "account": "desk",
                "state": str(state),
            }
            put("deliveries", **keys, **post, **told, **when, reason="a reason")
    made.dispose()
    return states


@pytest.mark.parametrize("release", RELEASES)
def test_rows_of_every_earlier_release_survive_and_mean_the_same(empty, release):
    """Each row of an older store is read by today's code, and waits for nothing that it did not wait for."""
    states = old_store(empty, release)
    opened = open_store(empty)
    with opened.read() as tx:
        story = stories.need(tx, "a")
        assert (story.event.headline, story.cards, story.due_at, story.run) == ("h", (CARD,), None, "")
        assert not story.revised
        account, secret = accounts.get(tx, "desk")
        assert (account.handle, account.limits.text, secret) == ("@desk", 500, b"\x00\xffsealed")
        posts = deliveries.of_story(tx, "a")
        assert [post.state for post in posts] == states
        assert {(post.draft, post.receipt, post.reason) for post in posts} == {(DRAFT, RECEIPT, "a reason")}
        assert {post.pending for post in posts} == {None}
        assert deeds.count_left(tx) == 0
        assert [step.words for step in trail.of_story(tx, "a")] == ["revision 1: h", "b.jpg, a.jpg"]
        assert stories.pictures_of(tx, "a") == {"a.jpg", "b.jpg"}
    with opened.write() as tx:
        assert not stories.first_time(tx, "msg-1", "a", 9)
        assert stories.start_run(tx, "all", "quote", None, 7) == 1
        assert stories.progress(tx, "all") == (1, 0, 7)
        assert overdue.doubt_expired(tx, NEVER - 1) == 1
        assert accounts.open_mailbox(tx, NEVER - 1, 1).holder == 4
    opened.close()


def test_two_processes_that_open_an_old_store_migrate_it_once(empty):
    """Opening it again, as a second process does, finds it as it is to be."""
    old_store(empty, "0001")
    first, second = open_store(empty), open_store(empty)
    with second.read() as tx:
        assert stories.need(tx, "a").event.headline == "h"
    first.close()
    second.close()


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(empty):
    """An operator who went back to an older version hears it, and what to do; nothing is written there."""
    old_store(empty, "0001")
    engine = create_engine(empty)
    with engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = set(inspect(engine).get_table_names())
    with pytest.raises(ConfigError, match=r"of a newer version of syndication \(its tables are at 9999"):
        open_store(empty)
    assert set(inspect(engine).get_table_names()) == before
    engine.dispose()
