"""The editor's commands for posts that are out, against the sandbox network: plan, withdraw, and what others tell."""

import json
import os
import subprocess

import pytest
import requests
from machines import Machine, answers, free_port, syndicate, until

from syndication.config import load
from syndication.networks.base import Connector
from syndication.networks.mastodon import Mastodon
from syndication.pipeline import connect_account
from syndication.store import open_store

NEWS = {"summary": "Four towns give up their dykes.", "revision": 2, "kind": "update"}


@pytest.fixture
def no_edits(monkeypatch):
    """Mastodon as a network that lets no post be edited."""
    monkeypatch.setattr(Mastodon, "edit", Connector.edit)


def test_an_update_is_planned_then_done(desk, network, story):
    """`plan --event` tells what would follow, and changes nothing; `publish` does just that."""
    desk("publish", story(), "--now")
    newer = story("newer.json", headline="Harbour towns let the sea in", **NEWS)
    shown = desk("plan", "cms-4711", "--event", newer)
    assert (shown.status, shown.err) == (0, "")
    assert "edit  text, image" in shown.out
    [told] = desk("plan", "cms-4711", "--event", newer, "--json").data()
    assert (told["step"], told["changed"]) == ("edit", ["text", "image"])
    assert network.memory.posts[0].edited is None
    assert desk("plan", "cms-4711", "--json").data()[0]["step"] == "nothing"
    done = desk("publish", newer, "--now")
    assert done.status == 0
    [post] = network.memory.posts
    assert post.edited and post.text.startswith("Four towns")
    assert "edited" in desk("why", "cms-4711").out
    assert desk("plan", "cms-4711", "--json").data()[0]["step"] == "nothing"


def test_a_plan_of_the_same_words_is_nothing(desk, network, story):
    """The card that is drawn to look is the same file as the card that is out."""
    desk("publish", story(), "--now")
    same = story("same.json", revision=2, kind="update")
    assert desk("plan", "cms-4711", "--event", same, "--json").data()[0]["step"] == "nothing"
    assert desk("plan", "cms-4711", "--event", story("old.json"), "--json").data()[0]["step"] == "nothing"


def test_a_plan_is_asked_before_the_story_is_drawn(desk, network, story):
    """An update that waits for a worker is shown as it will be done, also for posts that are not out."""
    desk("publish", story(), "--now")
    desk("share", "cms-4711", "--to", "desk", "--label", "evening", "--at", "2099-11-23T18:00")
    desk("publish", story(**NEWS))
    steps = [one["step"] for one in desk("plan", "cms-4711", "--json").data()]
    assert steps == ["edit", "anew"]


def test_an_embargo_that_comes_late_is_planned_as_it_is_told(desk, network, story):
    """What is out is left to an editor; what is not goes out at its end, and says when."""
    desk("publish", story(), "--now")
    later = story("later.json", revision=2, embargo="2099-07-01T08:00:00Z")
    asked = desk("plan", "cms-4711", "--event", later).out
    assert "you, by hand" in asked and "under embargo until 2099-07-01 08:00 UTC" in asked
    assert desk("publish", later, "--now").status == 1
    assert desk("plan", "cms-4711").out == asked
    desk("publish", story("second.json", id="cms-2", embargo="2099-07-01T08:00:00Z"), "--now")
    assert "due 2099-07-01 08:00 UTC" in desk("plan", "cms-2").out


def test_a_story_published_again_says_what_stays_removed(desk, network, story):
    """Its posts do not come back by themselves, and an update does not bring the story back at all."""
    desk("publish", story(), "--now")
    desk("publish", story("down.json", kind="withdraw", revision=2), "--now")
    told = desk("publish", story("more.json", revision=3, kind="update"), "--now").err
    assert "cms-4711: noted, and it stays withdrawn: only an event of the kind publish" in told
    told = desk("publish", story("again.json", revision=4), "--now").err
    assert "what was removed stays so, and to post it again: syndicate share cms-4711 --to desk" in told
    assert desk("share", "cms-4711", "--to", "desk").status == 0
    told = desk("publish", story("more.json", revision=5), "--now").err
    assert "syndicate share" not in told
    assert [post.deleted for post in network.memory.posts] == [True, False]


def test_a_story_that_nobody_posts_is_told_with_what_to_do(desk, network, story):
    """A takedown of one never seen has nothing to do; an update of one is shared by hand."""
    told = desk("publish", story("down.json", kind="withdraw"), "--now").err
    assert "It had no posts." in told and "routes" not in told
    told = desk("publish", story("late.json", id="cms-2", kind="update"), "--now").err
    assert "To post it all the same: syndicate share cms-2 --to ACCOUNT" in told


def test_a_plan_of_another_story_is_refused(desk, network, story):
    """Status 2, naming both."""
    desk("publish", story(), "--now")
    done = desk("plan", "cms-4711", "--event", story("other.json", id="cms-2"))
    assert done.status == 2
    assert "cms-2" in done.err and "cms-4711" in done.err
    assert desk("plan", "nowhere").status == 2


def test_what_is_left_to_an_editor_is_told_everywhere(desk, network, story, no_edits):
    """Where the network edits nothing: `publish`, `status`, `check` and `resolve` name it, until it is settled."""
    desk("publish", story(), "--now")
    newer = story("newer.json", **NEWS)
    assert desk("plan", "cms-4711", "--event", newer, "--json").data()[0]["step"] == "tell"
    done = desk("publish", newer, "--now")
    assert done.status == 1
    assert "1 post to be changed or removed by you" in done.err and "tries again" not in done.err
    url = network.memory.posts[0].id
    for words in (["status", "cms-4711"], ["plan", "cms-4711"], ["resolve"]):
        shown = desk(*words).out
        assert "by hand" in shown and url in shown
    found = {one["check"]: one["problem"] for one in desk("check", "--offline", "--json").data()}
    assert found["posts"] == "1 post to be changed or removed by hand: syndicate resolve"
    assert desk("status", "cms-4711", "--json").data()[0]["deliveries"][0]["pending"]["deed"] == "edit"
    settled = desk("resolve", "1", "--done")
    assert settled.status == 0
    assert desk("resolve", "--json").data() == []
    assert desk("status", "cms-4711", "--json").data()[0]["deliveries"][0]["pending"] is None


def test_a_policy_posts_again(desk, network, story, no_edits):
    """With `correct = "repost"` the post is removed and the story posted once more."""
    config = desk.room / "syndicate.toml"
    config.write_text(config.read_text() + '\n[accounts.desk]\ncorrect = "repost"\n')
    desk("publish", story(), "--now")
    newer = story("newer.json", **NEWS)
    assert "remove, post again" in desk("plan", "cms-4711", "--event", newer).out
    assert desk("publish", newer, "--now").status == 0
    assert [(post.deleted, post.text[:10]) for post in network.memory.posts] == [
        (True, "Three town"),
        (False, "Four towns"),
    ]


def test_a_story_is_taken_down(desk, network, story):
    """`withdraw` removes posts and cards, says how far it is, and the second time that it was done before."""
    desk("publish", story(), "--now")
    assert list((desk.room / "data/cards").iterdir())
    waiting = desk("withdraw", "cms-4711")
    assert waiting.status == 0
    assert "1 post still to be removed" in waiting.err and "queue cannot be reached" in waiting.err
    assert "to be removed" in desk("status", "cms-4711").out
    assert "remove" in desk("plan", "cms-4711").out
    done = desk("withdraw", "https://news.example/world/4711", "--now", "--json")
    assert done.status == 0
    [told] = done.data()["deliveries"]
    assert (done.data()["result"], told["state"], told["pending"]) == ("unchanged", "withdrawn", None)
    assert network.memory.posts[0].deleted
    assert list((desk.room / "data/cards").iterdir()) == []
    assert "none of its posts is out" in desk("withdraw", "cms-4711").err
    assert desk("withdraw", "nowhere").status == 2


def test_a_takedown_by_the_cms_removes_the_post(desk, network, story):
    """The event `withdraw`, planned before and carried out."""
    desk("publish", story(), "--now")
    gone = story("gone.json", kind="withdraw")
    assert desk("plan", "cms-4711", "--event", gone, "--json").data()[0]["step"] == "withdraw"
    assert desk("publish", gone, "--now").status == 0
    assert network.memory.posts[0].deleted


def test_a_newsroom_of_processes_follows_its_stories(tmp_path, story, database):
    """Real processes and sockets: published, changed and withdrawn by a running worker; one post, edited, then gone."""
    port = free_port()
    network = Machine("network", syndicate("sandbox", "--port", str(port)), tmp_path).start()
    server = f"http://127.0.0.1:{port}"

    def run(*words):
        done = subprocess.run(
            syndicate(*words), cwd=tmp_path, env={**os.environ}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def posts():
        return requests.get(f"{server}/sandbox/posts", timeout=10).json()["posts"]

    def stands(text):
        found = json.loads(run("status", "cms-4711", "--json"))[0]["deliveries"]
        return [(one["state"], one["pending"]) for one in found] == [(text, None)]

    try:
        until(lambda: answers(f"{server}/api/v2/instance"), 60, "the network listens")
        run("init")
        config = load(tmp_path / "syndicate.toml")
        store = open_store(config.store_url)
        connect_account(store, config, "mastodon", server, {"access_token": "sandbox-desk"}, "desk")
        store.close()
        run("publish", str(story()), "--now")
        run("publish", str(story("newer.json", **NEWS)), "--now")
        [post] = posts()
        assert post["text"].startswith("Four towns")
        worker = Machine("worker", syndicate("worker"), tmp_path).start()
        try:
            until(lambda: "sweep started" in worker.log.read_text(encoding="utf-8"), 60, "the worker runs")
            run("withdraw", "cms-4711")
            until(lambda: stands("withdrawn"), 60, "the post is removed")
        finally:
            worker.stop()
        assert [post["deleted"] for post in posts()] == [True]
    finally:
        network.stop()
