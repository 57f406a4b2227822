"""What Telegram does that others do not."""

import json
import logging

import pytest

from syndication.errors import InputError, NotSent, Refused, Unauthorized, Unsupported
from syndication.models import Receipt
from syndication.networks import connector
from syndication.networks.http import open_http

TELEGRAM = connector("telegram")
TOKEN = "4711471147:AAMeridianBotTokenOfTheTests_x12"
SECRET = {"token": TOKEN, "chat": "-1001234567890"}
CHANNEL = {"id": -1001234567890, "title": "The Meridian", "type": "channel"}
POST = Receipt(id="815", url="https://t.me/c/1234567890/815")


def ok(result):
    return {"status": 200, "headers": {}, "body": {"ok": True, "result": result}}


def bad(status, words, **parameters):
    body = {"ok": False, "error_code": status, "description": words, "parameters": parameters}
    return {"status": status, "headers": {}, "body": body}


@pytest.fixture
def server(scripted):
    posted = ok({"message_id": 815, "chat": CHANNEL})
    methods = ("sendMessage", "sendPhoto", "editMessageText", "editMessageMedia", "editMessageCaption")
    answers = {f"POST /bot{TOKEN}/{method}": posted for method in methods}
    answers[f"POST /bot{TOKEN}/deleteMessage"] = ok(True)
    answers[f"GET /bot{TOKEN}/getChat"] = ok(CHANNEL)
    member = {"status": "administrator", "can_post_messages": True}
    answers[f"GET /bot{TOKEN}/getChatMember"] = ok(member)
    return scripted(answers)


def http(server, **settings):
    return open_http(TELEGRAM, server.url, SECRET, seconds=3, **settings)


def test_a_text_names_the_page_whose_card_is_shown(server, draft):
    """Large, whichever other links the text holds."""
    with http(server) as line:
        receipt = TELEGRAM.publish(line, draft(card=None), None)
    assert json.loads(server.asked[0].body) == {
        "chat_id": "-1001234567890",
        "text": "Twelve are missing.",
        "link_preview_options": {"url": "https://news.example/world/4711", "prefer_large_media": True},
    }
    assert receipt == POST  # a private channel's address, for its members


def test_a_photo_is_changed_with_its_caption(server, draft, image):
    """What was posted as a photo stays one; without a card only its words change."""
    posted = Receipt(id="815", url=POST.url, version="photo")
    with http(server) as line:
        assert TELEGRAM.publish(line, draft(form="image"), image) == posted
        assert TELEGRAM.edit(line, posted, draft(text="Eleven."), image) == posted
        assert TELEGRAM.edit(line, posted, draft(text="Eleven.", card=None), None) == posted
    sent, media, caption = server.asked
    assert image in sent.body
    assert image in media.body
    assert b'"attach://card", "caption": "Eleven."' in media.body
    assert json.loads(caption.body)["caption"] == "Eleven."


def test_an_edit_that_changes_nothing_is_done(server, draft):
    """Telegram refuses a text that stands there already; another refusal is one."""
    what = f"POST /bot{TOKEN}/editMessageText"
    server.answers[what] = bad(400, "Bad Request: message is not modified: specified new message content…")
    with http(server) as line:
        assert TELEGRAM.edit(line, POST, draft(), None) == POST
        server.answers[what] = bad(400, "Bad Request: message to edit not found")
        with pytest.raises(Refused, match="not found"):
            TELEGRAM.edit(line, POST, draft(), None)


def test_a_post_older_than_two_days_is_for_an_editor(server):
    """Telegram removes it no more; what to do instead is said."""
    server.answers[f"POST /bot{TOKEN}/deleteMessage"] = bad(400, "Bad Request: message can't be deleted")
    with http(server) as line, pytest.raises(Unsupported) as caught:
        TELEGRAM.withdraw(line, POST)
    assert "by hand" in caught.value.hint


def test_a_group_that_got_another_number_is_followed(server, draft):
    """The new number is stored, and the post, which was not made, is tried again there."""
    what, kept = f"POST /bot{TOKEN}/sendMessage", []
    server.answers[what] = [bad(400, "upgraded", migrate_to_chat_id=-1009876543210), server.answers[what]]
    with http(server, keep=kept.append) as line, pytest.raises(NotSent):
        TELEGRAM.publish(line, draft(card=None), None)
    assert kept == [{**SECRET, "chat": "-1009876543210"}]


def test_a_bot_without_the_right_to_post_is_not_connected(server):
    """An administrator of a channel may lack it; the owner need not be told to have it."""
    with http(server) as line:
        assert TELEGRAM.identify(line) == "The Meridian"
        server.answers[f"GET /bot{TOKEN}/getChatMember"] = ok({"status": "administrator"})
        with pytest.raises(Unauthorized, match="may not post"):
            TELEGRAM.identify(line)
        server.answers[f"GET /bot{TOKEN}/getChatMember"] = ok({"status": "creator"})
        assert TELEGRAM.identify(line) == "The Meridian"


@pytest.mark.parametrize("typed", ["@meridian", "meridian", "https://t.me/meridian", "-1001234567890"])
def test_a_channel_is_kept_by_its_number(server, desk, typed):
    """However it is named when it is connected; the token is typed unseen."""
    person = desk(TOKEN, typed)
    assert TELEGRAM.connect(person, server.url) == SECRET
    assert person.hidden == ["Bot token"]
    assert server.asked[0].query == "chat_id=" + (typed if typed.startswith("-") else "%40meridian")


def test_what_is_no_token_is_not_sent_anywhere(server, desk):
    """It would stand in a path."""
    with pytest.raises(InputError):
        TELEGRAM.connect(desk("../../etc", "@meridian"), server.url)
    assert server.asked == []


def test_the_token_in_the_path_is_told_to_nobody(server, draft, caplog):
    """Not where the connection breaks, whose errors name the path, nor in our own log at its most talkative."""
    caplog.set_level(logging.DEBUG, "syndication")
    server.lost = {f"POST /bot{TOKEN}/sendMessage"}
    said = []
    for stop in (lambda: None, server.stop):
        stop()
        with http(server) as line, pytest.raises(Exception) as caught:
            TELEGRAM.publish(line, draft(card=None), None)
        said += [f"{caught.value!r} {caught.value} {vars(caught.value)} {caught.value.__cause__!r}"]
    assert TOKEN not in "".join(said) + caplog.text
