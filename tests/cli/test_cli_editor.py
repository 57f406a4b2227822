"""The editor's commands, run for real against the sandbox network: publish, share, status, why, resolve."""

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import text

from syndication.cli.common import show_rows
from syndication.config import load
from syndication.models import Window
from syndication.sandbox import Faults
from syndication.store import open_store, rates

PAGE = f"""<!doctype html><html lang="en"><head><title>x</title></head><body><article>
<h1>Library opens at the pass</h1><p class="dek">Books lent without a card, up at the top of the pass road.</p>
<time datetime="{datetime.now(UTC).isoformat()}">today</time><p>More text of the story stands here.</p>
</article></body></html>"""


def test_a_story_published_now_is_posted_once(desk, network, story):
    """`publish --now` posts a story once, and says the second time that there is nothing to do."""
    first = desk("publish", story(), "--now")
    assert first.status == 0
    assert "accepted" in first.err
    assert network.url + "/@desk/" in first.out
    second = desk("publish", story(), "--now")
    assert second.status == 0
    assert "nothing to do" in second.err
    assert len(network.memory.posts) == 1


def test_a_published_story_is_told_in_json(desk, network, story):
    """With --json stdout is one JSON value with all that a script needs, and stderr is silent."""
    done = desk("publish", story(), "--now", "--json")
    assert (done.status, done.err) == (0, "")
    told = done.data()
    assert (told["story"], told["result"]) == ("cms-4711", "new")
    [post] = told["deliveries"]
    assert (post["state"], post["account"], post["attempts"]) == ("sent", "desk", 1)
    assert post["url"].startswith(network.url)


def test_without_a_queue_a_story_is_safe_and_said_to_be(desk, network, story):
    """With Redis down `publish` still accepts, says so, and whoever runs next delivers."""
    done = desk("publish", story())
    assert done.status == 0
    assert done.out == ""
    assert "queue cannot be reached" in done.err
    assert "1 post, 1 still to go out" in done.err
    assert network.memory.posts == []
    assert desk("publish", story(), "--now").status == 0
    assert len(network.memory.posts) == 1


def test_a_story_comes_from_standard_input(desk, network, story):
    """`-` is standard input."""
    event = story().read_bytes()
    assert desk("publish", "-", "--now", stdin=event).status == 0
    assert len(network.memory.posts) == 1


def test_a_page_is_published_with_its_address(desk, network):
    """An HTML file is a story once --url says where it is published."""
    (desk.room / "page.html").write_text(PAGE, encoding="utf-8")
    refused = desk("publish", "page.html")
    assert refused.status == 2
    assert "--url" in refused.err
    done = desk("publish", "page.html", "--url", "https://news.example/pass", "--now")
    assert done.status == 0
    [post] = network.memory.posts
    assert "https://news.example/pass" in post.text


@pytest.fixture
def site():
    """A web server on this machine with one page; its address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *_):
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/pass"
        server.shutdown()
        thread.join()


def test_a_page_on_the_web_is_published_if_its_network_may_be_read(desk, network, site):
    """A URL inside is refused with the remedy, and read once [fetch] allows its network."""
    refused = desk("publish", site, "--now")
    assert refused.status == 1
    assert "`allow` in [fetch]" in refused.err
    assert network.memory.posts == []
    config = desk.room / "syndicate.toml"
    config.write_text(config.read_text() + '\n[fetch]\nallow = ["127.0.0.0/8"]\n', encoding="utf-8")
    config.write_text(config.read_text().replace("[fetch]\n# allow", "# allow", 1), encoding="utf-8")
    assert desk("publish", site, "--now").status == 0
    assert len(network.memory.posts) == 1


def test_a_story_with_faults_is_refused_whole(desk, network, story):
    """Every fault is listed at once, the exit status is 2, and nothing is in the store."""
    done = desk("publish", story(published="soon", headline="", kind="shout"), "--now")
    assert done.status == 2
    assert done.out == ""
    for field in ("published", "headline", "kind"):
        assert field in done.err
    assert desk("status", "--json").data() == []


def test_a_story_under_embargo_is_no_failure(desk, network, story):
    """A post that only waits for its time is shown with it, and `publish --now` has done its work."""
    embargo = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    done = desk("publish", story(embargo=embargo), "--now")
    assert done.status == 0
    assert "due " in done.out
    assert network.memory.posts == []
    assert "under embargo: nothing of it is made before its time" in desk("status").out
    again = desk("publish", story(embargo=embargo, summary="Two towns.", revision=2), "--now")
    assert (again.status, "Not all is out" in again.err) == (0, False)


def test_a_refused_post_is_a_failure_with_the_networks_words(desk, network, story):
    """A token that is dead ends `publish --now` with 1, says why, and pauses the account until it is connected."""
    network.memory.revoked.add("sandbox-desk")
    done = desk("publish", story(), "--now")
    assert done.status == 1
    assert "The access token is invalid" in done.out
    assert "Not all is out" in done.err
    shown = desk("accounts")
    assert "paused" in shown.out
    assert "connect it again" in shown.out
    assert desk("accounts", "--json").data()[0]["paused"] != ""
    assert "account is paused" in desk("publish", story(id="cms-2"), "--now").out


def test_the_same_share_posts_once_and_says_where(desk, network, story):
    """`share` plans one post a label; the second time it says where the first is."""
    desk("publish", story(), "--now")
    first = desk("share", "cms-4711", "--to", "desk", "--text", "In case you missed it")
    assert first.status == 0
    assert "planned as delivery 2" in first.err
    assert desk("publish", story(), "--now").status == 0
    assert [post.text.startswith("In case you missed it") for post in network.memory.posts] == [False, True]
    again = desk("share", "https://news.example/world/4711", "--to", "desk")
    assert f"{network.url}/@desk/" in again.err
    assert desk("publish", story(), "--now").status == 0
    assert len(network.memory.posts) == 2
    [told] = desk("share", "cms-4711", "--to", "desk", "--label", "evening", "--json").data()
    assert (told["new"], told["occasion"], told["state"]) == (True, "share:evening", "planned")


def test_a_share_for_later_can_be_taken_back_and_said_anew(desk, network, story):
    """An editor drops what is not out yet; it never goes out by itself again, and another label posts it anew."""
    desk("publish", story(), "--now")
    later = ("share", "cms-4711", "--to", "desk", "--at", "2099-11-23T18:00")
    assert desk(*later, "--text", "With a tpyo").status == 0
    desk("publish", story(), "--now")
    same = desk(*later, "--text", "With a typo")
    assert "`syndicate resolve 2 --drop` takes it back; another --label posts it anew." in same.err
    assert "To take it back: syndicate resolve 2 --drop" in desk("resolve", "2").err
    assert desk("resolve", "2", "--drop").err == "Delivery 2 to desk is cancelled.\n"
    desk("publish", story(summary="Newer words.", revision=2), "--now")
    assert "another --label posts it once more" in desk(*later).err
    assert desk(*later, "--label", "evening").status == 0
    [told] = desk("status", "cms-4711", "--json").data()
    assert [post["state"] for post in told["deliveries"]] == ["sent", "cancelled", "planned"]


def test_own_words_that_are_cut_are_told(desk, story):
    """A share whose words are longer than its network takes shows what will stand there; one that fits is silent."""
    desk("publish", story(), "--now")
    # With accents as letters of their own, as a Mac's file names and some keyboards have them.
    for label, words in (
        ("blanks", "Still  worth your time"),
        ("accents", "L'e\u0301te\u0301 \u00e0 la mer"),
    ):
        assert "cut" not in desk("share", "cms-4711", "--to", "desk", "--label", label, "--text", words).err
    long = desk("share", "cms-4711", "--to", "desk", "--label", "long", "--text", "Worth your time. " * 40)
    assert long.status == 0
    assert "desk: your words are too long for it, and will be cut:\n  Worth your time." in long.err
    assert long.err.count("Worth your time.") < 30
    assert "https://news.example/world/4711" in long.err


def test_a_share_keeps_its_hour_in_the_papers_own_zone(desk, story):
    """A time without a zone is the paper's own, and is told back as it was said."""
    config = desk.room / "syndicate.toml"
    config.write_text(config.read_text().replace('# timezone = "UTC"', 'timezone = "Asia/Baghdad"'))
    desk("publish", story(), "--now")
    done = desk("share", "cms-4711", "--to", "desk", "--at", "2099-11-23T18:00")
    assert "2099-11-23 18:00 +03" in done.err
    assert (
        desk("status", "cms-4711", "--json").data()[0]["deliveries"][1]["due"] == "2099-11-23T15:00:00+00:00"
    )
    assert "due 2099-11-23 18:00 +03" in desk("status", "cms-4711").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", ","], "desk,world"),
        (["--to", "nobody"], "Connected: desk"),
        (["--to", "desk", "--at", "soon"], "2026-11-23T18:00"),
        (["--to", "desk", "--at", "2020-01-01T00:00"], "is past"),
        (["--to", "desk", "--at", "9999-12-31T23:59-12:00"], "expected a time"),
        (["--to", "desk", "--label", ""], "characters"),
        ([], "--to"),
    ],
)
def test_a_share_that_makes_no_sense_is_refused(desk, story, words, said):
    """Wrong accounts, times and labels are wrong input: status 2, what was found, what is expected."""
    desk("publish", story(), "--now")
    done = desk("share", "cms-4711", *words)
    assert done.status == 2
    assert said in done.err
    assert len(desk("status", "cms-4711", "--json").data()[0]["deliveries"]) == 1


def test_status_tells_who_rests_on_a_limit_and_until_when(desk, story):
    """In one line for all that wait for the same, as nothing else says why nothing goes out."""
    assert desk("publish", story()).status == 0
    config = load(desk.room / "syndicate.toml")
    store = open_store(config.store_url)
    with store.write() as tx:
        rates.note(tx, "desk", "", [Window("posts", 0, 300, 7200)], store.now())
    store.close()
    out = " ".join(desk("status").err.split())
    assert re.search(
        r"desk rests until \S+ \S+ \S+: the network takes no more before \(`syndicate budget`\)\.", out
    )


def test_status_tells_stories_and_their_posts(desk, network, story):
    """`status` shows each story with each post and its address, or one story, as rows and as JSON."""
    assert "No stories yet" in desk("status").err
    desk("publish", story(), "--now")
    desk("publish", story(id="cms-2", url="https://news.example/2", headline="قرية تشرب الضباب"), "--now")
    done = desk("status")
    assert done.err == ""
    assert "cms-4711: Harbour towns vote to let the sea back in" in done.out
    assert "cms-2: قرية تشرب الضباب" in done.out
    assert done.out.count(f"{network.url}/@desk/") == 2
    assert [one["story"] for one in desk("status", "-n", "1", "--json").data()] == ["cms-2"]
    [told] = desk("status", "https://news.example/world/4711", "--json").data()
    assert told["drawn"] is True
    assert len(told["cards"]) == 2
    unknown = desk("status", "nowhere")
    assert unknown.status == 2
    assert "→ `syndicate status` lists the newest." in unknown.err
    for slip in ("cms-471", "cms-4711 "):
        assert "→ cms-4711, perhaps?" in desk("why", slip).err
    assert (
        "→ https://news.example/world/4711, perhaps?"
        in desk("share", "https://news.example/world/4711/", "--to", "desk").err
    )


def test_why_tells_the_trail(desk, network, story):
    """`why` tells event, plan, attempts and answers in order, and the same as JSON."""
    network.memory.misbehave(Faults(drop_after_store=1))
    done = desk("publish", story(), "--now")
    assert done.status == 1
    trail = desk("why", "cms-4711")
    assert trail.err == ""
    for words in ("accepted", "planned", "drawn", "written", "sending", "unknown", "the answer was lost"):
        assert words in trail.out
    steps = desk("why", "cms-4711", "--json").data()
    assert [step["what"] for step in steps][-2:] == ["intent", "unknown"]
    assert datetime.fromisoformat(steps[0]["at"]).tzinfo


def test_nothing_from_outside_steers_the_terminal(desk, capfd):
    """Escape sequences and turned directions, whoever said them, are shown as signs and not obeyed."""
    assert "�[2Jnowhere" in desk("status", "\x1b[2Jnowhere").err
    show_rows(("No", "Words"), [("1", "red \x1b[31m alert \u202e backwards\x9b")])
    shown = capfd.readouterr().out
    assert "red �[31m alert � backwards�" in shown


@pytest.fixture
def doubtful(desk, network, story):
    """A desk with delivery 1 that waits for an editor: the answer was lost long ago, and keys no longer count."""
    network.memory.misbehave(Faults(drop_before_store=1))
    assert desk("publish", story(), "--now").status == 1
    network.memory.misbehave(Faults())
    store = open_store(load(desk.room / "syndicate.toml").store_url)
    for _ in range(2):  # Mastodon is asked twice
        with store.write() as tx:
            tx.execute(text("UPDATE deliveries SET due_at = 0, intent_at = intent_at - 36000000"))
        assert desk("publish", story(), "--now").status == 1
    store.close()
    return desk


def test_what_waits_for_an_editor_is_listed(doubtful):
    """`resolve` alone lists what only a person can settle, with the story and what to do."""
    done = doubtful("resolve")
    assert done.status == 0
    assert "cms-4711: Harbour towns" in done.out
    assert "does not show it" in done.out
    assert "syndicate resolve NO --posted URL" in done.err
    assert [post["state"] for post in doubtful("resolve", "--json").data()] == ["unknown"]


def test_an_editor_sees_what_was_tried(doubtful):
    """`resolve NO` shows the post's words, each try with its time and answer, and what may be said of it."""
    done = doubtful("resolve", 1)
    assert done.status == 0
    for words in (
        "Harbour towns",
        "sending",
        "unknown",
        "the answer was lost",
        "waits for you",
        "does not show it",
    ):
        assert words in done.out
    for words in ("--posted URL", "--not-posted", "--drop"):
        assert f"syndicate resolve 1 {words}" in done.err
    tries = doubtful("resolve", 1, "--json").data()["tries"]
    assert [one["what"] for one in tries if one["what"] in ("intent", "unknown", "waits")] == [
        "intent",
        "unknown",
        "waits",
    ]
    assert doubtful("resolve", 7).status == 2


def test_an_editor_says_that_it_is_there(doubtful, network, story):
    """Resolved as posted, a delivery is sent at that address and nothing goes out."""
    done = doubtful("resolve", 1, "--posted", f"{network.url}/@desk/7")
    assert done.status == 0
    assert "sent" in done.err
    assert f"{network.url}/@desk/7" in doubtful("status").out
    assert doubtful("publish", story(), "--now").status == 0
    assert network.memory.posts == []
    assert "Nothing waits for you" in doubtful("resolve").err


def test_an_editor_says_that_it_is_not_there(doubtful, network, story):
    """Resolved as not posted, a delivery is sent, once."""
    told = doubtful("resolve", 1, "--not-posted", "--json")
    assert told.data()["state"] == "ready"
    assert "queue cannot be reached" in told.err
    assert doubtful("publish", story(), "--now").status == 0
    assert len(network.memory.posts) == 1


def test_an_editor_drops_it(doubtful, network, story):
    """Dropped, a delivery is cancelled, and not resolvable twice."""
    assert "cancelled" in doubtful("resolve", 1, "--drop").err
    again = doubtful("resolve", 1, "--drop")
    assert again.status == 2
    assert "nothing to resolve" in again.err
    assert network.memory.posts == []


@pytest.mark.parametrize(
    "words",
    [
        ["--drop"],
        ["1", "--drop", "--not-posted"],
        ["1", "--posted", "yes"],
        ["99", "--drop"],
        ["one", "--drop"],
    ],
)
def test_a_word_that_settles_nothing_is_refused(doubtful, words):
    """`resolve` takes one delivery and one word on it; all else is wrong input and changes nothing."""
    assert doubtful("resolve", *words).status == 2
    assert doubtful("resolve", "--json").data()[0]["state"] == "unknown"


def test_what_is_being_settled_is_not_put_on_the_editor(desk, network, story):
    """A delivery that the network will be asked about is counted, not listed as work for a person."""
    network.memory.misbehave(Faults(drop_after_store=1))
    desk("publish", story(), "--now")
    done = desk("resolve")
    assert "1 post in doubt" in done.err
    assert done.out == ""
    assert json.loads(desk("resolve", "--json").out) == []
