"""What is VK's own: refusals in a 200, by number, and what a community's key may not do."""

import json
from urllib.parse import parse_qs

import pytest
from networks.person import Person

from syndication.errors import CannotTell, NotSent, RateLimited, Refused, Unauthorized, Unknown, Unsupported
from syndication.models import Receipt
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.networks.transport import Answer

NETWORK = connector("vk")
SECRET = {"access_token": "vk1.a.key-of-the-meridian", "community": "219"}
RECEIPT = Receipt(id="-219_4711", url="https://vk.com/wall-219_4711")


def ok(body):
    return {"status": 200, "headers": {}, "body": body}


def no(code):
    return ok({"error": {"error_code": code, "error_msg": "no"}})


def test_a_post_is_the_communitys_with_one_link(scripted, draft):
    """Under the draft's key; the token stands in the header and not in the form."""
    server = scripted({"POST /method/wall.post": ok({"response": {"post_id": 4711}})})
    with open_http(NETWORK, server.url, SECRET) as http:
        assert NETWORK.publish(http, draft(), None) == RECEIPT
    asked = server.asked[0]
    assert {name: values[0] for name, values in parse_qs(asked.body.decode()).items()} == {
        "v": "5.199", "owner_id": "-219", "from_group": "1", "guid": "4711" * 16,
        "message": "Twelve are missing.", "attachments": "https://news.example/world/4711",
    }  # fmt: skip
    assert asked.headers["Authorization"] == f"Bearer {SECRET['access_token']}"


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ([1, 10, 13, 36], Unknown),
        ([4, 5, 7, 14, 15, 17, 18, 20, 21, 24, 25, 27, 28, 37, 203, 1051], Unauthorized),
        ([6, 9, 29, 103, 601], RateLimited),
        ([8, 19, 100, 214, 219, 220, 222, 224, 4711], Refused),
    ],
)
def test_codes_say_who_acts(codes, kind):
    """Of the schema's errors, those of wall.post and the global ones."""
    for code in codes:
        verdict = NETWORK.refine(Answer(200, {}, json.dumps({"error": {"error_code": code}}).encode()))
        assert issubclass(verdict.kind, kind), code
        assert kind is not Refused or not issubclass(verdict.kind, Unauthorized), code


@pytest.mark.parametrize("body", [b"[]", b'{"error": "x"}', b'{"response": 1}', b""])
def test_an_answer_of_any_form_is_borne(body):
    """What is no error of VK's is left to the common table."""
    assert NETWORK.refine(Answer(200, {}, body)) is None
    assert NETWORK.refine(Answer(200, {}, b'{"error": {"error_code": "5"}}')).kind is Unknown


@pytest.mark.parametrize("code", [15, 27, 1051])
def test_what_a_communitys_key_may_not_do_is_left_to_people(scripted, draft, code):
    """It pauses nothing: posting still works."""
    whats = ["GET /method/wall.get", "POST /method/wall.edit", "POST /method/wall.delete"]
    server = scripted(dict.fromkeys(whats, no(code)))
    with open_http(NETWORK, server.url, SECRET) as http:
        with pytest.raises(CannotTell):
            NETWORK.find(http, draft())
        with pytest.raises(Unsupported):
            NETWORK.edit(http, RECEIPT, draft(), None)
        with pytest.raises(Unsupported):
            NETWORK.withdraw(http, RECEIPT)


def test_a_wall_without_end_is_not_read_to_its_end(scripted, draft):
    """After 500 posts a person is asked."""
    page = [{"id": 1, "date": 4_000_000_000, "text": "x"}] * 100
    server = scripted({"GET /method/wall.get": ok({"response": {"items": page}})})
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(CannotTell):
        NETWORK.find(http, draft())


def test_a_key_says_whose_it_is(scripted):
    """The community is read, not typed; a user's token names none."""
    whose = ok({"response": {"groups": [{"id": 219, "screen_name": "meridian"}]}})
    person = Person(Access_token=SECRET["access_token"])
    assert NETWORK.connect(person, scripted({"GET /method/groups.getById": whose}).url) == SECRET
    for answer, kind in ((no(100), Refused), (ok({"response": {"groups": []}}), NotSent)):
        with pytest.raises(kind):
            NETWORK.connect(person, scripted({"GET /method/groups.getById": answer}).url)
