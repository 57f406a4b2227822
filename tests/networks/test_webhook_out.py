"""What our own webhook does that networks do not, and what its page tells receivers."""

import base64
import json
import re
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from syndication.errors import InputError, Unauthorized
from syndication.networks import connector
from syndication.networks.http import open_http

WEBHOOK = connector("webhook")
PAGE = (Path(__file__).parents[2] / "docs/how-to/receive-posts.md").read_text(encoding="utf-8")
SECRET = {"path": "/hooks/news?k=1", "secret": "whsec_bWVyaWRpYW4tc2lnbmluZy1zZWNyZXQtb2YtdGVzdHM="}
POST = "POST /hooks/news"
CARD = "https://news.example/cards/a.jpg"


@pytest.fixture
def server(scripted):
    return scripted({POST: {"status": 204, "headers": {}, "body": None}})


def http(server, **settings):
    return open_http(WEBHOOK, server.url, SECRET, seconds=3, **settings)


def shown(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_a_post_is_what_the_page_shows_and_is_verified_as_it_says(server, draft, image):
    """Its example, word for word, by the receiver of its example."""
    with http(server) as line:
        receipt = WEBHOOK.publish(line, draft(image_url=CARD, tags=("Shipping",)), image)
    asked, example = server.asked[0], {}
    exec(shown("python"), example)
    assert example["receive"](asked.headers, asked.body, SECRET["secret"]) == json.loads(shown("json"))
    assert asked.query == "k=1"
    assert receipt.id == draft().key  # it was told none


def test_a_card_without_an_address_comes_along(server, draft, image):
    """Whole, in base64; none is null."""
    with http(server) as line:
        WEBHOOK.publish(line, draft(), image)
    with http(server) as line:
        WEBHOOK.publish(line, draft(card=None), None)
    with_card, without = (json.loads(asked.body)["data"]["card"] for asked in server.asked)
    assert base64.b64decode(with_card["data"]) == image
    assert without is None


@pytest.mark.parametrize(
    "answer", ["thanks", [1], {"id": 5, "url": "javascript:alert(1)"}, {"id": "", "url": None}]
)
def test_what_a_receiver_says_beside_its_2xx_is_no_doubt(server, draft, answer):
    """The post is made; an address that is none is not kept."""
    server.answers[POST] = {"status": 200, "headers": {}, "body": answer}
    with http(server) as line:
        receipt = WEBHOOK.publish(line, draft(card=None), None)
    assert (receipt.id, receipt.url) == (draft().key, "")


def test_a_repeated_request_has_the_same_id_and_a_later_one_another(server, draft):
    """By which a receiver knows it; a change back to earlier words is a change."""
    with http(server) as line:
        receipt = WEBHOOK.publish(line, draft(card=None), None)
        later = draft(card=None, created="2026-11-20T09:00:00Z")
        for new in (draft(card=None), draft(card=None), later):
            WEBHOOK.edit(line, receipt, new, None)
        WEBHOOK.withdraw(line, receipt)
        WEBHOOK.withdraw(line, receipt)
    ids = [asked.headers["webhook-id"] for asked in server.asked]
    assert ids[0] == draft().key
    assert ids[1] == ids[2] != ids[3]
    assert ids[4] == ids[5]
    assert len(set(ids)) == 4
    kinds = [json.loads(asked.body)["type"] for asked in server.asked]
    assert kinds == ["post.published", *["post.changed"] * 3, *["post.withdrawn"] * 2]


@pytest.mark.parametrize("typed", ["/hooks/news?k=1", "{url}/hooks/news?k=1"])
def test_a_receiver_is_connected_by_its_path_and_pinged(server, desk, typed):
    """Both are typed unseen; a new secret is told once, and signs the ping."""
    person = desk(typed.format(url=server.url), "new")
    secret = WEBHOOK.connect(person, server.url)
    assert secret["path"] == "/hooks/news?k=1"
    assert secret["secret"] in person.said[0]
    assert len(person.hidden) == 2
    ping = server.asked[0]
    assert Webhook(secret["secret"]).verify(ping.body, ping.headers)["type"] == "ping"
    assert WEBHOOK.connect(desk(typed.format(url=server.url), SECRET["secret"]), server.url) == SECRET


@pytest.mark.parametrize(
    "typed", [("hooks", "new"), ("https://other.example/hooks", "new"), ("/hooks", "§§§")]
)
def test_what_is_no_path_or_secret_is_not_tried(server, desk, typed):
    """Nothing is sent."""
    with pytest.raises(InputError):
        WEBHOOK.connect(desk(*typed), server.url)
    assert server.asked == []


def test_a_receiver_that_wants_no_more_pauses_the_account(server, draft):
    """410, after Standard Webhooks."""
    server.answers[POST] = {"status": 410, "headers": {}, "body": None}
    with http(server) as line, pytest.raises(Unauthorized):
        WEBHOOK.publish(line, draft(card=None), None)
