"""What Matrix does that others do not; and the life of a post at a real Synapse."""

import hashlib
import hmac
import json
import subprocess
import sys
import time

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from machines import free_port
from selectolax.lexbor import LexborHTMLParser

from syndication.errors import CannotTell, RateLimited, Refused, Unauthorized
from syndication.models import Receipt
from syndication.networks import connector
from syndication.networks.base import Shown
from syndication.networks.http import open_http
from syndication.networks.matrix import formatted

MATRIX = connector("matrix")
SECRET = {"access_token": "matrix-token-of-the-tests", "user": "@news:m.example", "room": "!r:m.example"}
ROOM = "/_matrix/client/v3/rooms/%21r%3Am.example"
KEY = "4711" * 16
SEND = f"PUT {ROOM}/send/m.room.message/{KEY}"


def ok(body):
    return {"status": 200, "headers": {}, "body": body}


def bad(status, code):
    return {"status": status, "headers": {}, "body": {"errcode": code, "error": "No."}}


@pytest.fixture
def server(scripted):
    return scripted(
        {
            SEND: ok({"event_id": "$1"}),
            "POST /_matrix/media/v3/upload": ok({"content_uri": "mxc://m.example/1"}),
        }
    )


def http(server, **settings):
    return open_http(MATRIX, server.url, SECRET, seconds=3, **settings)


def test_an_image_carries_the_text_as_its_caption(server, draft, image):
    """One event, its links made ones by us; the server is told type and size."""
    with http(server) as line:
        receipt = MATRIX.publish(line, draft(text="A < B & C\nhttps://a.example/?b=1&c=2"), image)
    upload, create = server.asked
    assert (upload.body, upload.headers["Content-Type"]) == (image, "image/jpeg")
    assert json.loads(create.body) == {
        "msgtype": "m.image",
        "body": "A < B & C\nhttps://a.example/?b=1&c=2",
        "filename": "card.jpeg",
        "format": "org.matrix.custom.html",
        "formatted_body": "A &lt; B &amp; C<br>"
        '<a href="https://a.example/?b=1&amp;c=2">https://a.example/?b=1&amp;c=2</a>',
        "url": "mxc://m.example/1",
        "info": {"mimetype": "image/jpeg", "size": len(image), "w": 1200, "h": 630},
        "syndication.key": KEY,
    }
    assert receipt.url == "https://matrix.to/#/!r%3Am.example/%241?via=m.example"


def test_a_pause_without_a_time_is_one_all_the_same(server, draft):
    """Older servers tell it in the body only, and may leave it out."""
    server.answers[SEND] = bad(429, "M_LIMIT_EXCEEDED")
    with http(server) as line, pytest.raises(RateLimited) as caught:
        MATRIX.publish(line, draft(card=None), None)
    assert caught.value.retry_after is None


def test_a_search_ends_at_the_draft_s_time_and_is_bounded(server, draft):
    """Older events cannot be the draft's; a flood of newer ones leaves it open."""
    event = {"event_id": "$2", "content": {}, "origin_server_ts": 1795161604000}
    page = ok({"chunk": [event], "end": "t1"})
    server.answers[f"GET {ROOM}/messages"] = page
    with http(server) as line, pytest.raises(CannotTell):
        MATRIX.find(line, draft())
    server.forget()
    older = {**event, "event_id": "$3", "origin_server_ts": 1795000000000}
    server.answers[f"GET {ROOM}/messages"] = [page, ok({"chunk": [older], "end": "t2"}), page]
    with http(server) as line:
        assert MATRIX.find(line, draft()) is None
    assert len(server.asked) == 2


def test_an_encrypted_room_is_refused(server):
    """What we post is readable by anyone who may read the room; one without the right to look is told so."""
    server.answers["GET /_matrix/client/v3/account/whoami"] = ok({"user_id": "@news:m.example"})
    server.answers[f"GET {ROOM}/state/m.room.encryption"] = ok({"algorithm": "m.megolm.v1.aes-sha2"})
    with http(server) as line:
        with pytest.raises(Refused, match="encrypted"):
            MATRIX.identify(line)
        server.answers[f"GET {ROOM}/state/m.room.encryption"] = bad(403, "M_FORBIDDEN")
        with pytest.raises(Unauthorized):
            MATRIX.identify(line)


def test_a_browser_is_asked_where_the_server_has_no_passwords(scripted, desk):
    """Single sign-on: what comes back is good once, and never kept."""
    flows = {"flows": [{"type": "m.login.sso"}, {"type": "m.login.token"}]}
    server = scripted(
        {"GET /_matrix/client/v3/login": ok(flows),
         "POST /_matrix/client/v3/login": ok({"access_token": "tok", "user_id": "@news:m.example"}),
         "POST /_matrix/client/v3/join/%23news%3Am.example": ok({"room_id": "!r:m.example"})}
    )  # fmt: skip
    person, visited = desk("#news:m.example"), []

    def visit(url, name, value):
        visited.append(url)
        return {name: value, "loginToken": "good-once"}

    person.redirect, person.visit = (lambda *, own=False: "http://127.0.0.1:8749/"), visit
    secret = MATRIX.connect(person, server.url)
    assert secret == {"access_token": "tok", "user": "@news:m.example", "room": "!r:m.example"}
    assert "redirectUrl=http%3A%2F%2F127.0.0.1%3A8749%2F%3Fstate%3D" in visited[0]
    assert json.loads(server.asked[1].body)["token"] == "good-once"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=300))
def test_html_says_what_the_text_says(text):
    """Whatever the text holds, nothing of it becomes markup."""
    tree = LexborHTMLParser(f"<body><p>{formatted(text)}</p></body>")
    assert not tree.css("script, img, b")
    assert " ".join(tree.css_first("p").text().split()) == " ".join(text.split())


@pytest.mark.parametrize("text", ["&" * 5000, '"' * 5000, "\n" * 5000, "字" * 1666])
def test_the_longest_edit_fits_into_an_event(server, draft, image, text):
    """65,536 bytes, whatever the text is made of; a server adds its own signatures and hashes."""
    sizes = []
    with http(server) as line:
        line.read = lambda shape, method, path, **parts: (
            (
                sizes.append(len(json.dumps(parts["json"], ensure_ascii=False).encode()))
                if "json" in parts
                else None
            )
            or type("", (), {"content_uri": "mxc://m.example/1"})
        )
        MATRIX.edit(line, Receipt(id="$1", url=""), draft(text=text), image)
    assert sizes[0] < 63_000


@pytest.fixture(scope="module")
def synapse(tmp_path_factory):
    """The reference homeserver with SQLite; its address, and a user with a public room."""
    folder, port = tmp_path_factory.mktemp("synapse"), free_port()
    config = {
        "server_name": "meridian.test", "report_stats": False, "pid_file": str(folder / "pid"),
        "listeners": [{"port": port, "type": "http", "bind_addresses": ["127.0.0.1"],
                       "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "db")}},
        "media_store_path": str(folder / "media"), "signing_key_path": str(folder / "key"),
        "registration_shared_secret": "of-the-tests", "macaroon_secret_key": "of-the-tests",
        "trusted_key_servers": [], "suppress_key_server_warning": True,
    }  # fmt: skip
    (folder / "homeserver.yaml").write_text(json.dumps(config))
    start = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")]
    subprocess.run([*start, "--generate-keys"], check=True, capture_output=True, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(start, stdout=log, stderr=log, cwd=folder) as process,
    ):
        try:
            _until_up(url, process)
            yield url, _register(url)
        finally:
            process.terminate()


def _until_up(url, process):
    for _ in range(300):
        assert process.poll() is None, "Synapse did not start"
        try:
            return requests.get(f"{url}/_matrix/client/versions", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("Synapse is not up after 30 seconds")


def _register(url):
    """A user by the shared secret, and their public room `#news:meridian.test`."""
    admin = f"{url}/_synapse/admin/v1/register"
    nonce = requests.get(admin, timeout=10).json()["nonce"]
    said = "\0".join([nonce, "desk", "word-of-the-desk", "notadmin"])
    mac = hmac.new(b"of-the-tests", said.encode(), hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": "desk", "password": "word-of-the-desk", "admin": False, "mac": mac}
    token = requests.post(admin, json=body, timeout=10).json()["access_token"]
    room = {"room_alias_name": "news", "preset": "public_chat"}
    headers = {"Authorization": f"Bearer {token}"}
    made = requests.post(f"{url}/_matrix/client/v3/createRoom", json=room, headers=headers, timeout=10)
    assert made.status_code == 200, made.text
    return headers


@pytest.fixture
def account(synapse, desk):
    """The user, connected as an editor would: with name, password and the room's name."""
    secret = MATRIX.connect(desk("desk", "word-of-the-desk", "#news:meridian.test"), synapse[0])
    return lambda: open_http(MATRIX, synapse[0], secret, seconds=20)


@pytest.mark.slow
def test_a_post_s_whole_life_at_a_real_server(synapse, account, fresh, image):
    """Made once however often it is sent, found, changed, and removed with its edits; every step may be repeated."""
    new = fresh(text="Twelve are missing & <nobody> knows why.\n\nhttps://news.example/world/4711?a=1&b=ö")
    with account() as line:
        assert MATRIX.identify(line) == "@desk:meridian.test"
        assert MATRIX.find(line, new) is None
        receipt = MATRIX.publish(line, new, image)
    with account() as line:
        assert MATRIX.publish(line, new, image) == receipt
        assert MATRIX.find(line, new) == receipt
        assert MATRIX.read(line, receipt) == Shown(new.text, image=True)
        changed = new.model_copy(update={"text": "Eleven are missing."})
        assert MATRIX.edit(line, receipt, changed, image) == receipt
        assert MATRIX.edit(line, receipt, changed, image) == receipt
        assert MATRIX.find(line, new) == receipt
        assert MATRIX.read(line, receipt) == Shown("Eleven are missing.", image=True)
        events = _messages(synapse, line)
        assert [event["content"]["body"] for event in events] == ["* Eleven are missing.", new.text]
        MATRIX.withdraw(line, receipt)
        MATRIX.withdraw(line, receipt)
        assert MATRIX.find(line, new) is None
        assert MATRIX.read(line, receipt) is None
        assert [event["content"] for event in _messages(synapse, line)] == [{}, {}]


@pytest.mark.slow
def test_a_real_server_s_refusals_are_known(synapse, account, fresh):
    """A text beyond what an event takes, and a token that was signed out."""
    with account() as line:
        with pytest.raises(Refused) as caught:
            MATRIX.publish(line, fresh(text="x" * 70_000, card=None), None)
        assert caught.value.status == 413
        MATRIX.revoke(line)
    with pytest.raises(Unauthorized):
        MATRIX.identify(line)


def _messages(synapse, line):
    url = f"{synapse[0]}/_matrix/client/v3/rooms/{line.secret['room']}/messages"
    params = {"dir": "b", "limit": "50", "filter": json.dumps({"types": ["m.room.message"]})}
    page = requests.get(url, params=params, headers=synapse[1], timeout=10).json()
    return [event for event in page["chunk"] if event["sender"] == line.secret["user"]]
