"""What the door tells servers that let us in by OAuth: who we are, with which key, and where browsers come back."""

import json

import pytest
import requests
from joserfc.jwk import ECKey
from studio.test_door import Door

from syndication.config import parse
from syndication.errors import ConfigError
from syndication.pipeline.connect import own_client


def ask(store, config, path):
    with Door(store, config) as door:
        return requests.get(f"http://127.0.0.1:{door.port}/oauth/{path}", timeout=10)


@pytest.fixture
def public(tmp_path):
    return parse('[serve]\npublic = "https://desk.meridian.example"\n', tmp_path / "syndicate.toml")


def test_our_metadata_tells_the_public_half_of_our_key_and_never_the_other(store, public):
    """As atproto.com/specs/oauth asks of a confidential client; the key is made once and kept for its owner alone."""
    answer = ask(store, public, "client-metadata.json")
    told, (key,) = answer.json(), answer.json()["jwks"]["keys"]
    own = ECKey.import_key(json.loads(own_client(public).key))
    assert told["client_id"] == "https://desk.meridian.example/oauth/client-metadata.json"
    assert told["redirect_uris"] == ["https://desk.meridian.example/oauth/return"]
    assert (told["token_endpoint_auth_method"], told["dpop_bound_access_tokens"]) == ("private_key_jwt", True)
    assert {name: key[name] for name in own.as_dict(private=False)} == own.as_dict(private=False)
    assert own.as_dict(private=True)["d"] not in answer.text
    assert (public.data / "oauth-client.key").stat().st_mode & 0o077 == 0
    assert ask(store, public, "client-metadata.json").json() == told


def test_a_browser_that_comes_back_is_told_what_to_do_and_nothing_is_kept(store, public):
    """Its address holds a code: the page names it nowhere, sends nobody the address, and is not to be stored."""
    answer = ask(store, public, "return?code=the-code-of-the-owner&state=s")
    assert "paste" in answer.text
    assert "the-code" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_without_a_public_address_there_are_no_such_pages_and_no_key(store, config):
    """Nobody could read them."""
    assert ask(store, config, "client-metadata.json").status_code == 404
    assert own_client(config) is None
    assert not (config.data / "oauth-client.key").exists()


@pytest.mark.parametrize(
    "said", ["http://desk.example", "desk.example", "https://desk.example/x", "https://"]
)
def test_a_public_address_is_that_of_a_host_by_https(said):
    """Whatever else would be told to servers that cannot reach it, or to whoever listens."""
    with pytest.raises(ConfigError, match="the https address of a host alone"):
        parse(f'[serve]\npublic = "{said}"\n')
