"""What is Pinterest's own: a pin is an image, found on its board by link and words."""

import base64
import json

import pytest
from networks.person import Person
from networks.spec import check

from syndication.errors import CannotTell, InputError, Refused
from syndication.networks import connector, pinterest
from syndication.networks.http import open_http

NETWORK = connector("pinterest")
SECRET = {"access_token": "a-token-of-the-meridian", "board": "1"}
PIN = {"id": "4711", "link": "https://news.example/world/4711", "description": "Twelve are missing."}


def ok(body):
    return {"status": 200, "headers": {}, "body": body}


@pytest.fixture
def shows(scripted, draft):
    """What is found where the board shows such pins."""

    def find(*pins, bookmark=None):
        server = scripted({"GET /v5/boards/1/pins": ok({"items": list(pins), "bookmark": bookmark})})
        with open_http(NETWORK, server.url, SECRET) as http:
            return NETWORK.find(http, draft())

    return find


def test_a_pin_is_the_card_upright_with_all_that_has_a_field(scripted, draft, image):
    """Title, text, link and description beside the image's bytes."""
    server = scripted({"POST /v5/pins": {"status": 201, "headers": {}, "body": PIN}})
    with open_http(NETWORK, server.url, SECRET) as http:
        NETWORK.publish(http, draft(title="Ferry sinks " * 20), image)
    said = json.loads(server.asked[0].body)
    assert base64.b64decode(said["media_source"]["data"]) == image
    assert (said["link"], said["alt_text"], said["board_id"]) == (PIN["link"], "A ferry.", "1")
    assert said["title"].endswith("…")
    assert NETWORK.size == (1000, 1500)


@pytest.mark.parametrize("made", [None, "2026-11-20T08:00:00", "2026-11-20T09:30:00+01:00"])
def test_a_pin_is_known_by_its_link_and_words(shows, made):
    """Pinterest's times bear no zone; they are UTC."""
    assert shows({**PIN, "created_at": made}).url == "https://www.pinterest.com/pin/4711/"


@pytest.mark.parametrize(
    "changed",
    [
        {"created_at": "2026-11-20T07:00:00"},
        {"created_at": "2026-11-20T08:30:00+01:00"},
        {"link": "https://news.example/world/4712"},
        {"link": None},
        {"description": "Eleven are missing."},
        {"description": None},
    ],
)
def test_another_pin_is_not_taken_for_ours(shows, changed):
    """Not an earlier one of the same story, not one with other words."""
    assert shows({**PIN, **changed}) is None


def test_a_board_without_end_is_not_read_to_its_end(shows):
    """The order of pins is not documented, so that only the last page is a proof."""
    with pytest.raises(CannotTell):
        shows({**PIN, "link": "https://news.example/1"}, bookmark="Y2JV")


def test_a_story_without_a_card_is_refused_in_words(scripted, draft):
    """Nothing is sent."""
    server = scripted({})
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(Refused, match="needs an image"):
        NETWORK.publish(http, draft(card=None), None)
    assert server.asked == []


def test_a_person_chooses_among_their_boards(scripted, monkeypatch):
    """By number or name, from all pages; a name that two boards have is not guessed. One board is not asked for."""
    monkeypatch.setattr(pinterest, "allow_oauth2", lambda *_: {"access_token": "a-token-of-the-meridian"})
    boards = [{"id": str(number), "name": name} for number, name in enumerate(["World", "Sport", "Sport"])]
    pages = [ok({"items": boards[:2], "bookmark": "Y2JV"}), ok({"items": boards[2:], "bookmark": None})]

    def connect(answer, pages=pages):
        server = scripted({"GET /v5/boards": pages})
        board = NETWORK.connect(Person(Board=answer), server.url)["board"]
        check("pinterest", server.asked)
        return board

    assert connect("World") == "0"
    assert connect("2") == "2"
    for wrong, count in (("Sport", 2), ("Weather", 0)):
        with pytest.raises(InputError, match=f"{count} boards"):
            connect(wrong)
    assert connect(None, ok({"items": boards[:1]})) == "0"
    with pytest.raises(InputError, match="no board"):
        connect(None, ok({"items": []}))
