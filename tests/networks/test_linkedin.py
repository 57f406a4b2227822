"""What LinkedIn does that others do not."""

import json
import time
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from networks.person import Willing

from syndication.errors import CannotTell, NotSent, Refused, Unauthorized, Unknown
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.text import links
from syndication.text.little import little, shown

LINKEDIN = connector("linkedin")
SAMPLES = Path(__file__).parent.parent / "samples" / "linkedin"
SAMPLE = json.loads((SAMPLES / "answers.json").read_text(encoding="utf-8"))
MEMBER = json.loads((SAMPLES / "answers-member.json").read_text(encoding="utf-8"))
URN = SAMPLE["receipt"]["id"]
POST = f"/rest/posts/{URN.replace(':', '%3A')}"
DUPLICATE = next(each["answer"] for each in SAMPLE["refusals"] if "duplicate" in each["says"])
OK = {"status": 200, "headers": {}}
MARKS = st.text("#a_ä\\{}|@[]()<>*~hashtg/:.p s", max_size=60)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | MARKS


@pytest.fixture
def server(scripted):
    return scripted(SAMPLE["happy"])


def http(server, secret=SAMPLE["secret"], **settings):
    return open_http(LINKEDIN, server.url, secret, seconds=3, wait=lambda _: None, **settings)


@given(TEXTS)
@example("{hashtag|\\#|tag}")
@example("#Ferry at https://news.example/a_(b)#part_2 #1 a#b &#39; #a_b")
def test_little_text_says_what_the_text_says(text):
    """Every text comes back from what is sent for it."""
    assert shown(little(text)) == text


@given(TEXTS)
@example("Losses of 4% (about $3) [updated] *today* @desk <b> ~5 a|b _c_ \\ {x}")
def test_no_reserved_character_is_sent_bare(text):
    """One alone would end the post there, in silence: all have a backslash, except in the marks of a hashtag."""
    bare = regex.sub(r"\{hashtag\|\\#\|(?:\\.|[^\\|{}@\[\]()<>#*_~])+\}", "", little(text))
    bare = regex.sub(r"\\[\\|{}@\[\]()<>#*_~]", "", bare)
    assert not regex.search(r"[\\|{}@\[\]()<>#*_~]", bare)


def test_hashtags_are_told_as_such_and_links_are_left_alone():
    """A number sign in an address, before a number or within a word makes no hashtag."""
    text = "#Ferry and #Nord_See: https://news.example/a#part, #1, C#sharp"
    assert little(text) == (
        "{hashtag|\\#|Ferry} and {hashtag|\\#|Nord\\_See}: https://news.example/a\\#part, \\#1, C\\#sharp"
    )
    assert len(links(text)) == 1


def test_the_link_card_is_made_by_us(server, draft, image):
    """LinkedIn reads no page: title, description and the image go with the post, under a version."""
    with http(server) as line:
        LINKEDIN.publish(line, draft(text="Twelve (12) are missing."), image)
    begun, sent, _, _, posted = server.asked
    assert begun.query == "action=initializeUpload"
    assert json.loads(begun.body) == {"initializeUploadRequest": {"owner": SAMPLE["secret"]["author"]}}
    assert (sent.body, sent.headers["Content-Type"]) == (image, "image/jpeg")
    body = json.loads(posted.body)
    assert body["commentary"] == "Twelve \\(12\\) are missing."
    assert body["content"] == {
        "article": {
            "source": "https://news.example/world/4711",
            "title": "Ferry sinks off the coast",
            "description": "Twelve are missing.",
            "thumbnail": "urn:li:image:D4E10AQmeridian1",
        }
    }
    assert (body["visibility"], body["lifecycleState"]) == ("PUBLIC", "PUBLISHED")
    assert posted.headers["LinkedIn-Version"] == "202609"
    assert posted.headers["X-Restli-Protocol-Version"] == "2.0.0"


def test_an_attached_image_is_described(server, draft, image):
    """It takes the place of the link card."""
    with http(server) as line:
        LINKEDIN.publish(line, draft(form="image"), image)
        line_body = json.loads(server.asked[-1].body)
    assert line_body["content"] == {"media": {"id": "urn:li:image:D4E10AQmeridian1", "altText": "A ferry."}}


@pytest.mark.parametrize(("status", "kind"), [("PROCESSING_FAILED", Refused), ("PROCESSING", NotSent)])
def test_an_image_that_is_not_ready_is_not_posted(server, draft, image, status, kind):
    """Refused where it never will be, tried again where it may."""
    what = next(what for what in server.answers if what.startswith("GET /rest/images/"))
    server.answers[what] = {**OK, "body": {"status": status}}
    with http(server) as line, pytest.raises(kind):
        LINKEDIN.publish(line, draft(), image)
    assert SAMPLE["create"] not in server.whats()


def doubted(server, draft, progress, secret=SAMPLE["secret"]):
    """A post that LinkedIn took for a repetition, and then what is found of it."""
    server.answers["POST /rest/posts"] = DUPLICATE
    with http(server, secret, note=progress.update) as line, pytest.raises(Unknown):
        LINKEDIN.publish(line, draft(), None)
    assert progress == {"urn": URN}
    server.forget()
    with http(server, secret, progress=progress) as line:
        return LINKEDIN.find(line, draft())


def test_a_repetition_is_found_by_the_name_that_linkedin_gives(server, draft):
    """It is looked at before it is believed."""
    server.answers[f"GET {POST}"] = {**OK, "body": {"id": URN, "commentary": "Twelve are missing."}}
    assert doubted(server, draft, {}).id == URN
    assert server.whats() == [f"GET {POST}"]


@pytest.mark.parametrize("how", ["removed", "another"])
def test_a_repetition_of_what_is_not_there_is_not_believed(server, draft, how):
    """LinkedIn names posts that were removed; then the Page's own are searched."""
    there = {"id": URN, "commentary": "Another story"}
    gone = {"status": 404, "headers": {}, "body": {"message": "Could not find entity"}}
    server.answers[f"GET {POST}"] = gone if how == "removed" else {**OK, "body": there}
    server.answers.update(SAMPLE["not_there"])
    assert doubted(server, draft, {}) is None


@pytest.mark.parametrize("status", [403, 404])
def test_what_a_member_posted_is_for_a_person_to_see(scripted, draft, status):
    """LinkedIn does not show it to apps; the name that it gave stands in the words."""
    server = scripted(MEMBER["happy"])
    server.answers[f"GET {POST}"] = {"status": status, "headers": {}, "body": {"message": "no"}}
    with pytest.raises(CannotTell) as caught:
        doubted(server, draft, {}, MEMBER["secret"])
    assert (URN in caught.value.message) == (status == 403)


def test_a_search_goes_on_until_the_draft_was_made(server, draft):
    """Page by page, and says so where there is no end."""
    later = {"id": "urn:li:share:9", "commentary": "Later", "createdAt": 4_000_000_000_000}
    page, last = {**OK, "body": {"elements": [later]}}, SAMPLE["happy"]["GET /rest/posts"]
    server.answers["GET /rest/posts"] = [page, last]
    with http(server) as line:
        assert LINKEDIN.find(line, draft()).id == URN
    first, second = (parse_qs(asked.query) for asked in server.asked)
    assert (first["start"], second["start"]) == (["0"], ["50"])
    assert first["author"] == [SAMPLE["secret"]["author"]]
    assert server.asked[0].headers["X-RestLi-Method"] == "FINDER"
    server.answers["GET /rest/posts"] = page
    with http(server) as line, pytest.raises(CannotTell):
        LINKEDIN.find(line, draft())


def test_an_edit_changes_the_text_alone(server, draft):
    """By a partial update, escaped as well."""
    with http(server) as line:
        LINKEDIN.edit(line, LINKEDIN.publish(line, draft(), None), draft(text="Eleven (11)."), None)
    asked = server.asked[-1]
    assert asked.headers["X-RestLi-Method"] == "PARTIAL_UPDATE"
    assert json.loads(asked.body) == {"patch": {"$set": {"commentary": "Eleven \\(11\\)."}}}


def test_access_that_nobody_renews_ends(scripted, draft):
    """After 60 days; who is LinkedIn's partner has it renewed."""
    server = scripted({**MEMBER["happy"], "POST /oauth/v2/accessToken": {
        **OK, "body": {"access_token": "AQVrenewed-token", "expires_in": 5184000, "refresh_token": "AQWrenewed"},
    }})  # fmt: skip
    over = {**MEMBER["secret"], "expires_at": str(int(time.time()) - 5)}
    with http(server, over) as line, pytest.raises(Unauthorized, match="Connect the account again"):
        LINKEDIN.identify(line)
    kept = {}
    with http(server, {**over, "refresh_token": "AQWrefresh"}, keep=kept.update) as line:
        assert LINKEDIN.identify(line) == "Ada Meridian"
    assert (kept["access_token"], kept["author"]) == ("AQVrenewed-token", MEMBER["secret"]["author"])


TOKEN = {**OK, "body": {"access_token": "AQVtoken-of-ada", "expires_in": 5184000, "scope": "a,b"}}


def test_a_page_is_picked_among_those_that_the_person_may_post_to(scripted):
    """By their roles there, with their names."""
    roles = [
        {"organization": "urn:li:organization:1", "role": "ANALYST", "state": "APPROVED"},
        {"organization": "urn:li:organization:2", "role": "ADMINISTRATOR", "state": "APPROVED"},
        {"organization": "urn:li:organization:2", "role": "CONTENT_ADMIN", "state": "APPROVED"},
        {"organization": "urn:li:organization:3", "role": "CONTENT_ADMIN", "state": "APPROVED"},
    ]
    server = scripted({
        "POST /oauth/v2/accessToken": TOKEN,
        "GET /rest/organizationAcls": {**OK, "body": {"elements": roles}},
        "GET /rest/organizations/2": {**OK, "body": {"localizedName": "The Meridian"}},
        "GET /rest/organizations/3": {**OK, "body": {"localizedName": "Meridian Sport"}},
    })  # fmt: skip
    app = {"Client ID": "77meridian", "Client secret": "app-secret-of-us"}
    ada = Willing(**app, **{"author (1 to 2)": "1", "Page (1 to 2)": "2"})
    secret = LINKEDIN.connect(ada, server.url)
    assert (secret["author"], secret["access_token"]) == ("urn:li:organization:3", "AQVtoken-of-ada")
    assert float(secret["expires_at"]) > time.time() + 5_000_000
    assert "w_organization_social" in ada.visited[0]


def test_a_member_posts_as_themselves(scripted):
    """With no more rights than that needs."""
    me = MEMBER["happy"]["GET /v2/userinfo"]
    server = scripted({"POST /oauth/v2/accessToken": TOKEN, "GET /v2/userinfo": me})
    app = {"Client ID": "77meridian", "Client secret": "app-secret-of-us", "author (1 to 2)": "2"}
    ada = Willing(**app)
    assert LINKEDIN.connect(ada, server.url)["author"] == "urn:li:person:mErId1aN"
    assert parse_qs(ada.visited[0].partition("?")[2])["scope"] == ["openid profile w_member_social"]
