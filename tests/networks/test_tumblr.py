"""What is Tumblr's own: blocks, links by code points, limits in headers of their own."""

import json
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks.person import Person

from syndication.errors import CannotTell, InputError, RateLimited, Unauthorized
from syndication.networks import connector, login, tumblr
from syndication.networks.http import open_http
from syndication.networks.transport import Answer

NETWORK = connector("tumblr")
SECRET = {"access_token": "a-token-of-the-meridian", "blog": "meridian-news"}
POSTS = "/v2/blog/meridian-news/posts"
LINK = "https://news.example/world/4711"


def ok(body, status=200):
    return {"status": status, "headers": {}, "body": {"meta": {"status": status}, "response": body}}


@pytest.fixture
def posted(scripted, draft):
    """The parts of the request that such a draft becomes."""

    def publish(image=None, **parts):
        server = scripted({f"POST {POSTS}": ok({"id": "4711"}, 201)})
        with open_http(NETWORK, server.url, SECRET) as http:
            NETWORK.publish(http, draft(**parts), image)
        asked = server.asked[0]
        kind = asked.headers["Content-Type"]
        if kind.startswith("application/json"):
            return json.loads(asked.body), None
        form = message_from_bytes(
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + asked.body, policy=policy.HTTP
        )
        first, second = form.iter_parts()
        assert first.get_param("name", header="content-disposition") == "json"
        assert first.get_content_type() == "application/json"
        return json.loads(first.get_payload(decode=True)), second

    return publish


def test_a_link_is_crawled_unless_we_make_its_card(posted):
    """A link block with nothing but the address is filled by Tumblr from the page; any other field would stop that."""
    text = {"type": "text", "text": "Twelve are missing.", "formatting": []}
    crawled, _ = posted(tags=("Sea, storms", "Ferries"))
    assert crawled == {"content": [text, {"type": "link", "url": LINK}], "tags": "Sea  storms,Ferries"}
    made, _ = posted(form="made", image_url="https://news.example/cards/a.jpg")
    poster = {"type": "image/jpeg", "url": "https://news.example/cards/a.jpg", "width": 1200, "height": 630}
    assert made["content"][1] == {
        "type": "link", "url": LINK, "title": "Ferry sinks off the coast", "description": "Twelve are missing.",
        "poster": [poster],
    }  # fmt: skip
    assert "poster" not in posted(form="made")[0]["content"][1]


def test_an_image_stands_first_with_its_description(posted, image):
    """Its bytes are a part of the request, named in the block."""
    body, file = posted(image, form="image", text=f"Twelve.\n\n{LINK}")
    block = body["content"][0]
    assert block["alt_text"] == "A ferry."
    assert block["media"][0]["identifier"] == file.get_param("name", header="content-disposition")
    assert file.get_content_type() == "image/jpeg"
    assert file.get_payload(decode=True) == image
    assert [block["text"] for block in body["content"][1:]] == ["Twelve.", LINK]


@given(st.text(max_size=30), st.text(max_size=30))
def test_links_are_marked_by_code_points(before, after):
    """An emoji of five code points counts five, before and within."""
    for mark in tumblr._text(f"{before} {LINK}?q=世 {after}")["formatting"]:
        said = f"{before} {LINK}?q=世 {after}"
        assert said[mark["start"] : mark["end"]] == mark["url"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-perhour-remaining": "0", "x-ratelimit-perhour-reset": "2132"}, 2132),
        ({"x-ratelimit-perday-remaining": "0", "x-ratelimit-perday-reset": "84932"}, 84932),
        ({"x-ratelimit-perday-remaining": "0", "x-ratelimit-perday-reset": "9" * 400}, None),
        ({"x-ratelimit-perday-remaining": "0", "x-ratelimit-perday-reset": "99999999"}, 86400),
        ({"x-ratelimit-perhour-remaining": "610", "x-ratelimit-perhour-reset": "753"}, None),
        ({"x-ratelimit-perhour-remaining": "0", "x-ratelimit-perhour-reset": "soon"}, None),
    ],
)
def test_the_limit_that_is_used_up_says_how_long(headers, seconds):
    """The resets of both stand in every answer; only that of the one used up means anything."""
    verdict = NETWORK.refine(Answer(429, headers, b"{}"))
    assert (verdict.kind, verdict.retry_after) == (RateLimited, seconds)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"errors": "x"}', b'{"errors": [7]}', b'{"errors": [{"code": "8023"}]}']
)
def test_an_answer_of_any_form_is_borne(body):
    """What has no subcode is left to the common table."""
    assert NETWORK.refine(Answer(403, {}, body)) is None


def test_a_blog_that_posts_without_end_is_not_read_to_its_end(scripted, draft):
    """After 300 posts a person is asked."""
    page = [{"id_string": "1", "timestamp": 4_000_000_000, "content": [{"type": "text", "text": "x"}]}] * 20
    server = scripted({f"GET {POSTS}": ok({"posts": page})})
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(CannotTell):
        NETWORK.find(http, draft())
    assert [asked.query.split("offset=")[1] for asked in server.asked[:3]] == ["0", "20", "40"]


def test_a_blog_that_is_gone_pauses_the_account(scripted):
    """The login may still be good."""
    server = scripted({"GET /v2/user/info": ok({"user": {"blogs": [{"name": "another"}]}})})
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(Unauthorized):
        NETWORK.identify(http)


@pytest.fixture
def connect(scripted, monkeypatch):
    """Connects a person to an account with such blogs, past the dance, which test_oauth1 and test_oauth2 are about."""

    def run(person, *names):
        monkeypatch.setattr(login, "allow_oauth1", lambda *_: {"access_token": "a-token-of-the-meridian"})
        blogs = [{"name": name, "title": name.title()} for name in names]
        server = scripted({"GET /v2/user/info": ok({"user": {"blogs": blogs}})})
        return NETWORK.connect(person, server.url)["blog"]

    return run


def test_a_person_chooses_among_their_blogs(connect):
    """From a list; where there is one, nobody is asked."""
    person = Person(OAuth_1_or_2="1", Blog="meridian-sport")
    assert connect(person, "meridian-news", "meridian-sport") == "meridian-sport"
    assert person.said[-1] == "meridian-news  Meridian-News\nmeridian-sport  Meridian-Sport"
    assert connect(Person(OAuth_1_or_2="1"), "meridian-news") == "meridian-news"
    with pytest.raises(InputError, match="no blog other"):
        connect(Person(OAuth_1_or_2="1", Blog="other"), "meridian-news", "meridian-sport")


def test_only_two_kinds_of_oauth_are_known():
    """An editor's slip is answered with what would be right."""
    with pytest.raises(InputError, match="no OAuth 3"):
        NETWORK.connect(Person(OAuth_1_or_2="3"), "https://api.tumblr.com")
