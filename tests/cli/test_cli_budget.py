"""`syndicate budget`, and the config that docs/limits.md shows."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndication.config import load
from syndication.models import Account, Limits, Window
from syndication.pipeline.budget import day_of
from syndication.store import accounts, open_store, rates, spending
from syndication.store.spending import Spent

DOC = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


@pytest.fixture
def newsroom(run):
    """The budgets of the page; an account at X has posted twice, and its network told of two limits."""
    run("init")
    file = run.room / "syndicate.toml"
    table = re.search(r"^```toml\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)[1]
    file.write_text(table, encoding="utf-8")
    config = load(file)
    store, now = open_store(config.store_url), time.time_ns() // 1_000_000
    limits = Limits(text=280, link_in_text=True, alt=1000, image_bytes=5_000_000)
    account = Account(name="x", network="x", server="https://api.x.com", handle="@x", limits=limits)
    with store.write() as tx:
        accounts.connect(tx, account, accounts.Token(b"sealed"), now)
        spending.add(tx, "x", day_of(config, now), Spent(2, 5, 400_000))
        windows = [Window("posts", 9, 100, 600), Window("day", 0, 10_000, 3600, app=True)]
        rates.note(tx, "x", "app:1", windows, now)
    store.close()
    return run


def test_what_is_used_and_allowed_is_told(newsroom):
    """Each account by day and month with its budget, what waits, its network's limits; then the newsroom's budget."""
    done = newsroom("budget")
    assert (done.status, done.err) == (0, "")
    rows = [" ".join(line.split()) for line in done.out.splitlines() if line.strip()]
    assert "today 2 5 0.40 2.00 USD" in rows
    assert "this month 2 5 0.40 300 posts" in rows
    assert "this month 2 5 0.40 40.00 USD" in rows
    assert any(
        "day of the app: 0 of 10000 left until" in row and "nothing goes out before" in row for row in rows
    )
    assert any("posts: 9 of 100 left until" in row and "kept for breaking posts" in row for row in rows)


def test_scripts_get_numbers(newsroom):
    """With --json: money in dollars, times in ISO 8601."""
    data = newsroom("budget", "--json").data()
    (account,) = data["accounts"]
    assert account["today"] == {"posts": 2, "calls": 5, "dollars": 0.4}
    assert account["limits"][0]["most"] == 2
    assert [rate["app"] for rate in account["rates"]] == [True, False]
    assert datetime.fromisoformat(account["rates"][0]["resets"]) > datetime.now(UTC)
    assert data["newsroom"][0]["measure"] == "dollars"


def test_a_budget_that_cannot_be_is_an_error(run):
    """A name that is none, or less than nothing, is told with the remedy; nothing is done."""
    run("init")
    file = run.room / "syndicate.toml"
    for line, words in (("posts_a_day = 3", "posts_per_day"), ("dollars_per_day = -1", "at least 0")):
        file.write_text(f"[budget]\n{line}\n", encoding="utf-8")
        done = run("budget")
        assert done.status == 2
        assert words in done.err
