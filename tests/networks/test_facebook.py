"""What Facebook does that others do not, and what Meta's networks share."""

import hashlib
import hmac
import json
import logging
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks.person import REDIRECT, Willing

from syndication.errors import (
    CannotTell,
    InputError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
)
from syndication.networks import connector
from syndication.networks.graph import GRAPH, GRAPH_ENDS, judge
from syndication.networks.http import open_http
from syndication.networks.transport import Answer

FACEBOOK = connector("facebook")
SAMPLES = Path(__file__).parent.parent / "samples"
SAMPLE = json.loads((SAMPLES / "facebook" / "answers.json").read_text(encoding="utf-8"))
PHOTO = json.loads((SAMPLES / "facebook" / "answers-photo.json").read_text(encoding="utf-8"))
PAGE = SAMPLE["secret"]["page"]
OK = {"status": 200, "headers": {}}
NAMES = st.sampled_from(["error", "code", "error_subcode", "x"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@pytest.fixture
def server(scripted):
    return scripted(SAMPLE["happy"])


def http(server, **settings):
    return open_http(FACEBOOK, server.url, SAMPLE["secret"], seconds=3, **settings)


def failed(code, subcode=0, status=400, transient=False, **headers):
    error = {"code": code, "error_subcode": subcode, "is_transient": transient, "message": "egal"}
    return Answer(status, headers, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (1, 0, Unknown), (2, 0, Unknown), (506, 1455006, Unknown),
        (4, 0, RateLimited), (17, 0, RateLimited), (32, 0, RateLimited), (613, 0, RateLimited),
        (80001, 0, RateLimited), (80002, 0, RateLimited), (341, 0, RateLimited), (9, 2207042, RateLimited),
        (368, 1390008, RateLimited),
        (10, 0, Unauthorized), (200, 0, Unauthorized), (299, 0, Unauthorized), (102, 0, Unauthorized),
        *((190, sub, Unauthorized) for sub in (0, 458, 459, 460, 463, 464, 467, 492)),
        (368, 0, Unauthorized), (100, 1404078, Unauthorized), (200, 4854002, Unauthorized),
        (24, 4279013, Unauthorized), (4, 2207051, Unauthorized),
        (368, 1346003, Refused), (100, 1404102, Refused), (1609005, 0, Refused), (100, 33, Refused),
        (36000, 2207004, Refused), (36001, 2207005, Refused), (36003, 2207009, Refused),
        (9004, 2207052, Refused), (1, 2207052, Refused),
        (9007, 2207027, NotSent), (24, 4279009, NotSent),
    ],
)  # fmt: skip
def test_codes_name_who_acts(code, subcode, kind):
    """The subcode says more than the code, and the code more than the status."""
    assert issubclass(judge(failed(code, subcode)).kind, kind)


def test_what_no_code_tells_is_left_to_the_status():
    """Except that a passing trouble is one, and that a fault inside a 200 is one."""
    assert judge(failed(100)) is None
    assert judge(failed(100, transient=True)).kind is Unknown
    assert judge(failed(100, status=200)).kind is Refused
    assert judge(Answer(400, {}, b"<html>")) is None
    assert judge(Answer(200, {}, b'{"id":"1"}')) is None


@given(ODD)
def test_no_answer_is_too_odd_to_be_judged(said):
    """Whatever the body and the header hold, nothing is raised."""
    body = json.dumps(said).encode()
    judge(Answer(400, {"x-business-use-case-usage": body.decode()}, body))
    judge(failed(4, **{"x-business-use-case-usage": body.decode()}))


def test_a_pause_is_the_longest_that_is_told():
    """In minutes, for each thing that is limited."""
    usage = {PAGE: [{"estimated_time_to_regain_access": 0}, {"estimated_time_to_regain_access": 7}], "1": []}
    assert judge(failed(32, **{"x-business-use-case-usage": json.dumps(usage)})).retry_after == 420
    assert judge(failed(32)).retry_after is None


def test_the_version_has_an_end_that_is_known():
    """So that a check can warn before Meta moves us to another one."""
    assert GRAPH == "v25.0"
    assert date(2027, 1, 1) < GRAPH_ENDS


def test_each_request_carries_token_and_proof(server, draft):
    """The token in a header, and in the address only the proof: HMAC-SHA256 of the token under the app's secret."""
    with http(server) as line:
        FACEBOOK.publish(line, draft(), None)
        FACEBOOK.identify(line)
    token, key = SAMPLE["secret"]["access_token"], SAMPLE["secret"]["client_secret"]
    proof = hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()
    for asked in server.asked:
        assert asked.headers["Authorization"] == f"Bearer {token}"
        assert parse_qs(asked.query)["appsecret_proof"] == [proof]
        assert token not in asked.query


def test_facebook_reads_the_page_before_the_post_goes_out(server, draft):
    """The first share of a page that was not read shows no image."""
    with http(server) as line:
        FACEBOOK.publish(line, draft(), None)
    read, posted = (parse_qs(asked.body.decode()) for asked in server.asked)
    assert server.whats() == ["POST /v25.0/", f"POST /v25.0/{PAGE}/feed"]
    assert read == {"id": ["https://news.example/world/4711"], "scrape": ["true"]}
    assert posted == {"message": ["Twelve are missing."], "link": ["https://news.example/world/4711"]}


def test_a_photo_is_described(scripted, draft, image):
    """With its text, its description, and no link card."""
    server = scripted(PHOTO["happy"])
    with http(server) as line:
        FACEBOOK.publish(line, draft(form="image", alt="A ferry, 1912."), image)
        with pytest.raises(Refused) as caught:
            FACEBOOK.publish(line, draft(form="image"), bytes(4_000_001))
    assert "4,000,000" in caught.value.message
    [asked] = server.asked
    assert asked.what == f"POST /v25.0/{PAGE}/photos"
    for part in (b'name="alt_text_custom"\r\n\r\nA ferry, 1912.', b'name="caption"', image):
        assert part in asked.body


def test_what_is_not_done_is_not_taken_for_done(server, draft):
    """Meta also answers with 200 where it has done nothing."""
    post = SAMPLE["receipt"]["id"]
    receipt = FACEBOOK.publish(http(server), draft(), None)
    for what in (f"POST /v25.0/{post}", f"DELETE /v25.0/{post}"):
        server.answers[what] = {**OK, "body": {"success": False}}
    with http(server) as line, pytest.raises(NotSent):
        FACEBOOK.edit(line, receipt, draft(), None)
    with http(server) as line, pytest.raises(NotSent):
        FACEBOOK.withdraw(line, receipt)


def test_a_search_goes_on_until_the_draft_was_made(server, draft):
    """A post pinned to the top does not end it; without an end it says that it cannot tell."""
    where = f"GET /v25.0/{PAGE}/published_posts"
    pinned = {"id": "1_1", "message": "Pinned", "created_time": "2020-01-01T00:00:00+0000"}
    later = {"id": "1_2", "message": "Later", "created_time": "2026-11-20T09:00:00+0000"}
    more = {"cursors": {"after": "QVFIUnext"}, "next": "https://graph.facebook.com/next"}
    last = SAMPLE["happy"][where]
    server.answers[where] = [{**OK, "body": {"data": [pinned, later], "paging": more}}, last]
    with http(server) as line:
        assert FACEBOOK.find(line, draft()).id == SAMPLE["receipt"]["id"]
    assert parse_qs(server.asked[-1].query)["after"] == ["QVFIUnext"]
    server.answers[where] = {**OK, "body": {"data": [later], "paging": more}}
    with http(server) as line, pytest.raises(CannotTell):
        FACEBOOK.find(line, draft())


def connecting(scripted):
    long = {"access_token": "EAAlong-lived-token-of-ada", "token_type": "bearer", "expires_in": 5183944}
    pages = [
        {"id": "11", "name": "The Meridian", "access_token": "EAApage-token-of-the-meridian",
         "instagram_business_account": {"id": "1711", "username": "themeridian"}},
        {"id": "22", "name": "The Meridian Sport", "access_token": "EAApage-token-of-sport"},
    ]  # fmt: skip
    allowed = [
        {"permission": "pages_manage_posts", "status": "granted"},
        {"permission": "pages_read_engagement", "status": "declined"},
        {"permission": "pages_show_list", "status": "granted"},
    ]
    short = {**OK, "body": {"access_token": "EAAshort-lived-token-of-ada", "expires_in": 5000}}
    return scripted({
        "POST /v25.0/oauth/access_token": short,
        "GET /v25.0/oauth/access_token": {**OK, "body": long},
        "GET /v25.0/me/permissions": {**OK, "body": {"data": allowed}},
        "GET /v25.0/me/accounts": {**OK, "body": {"data": pages}},
    })  # fmt: skip


def test_a_person_lets_us_in_and_picks_a_page(scripted, caplog):
    """A person's short token becomes a long one, and that a Page's; only the Page's is kept, and none is logged."""
    caplog.set_level(logging.DEBUG)
    server = connecting(scripted)
    ada = Willing(**{"Client ID": "100200300", "Client secret": "app-secret-of-us", "Page (1 to 2)": "2"})
    secret = FACEBOOK.connect(ada, server.url)
    assert secret == {
        "client_id": "100200300",
        "client_secret": "app-secret-of-us",
        "access_token": "EAApage-token-of-sport",
        "page": "22",
        "scope": "pages_manage_posts pages_show_list",
    }
    assert FACEBOOK.lacks(secret) == ("look for its posts (pages_read_engagement)",)
    assert server.whats() == [
        "POST /v25.0/oauth/access_token", "GET /v25.0/oauth/access_token", "GET /v25.0/me/permissions",
        "GET /v25.0/me/accounts",
    ]  # fmt: skip
    code, exchanged, _, listed = server.asked
    assert parse_qs(code.body.decode())["redirect_uri"] == [REDIRECT]
    assert parse_qs(exchanged.query)["grant_type"] == ["fb_exchange_token"]
    assert "Authorization" not in exchanged.headers
    assert listed.headers["Authorization"] == "Bearer EAAlong-lived-token-of-ada"
    scopes = parse_qs(ada.visited[0].partition("?")[2])["scope"][0].split(",")
    assert "pages_manage_posts" in scopes
    for word in ("app-secret-of-us", "EAAshort", "EAAlong", "the-code-of-the-browser"):
        assert word not in caplog.text


def test_a_page_that_is_not_there_is_not_taken(scripted):
    """The person is told which numbers there are."""
    server = connecting(scripted)
    answers = {"Client ID": "100200300", "Client secret": "app-secret-of-us"}
    with pytest.raises(InputError, match="1 to 2"):
        FACEBOOK.connect(Willing(**answers, **{"Page (1 to 2)": "3"}), server.url)
    server.answers["GET /v25.0/me/accounts"] = {**OK, "body": {"data": []}}
    with pytest.raises(Refused, match="no Page"):
        FACEBOOK.connect(Willing(**answers), server.url)


def test_instagram_by_facebook_is_the_account_of_a_page(scripted):
    """Pages without one are not offered; the Page's token speaks for it."""
    server = connecting(scripted)
    ada = Willing(**{"Client ID": "100200300", "Client secret": "app-secret-of-us", "login (1 to 2)": "1"})
    secret = connector("instagram").connect(ada, server.url)
    assert secret["access_token"] == "EAApage-token-of-the-meridian"
    assert (secret["user"], secret["login"]) == ("1711", "facebook")
    assert "expires_at" not in secret
    assert any("@themeridian" in words for words in ada.said)


@pytest.mark.parametrize(
    ("name", "word"),
    [("google_plus", "2 April 2019"), ("whatsapp_channels", "Channels"), ("flipboard", "RSS")],
)
def test_names_that_are_closed_explain_themselves(name, word):
    """What ended or never was, and what to do instead; exit status 2."""
    with pytest.raises(InputError) as caught:
        connector(name)
    assert word in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("name", "meant"),
    [("facebok", "facebook"), ("Twitter", "x"), ("google+", "google_plus"), ("Mastodon", "mastodon")],
)
def test_a_name_that_nobody_has_is_told_with_the_one_that_was_meant(name, meant):
    """The nearest, or what it is called today; then all there are."""
    with pytest.raises(InputError) as caught:
        connector(name)
    assert caught.value.hint.startswith(f"{meant}, perhaps? Known: mastodon, ")
