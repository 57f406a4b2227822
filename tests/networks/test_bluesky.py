"""What Bluesky does that others do not."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndication.errors import Refused, Unauthorized
from syndication.models import Draft
from syndication.networks import connector
from syndication.networks.bluesky import record_key
from syndication.networks.facets import facets
from syndication.networks.http import open_http

BLUESKY = connector("bluesky")
SAMPLE = json.loads(
    (Path(__file__).parent.parent / "samples" / "bluesky" / "answers.json").read_text(encoding="utf-8")
)
X = "/xrpc/com.atproto."
keys = st.text("0123456789abcdef", min_size=64, max_size=64)
times = st.integers(1_600_000_000_000, 3_700_000_000_000).map(
    lambda ms: datetime.fromtimestamp(ms / 1000, UTC)
)


@pytest.fixture
def server(scripted):
    return scripted(SAMPLE["happy"])


def http(server, **settings):
    return open_http(BLUESKY, server.url, SAMPLE["secret"], seconds=3, **settings)


def bare(key, created):
    parts = dict.fromkeys(("text", "link", "title", "description", "alt"), "x")
    return Draft(key=key, language="en", card=None, created=created, **parts)


def test_an_app_password_is_used_once_and_not_kept(scripted, desk):
    """The session is kept, without it; `@` before a handle does no harm."""
    session = {
        "did": "did:plc:abc",
        "handle": "meridian.example",
        "accessJwt": "access",
        "refreshJwt": "refresh",
    }
    answer = {"status": 200, "headers": {}, "body": {**session, "x": 1}}
    server = scripted({f"POST {X}server.createSession": answer})
    person = desk("@meridian.example", "app-password")
    assert BLUESKY.connect(person, server.url) == session
    assert person.hidden == ["App password, or browser"]
    assert b'"identifier": "meridian.example"' in server.asked[0].body


def test_a_wrong_password_is_not_told(scripted, desk):
    """The server's words are, without it."""
    said = {"error": "AuthenticationRequired", "message": "Invalid password app-password"}
    server = scripted({f"POST {X}server.createSession": {"status": 401, "headers": {}, "body": said}})
    with pytest.raises(Unauthorized) as caught:
        BLUESKY.connect(desk("meridian.example", "app-password"), server.url)
    assert "Invalid password" in caught.value.message
    assert "app-password" not in str(caught.value)


@given(keys, times)
def test_a_record_key_is_a_tid_of_the_drafts_time(key, created):
    """13 characters of the TID alphabet whose time is the draft's to the millisecond; always the same."""
    tid = record_key(bare(key, created))
    assert re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", tid)
    number = 0
    for char in tid:
        number = number << 5 | "234567abcdefghijklmnopqrstuvwxyz".index(char)
    assert (number >> 10) // 1000 == (created - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert record_key(bare(key, created)) == tid


@given(keys, times, st.integers(1, 10**6))
@example("0" * 64, datetime(2038, 11, 17, 21, 4, 14, 179000, tzinfo=UTC), 1)
def test_record_keys_sort_by_time(key, created, later):
    """As the network expects of them."""
    assert record_key(bare(key, created)) < record_key(bare(key, created + timedelta(milliseconds=later)))


def test_drafts_of_one_moment_get_different_keys():
    """What a TID has beyond the millisecond comes from the draft's own key."""
    moment = datetime(2026, 11, 20, 8, tzinfo=UTC)
    made = {record_key(bare(hashlib.sha256(bytes([n])).hexdigest(), moment)) for n in range(100)}
    assert len(made) == 100


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.text(alphabet="ä👩‍👧 字", max_size=20)
)
def test_facets_are_byte_offsets(before, after):
    """The bytes they name are the link, whatever stands around it."""
    text = f"{before} https://news.example/w?a=1 {after}"
    raw = text.encode()
    found = [one for one in facets(text) if "uri" in one["features"][0]]
    urls = [raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in found]
    assert urls == [one["features"][0]["uri"] for one in found]
    assert "https://news.example/w?a=1" in urls


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_hashtags_and_mentions_are_marked_where_they_stand(before):
    """In the same bytes; a mention whose handle nobody has stays text."""
    text = f"{before} #Fährunglück @desk.example, (@nobody.example) #字 @ada@social.example https://x.example/@a.example"
    raw = text.encode()
    whose = {"desk.example": "did:plc:desk"}
    marked = [
        (raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(), one["features"][0])
        for one in facets(text, lambda handle: whose.get(handle, ""))
    ]
    plain = [(shown, what.get("tag") or what.get("did")) for shown, what in marked if "uri" not in what]
    assert plain[-3:] == [("#Fährunglück", "Fährunglück"), ("@desk.example", "did:plc:desk"), ("#字", "字")]
    places = [one["index"] for one in facets(text)]
    assert all(one["byteEnd"] <= two["byteStart"] for one, two in pairwise(places))


def test_a_mention_is_looked_up_when_it_is_posted(server, draft):
    """Handles may change hands; the lookup tells nobody our token."""
    server.answers["GET /xrpc/com.atproto.identity.resolveHandle"] = {
        "status": 200, "headers": {}, "body": {"did": "did:plc:desk"},
    }  # fmt: skip
    with http(server) as line:
        BLUESKY.publish(line, draft(text="Says @Desk.example.", card=None), None)
    lookup = next(one for one in server.asked if one.what.endswith("resolveHandle"))
    assert lookup.query == "handle=desk.example"
    assert "Authorization" not in lookup.headers
    [mention] = json.loads(server.asked[-1].body)["record"]["facets"]
    assert mention["features"][0]["did"] == "did:plc:desk"
    assert mention["index"] == {"byteStart": 5, "byteEnd": 18}


def test_tags_are_those_the_lexicon_takes(server, draft):
    """At most eight, none too long, none twice."""
    with http(server) as line:
        BLUESKY.publish(line, draft(tags=("Ferry", "x" * 65, "Ferry", *"abcdefghij"), card=None), None)
    assert json.loads(server.asked[-1].body)["record"]["tags"] == ["Ferry", *"abcdefg"]


def test_a_card_may_go_as_a_picture_with_its_description(server, draft, image):
    """Then the link stands in the text."""
    assert BLUESKY.limits_of(BLUESKY.limits, "image").link_in_text
    with http(server) as line:
        BLUESKY.publish(line, draft(form="image", alt="A ferry. " * 400), image)
    embed = json.loads(server.asked[-1].body)["record"]["embed"]
    [shown] = embed["images"]
    assert embed["$type"] == "app.bsky.embed.images"
    assert 1500 < len(shown["alt"]) <= 2000
    assert shown["aspectRatio"] == {"width": 1200, "height": 630}


def test_a_post_is_a_record_with_a_link_card(server, draft, image):
    """Text, facets, language, time, and a card that names the story; written only where nothing stands yet."""
    with http(server) as line:
        BLUESKY.publish(line, draft(text="Ö https://other.example/x", language="pt_BR"), image)
    upload, create = server.asked[-2:]
    assert (upload.body, upload.headers["Content-Type"]) == (image, "image/jpeg")
    body = json.loads(create.body)
    assert body["swapRecord"] is None
    assert body["rkey"] == SAMPLE["key"]
    record = body["record"]
    assert record["createdAt"] == "2026-11-20T08:00:00.000Z"
    assert record["langs"] == ["pt-BR"]
    assert record["facets"][0]["index"] == {"byteStart": 3, "byteEnd": 26}
    external = record["embed"]["external"]
    assert external["uri"] == "https://news.example/world/4711"
    assert external["thumb"] == SAMPLE["happy"][f"POST {X}repo.uploadBlob"]["body"]["blob"]


def test_a_post_that_stands_already_is_the_post(server, draft, image):
    """A repeated try meets its own record: that is success, with the same receipt."""
    server.answers[f"POST {X}repo.putRecord"] = SAMPLE["exists"]
    with http(server) as line:
        assert BLUESKY.publish(line, draft(), image).model_dump() == SAMPLE["receipt"]


def test_anothers_record_at_our_key_is_not_ours(server, draft, image):
    """It is neither taken for the post nor overwritten."""
    server.answers[f"POST {X}repo.putRecord"] = SAMPLE["exists"]
    record = SAMPLE["happy"][f"GET {X}repo.getRecord"]
    other = {**record["body"], "value": {"createdAt": "2020-01-01T00:00:00Z"}}
    server.answers[f"GET {X}repo.getRecord"] = {**record, "body": other}
    with http(server) as line:
        assert BLUESKY.find(line, draft()) is None
        with pytest.raises(Refused):
            BLUESKY.publish(line, draft(), image)


def test_a_session_that_is_over_is_renewed_before_anything_is_sent(server, draft, image):
    """Refreshed with the refresh token, stored, then used: the create goes out with the new access token."""
    server.answers[f"GET {X}server.getSession"] = SAMPLE["expired"]
    server.answers[f"POST {X}server.refreshSession"] = SAMPLE["renewed"]
    kept = []
    with http(server, keep=lambda secret: kept.append((secret, len(server.asked)))) as line:
        BLUESKY.publish(line, draft(), image)
    tokens = [asked.headers["Authorization"] for asked in server.asked]
    old, new = SAMPLE["secret"], SAMPLE["renewed"]["body"]
    assert tokens[:2] == [f"Bearer {old['accessJwt']}", f"Bearer {old['refreshJwt']}"]
    assert tokens[2:] == [f"Bearer {new['accessJwt']}"] * 2
    assert kept == [(new, 2)]


def test_a_session_that_cannot_be_renewed_needs_a_person(server, draft, image):
    """The mailbox waits for a new connection; nothing was posted."""
    server.answers[f"GET {X}server.getSession"] = SAMPLE["expired"]
    server.answers[f"POST {X}server.refreshSession"] = SAMPLE["expired"]
    with http(server) as line, pytest.raises(Unauthorized) as caught:
        BLUESKY.publish(line, draft(), image)
    assert "connect" in caught.value.hint
    assert f"POST {X}repo.putRecord" not in server.whats()


def test_a_card_too_large_is_refused_before_anything_is_sent(server, draft, image):
    """The lexicon takes a million bytes; the words say so."""
    with http(server) as line, pytest.raises(Refused) as caught:
        BLUESKY.publish(line, draft(), image * 60)
    assert "1,000,000" in caught.value.message
    assert [what for what in server.whats() if what.startswith("POST")] == []


def test_an_edit_swaps_what_stands_there_and_keeps_its_time(server, draft, image):
    """Compared with the record as it is now, so that repeating it is harmless; its first time stays."""
    changed = draft(text="Eleven.", created=datetime(2026, 11, 21, tzinfo=UTC))
    with http(server) as line:
        BLUESKY.edit(line, BLUESKY.find(line, draft()), changed, image)
    body = json.loads(server.asked[-1].body)
    assert body["swapRecord"] == "bafyreimeridianone"
    assert body["record"]["createdAt"] == "2026-11-20T08:00:00.000Z"
    assert body["record"]["text"] == "Eleven."


def test_an_edit_of_a_post_that_is_gone_is_refused(server, draft, image):
    """It does not come back by being edited."""
    with http(server) as line:
        receipt = BLUESKY.find(line, draft())
        server.answers.update(SAMPLE["not_there"])
        with pytest.raises(Refused):
            BLUESKY.edit(line, receipt, draft(), image)
    assert not [what for what in server.whats() if what.endswith("putRecord")]
