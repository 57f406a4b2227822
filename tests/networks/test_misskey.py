"""What Misskey and Sharkey do that others do not."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from networks.person import Willing

from syndication.errors import CannotTell, InputError, Refused, Unauthorized, Unsupported
from syndication.networks import connector
from syndication.networks.http import open_http

MISSKEY = connector("misskey")
SAMPLES = Path(__file__).parent.parent / "samples" / "misskey"
SAMPLE = json.loads((SAMPLES / "answers.json").read_text(encoding="utf-8"))
CHECK = "POST /api/miauth/*/check"


def said(body, status=200):
    return {"status": status, "headers": {}, "body": body}


def note(number, text="Other", at="2026-11-20T08:00:04.000Z"):
    return {"id": f"a{number}", "text": text, "createdAt": at}


@pytest.fixture
def server(scripted):
    return scripted(SAMPLE["happy"])


def http(server, **secret):
    return open_http(MISSKEY, server.url, {**SAMPLE["secret"], **secret}, seconds=3)


def test_an_account_is_let_in_by_miauth(server):
    """The person allows a session that we name, with no more rights than posting takes; then it gives the token."""
    user = {"id": "9u1meridian", "username": "meridian"}
    server.answers[CHECK] = said({"ok": True, "token": "the-token", "user": user})
    person = Willing()
    secret = MISSKEY.connect(person, server.url)
    assert secret == {"access_token": "the-token", "user_id": "9u1meridian", "software": "misskey"}
    url = urlsplit(person.visited[0])
    session = url.path.removeprefix("/miauth/")
    assert len(session) == 36
    assert server.asked[-1].what == f"POST /api/miauth/{session}/check"
    asked = parse_qs(url.query)
    assert asked["permission"] == ["read:account,write:notes,write:drive"]
    assert asked["callback"][0].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("answer", [{"ok": False}, {"ok": True}, {"ok": True, "token": "t"}])
def test_a_session_that_nobody_allowed_gives_nothing(server, answer):
    """The words say so, and what to do."""
    server.answers[CHECK] = said(answer)
    with pytest.raises(Refused, match="not given"):
        MISSKEY.connect(Willing(), server.url)


def test_a_server_of_mastodons_kind_is_named(server):
    """The words say which command is right, before a browser opens."""
    server.answers["GET /nodeinfo/2.1"] = said({"software": {"name": "GoToSocial"}})
    person = Willing()
    with pytest.raises(InputError) as caught:
        MISSKEY.connect(person, server.url)
    assert f"connect mastodon --server {server.url}" in caught.value.hint
    assert person.visited == []


def test_the_file_goes_first_with_its_description(server, draft, image):
    """The note names it; a file that was there already is described anew."""
    with http(server) as line:
        MISSKEY.publish(line, draft(alt="A ferry. " * 100), image)
    upload, update, create = server.asked
    assert image in upload.body
    comment = json.loads(update.body)["comment"]
    assert 400 < len(comment) <= 512
    assert json.loads(create.body) == {
        "text": "Twelve are missing.",
        "fileIds": ["9f1card"],
        "visibility": "public",
    }
    server.forget()
    server.answers["POST /api/drive/files/create"] = said({"id": "9f1card", "comment": "A ferry."})
    with http(server) as line:
        MISSKEY.publish(line, draft(), image)
    assert server.whats() == ["POST /api/drive/files/create", "POST /api/notes/create"]


def test_a_note_whose_card_is_made_from_the_page_carries_no_file(server, draft, image):
    """By choice."""
    with http(server) as line:
        MISSKEY.publish(line, draft(form="crawled"), image)
    assert server.whats() == ["POST /api/notes/create"]


def test_a_full_drive_is_the_operators(server, draft, image):
    """The account rests, and the words say what would help."""
    error = {"error": {"message": "Cannot upload.", "code": "NO_FREE_SPACE", "kind": "client"}}
    server.answers["POST /api/drive/files/create"] = said(error, 400)
    with http(server) as line, pytest.raises(Unauthorized) as caught:
        MISSKEY.publish(line, draft(), image)
    assert "delete files" in caught.value.hint


def test_notes_are_searched_from_the_drafts_time_on(server, draft):
    """Page by page, oldest first, to the end; an older note that says the same is not ours."""
    early = note(1, "Twelve are missing.", "2026-11-20T07:00:00.000Z")
    ours = note(3, "Twelve are missing. ")
    server.answers["POST /api/users/notes"] = [said([early, note(2)]), said([ours]), said([])]
    with http(server) as line:
        assert MISSKEY.find(line, draft()).id == "a3"
    first, second = (json.loads(one.body) for one in server.asked)
    since = datetime(2026, 11, 20, 7, 50, tzinfo=UTC)
    assert (first["sinceDate"], first["userId"]) == (since.timestamp() * 1000, "9u1meridian")
    assert second["sinceId"] == "a2"
    assert "sinceDate" not in second


def test_an_account_that_posts_without_end_cannot_be_searched(server, draft):
    """It is given up as CannotTell rather than taken for "not there"."""
    server.answers["POST /api/users/notes"] = said([note(1)])
    with http(server) as line, pytest.raises(CannotTell):
        MISSKEY.find(line, draft())
    assert 2 <= len(server.asked) <= 20


def test_only_sharkey_edits(server, draft, image):
    """Misskey's notes stay as they are: nothing is sent, and the words say so."""
    with http(server) as line:
        receipt = MISSKEY.publish(line, draft(), image)
        server.forget()
        with pytest.raises(Unsupported):
            MISSKEY.edit(line, receipt, draft(text="Eleven."), image)
        assert server.asked == []
    server.answers["POST /api/notes/edit"] = SAMPLE["happy"]["POST /api/notes/create"]
    with http(server, software="sharkey") as line:
        MISSKEY.edit(line, receipt, draft(text="Eleven."), image)
    body = json.loads(server.asked[-1].body)
    assert (body["editId"], body["text"], body["fileIds"]) == (receipt.id, "Eleven.", ["9f1card"])


def test_what_a_server_has_become_is_kept(server):
    """A server may change its software: `check` reads it again."""
    kept = []
    server.answers["GET /nodeinfo/2.1"] = said({"software": {"name": "sharkey"}})
    with open_http(MISSKEY, server.url, SAMPLE["secret"], keep=kept.append) as line:
        MISSKEY.read_limits(line)
    assert [one["software"] for one in kept] == ["sharkey"]
