"""How real servers let us in, and keep us out: sessions that end, tokens that are renewed, rights, keys."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from networks.real import JPEG, AtThePds, by_password

from syndication.errors import Refused, Unauthorized
from syndication.networks import connector
from syndication.networks.dpop import make_key
from syndication.networks.http import open_http
from syndication.networks.login import OUT_OF_BAND
from syndication.pipeline.connect import own_client


def test_a_session_that_was_given_back_is_over(pds, fresh):
    """Both kinds of access end at the server: what renews an app password's session, or OAuth's, is good no more."""
    network, password = connector("bluesky"), by_password(pds)
    expired = {**password, "accessJwt": _expired(password["accessJwt"], pds["jwtSecret"])}
    oauth = network.connect(AtThePds(pds), pds["named"])
    for server, secret, later in ((pds["url"], password, expired), (pds["named"], oauth, ending(oauth))):
        with open_http(network, server, secret, seconds=20) as http:
            network.identify(http)
            network.revoke(http)
        with (
            open_http(network, server, later, seconds=20) as http,
            pytest.raises(Unauthorized, match="is over"),
        ):
            network.publish(http, fresh(8, card=None), None)


def test_an_expired_session_is_renewed_and_goes_on(pds, bluesky, fresh):
    """The real server's own expired token, its refresh, and the post made with the new one."""
    secret = by_password(pds)
    kept, draft = [], bluesky.draft(fresh)
    old = {**secret, "accessJwt": _expired(secret["accessJwt"], pds["jwtSecret"])}
    with open_http(bluesky.network, pds["url"], old, keep=kept.append, seconds=20) as http:
        receipt = bluesky.network.publish(http, draft, JPEG)
        assert bluesky.network.find(http, draft) == receipt
    assert kept[0]["did"] == secret["did"]
    assert kept[0]["refreshJwt"] != secret["refreshJwt"]


def ending(secret):
    return {**secret, "expires_at": str(int(time.time()) + 30)}


def test_what_is_allowed_is_what_posting_needs(pds, allowed):
    """The token is bound to a key of ours, for our posts and pictures only, and its end is known."""
    claims = json.loads(base64.urlsafe_b64decode(allowed.secret["access_token"].split(".")[1] + "=="))
    assert claims["sub"] == allowed.secret["did"]
    assert claims["cnf"]["jkt"]
    assert 60 < float(allowed.secret["expires_at"]) - time.time() <= 3600
    assert pds["password"] not in json.dumps(allowed.secret)
    like = {"repo": allowed.secret["did"], "collection": "app.bsky.feed.like", "rkey": "self", "record": {}}
    with allowed.http() as http, pytest.raises(Unauthorized, match="scope"):
        http.call("POST", "/xrpc/com.atproto.repo.putRecord", json=like)


def test_tokens_are_renewed_before_they_end_and_reuse_ends_the_session(pds, fresh):
    """The new pair is stored before it is used; renewing with an old one ends the session, and a person is asked."""
    network = connector("bluesky")
    first = network.connect(AtThePds(pds), pds["named"])
    kept, draft = [], fresh(card=None)
    with open_http(network, pds["named"], ending(first), keep=kept.append, seconds=20) as http:
        receipt = network.publish(http, draft, None)
        assert network.find(http, draft) == receipt
    assert len(kept) == 1
    second = kept[0]
    assert (second["access_token"], second["refresh_token"]) != (
        first["access_token"],
        first["refresh_token"],
    )
    assert second["dpop_key"] == first["dpop_key"]
    for stale in (first, second):  # the second is as dead as the first, once the first came back
        line = open_http(network, pds["named"], ending(stale), keep=kept.append, seconds=20)
        with line as http, pytest.raises(Unauthorized) as caught:
            network.publish(http, fresh(1, card=None), None)
        assert "connect bluesky" in caught.value.hint
    assert len(kept) == 1


def test_a_newsroom_with_a_public_address_proves_who_it_is(pds, desk_server, fresh):
    """The server reads our metadata and key at that address; it renews only for whoever proves to have that key."""
    network, own = connector("bluesky"), own_client(desk_server[0])
    first = network.connect(AtThePds(pds, own), pds["named"])
    assert first["client_id"] == "https://desk.meridian.internal/oauth/client-metadata.json"
    kept, draft = [], fresh(2, card=None)
    with open_http(network, pds["named"], ending(first), keep=kept.append, seconds=20) as http:
        receipt = network.publish(http, draft, None)
        assert network.find(http, draft) == receipt
    stolen = {**ending(kept[0]), "client_key": make_key()}
    with open_http(network, pds["named"], stolen, seconds=20) as http, pytest.raises(Unauthorized):
        network.publish(http, fresh(3, card=None), None)
    with open_http(network, pds["named"], ending(kept[0]), keep=kept.append, seconds=20) as http:
        network.publish(http, fresh(4, card=None), None)
    assert len(kept) == 2


def test_a_nonce_that_has_changed_costs_nothing(allowed, fresh, monkeypatch):
    """The server wants its newest nonce in the proof: the request is sent again with it, and posts once."""
    draft, intents = allowed.draft(fresh), []
    with allowed.http(
        intend=lambda: intents.append(dict(http.auth._nonces)) or http.auth._nonces.clear()
    ) as http:
        receipt = allowed.network.publish(http, draft, JPEG)
        assert len(intents) == 1
        assert http.auth._nonces
        assert allowed.network.find(http, draft) == receipt


def test_a_token_without_its_key_is_worth_nothing(allowed, fresh):
    """Whoever steals the token alone cannot use it."""
    stolen = {**allowed.secret, "dpop_key": make_key()}
    with open_http(allowed.network, allowed.server, stolen) as http, pytest.raises(Unauthorized):
        allowed.network.publish(http, fresh(card=None), None)


def test_another_account_than_named_is_not_taken(pds):
    """The account that was let in must be the one whose handle was given."""

    class Other(AtThePds):
        def ask(self, what, *, hidden=False):
            return "browser" if hidden else "harbour.test"

    with pytest.raises(Refused, match="another account"):
        connector("bluesky").connect(Other(pds), pds["named"])


def _expired(token, key):
    """The token as it would be hours after it was given."""
    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["iat"], claims["exp"] = claims["iat"] - 9000, claims["iat"] - 1800
    signed = f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}"
    mark = hmac.digest(key.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def test_a_wrong_password_is_the_operators(pds):
    """In the server's words."""
    with pytest.raises(Unauthorized) as caught:
        by_password(pds, "not-the-password")
    assert "Invalid identifier or password" in caught.value.message


def test_a_dead_token_is_the_operators(real, fresh):
    """A token the server does not know pauses the account; nothing is posted."""
    tokens = {"access_token", "accessJwt", "refreshJwt"} & real.secret.keys()
    dead = {**real.secret, **{name: real.secret[name][:-4] + "AAAA" for name in tokens}}
    with open_http(real.network, real.server, dead) as http, pytest.raises(Unauthorized):
        real.network.publish(http, real.draft(fresh), JPEG)


def test_limits_and_handles_are_read(real):
    """From each server as it says them."""
    with real.http() as http:
        assert real.network.read_limits(http).text == real.network.limits.text
        assert real.network.identify(http).startswith("@")


class AtTheirPage:
    """A person who allows us in at mastodon-mock's own page, and pastes the code that it shows."""

    def own_client(self):
        return None

    def redirect(self, *, own=False, at=""):
        return OUT_OF_BAND

    def visit(self, url, name, value):
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        with requests.Session() as browser:
            shown = browser.post(url.partition("?")[0], data={**asked, "username": "alice"}, timeout=5)
        return {"code": shown.text.split("Authorization code: ")[1].split("<")[0], name: value}


def test_the_oauth_dance_with_another_server(mastodon):
    """The token that a server not of our making gives works, and the server says what it runs."""
    secret = mastodon.network.connect(AtTheirPage(), mastodon.server)
    assert secret["software"]
    with open_http(mastodon.network, mastodon.server, secret) as http:
        assert mastodon.network.identify(http).startswith("@alice@")
