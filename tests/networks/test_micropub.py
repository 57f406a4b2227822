"""What Micropub does that others do not; and that nothing a site names leads our token inside."""

import json
import socket
import threading
import time
from contextlib import suppress
from ipaddress import ip_network
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from networks.person import Willing
from ssrfguard import Policy

from syndication.errors import CannotTell, NotSent, RateLimited, Refused, Unsupported
from syndication.models import Receipt
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.networks.micropub import discovered
from syndication.networks.transport import Answer, Session, _Outward, exchange

MICROPUB = connector("micropub")
SITE = "https://meridian.example"
SECRET = {"access_token": "micropub-token-of-the-tests", "endpoint": f"{SITE}/micropub", "media": ""}
CARD = "https://news.example/cards/a.jpg"
HERE = Receipt(id=f"{SITE}/1", url=f"{SITE}/1")


def ok(body=None, status=200, **headers):
    return {"status": status, "headers": headers, "body": body}


@pytest.fixture
def server(scripted):
    made = ok(status=201, Location="/2026/ferry")
    return scripted({"POST /micropub": made, "POST /media": ok(status=201, Location="/files/card.jpg")})


def http(server, **secret):
    return open_http(MICROPUB, server.url, {**SECRET, **secret}, seconds=3)


def test_a_note_has_a_described_photo_and_categories(server, draft, image):
    """The photo lies at the site; places that the site names may be relative to its endpoints."""
    with http(server, media="https://media.example/media") as line:
        receipt = MICROPUB.publish(line, draft(tags=("Shipping", "Weather")), image)
    upload, create = server.asked
    assert image in upload.body
    assert json.loads(create.body) == {
        "type": ["h-entry"],
        "properties": {
            "content": ["Twelve are missing."],
            "category": ["Shipping", "Weather"],
            "photo": [{"value": "https://media.example/files/card.jpg", "alt": "A ferry."}],
            "published": ["2026-11-20T08:00:00+00:00"],
        },
    }
    assert receipt.id == f"{SITE}/2026/ferry"


def test_a_site_that_takes_no_files_is_shown_the_card(server, draft, image):
    """At its public address; without one it says what to set."""
    with http(server) as line:
        MICROPUB.publish(line, draft(image_url=CARD, alt=""), image)
    assert json.loads(server.asked[0].body)["properties"]["photo"] == [CARD]
    with http(server) as line, pytest.raises(Refused) as caught:
        MICROPUB.publish(line, draft(), image)
    assert "base_url" in caught.value.hint


def test_an_edit_may_move_a_post(server, draft):
    """A 201 says where it stands now, a 204 that it stands where it stood."""
    with http(server) as line:
        moved = MICROPUB.edit(line, HERE, draft(card=None), None)
        assert moved == Receipt(id=f"{SITE}/2026/ferry", url=f"{SITE}/2026/ferry")
        server.answers["POST /micropub"] = ok(status=204)
        assert MICROPUB.edit(line, HERE, draft(card=None), None) == HERE
    update = json.loads(server.asked[0].body)
    assert update == {"action": "update", "url": HERE.id, "replace": {"content": ["Twelve are missing."]}}


@pytest.mark.parametrize(
    "answer",
    [ok({"error": "invalid_request"}, 400), ok({"properties": {}}), ok({"items": []}), ok("<html>")],
)
def test_a_site_that_does_not_list_its_posts_cannot_be_asked(server, draft, answer):
    """Nor one whose list does not reach back behind the draft."""
    server.answers["GET /micropub"] = answer
    with http(server) as line, pytest.raises(CannotTell):
        MICROPUB.find(line, draft())


def test_a_question_that_was_put_too_often_is_put_again(server, draft):
    """It is no answer."""
    server.answers["GET /micropub"] = ok(status=429)
    with http(server) as line, pytest.raises(RateLimited):
        MICROPUB.find(line, draft())


PAGE = b'<html><head><link rel="me" href="/me"><link rel="micropub" href="/endpoint?a=1"></head></html>'


def test_an_endpoint_is_named_by_the_header_else_by_the_page():
    """The header is first; an address is relative to the page; neither is an error with words."""
    linked = {"link": '<https://a.example/hub>; rel="hub", <https://b.example/micropub>; rel="micropub"'}
    assert discovered(f"{SITE}/", Answer(200, linked, PAGE), "micropub") == "https://b.example/micropub"
    assert discovered(f"{SITE}/", Answer(200, {}, PAGE), "micropub") == f"{SITE}/endpoint?a=1"
    with pytest.raises(Refused, match="names no place for micropub"):
        discovered(f"{SITE}/", Answer(200, {}, b"\xff\xfe<link>"), "micropub")


def test_a_site_is_connected_by_its_address_and_a_token(scripted, desk):
    """Read off the site: where to post, and where files go; the token is typed unseen."""
    server = scripted(
        {"GET /": ok("<link rel=micropub href=/micropub>"), "GET /micropub": ok({"media-endpoint": "/media"})}
    )
    person = desk("micropub-token-of-the-tests")
    secret = MICROPUB.connect(person, server.url)
    assert secret["endpoint"] == f"{server.url}/micropub"
    assert secret["media"] == f"{server.url}/media"
    assert person.hidden == ["Access token, or browser"]
    assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "named", ["http://inside.example/micropub", "http://127.0.0.1:9/", "file:///etc/passwd",
              "https://desk:pw@a.example/", "javascript:alert(1)", "https://[::1"],
)  # fmt: skip
def test_a_token_goes_to_no_address_that_is_not_https(scripted, desk, named):
    """Whatever the site names; nobody is asked for a token."""
    server = scripted({"GET /": ok("", Link=f'<{named}>; rel="micropub"')})
    with pytest.raises(Refused):
        MICROPUB.connect(desk(), server.url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.8", "169.254.169.254", "[::1]", "[fd00::1]", "inside.example", "127.0.0.1:8443"],
)
def test_what_a_site_names_leads_nowhere_inside(draft, image, monkeypatch, host):
    """Neither by number nor by a name that turns out to lie inside; nothing is sent, so nothing is in doubt."""

    def inside(name, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.5", port))]

    if host == "inside.example":
        monkeypatch.setattr(socket, "getaddrinfo", inside)
    opened = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, place: opened.append(place))
    named = {**SECRET, "media": f"https://{host}/media", "endpoint": f"https://{host}/micropub"}
    for deed in (draft(), draft(card=None)):  # the file, and the post itself
        with (
            open_http(MICROPUB, "https://meridian.example", named, seconds=3) as line,
            pytest.raises(NotSent, match="inside"),
        ):
            MICROPUB.publish(line, deed, image)
    assert opened == []


def test_the_guarded_line_works_where_it_may(scripted):
    """One that may go to this machine: it asks as any other, and hangs up on a server that drips its answer."""
    server = scripted({"GET /": ok({"a": 1})})
    allowed = Policy(allowed_networks=(ip_network("127.0.0.0/8"),), allowed_ports=frozenset(range(1, 65536)))
    session = Session(direct=True)
    session.mount(f"{server.url}/", _Outward(policy=allowed))
    asked = session.prepare_request(requests.Request("GET", f"{server.url}/"))
    assert exchange(session, asked, 3).json() == {"a": 1}
    with socket.create_server(("127.0.0.1", 0)) as slow:
        url = f"http://127.0.0.1:{slow.getsockname()[1]}/"
        session.mount(url, _Outward(policy=allowed))
        dripping = threading.Thread(target=_drip, args=(slow,))
        dripping.start()
        started = time.monotonic()
        with pytest.raises(requests.Timeout):
            exchange(session, session.prepare_request(requests.Request("GET", url)), 1)
        assert time.monotonic() - started < 3
        dripping.join()
    session.close()


def _drip(slow):
    line, _ = slow.accept()
    with line, suppress(OSError):
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 100:
            line.sendall(bytes([letter]))
            time.sleep(0.1)


class Owner(Willing):
    """The site's owner, who lets us in; the answer names `iss` where it is told to."""

    def __init__(self, iss=""):
        super().__init__(**{"Access token, or browser": "browser"})
        self.iss = iss

    def visit(self, url, name, value):
        return {**super().visit(url, name, value), **({"iss": self.iss} if self.iss else {})}


def site(scripted, links, *, me="{site}", scope="create update delete media", metadata=None):
    """A site that links to its endpoints, each at itself."""
    page = "".join(f'<link rel="{rel}" href="/{rel}">' for rel in ("micropub", *links))
    server = scripted({
        "GET /": ok(page, **{"Content-Type": "text/html"}),
        "GET /micropub": ok({}),
        "GET /indieauth-metadata": ok(metadata),
    })  # fmt: skip
    token = {"access_token": "token-of-indieauth", "scope": scope, "me": me.format(site=f"{server.url}/")}
    server.answers["POST /token_endpoint"] = ok({**token, "token_type": "Bearer"})
    return server


ENDPOINTS = ("authorization_endpoint", "token_endpoint")


def test_a_site_lets_us_in_by_indieauth(scripted):
    """PKCE with what we need and no more; the client is the address that browsers return to; the token is kept."""
    server, person = site(scripted, ENDPOINTS), Owner()
    secret = MICROPUB.connect(person, server.url)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(person.visited[0]).query).items()}
    assert (asked["me"], asked["scope"]) == (f"{server.url}/", "create update delete media")
    assert (asked["code_challenge_method"], asked["client_id"]) == ("S256", "http://127.0.0.1:8765/")
    form = parse_qs(next(one for one in server.asked if one.what == "POST /token_endpoint").body.decode())
    assert form["code_verifier"][0]
    assert form["client_id"] == [asked["client_id"]]
    assert secret["access_token"] == "token-of-indieauth"
    assert server.asked[-1].headers["Authorization"] == "Bearer token-of-indieauth"


def test_a_site_with_metadata_must_answer_in_its_own_name(scripted):
    """RFC 9207: another server's code stays where it is."""
    places = {name: f"/{name}" for name in ENDPOINTS}
    server = site(scripted, ["indieauth-metadata"])
    told = {name: f"{server.url}{path}" for name, path in places.items()}
    server.answers["GET /indieauth-metadata"] = ok({"issuer": "https://me.example/", **told})
    with pytest.raises(Refused, match="another server"):
        MICROPUB.connect(Owner("https://other.example/"), server.url)
    assert "POST /token_endpoint" not in server.whats()
    assert MICROPUB.connect(Owner("https://me.example/"), server.url)["access_token"] == "token-of-indieauth"


def test_a_site_takes_its_token_back_where_it_said_how(scripted):
    """The place comes from its metadata, and gets the token in the client's name; else a person ends it there."""
    server = site(scripted, ["indieauth-metadata"])
    told = {name: f"{server.url}/{name}" for name in (*ENDPOINTS, "revocation_endpoint")}
    server.answers["GET /indieauth-metadata"] = ok({"issuer": "https://me.example/", **told})
    server.answers["POST /revocation_endpoint"] = ok({})
    secret = MICROPUB.connect(Owner("https://me.example/"), server.url)
    with open_http(MICROPUB, server.url, secret) as http:
        MICROPUB.revoke(http)
    assert parse_qs(server.asked[-1].body.decode()) == {
        "token": ["token-of-indieauth"],
        "token_type_hint": ["access_token"],
        "client_id": ["http://127.0.0.1:8765/"],
    }
    del secret["revocation_endpoint"]
    with open_http(MICROPUB, server.url, secret) as http, pytest.raises(Unsupported, match="no request"):
        MICROPUB.revoke(http)


@pytest.mark.parametrize(
    ("parts", "why"),
    [({"me": "https://another.example/"}, "not for"), ({"scope": "create"}, "not all was allowed")],
)
def test_a_token_for_another_or_for_too_little_is_not_taken(scripted, parts, why):
    """The site must say that it let itself in, and to all that posts need."""
    with pytest.raises(Refused, match=why):
        MICROPUB.connect(Owner(), site(scripted, ENDPOINTS, **parts).url)


def test_a_site_that_names_no_door_says_so(scripted):
    """By the link that it lacks; and a door that is no safe place gets nobody."""
    with pytest.raises(Refused) as caught:
        MICROPUB.connect(Owner(), site(scripted, ()).url)
    assert "rel=authorization_endpoint" in caught.value.hint
    server = site(scripted, ["indieauth-metadata"])
    door = dict.fromkeys(ENDPOINTS, "http://10.0.0.1/x")
    server.answers["GET /indieauth-metadata"] = ok(door)
    with pytest.raises(Refused, match="tokens are not sent"):
        MICROPUB.connect(Owner(), server.url)
