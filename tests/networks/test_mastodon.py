"""What Mastodon and its kin do that others do not."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from networks.person import Willing

from syndication.errors import CannotTell, DeliveryError, InputError, NotSent, Refused, Unauthorized, Unknown
from syndication.networks import connector
from syndication.networks.http import open_http

MASTODON = connector("mastodon")
SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)


def said(body, status=200):
    return {"status": status, "headers": {}, "body": body}


def runs(software):
    """What a server says that runs it."""
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    return {
        "GET /.well-known/nodeinfo": said(
            {"links": [{"rel": rel, "href": "https://social.example/nodeinfo/2.0"}]}
        ),
        "GET /nodeinfo/2.0": said({"software": {"name": software, "version": "1"}}),
    }


def status(number, content="<p>Other</p>", at=SINCE):
    when = at.isoformat().replace("+00:00", "Z")
    return {"id": str(number), "url": f"https://s.example/{number}", "content": content, "created_at": when}


BEFORE = status(2, "<p>Before</p>", SINCE - timedelta(days=1))


def http(server, secret=None, **settings):
    whole = {"access_token": "token-of-the-test", **(secret or {})}
    return open_http(MASTODON, server.url, whole, seconds=3, **settings)


@pytest.fixture
def server(scripted):
    return scripted(
        {
            "GET /api/v1/accounts/verify_credentials": said({"id": "7", "username": "meridian"}),
            "GET /api/v1/accounts/7/statuses": said([]),
            "POST /api/v2/media": said({"id": "5", "url": "https://s.example/5.jpg"}),
            "POST /api/v1/statuses": said(status(1)),
        }
    )


def test_the_image_goes_first_with_its_description(server, draft, image):
    """One upload, whole, with the alt text cut to what Mastodon takes; the status names it."""
    with http(server) as line:
        MASTODON.publish(line, draft(alt="Wreck " * 400, language="de_AT"), image)
    upload, create = server.asked
    assert image in upload.body
    description = upload.body.split(b'name="description"\r\n\r\n')[1].split(b"\r\n")[0].decode()
    assert 1400 < len(description) <= 1500
    assert description.endswith("Wreck…")
    body = json.loads(create.body)
    assert body == {
        "status": "Twelve are missing.",
        "media_ids": ["5"],
        "language": "de-AT",
        "visibility": "public",
    }


def test_an_image_in_the_works_is_waited_for(server, draft, image):
    """Mastodon answers 202 and then 206 until the image is ready; the status is not created before."""
    server.answers["POST /api/v2/media"] = said({"id": "5", "url": None}, 202)
    server.answers["GET /api/v1/media/5"] = said({"id": "5", "url": None}, 206)
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            server.answers["GET /api/v1/media/5"] = said({"id": "5", "url": "https://s.example/5.jpg"})

    with http(server, wait=wait) as line:
        MASTODON.publish(line, draft(), image)
    assert server.whats()[1:] == ["GET /api/v1/media/5"] * 3 + ["POST /api/v1/statuses"]


def test_an_image_that_is_never_ready_is_not_waited_for_for_ever(server, draft, image):
    """After a bounded number of questions nothing was posted, and a later try may."""
    server.answers["POST /api/v2/media"] = said({"id": "5", "url": None}, 202)
    server.answers["GET /api/v1/media/5"] = said({"id": "5", "url": None}, 206)
    waits = []
    with http(server, wait=waits.append) as line, pytest.raises(NotSent):
        MASTODON.publish(line, draft(), image)
    assert 10 <= sum(waits) <= 60
    assert "POST /api/v1/statuses" not in server.whats()


@pytest.mark.parametrize(
    "content",
    [
        "<p>Twelve are missing, says @desk.<br>More:</p><p>https://news.example/world/4711</p>",
        '<p>Twelve are missing, says <span class="h-card"><a href="https://news.example/@desk" class="mention">@<span>'
        'desk</span></a></span>.<br />More:</p><p><a href="https://news.example/world/4711"><span class="invisible">'
        'https://</span><span class="ellipsis">news.example/wor</span><span class="invisible">ld/4711</span></a></p>',
        '<p>Twelve are missing, says @desk@news.example.</p><p>More: <a href="https://news.example/world/4711">'
        "news.example/wo…</a></p>",
        "Twelve are missing, says @desk. <strong>More</strong>: https://news.example/world/4711",
    ],
    ids=["plain", "mastodon", "shortened", "other markup"],
)
def test_a_post_is_recognised_by_what_it_says(server, draft, content):
    """Servers mark up links, mentions and lines each in their own way; letters and digits remain."""
    text = "Twelve are missing, says @desk@news.example.\nMore:\n\nhttps://news.example/world/4711"
    server.answers["GET /api/v1/accounts/7/statuses"] = said([status(9), status(8, content), BEFORE])
    with http(server) as line:
        assert MASTODON.find(line, draft(text=text)).id == "8"
        assert MASTODON.find(line, draft(text=text.replace("Twelve", "Eleven"))) is None


def test_an_older_post_that_says_the_same_is_not_ours(server, draft):
    """A story told again in the same words is another post; clocks may differ by minutes."""
    content = "<p>Twelve are missing.</p>"
    yesterday = status(3, content, SINCE - timedelta(days=1))
    server.answers["GET /api/v1/accounts/7/statuses"] = said([yesterday])
    with http(server) as line:
        assert MASTODON.find(line, draft()) is None
        skewed = status(4, content, SINCE - timedelta(minutes=5))
        server.answers["GET /api/v1/accounts/7/statuses"] = said([skewed, yesterday])
        assert MASTODON.find(line, draft()).id == "4"


def test_an_account_that_posts_without_end_cannot_be_searched(server, draft):
    """It is asked page by page, and given up as CannotTell rather than taken for "not there"."""
    server.answers["GET /api/v1/accounts/7/statuses"] = said([status(n) for n in range(900, 860, -1)])
    with http(server) as line, pytest.raises(CannotTell):
        MASTODON.find(line, draft())
    pages = [asked for asked in server.asked if asked.what.endswith("/statuses")]
    assert 2 <= len(pages) <= 20
    assert "max_id=861" in pages[1].query


def test_a_key_at_work_is_doubt(server, draft):
    """Pleroma says 409 while the first request of a key runs: the post may be there."""
    server.answers["POST /api/v1/statuses"] = said({"error": "Konflikt"}, 409)
    with http(server) as line, pytest.raises(Unknown):
        MASTODON.publish(line, draft(card=None), None)


def key_of(server):
    return server.asked[-1].headers.get("Idempotency-Key")


def test_a_key_that_was_refused_is_burnt(server, draft):
    """Pleroma repeats a refusal for its key: the next try has another, as has another text; doubt changes none."""
    kept, keys = {}, []
    for answer in (said({}, 500), said({"error": "no"}, 429), said({"error": "no"}, 422), said(status(1))):
        server.answers["POST /api/v1/statuses"] = answer
        with http(server, progress=kept, note=kept.update) as line, suppress(DeliveryError):
            MASTODON.publish(line, draft(card=None), None)
        keys.append(key_of(server))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    with http(server) as line:
        MASTODON.publish(line, draft(card=None, text="Eleven."), None)
    assert key_of(server) not in keys
    assert all(len(key) <= 64 for key in keys)


@pytest.mark.parametrize(
    ("software", "minutes"),
    [("mastodon", 50), ("hollo", 50), ("akkoma", 50), ("gotosocial", 0), ("friendica", 0), ("pixelfed", 0),
     ("takahe", 0), ("a-fork", 0), ("", 0)],
)  # fmt: skip
def test_a_repeat_is_harmless_only_where_keys_are_known(scripted, software, minutes):
    """A server says itself what it runs; where keys are ignored nothing is sent twice unasked."""
    server = scripted(
        {**(runs(software) if software else {"GET /*": said({}, 404)}), "GET /api/v2/instance": said({})}
    )
    kept = []
    with http(server, {"software": ""}, keep=kept.append) as line:
        MASTODON.read_limits(line)
        secret = line.secret
    assert secret["software"] == software
    assert kept == [secret]
    assert MASTODON.replay_of(secret) == timedelta(minutes=minutes)


def test_pixelfed_gets_no_key_and_always_an_image(server, draft, image):
    """It stores a key before it looks at the post, and its posts are pictures."""
    with http(server, {"software": "pixelfed", "alt": "1000"}) as line:
        for plain in (draft(card=None), draft(form="crawled")):
            with pytest.raises(Refused, match="image"):
                MASTODON.publish(line, plain, image)
        assert server.asked == []
        MASTODON.publish(line, draft(alt="Wreck " * 400), image)
    assert key_of(server) is None
    description = server.asked[0].body.split(b'name="description"\r\n\r\n')[1].split(b"\r\n")[0].decode()
    assert 900 < len(description) <= 1000


def test_a_post_whose_card_the_servers_make_carries_no_image(server, draft, image):
    """By choice: each server draws the link card from the page."""
    with http(server) as line:
        MASTODON.publish(line, draft(form="crawled"), image)
    assert server.whats() == ["POST /api/v1/statuses"]


def test_a_card_of_too_many_bytes_is_refused_before_anything_is_sent(server, draft, image):
    """The words say how many it takes."""
    with http(server) as line, pytest.raises(Refused, match="16,777,216"):
        MASTODON.publish(line, draft(), image * 900)
    assert server.asked == []


class Allowing(Willing):
    def own_client(self):
        return None

    def redirect(self, *, own=False, at=""):
        assert own
        return "http://127.0.0.1:8765/"


@pytest.mark.parametrize(
    ("software", "discovery", "scopes"),
    [
        ("mastodon", {"scopes_supported": ["read", "profile"], "code_challenge_methods_supported": ["S256"]},
         "profile read:statuses write:statuses write:media"),
        ("mastodon", None, "read:accounts read:statuses write:statuses write:media"),
        ("gotosocial", {"scopes_supported": ["read", "write", "profile"]},
         "profile read:statuses write:statuses write:media"),
        ("pixelfed", None, "read write"),
        ("friendica", None, "read write"),
    ],
)  # fmt: skip
def test_each_server_is_asked_for_scopes_it_knows(scripted, software, discovery, scopes):
    """No more than we need where the server knows the finer ones; PKCE where it says so."""
    token = {"access_token": "the-token", "token_type": "Bearer", "scope": "whatever"}
    server = scripted({
        **runs(software), "POST /oauth/token": said(token),
        "POST /api/v1/apps": said({"client_id": "the-app", "client_secret": "the-app-secret", "id": 1}),
        "GET /.well-known/oauth-authorization-server": said(discovery) if discovery else said(b"<html>"),
    })  # fmt: skip
    person = Allowing()
    secret = MASTODON.connect(person, server.url)
    assert secret == {
        "access_token": "the-token", "client_id": "the-app", "client_secret": "the-app-secret", "software": software,
        "scope": "whatever",
    }  # fmt: skip
    asked = parse_qs(urlsplit(person.visited[0]).query)
    assert asked["scope"] == [scopes]
    registered = next(one for one in server.asked if one.what == "POST /api/v1/apps")
    assert parse_qs(registered.body.decode())["scopes"] == [scopes]
    assert ("code_challenge" in asked) == bool(discovery and "code_challenge_methods_supported" in discovery)


def test_pixelfeds_tokens_are_renewed_before_they_end(server, draft, image):
    """They last a year; the new pair is stored before it is used."""
    server.answers["POST /oauth/token"] = said(
        {"access_token": "new-token", "refresh_token": "r2", "expires_in": 9e6}
    )
    old = {
        "expires_at": str(int(time.time()) + 60),
        "refresh_token": "r1",
        "client_id": "c",
        "client_secret": "s",
    }
    kept = []
    with http(server, {"software": "pixelfed", **old}, keep=kept.append) as line:
        MASTODON.publish(line, draft(), image)
    assert kept[0]["refresh_token"] == "r2"
    assert {one.headers["Authorization"] for one in server.asked[1:]} == {"Bearer new-token"}


@pytest.mark.parametrize("software", ["misskey", "Sharkey"])
def test_a_server_of_another_kind_is_named(scripted, software):
    """The words say which command is right; nothing is registered there."""
    server = scripted(runs(software))
    with pytest.raises(InputError) as caught:
        MASTODON.connect(Allowing(), server.url)
    assert software.title() in caught.value.message
    assert f"connect misskey --server {server.url}" in caught.value.hint
    assert "POST /api/v1/apps" not in server.whats()


def test_a_nodeinfo_elsewhere_is_not_followed(scripted):
    """Of the address that a server names only the path is asked, at the server itself."""
    other = scripted({"GET /nodeinfo/2.0": said({"software": {"name": "misskey"}})})
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    server = scripted({
        "GET /.well-known/nodeinfo": said({"links": [{"rel": rel, "href": f"{other.url}/nodeinfo/2.0"}]}),
        "GET /nodeinfo/2.0": said({}, 404), "GET /api/v2/instance": said({}),
    })  # fmt: skip
    with http(server) as line:
        MASTODON.read_limits(line)
    assert other.asked == []
    assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("document", "text", "alt"),
    [
        ({"configuration": {"statuses": {"max_characters": 5000}}}, 5000, 1500),
        ({"max_toot_chars": 3000}, 3000, 1500),
        ({"configuration": {"media_attachments": {"description_limit": 400}}}, 500, 400),
        ({}, 500, 1500),
    ],
)
def test_limits_are_the_servers_own(scripted, document, text, alt):
    """Also from the older instance document, and with Mastodon's own where the server says nothing."""
    older = scripted(
        {
            **runs("mastodon"),
            "GET /api/v2/instance": said({"error": "no"}, 404),
            "GET /api/v1/instance": said(document),
        }
    )
    with http(older) as line:
        limits = MASTODON.read_limits(line)
    assert (limits.text, limits.alt, limits.link_cost, limits.link_in_text) == (text, alt, 23, True)


@pytest.mark.parametrize("characters", [0, -1, 10**12, "many", None, 12.5])
def test_limits_nobody_can_mean_are_not_taken(scripted, characters):
    """A server's nonsense is no limit."""
    document = {"configuration": {"statuses": {"max_characters": characters}}}
    odd = scripted({**runs("mastodon"), "GET /api/v2/instance": said(document)})
    with http(odd) as line, pytest.raises(NotSent):
        MASTODON.read_limits(line)


def test_an_address_that_is_no_web_address_is_not_passed_on(server, draft):
    """What a server calls its post's URL is shown to editors as a link."""
    server.answers["POST /api/v1/statuses"] = said({**status(1), "url": "javascript:alert(1)"})
    with http(server) as line:
        assert MASTODON.publish(line, draft(card=None), None).url == ""


def test_a_dead_token_is_the_operators(server, draft, image):
    """Whichever request meets it first."""
    server.answers["POST /api/v2/media"] = said({"error": "The access token was revoked"}, 401)
    with http(server) as line, pytest.raises(Unauthorized) as caught:
        MASTODON.publish(line, draft(), image)
    assert "revoked" in caught.value.message
