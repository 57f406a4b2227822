"""Cost does not grow with history: what each step looks at, counted on a store with many old rows."""

import json

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import text

from syndication.models import BULK, NEWS
from syndication.pipeline import accept, sweep
from syndication.store import NEVER, accounts, claims, deeds, deliveries, notices, stories

OLD = 6000
MOST = 60  # rows that one step of a plan may look at; what waits is three posts

OLD_ROWS = {
    "stories": """INSERT INTO stories (id, url, withdrawn, lane, event, cards, problem, due_at, attempt, tries,
        accepted_at) {n} SELECT 'old-' || i, 'https://news.example/old/' || i, 0, 1, event, '[]', '', NULL, 1, 0, i
        FROM n, stories WHERE id = 'cms-1'""",
    "pictures": "INSERT INTO pictures (story, file) {n} SELECT 'old-' || i, i || '.jpg' FROM n",
    "deliveries": """INSERT INTO deliveries (key, story, account, occasion, lane, state, due_at, attempt, expires_at,
        intent_at, text, reason, created_at) {n} SELECT 'old-' || i, 'old-' || i, 'desk', 'publish', 1,
        CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 50 = 1 THEN 'withdrawn' ELSE 'sent' END,
        :never, 1, i, i, '', '', i FROM n""",
    "trail": """INSERT INTO trail (at, story, delivery, what, words, place, seal)
        {n} SELECT i, 'old-' || i, i, 'sent', '', i, 'x' FROM n""",
}
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {OLD})"


@pytest.fixture
def archive(store, config, event, connect):
    """A store with many old posts, and one story that waits."""
    for name in ("desk", "world", "sport"):
        connect(name)
    accept(store, config, event())
    with store.write() as tx:
        for query in OLD_ROWS.values():
            values = {"never": NEVER} if ":never" in query else {}
            tx.execute(text(query.format(n=NUMBERS)), values)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.exec_driver_sql("ANALYZE")
    with store.write() as tx:  # what is told first looks back a thousand steps, once
        _, place = notices.take_posts(tx, store.now(), 0)
        notices.told_posts(tx, place, 0)
    return store


def work(store, config, event):
    """An event that is new, one that changes it, the sweep, the claims and the status page."""
    accept(store, config, event(id="cms-2", url="https://news.example/2"))
    accept(store, config, event(id="cms-2", url="https://news.example/2", revision=2))
    sweep(store, config)
    with store.write() as tx:
        now = store.now()
        for lanes in (NEWS, BULK):
            stories.count_due(tx, now, lanes)
            accounts.count_due(tx, now, lanes)
            assert accounts.brings(tx, lanes, now) == (lanes == NEWS)
            assert (stories.claim(tx, now, 60_000, lanes) is None) == (lanes == BULK)
            assert accounts.open_mailbox(tx, now, 60_000, lanes) is None
        tx.execute(text("UPDATE deliveries SET state = 'ready' WHERE key IN (SELECT key FROM deliveries WHERE story = 'cms-2')"))  # fmt: skip  # noqa: E501
        mailbox = accounts.open_mailbox(tx, now, 60_000)
        claim = claims.claim(tx, mailbox, now, 60_000)
        claims.intend(tx, claim, now, 60_000)
        stories.progress(tx, "all")
        stories.failures(tx, "all")
        deeds.count_left(tx)
        deeds.left_to_editors(tx, 9)
        assert len(deliveries.unsettled(tx, 9)) == 9
        assert notices.take_posts(tx, now, 0)[0] == []
        stories.note_pictures(tx, stories.need(tx, "cms-2"), ["own.jpg", "7.jpg"])
        assert stories.pictures_of(tx, "cms-2") == {"own.jpg", "7.jpg"}
        assert stories.shared_files(tx, "cms-2", ["own.jpg", "7.jpg"]) == set()
    with store.read() as tx:
        for story in stories.newest(tx, 20):
            deliveries.of_story(tx, story.event.id)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_searches_by_an_index_and_never_looks_at_all(archive, config, event):
    """No statement scans a table that grows with history."""
    asked = []
    sql_event.listen(archive.engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    work(archive, config, event)
    words = [(said, values) for said, values in asked if said.startswith(("SELECT", "UPDATE"))]
    assert len(words) >= 15
    with archive.read() as tx:
        for said, values in words:
            plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)]
            bare = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
            grown = [step for step in bare if step.split()[1] in OLD_ROWS]
            assert grown == [], (said, plan)
            # Compared with a bound word that an index is limited to, it is planned anew at every run.
            assert ".state = ?" not in said and ".state IN (?" not in said
            if "= 'failed' ORDER" in said:  # as many as years went by: found in their order, not sorted
                assert plan == ["SEARCH deliveries USING INDEX ix_deliveries_failed (state=?)"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_looks_at_few_rows_whatever_there_is(archive, config, event):
    """The plans that the server took, with the rows that each step looked at, as the server counted them."""
    told = []

    def listen(connection, _):
        connection.execute("LOAD 'auto_explain'")
        settings = {"log_min_duration": 0, "log_analyze": "on", "log_timing": "off", "log_format": "json"}
        for name, value in {**settings, "log_level": "notice"}.items():
            connection.execute(f"SET auto_explain.{name} = {value}")
        connection.commit()
        connection.add_notice_handler(lambda notice: told.append(notice.message_primary))

    archive.engine.dispose()  # what was open before does not tell
    sql_event.listen(archive.engine, "connect", listen)
    work(archive, config, event)
    plans = [json.loads(words[words.index("{") :]) for words in told if "plan:" in words]
    assert len(plans) >= 15
    for plan in plans:
        for step in steps_of(plan["Plan"]):
            rows = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
            assert rows * step["Actual Loops"] <= MOST, plan


def steps_of(plan):
    """The steps of a plan, the innermost last."""
    yield plan
    for inner in plan.get("Plans", []):
        yield from steps_of(inner)
