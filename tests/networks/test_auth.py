"""Connecting accounts: the OAuth dance, the ear for its return, the session, and that nothing is told."""

import logging
import os
import threading

import pytest
import requests

from syndication.errors import ConfigError, NotSent, Refused, Unauthorized
from syndication.networks import connector
from syndication.networks.auth import (
    OUT_OF_BAND,
    SCOPES,
    Bearer,
    connect_bluesky,
    mastodon_authorize_url,
    mastodon_register,
    mastodon_token,
)
from syndication.networks.http import open_http
from syndication.networks.login import Listener
from syndication.sandbox import Memory, address, open_server


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


def test_the_whole_dance_ends_with_a_token_that_works(sandbox):
    """Register, send the browser, hear it return, change the code: with PKCE, state, and no secret in between."""
    with Listener() as ear:
        app = mastodon_register(sandbox, redirect=ear.redirect)
        url, state, verifier = mastodon_authorize_url(app)
        assert app["client_secret"] not in url
        assert verifier not in url
        assert {"code_challenge_method=S256", f"state={state}"} <= set(url.split("&"))
        browser = threading.Thread(target=get, args=(url,))
        browser.start()
        code = ear.wait("state", state, seconds=5)["code"]
        browser.join()
    secret = mastodon_token(app, code, verifier)
    with open_http(connector("mastodon"), sandbox, secret, seconds=5) as http:
        assert connector("mastodon").identify(http).startswith("@meridian@127.0.0.1")


def test_a_code_may_be_pasted_by_hand(sandbox):
    """Where no browser can come back to this machine; a code is good once."""
    app = mastodon_register(sandbox)
    assert app["redirect"] == OUT_OF_BAND
    url, _, verifier = mastodon_authorize_url(app)
    code = get(url).text.split("Paste this code: ")[1].split("<")[0]
    assert mastodon_token(app, f" {code}\n", verifier)["access_token"]
    with pytest.raises(Refused) as caught:
        mastodon_token(app, code, verifier)
    assert "used before" in caught.value.message
    assert code not in str(caught.value)


def test_another_verifier_gets_no_token(sandbox):
    """A stolen code is worth nothing without the verifier."""
    app = mastodon_register(sandbox)
    url, _, _ = mastodon_authorize_url(app)
    code = get(url).text.split("Paste this code: ")[1].split("<")[0]
    with pytest.raises(Refused):
        mastodon_token(app, code, mastodon_authorize_url(app)[2])


def test_servers_before_pkce_are_asked_without(scripted):
    """A server that does not say it knows S256 is not confused with it."""
    app = {"client_id": "the-client-id", "client_secret": "the-client-secret", "id": 1}
    for answer in (
        {"status": 404, "headers": {}, "body": {}},
        {"status": 200, "headers": {}, "body": b"<html>"},
    ):
        server = scripted(
            {
                "POST /api/v1/apps": {"status": 200, "headers": {}, "body": app},
                "GET /.well-known/oauth-authorization-server": answer,
            }
        )
        registered = mastodon_register(server.url)
        assert registered["pkce"] == ""
        assert "code_challenge" not in mastodon_authorize_url(registered)[0]
        assert b"read%3Aaccounts" in server.asked[0].body


@pytest.mark.parametrize("granted", ["read", "write:statuses  read", "", None])
def test_other_scopes_than_asked_for_are_no_error(scripted, granted):
    """oauthlib would raise a warning; the token is taken."""
    token = {
        "access_token": "the-token",
        "token_type": "Bearer",
        **({"scope": granted} if granted is not None else {}),
    }
    server = scripted({"POST /oauth/token": {"status": 200, "headers": {}, "body": token}})
    app = {
        "client_id": "c",
        "client_secret": "s",
        "server": server.url,
        "redirect": OUT_OF_BAND,
        "pkce": "S256",
    }
    assert mastodon_token(app, "the-code", "v" * 43)["access_token"] == "the-token"
    assert b"code_verifier=" in server.asked[0].body
    assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}, "body": b""}, NotSent),
        ({"status": 200, "headers": {}, "body": b"<html>"}, Refused),
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
    server = scripted({"POST /oauth/token": answer})
    app = {
        "client_id": "the-client",
        "client_secret": "the-secret",
        "server": server.url,
        "redirect": OUT_OF_BAND,
    }
    with pytest.raises(kind) as caught:
        mastodon_token({**app, "pkce": ""}, "the-code", "")
    assert "the-code" not in str(caught.value)
    assert "the-secret" not in str(caught.value)


def test_debug_logging_tells_no_secret(sandbox, caplog):
    """Even with every logger at DEBUG: the OAuth libraries log tokens there, and are kept quiet."""
    caplog.set_level(logging.DEBUG)
    app = mastodon_register(sandbox)
    url, _, verifier = mastodon_authorize_url(app)
    code = get(url).text.split("Paste this code: ")[1].split("<")[0]
    caplog.clear()
    secret = mastodon_token(app, code, verifier)
    with open_http(connector("mastodon"), sandbox, secret) as http:
        connector("mastodon").identify(http)
    for value in (*secret.values(), code, verifier):
        assert value not in caplog.text


def test_insecure_transport_is_allowed_for_this_machine_only(sandbox):
    """The switch that oauthlib reads is put back, and plain http elsewhere stays refused."""
    mastodon_authorize_url(mastodon_register(sandbox))
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ
    with pytest.raises(ConfigError):
        mastodon_register("http://social.example")
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


def test_bluesky_keeps_the_session_and_not_the_password(scripted):
    """An app password is used once; `@` before a handle does no harm."""
    session = {
        "did": "did:plc:abc",
        "handle": "meridian.example",
        "accessJwt": "access",
        "refreshJwt": "refresh",
    }
    server = scripted(
        {
            "POST /xrpc/com.atproto.server.createSession": {
                "status": 200,
                "headers": {},
                "body": {**session, "x": 1},
            }
        }
    )
    assert connect_bluesky(server.url, "@meridian.example", "app-password") == (session, "@meridian.example")
    assert b'"identifier": "meridian.example"' in server.asked[0].body


def test_a_wrong_password_is_not_told(scripted):
    """The server's words are, without it."""
    said = {"error": "AuthenticationRequired", "message": "Invalid password app-password"}
    server = scripted(
        {"POST /xrpc/com.atproto.server.createSession": {"status": 401, "headers": {}, "body": said}}
    )
    with pytest.raises(Unauthorized) as caught:
        connect_bluesky(server.url, "meridian.example", "app-password")
    assert "Invalid password" in caught.value.message
    assert "app-password" not in str(caught.value)


def test_we_ask_for_no_more_than_we_need():
    """Reading our own posts, writing posts and pictures: nothing else."""
    assert set(SCOPES.split()) == {"read:accounts", "read:statuses", "write:statuses", "write:media"}
