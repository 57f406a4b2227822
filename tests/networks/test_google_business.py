"""What Google Business Profile does that others do not."""

import json
import time
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from networks.person import Willing

from syndication.errors import CannotTell, RateLimited, Refused
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.networks.transport import Answer

GOOGLE = connector("google_business")
SAMPLE = json.loads(
    (Path(__file__).parent.parent / "samples" / "google_business" / "answers.json").read_text(
        encoding="utf-8"
    )
)
LIST = SAMPLE["create"].replace("POST", "GET")
PUBLIC = "https://news.example/cards/a.jpg"
OK = {"status": 200, "headers": {}}


@pytest.fixture
def server(scripted):
    return scripted(SAMPLE["happy"])


def http(server, **settings):
    return open_http(GOOGLE, server.url, SAMPLE["secret"], seconds=3, **settings)


def test_a_post_is_a_text_a_picture_and_a_button(server, draft):
    """The link is the button's."""
    with http(server) as line:
        GOOGLE.publish(line, draft(image_url=PUBLIC, language="de_AT"), None)
    assert json.loads(server.asked[0].body) == {
        "languageCode": "de-AT",
        "topicType": "STANDARD",
        "summary": "Twelve are missing.",
        "callToAction": {"actionType": "LEARN_MORE", "url": "https://news.example/world/4711"},
        "media": [{"mediaFormat": "PHOTO", "sourceUrl": PUBLIC}],
    }


def test_a_card_that_google_could_not_fetch_is_refused(server, draft):
    """Without a public address, or with too many bytes; nothing is asked."""
    big = draft(image_url=PUBLIC)
    big = big.model_copy(update={"card": big.card.model_copy(update={"size": 5_000_001})})
    for bad, word in ((draft(), "base_url"), (big, "5,000,000")):
        with http(server) as line, pytest.raises(Refused) as caught:
            GOOGLE.publish(line, bad, None)
        assert word in str(caught.value)
    assert server.asked == []


def test_a_search_reads_every_page_and_passes_over_what_was_rejected(server, draft):
    """Google does not say in which order it lists; too many pages are no answer."""
    first = {**OK, "body": {"localPosts": [], "nextPageToken": "more-of-them"}}
    server.answers[LIST] = [first, SAMPLE["happy"][LIST]]
    with http(server) as line:
        assert GOOGLE.find(line, draft()).id == SAMPLE["receipt"]["id"]
    assert parse_qs(server.asked[-1].query)["pageToken"] == ["more-of-them"]
    server.answers[LIST] = first
    with http(server) as line, pytest.raises(CannotTell):
        GOOGLE.find(line, draft())


@pytest.mark.parametrize("delay", ["soon", "-5s", "", None, 7])
def test_an_odd_pause_is_still_a_pause(delay):
    """How long is then ours to choose."""
    said = {"error": {"code": 429, "details": [{"retryDelay": delay}]}}
    verdict = GOOGLE.refine(Answer(429, {}, json.dumps(said).encode()))
    assert (verdict.kind, verdict.retry_after) == (RateLimited, None)


def test_an_edit_replaces_text_button_and_picture(server, draft):
    """Only these, by name."""
    with http(server) as line:
        receipt = GOOGLE.publish(line, draft(image_url=PUBLIC), None)
        GOOGLE.edit(line, receipt, draft(text="Eleven.", image_url=PUBLIC), None)
    asked = server.asked[-1]
    assert parse_qs(asked.query) == {"updateMask": ["summary,callToAction,media"]}
    assert json.loads(asked.body).keys() == {"summary", "callToAction", "media"}


def test_a_person_lets_us_in_and_picks_a_location(scripted):
    """Of all accounts of theirs; consent is asked for offline use, as else nothing can be renewed."""
    token = {"access_token": "ya29.token-of-ada", "refresh_token": "1//refresh-of-ada", "expires_in": 3599}
    server = scripted({
        "POST /token": {**OK, "body": token},
        "GET /v1/accounts": {**OK, "body": {"accounts": [{"name": "accounts/1"}, {"name": "accounts/2"}]}},
        "GET /v1/accounts/1/locations": {**OK, "body": {}},
        "GET /v1/accounts/2/locations": {**OK, "body": {"locations": [{"name": "locations/5", "title": "Meridian"}]}},
    })  # fmt: skip
    ada = Willing(**{"Client ID": "104711.apps", "Client secret": "app-secret-of-us"})
    secret = GOOGLE.connect(ada, server.url)
    assert secret["location"] == "accounts/2/locations/5"
    assert secret["refresh_token"] == "1//refresh-of-ada"
    asked = parse_qs(ada.visited[0].partition("?")[2])
    assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])
    assert asked["code_challenge_method"] == ["S256"]


def test_a_token_of_an_hour_is_renewed(server, draft):
    """Before the deed, with what stays the same."""
    server.answers["POST /token"] = {**OK, "body": {"access_token": "ya29.renewed", "expires_in": 3599}}
    kept, secret = {}, {**SAMPLE["secret"], "expires_at": str(int(time.time()))}
    with open_http(GOOGLE, server.url, secret, seconds=3, keep=kept.update) as line:
        assert GOOGLE.identify(line) == "The Meridian"
    assert kept["access_token"] == "ya29.renewed"
    assert kept["refresh_token"] == secret["refresh_token"]
    assert server.asked[-1].headers["Authorization"] == "Bearer ya29.renewed"
