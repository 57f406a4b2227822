"""What is known of a token: until when it serves, whether it is renewed without a person, and what was not allowed."""

import json
import math
import time
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.networks import NETWORKS
from syndication.networks.life import Life, life_of
from syndication.networks.login import Token

ACCESS = {"access_token": "a", "expires_at": "2000000000"}


def test_a_token_without_an_end_has_none():
    """Most networks' tokens serve until somebody revokes them."""
    assert life_of({"access_token": "a"}) == Life()


def test_a_token_that_nobody_renews_ends():
    """LinkedIn's, for all but its partners: a person is needed then."""
    assert life_of(ACCESS) == Life(ends=2e9)


def test_a_token_that_is_renewed_has_no_end_but_that_of_what_renews_it():
    """Renewed ten minutes before its end, which is longer than any deed."""
    assert life_of({**ACCESS, "refresh_token": "r"}) == Life(renew=2e9 - 600)
    ends = {"refresh_token": "r", "refresh_expires_at": "2000500000"}
    assert life_of({**ACCESS, **ends}) == Life(ends=2.0005e9, renew=2e9 - 600)


@given(st.one_of(st.none(), st.floats(), st.integers(), st.just("3600"), st.just(0)), st.text(max_size=50))
def test_whatever_a_server_says_of_its_token_ends_nothing_of_ours(said, scope):
    """A time that is none makes the answer unreadable, or no end; never a token that is over by a number's overflow."""
    try:
        token = Token.model_validate({"access_token": "a", "expires_in": said, "scope": scope})
    except ValueError:
        assert said is not None
        return
    secret = token.secret()
    assert all(isinstance(value, str) for value in secret.values())
    if "expires_at" in secret:
        assert time.time() - 5 <= float(secret["expires_at"]) < math.inf


def session(exp):
    body = urlsafe_b64encode(json.dumps({"exp": exp}).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{body}.c2ln"


def test_a_bluesky_session_tells_its_own_end():
    """Its access token is renewed when it is over, and the session ends with what renews it."""
    bluesky = NETWORKS["bluesky"]
    assert bluesky.life({"accessJwt": session(2e9), "refreshJwt": session(2.01e9)}) == Life(
        2.01e9, 2e9, moves=True
    )
    for nonsense in ("", "a.b", "a.!.c", session("soon"), session(None), session(1e300), session(-1)):
        assert bluesky.life({"accessJwt": nonsense, "refreshJwt": nonsense}).ends is None


@pytest.mark.parametrize(
    ("name", "scope", "missing"),
    [
        ("x", "", []),
        ("x", "tweet.read tweet.write users.read media.write offline.access", []),
        ("x", "tweet.read users.read offline.access", ["tweet.write", "media.write"]),
        ("pinterest", "boards:read,boards:write,pins:read,pins:write,user_accounts:read", []),
        ("mastodon", "read write", []),
        ("mastodon", "profile read:statuses write:statuses", ["write:media"]),
        ("reddit", "*", []),
        ("reddit", "identity read edit history", ["submit", "flair"]),
        ("telegram", "", []),
    ],
)
def test_what_was_not_allowed_is_told(name, scope, missing):
    """By the rights that the network said it granted, in any of the forms they come in; nothing where it says none."""
    lacking = NETWORKS[name].lacks({"scope": scope})
    assert [words.rpartition("(")[2].rstrip(")") for words in lacking] == missing


def test_what_moves_its_end_needs_nobody():
    """Of the tokens that are renewed: those without an end, and those whose end each renewal moves."""
    assert [life.renews for life in (Life(), Life(2e9), Life(renew=2e9), Life(2e9, 1e9), Life(2e9, 1e9, True))] == [
        False, False, True, False, True,
    ]  # fmt: skip
    assert (
        NETWORKS["pinterest"]
        .life({**ACCESS, "refresh_token": "r", "refresh_expires_at": "2000500000"})
        .renews
    )
    assert NETWORKS["threads"].life(ACCESS).renews
