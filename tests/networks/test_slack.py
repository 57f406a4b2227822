"""What Slack does that others do not."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks.person import REDIRECT, Willing

from syndication.errors import CannotTell, InputError, RateLimited, Refused, Unauthorized
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.networks.slack import escaped, rich

SLACK = connector("slack")
HOOK = {"webhook": "T1/B2/webhook-of-the-tests"}
BOT = {"token": "xoxb-token-of-the-tests", "home": "https://m.slack.example/", "channel": "C42"}
POST = "POST /api/chat.postMessage"
HOOKED = "POST /services/T1/B2/webhook-of-the-tests"
CARD = "https://news.example/cards/a.jpg"


def ok(**body):
    return {"status": 200, "headers": {}, "body": {"ok": True, **body}}


def bad(error, status=200):
    return {"status": status, "headers": {}, "body": {"ok": False, "error": error}}


@pytest.fixture
def server(scripted):
    plain = {"status": 200, "headers": {}, "body": "ok"}
    sent = ok(channel="C42", ts="1795161604.120479")
    return scripted({POST: sent, "POST /api/chat.update": sent, HOOKED: plain})


def http(server, secret=BOT, **settings):
    return open_http(SLACK, server.url, secret, seconds=3, **settings)


def test_a_crawled_post_is_text_that_slack_unfolds(server, draft, image):
    """What Slack reads as its own is escaped, and nothing is formatted; the key lies in the metadata."""
    with http(server) as line:
        receipt = SLACK.publish(line, draft(text="*A* & B <!channel> https://a.example/?b=1&c=2"), image)
    assert json.loads(server.asked[0].body) == {
        "channel": "C42",
        "text": "*A* &amp; B &lt;!channel&gt; https://a.example/?b=1&amp;c=2",
        "mrkdwn": False,
        "unfurl_links": True,
        "unfurl_media": True,
        "metadata": {"event_type": "story_published", "event_payload": {"key": "4711" * 16}},
    }
    assert receipt.url == "https://m.slack.example/archives/C42/p1795161604120479"


def test_an_image_is_fetched_from_its_public_address_and_described(server, draft, image):
    """Without a second card for the link; without a public address it says what to set."""
    with http(server) as line:
        SLACK.publish(line, draft(form="image", image_url=CARD, text="A https://a.example/1 b"), image)
    body = json.loads(server.asked[0].body)
    text, picture = body["blocks"]
    assert picture == {"type": "image", "image_url": CARD, "alt_text": "A ferry."}
    assert text["elements"][0]["elements"] == [
        {"type": "text", "text": "A "},
        {"type": "link", "url": "https://a.example/1"},
        {"type": "text", "text": " b"},
    ]
    assert not body["unfurl_links"]
    with http(server) as line, pytest.raises(Refused) as caught:
        SLACK.publish(line, draft(form="image"), image)
    assert "base_url" in caught.value.hint


def test_an_edit_takes_the_image_off_where_there_is_none_now(server, draft):
    """Blocks that are not named would stay."""
    with http(server) as line:
        SLACK.edit(line, SLACK.publish(line, draft(card=None), None), draft(card=None), None)
    assert json.loads(server.asked[1].body)["blocks"] == []


def test_a_bot_that_may_not_read_cannot_tell(server, draft):
    """Its token is no worse for posting; one that is dead is named so."""
    server.answers["GET /api/conversations.history"] = bad("missing_scope")
    with http(server) as line, pytest.raises(CannotTell, match="channels:history"):
        SLACK.find(line, draft())
    server.answers["GET /api/conversations.history"] = bad("token_revoked")
    with http(server) as line, pytest.raises(Unauthorized):
        SLACK.find(line, draft())


def test_a_limit_without_a_time_is_one_all_the_same(server, draft):
    """Some refusals for too many messages come as a 200 and say no time."""
    server.answers[POST] = bad("message_limit_exceeded")
    with http(server) as line, pytest.raises(RateLimited) as caught:
        SLACK.publish(line, draft(), None)
    assert caught.value.retry_after is None


def test_a_webhook_is_tested_without_posting(server):
    """A message without text is refused; one that is gone says so."""
    server.answers[HOOKED] = {"status": 400, "headers": {}, "body": "no_text"}
    with http(server, HOOK) as line:
        assert SLACK.identify(line) == "webhook B2"
        assert server.asked[0].body == b"{}"
        server.answers[HOOKED] = {"status": 404, "headers": {}, "body": "no_active_hooks"}
        with pytest.raises(Unauthorized):
            SLACK.identify(line)


def test_a_webhook_is_connected_by_its_address(server, desk):
    """Typed unseen; an address elsewhere is none."""
    person = desk("https://hooks.slack.com/services/T1/B2/webhooksecretofmeridian")
    assert SLACK.connect(person, server.url) == {"webhook": "T1/B2/webhooksecretofmeridian"}
    assert person.hidden == ["Webhook URL, bot token, or browser"]
    with pytest.raises(InputError):
        SLACK.connect(desk("https://hooks.slack.com.example/services/T1/B2/abcdefghijk"), server.url)
    assert server.asked == []


def test_a_bot_is_connected_to_a_channel_it_was_invited_to(server, desk):
    """Over all pages; where it may not list them, the editor names one."""
    pages = [
        ok(channels=[{"id": "C41", "name": "random"}], response_metadata={"next_cursor": "more"}),
        ok(
            channels=[{"id": "C42", "name": "news", "is_member": True}], response_metadata={"next_cursor": ""}
        ),
    ]
    who = {"user": "meridian", "url": "https://m.slack.example/"}
    server.answers |= {"GET /api/conversations.list": pages, "POST /api/auth.test": ok(**who)}
    assert SLACK.connect(desk(BOT["token"]), server.url) == BOT
    server.answers["GET /api/conversations.list"] = bad("missing_scope")
    assert SLACK.connect(desk(BOT["token"], "C42"), server.url) == BOT


def read(block):
    return "".join(part.get("text", part.get("url")) for part in block["elements"][0]["elements"])


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)
linked = st.builds(
    "{} http{}://{}.example/{}{}".format,
    words,
    st.sampled_from(["", "s"]),
    words,
    words,
    st.sampled_from(["", " "]),
)


@given(st.text(min_size=1, max_size=300) | st.lists(linked, min_size=1, max_size=4).map("".join))
def test_no_text_is_changed_on_its_way(text):
    """Escaped, it reads the same, and holds none of Slack's marks; as a block it is the same, part by part."""
    done = escaped(text)
    assert not set(done) & set("<>")
    assert done.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text
    assert read(rich(text)) == text


def installing(scripted, **answer):
    granted = {"access_token": BOT["token"], "token_type": "bot", "scope": "chat:write", **answer}
    channels = [{"id": "C42", "name": "news", "is_member": True}]
    return scripted({
        "POST /api/oauth.v2.access": ok(**granted),
        "POST /api/auth.test": ok(user="meridian", url="https://m.slack.example/"),
        "GET /api/conversations.list": ok(channels=channels),
    })  # fmt: skip


def installer():
    answers = {
        "Webhook URL, bot token, or browser": "browser",
        "Client ID": "1.2",
        "Client secret": "the-app-secret",
    }
    return Willing(**answers)


def test_an_app_is_installed_by_browser(scripted):
    """OAuth v2: bot scopes joined by commas, and the bot token of the answer is what is kept."""
    server, person = installing(scripted), installer()
    assert SLACK.connect(person, server.url) == BOT
    asked = parse_qs(urlsplit(person.visited[0]).query)
    assert asked["scope"] == ["chat:write,channels:read,groups:read,channels:history,groups:history"]
    form = parse_qs(server.asked[0].body.decode())
    assert (form["code"], form["redirect_uri"]) == (["the-code-of-the-browser"], [REDIRECT])
    assert form["client_secret"] == ["the-app-secret"]


def test_an_install_that_slack_refuses_says_why(scripted):
    """With a 200 and the name of the error; and tokens that end in half a day are not taken for lasting ones."""
    server = scripted({"POST /api/oauth.v2.access": bad("invalid_code")})
    with pytest.raises(Refused, match="invalid_code"):
        SLACK.connect(installer(), server.url)
    with pytest.raises(Refused, match="twelve hours") as caught:
        SLACK.connect(installer(), installing(scripted, refresh_token="xoxe-1-of-the-tests").url)
    assert "rotation" in caught.value.hint
