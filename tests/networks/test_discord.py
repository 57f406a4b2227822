"""What Discord does that others do not."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks.spec import said

from syndication.errors import CannotTell, InputError, Unauthorized
from syndication.networks import connector
from syndication.networks.discord import escaped
from syndication.networks.http import open_http
from syndication.text import links

DISCORD = connector("discord")
HOOK = {"webhook": "139", "webhook_token": "webhook-token-of-the-tests", "guild": "138"}
BOT = {"token": "discord-bot-token-of-the-tests", "user": "7", "guild": "138", "channel": "42"}
POSTS = "/api/v10/webhooks/139/webhook-token-of-the-tests"
MESSAGES = "/api/v10/channels/42/messages"


def ok(body):
    return {"status": 200, "headers": {}, "body": body}


def message(number=900, content="Twelve are missing.", author=7):
    return {"id": str(number), "channel_id": "42", "content": content, "author": {"id": str(author)}}


@pytest.fixture
def server(scripted):
    return scripted(
        {
            f"POST {POSTS}": ok(message()),
            f"POST {MESSAGES}": ok(message()),
            f"GET {MESSAGES}": ok([message()]),
        }
    )


def http(server, secret, **settings):
    return open_http(DISCORD, server.url, secret, seconds=3, **settings)


def publish(server, draft, image, secret=HOOK, **parts):
    server.forget()
    with http(server, secret) as line:
        DISCORD.publish(line, draft(**parts), image)
    return server.asked[0], said(server.asked[0], {})


def test_a_webhook_waits_for_its_message_and_mentions_nobody(server, draft, image):
    """Else its answer would come before the post, and a headline could ring everybody's bell."""
    asked, body = publish(server, draft, image, text="Hear, hear, @everyone.")
    assert asked.query == "wait=true"
    assert body["allowed_mentions"] == {"parse": []}
    assert "Authorization" not in asked.headers


def test_each_form_carries_the_card_its_own_way(server, draft, image):
    """Our link card with the image in it, the image alone and no second card, or nothing but the text."""
    _, made = publish(server, draft, image)
    assert made["embeds"] == [
        {"title": "Ferry sinks off the coast", "url": "https://news.example/world/4711",
         "image": {"url": "attachment://card.jpeg", "description": "A ferry."}}
    ]  # fmt: skip
    assert made["attachments"] == [{"id": "0", "filename": "card.jpeg", "description": "A ferry."}]
    assert made["files[0]"] == "card.jpeg"
    _, attached = publish(server, draft, image, form="image")
    assert (attached["embeds"], attached["flags"]) == ([], 4)
    assert attached["files[0]"] == "card.jpeg"
    asked, crawled = publish(server, draft, image, form="crawled")
    assert (crawled["embeds"], crawled["attachments"], crawled["flags"]) == ([], [], 0)
    assert image not in asked.body
    _, told = publish(server, draft, None, card=None, description="It was on its way to the islands.")
    assert told["embeds"][0]["description"] == "It was on its way to the islands."


def test_a_bot_sends_its_key_as_an_enforced_nonce(server, draft):
    """As much of it as Discord takes; its token goes as Discord wants it."""
    asked, body = publish(server, draft, None, BOT, card=None)
    assert (body["nonce"], body["enforce_nonce"]) == ("4711471147114711471147114", True)
    assert asked.headers["Authorization"] == "Bot discord-bot-token-of-the-tests"
    assert re.fullmatch(r"DiscordBot \(\w+, [\d.]+\)", asked.headers["User-Agent"])


def test_a_bot_that_sees_nothing_at_all_cannot_tell(server, draft):
    """Discord shows an empty channel to a bot without the right to read its history."""
    server.answers[f"GET {MESSAGES}"] = ok([])
    with http(server, BOT) as line, pytest.raises(CannotTell, match="right to read"):
        DISCORD.find(line, draft())


def test_a_post_is_found_behind_what_others_wrote_since(server, draft):
    """Page after page from the draft's time on; another's message of the same words is not ours."""
    pages = [[message(100 * page + n, "Other") for n in range(100)] for page in range(1, 3)]
    pages[1][3] = message(203, author=8)
    pages.append([message(301, r"Twelve \*are\* missing.")])
    server.answers[f"GET {MESSAGES}"] = [ok(page) for page in pages]
    with http(server, BOT) as line:
        assert DISCORD.find(line, draft(text="Twelve *are* missing.")).id == "301"
    after = [re.search(r"after=(\d+)", asked.query)[1] for asked in server.asked]
    assert after[1:] == ["199", "299"]
    server.answers[f"GET {MESSAGES}"] = ok(pages[0])
    with http(server, BOT) as line, pytest.raises(CannotTell, match="more than"):
        DISCORD.find(line, draft())


def test_a_webhook_that_is_gone_pauses_the_account(server, draft):
    """404 with its code, unlike a message that is gone."""
    body = {"code": 10015, "message": "Unknown Webhook"}
    server.answers[f"POST {POSTS}"] = {"status": 404, "headers": {}, "body": body}
    with http(server, HOOK) as line, pytest.raises(Unauthorized) as caught:
        DISCORD.publish(line, draft(card=None), None)
    assert "connect the account again" in caught.value.hint


@pytest.mark.parametrize("host", ["discord.com", "ptb.discord.com", "discordapp.com"])
def test_a_webhook_is_connected_by_its_address(scripted, desk, host):
    """Typed unseen, from any of Discord's hosts; its server is asked for the addresses of posts."""
    token = "webhook-token-of-the-tests"
    server = scripted({f"GET {POSTS}": ok({"id": "139", "name": "Meridian", "guild_id": "138"})})
    person = desk(f"https://{host}/api/webhooks/139/{token}")
    assert DISCORD.connect(person, server.url) == HOOK
    assert person.hidden == ["Webhook URL or bot token"]


def test_a_bot_is_connected_to_a_channel_that_takes_posts(scripted, desk):
    """Of those it sees; a voice channel is none."""
    guilds = [{"id": "138", "name": "The Meridian"}]
    channels = [{"id": "40", "name": "talk", "type": 2}, {"id": "41", "name": "general", "type": 0},
                {"id": "42", "name": "news", "type": 5}]  # fmt: skip
    server = scripted(
        {"GET /api/v10/users/@me": ok({"id": "7"}), "GET /api/v10/users/@me/guilds": ok(guilds),
         "GET /api/v10/guilds/138/channels": ok(channels)}
    )  # fmt: skip
    assert DISCORD.connect(desk(BOT["token"], "2"), server.url) == BOT


def test_an_address_that_is_no_webhook_is_not_taken_for_a_token(server, desk):
    """Nothing is sent anywhere."""
    with pytest.raises(InputError):
        DISCORD.connect(desk("https://hooks.example/api/webhooks/1/abc"), server.url)
    assert server.asked == []


def shown(markup):
    """What Discord shows of a text without formatting: a backslash before a mark says that it is none."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markup)


@given(st.text(max_size=2000))
@pytest.mark.parametrize("limit", [2000])
def test_escaping_changes_nothing_that_is_read(limit, text):
    """With the backslashes gone it is the text again, within what Discord takes."""
    if "\\" in text or links(text):
        return
    done = escaped(text, limit)
    assert len(done) <= limit
    assert shown(done) == text


def test_marks_are_not_taken_for_markup():
    """In words; a link stays as it is."""
    text = "*Ferry* _sinks_ [off](https://a.example/x_y_z)\n> said\n# one\n-# two\nsea-side #1"
    assert escaped(text, 2000) == (
        "\\*Ferry\\* \\_sinks\\_ \\[off](https://a.example/x_y_z)\n\\> said\n\\# one\n\\-# two\nsea-side #1"
    )
    assert json.dumps(escaped("*" * 2000, 2000)) == json.dumps("*" * 2000)
