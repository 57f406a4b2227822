"""What Mastodon and its kin do that others do not."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from syndication.errors import CannotTell, NotSent, Unauthorized, Unknown
from syndication.networks import connector
from syndication.networks.http import open_http

MASTODON = connector("mastodon")
SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)


def said(body, status=200):
    return {"status": status, "headers": {}, "body": body}


def status(number, content="<p>Other</p>", at=SINCE):
    when = at.isoformat().replace("+00:00", "Z")
    return {"id": str(number), "url": f"https://s.example/{number}", "content": content, "created_at": when}


BEFORE = status(2, "<p>Before</p>", SINCE - timedelta(days=1))


def http(server, **settings):
    return open_http(MASTODON, server.url, {"access_token": "token-of-the-test"}, seconds=3, **settings)


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


@pytest.mark.parametrize(
    ("status_code", "words"),
    [(409, "Conflict"), (400, "Duplicate idempotency key.")],
    ids=["pleroma", "pixelfed"],
)
def test_a_key_the_server_has_seen_is_doubt(server, draft, status_code, words):
    """Pleroma says 409 while the first request runs, Pixelfed 400 ever after: the post may be there."""
    server.answers["POST /api/v1/statuses"] = said({"error": words}, status_code)
    with http(server) as line, pytest.raises(Unknown):
        MASTODON.publish(line, draft(card=None), None)


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
        {"GET /api/v2/instance": said({"error": "no"}, 404), "GET /api/v1/instance": said(document)}
    )
    with http(older) as line:
        limits = MASTODON.read_limits(line)
    assert (limits.text, limits.alt, limits.link_cost, limits.link_in_text) == (text, alt, 23, True)


@pytest.mark.parametrize("characters", [0, -1, 10**12, "many", None, 12.5])
def test_limits_nobody_can_mean_are_not_taken(scripted, characters):
    """A server's nonsense is no limit."""
    document = {"configuration": {"statuses": {"max_characters": characters}}}
    odd = scripted({"GET /api/v2/instance": said(document)})
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
