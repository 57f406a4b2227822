"""`syndicate routes`, and what docs/routing.md says of it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndication.config import load
from syndication.models import Account, Limits
from syndication.store import accounts, open_store

DOC = (Path(__file__).parents[2] / "docs" / "routing.md").read_text(encoding="utf-8")
LIMITS = Limits(text=500, link_in_text=True, alt=1500, image_bytes=16_000_000)


def block(kind):
    return re.search(rf"^```{kind}\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def newsroom(run):
    """The accounts and the rules of the page, and its story in a file."""
    run("init")
    file = run.room / "syndicate.toml"
    file.write_text(file.read_text(encoding="utf-8") + block("toml"), encoding="utf-8")
    (run.room / "story.json").write_text(block("json"), encoding="utf-8")
    config = load(file)
    store = open_store(config.store_url)
    facts = {"network": "mastodon", "server": "https://social.example", "limits": LIMITS}
    with store.write() as tx:
        for name in config.accounts:
            accounts.connect(tx, Account(name=name, handle=f"@{name}", **facts), accounts.Token(b"sealed"), 0)
    store.close()
    return run


def test_the_page_shows_what_the_command_says(newsroom):
    """Each account in one line, with the reason; and nothing is kept of the story."""
    command, _, shown = block("console").partition("\n")
    done = newsroom(*command.removeprefix("$ syndicate ").split())
    assert (done.status, done.err) == (0, "")
    assert done.out == shown
    assert newsroom("status").err.startswith("No stories yet.")


def test_scripts_get_every_account(newsroom):
    """With --json: whether the account takes it, why, and when its hours begin."""
    rows = {
        row["account"]: row
        for row in newsroom("routes", "story.json", "--at", "2026-11-23T23:30", "--json").data()
    }
    assert [name for name, row in rows.items() if row["takes"]] == ["world"]
    assert datetime.fromisoformat(rows["world"]["waits_until"]) == datetime.fromisoformat("2026-11-24T06:00Z")
    assert rows["sport"]["why"] == "section is World, takes Sport"


def test_a_story_on_standard_input_and_a_page(newsroom):
    """EVENT is what `publish` takes."""
    story = (newsroom.room / "story.json").read_bytes()
    assert "section is World" in newsroom("routes", "-", stdin=story).out
    page = '<h1>Ferry sinks</h1><meta property="article:section" content="Sport"><time datetime="2026-11-20T08:00Z">'
    (newsroom.room / "page.html").write_text(f'<html lang="ar">{page}', encoding="utf-8")
    out = newsroom("routes", "page.html", "--url", "https://news.example/ferry").out
    assert re.search(r"sport +mastodon +yes +section is Sport\n", out)
    assert re.search(r"arabic +mastodon +yes +language is ar\n", out)


def test_a_wrong_time_is_refused(newsroom):
    """Nothing is decided for a time nobody can read."""
    done = newsroom("routes", "story.json", "--at", "tonight")
    assert (done.status, done.out) == (2, "")
    assert "found tonight" in done.err


def test_a_story_nobody_takes_is_told_with_the_way_to_the_reasons(newsroom):
    """`publish` is not silent about a story that goes nowhere; `why` keeps the reasons."""
    story = json.loads(block("json")) | {"section": "Weather", "language": "fi"}
    story["published"] = datetime.now(UTC).isoformat()
    (newsroom.room / "story.json").write_text(json.dumps(story), encoding="utf-8")
    done = newsroom("publish", "story.json")
    assert done.status == 0
    assert "No account posts it. `syndicate routes story.json` tells" in done.err
    assert "sport: section is Weather, takes Sport" in newsroom("why", "cms-4711").out


def test_what_a_publish_would_not_announce_is_said(newsroom):
    """An old story, and one whose address another story has."""
    story = json.loads(block("json"))
    old = newsroom("routes", "-", stdin=json.dumps(story | {"published": "2020-01-01T08:00:00Z"}).encode())
    assert "published 2020-01-01, it is too old" in old.err
    story["published"] = datetime.now(UTC).isoformat()
    newsroom("publish", "-", stdin=json.dumps(story | {"id": "cms-7"}).encode())
    twin = newsroom("routes", "-", stdin=json.dumps(story | {"id": "cms-8"}).encode())
    assert f"{story['url']} is cms-7 already: its posts would be held" in twin.err
    page = newsroom("routes", "-", stdin=json.dumps(story | {"id": ""}).encode())
    assert "syndicate plan cms-7" in page.err


def test_the_preview_and_the_list_of_accounts_agree(newsroom):
    """The preview shows the posts of accounts that take the story, and the reason of the others in the same words."""
    assert newsroom("preview", "story.json", "--out", "page").status == 0
    page = (newsroom.room / "page/index.html").read_text(encoding="utf-8")
    assert "Not to <bdi>sport</bdi>: section is World, takes Sport" in page
    assert "Not to <bdi>editor</bdi>: posts only what an editor shares by hand" in page
    assert "Not to <bdi>world</bdi>" not in page
    listed = newsroom("accounts").out
    for name, posts in (("sport", "by rule"), ("editor", "by hand")):
        assert re.search(rf"^{name} +mastodon +@{name} +{posts} ", listed, re.MULTILINE)


def test_check_tells_of_a_table_that_is_nobodys(newsroom):
    """A misspelt account would else be silent for ever."""
    file = newsroom.room / "syndicate.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("[accounts.sport]", "[accounts.sprot]"), encoding="utf-8"
    )
    problems = {row["check"]: row["problem"] for row in newsroom("check", "--offline", "--json").data()}
    assert (
        problems["account sprot"] == "stands in the config but is not connected; sport is: is one misspelt?"
    )
