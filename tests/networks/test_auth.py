"""Connecting accounts: the OAuth dance, the ear for its return, and that nothing is told."""

import logging
import threading
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from syndication.errors import ConfigError, NotSent, Refused
from syndication.networks import connector
from syndication.networks.auth import Bearer
from syndication.networks.http import open_http
from syndication.networks.login import OUT_OF_BAND, Listener
from syndication.sandbox import Memory, address, open_server

MASTODON = connector("mastodon")


@pytest.fixture
def sandbox():
    """A sandbox network in this process; its address."""
    with open_server(Memory()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield address(server)
        server.shutdown()
        thread.join()


def get(url):
    with requests.Session() as session:
        return session.get(url, timeout=5)


class Browser:
    """A person whose browser is on this machine; what they saw."""

    def __init__(self, stack):
        self.ear, self.url = stack.enter_context(Listener()), ""

    def own_client(self):
        return None

    def redirect(self, *, own=False, at=""):
        return self.ear.redirect

    def visit(self, url, name, value):
        self.url = url
        browser = threading.Thread(target=get, args=(url,))
        browser.start()
        said = self.ear.wait(name, value, seconds=5)
        browser.join()
        return said


class ByHand:
    """A person who pastes the code: as it is shown, or as `tamper` makes it."""

    def __init__(self, tamper=lambda code: code):
        self.tamper, self.code = tamper, ""

    def own_client(self):
        return None

    def redirect(self, *, own=False, at=""):
        return OUT_OF_BAND

    def visit(self, url, name, value):
        self.code = get(url).text.split("Paste this code: ")[1].split("<")[0]
        return {"code": self.tamper(self.code), name: value}


def test_the_whole_dance_ends_with_a_token_that_works(sandbox):
    """Register, send the browser, hear it return, change the code: with PKCE, state, and no secret in between."""
    with ExitStack() as stack:
        browser = Browser(stack)
        secret = MASTODON.connect(browser, sandbox)
    assert secret["client_secret"] not in browser.url
    asked = parse_qs(urlsplit(browser.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"]
    with open_http(MASTODON, sandbox, secret, seconds=5) as http:
        assert MASTODON.identify(http).startswith("@meridian@127.0.0.1")


def test_a_code_may_be_pasted_by_hand(sandbox):
    """Where no browser can come back to this machine; a code is good once."""
    person = ByHand()
    assert MASTODON.connect(person, sandbox)["access_token"]
    used = person.code
    with pytest.raises(Refused) as caught:
        MASTODON.connect(ByHand(lambda code: used), sandbox)
    assert "used before" in caught.value.message
    assert used not in str(caught.value)


def test_another_verifier_gets_no_token(sandbox, monkeypatch):
    """A stolen code is worth nothing without the verifier."""
    taken = []

    def stolen(code):
        taken.append(code)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        MASTODON.connect(ByHand(stolen), sandbox)
    with pytest.raises(Refused):
        MASTODON.connect(ByHand(lambda code: taken[0]), sandbox)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}, "body": b""}, Refused),
        ({"status": 200, "headers": {}, "body": b"<html>"}, NotSent),
        (
            {
                "status": 400,
                "headers": {},
                "body": {"error": "invalid_grant", "error_description": "the-code?"},
            },
            Refused,
        ),
    ],
)
def test_a_token_that_is_not_given_tells_nothing(scripted, answer, kind):
    """Redirects are not followed with our secret, and the error does not repeat the code."""
    app = {"client_id": "the-client", "client_secret": "the-secret", "id": 1}
    missing = {"status": 404, "headers": {}, "body": {}}
    happy = {"status": 200, "headers": {}, "body": app}
    server = scripted({"POST /oauth/token": answer, "GET /*": missing, "POST /api/v1/apps": happy})

    class Pasting(ByHand):
        def visit(self, url, name, value):
            return {"code": "the-code-of-the-test", name: value}

    with pytest.raises(kind) as caught:
        MASTODON.connect(Pasting(), server.url)
    assert "the-code-of-the-test" not in str(caught.value)
    assert "the-secret" not in str(caught.value)


def test_debug_logging_tells_no_secret(sandbox, caplog):
    """Even with every logger at DEBUG: the OAuth libraries log tokens there, and are kept quiet."""
    caplog.set_level(logging.DEBUG)
    person = ByHand()
    secret = MASTODON.connect(person, sandbox)
    caplog.clear()
    with open_http(MASTODON, sandbox, secret) as http:
        MASTODON.identify(http)
    del secret["software"]
    for value in (*secret.values(), person.code):
        assert value not in caplog.text


def test_plain_http_is_for_this_machine_only():
    """Elsewhere neither a login nor a token goes out on it."""
    with pytest.raises(ConfigError):
        MASTODON.connect(ByHand(), "http://social.example")
    request = requests.Request("GET", "http://social.example/", auth=Bearer("a-token"))
    with pytest.raises(Exception, match="https"):
        request.prepare()


def test_the_ear_hears_only_its_own_state():
    """Other visitors are turned away and do not end the wait; the code is taken once the right one comes."""
    with Listener() as ear:
        seen = []

        def visit():
            for query in (
                "",
                "?code=evil",
                "?code=evil&state=other",
                "favicon.ico",
                "?code=good&state=right",
            ):
                seen.append(get(ear.redirect + query).status_code)

        visitor = threading.Thread(target=visit)
        visitor.start()
        assert ear.wait("state", "right", seconds=5)["code"] == "good"
        visitor.join()
    assert seen == [404, 404, 404, 404, 200]


def test_a_person_may_say_no():
    """That is told in the server's words."""
    with Listener() as ear:
        query = "?error=access_denied&error_description=The+owner+denied&state=right"
        visitor = threading.Thread(target=get, args=(ear.redirect + query,))
        visitor.start()
        with pytest.raises(Refused) as caught:
            ear.wait("state", "right", seconds=5)
        visitor.join()
    assert "The owner denied" in caught.value.message


def test_nobody_coming_back_is_not_waited_for_for_ever():
    """The ear closes after its time."""
    with Listener() as ear, pytest.raises(NotSent):
        ear.wait("state", "right", seconds=0.05)
