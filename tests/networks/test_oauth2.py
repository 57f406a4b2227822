"""OAuth 2 against a server not of our making (npm oidc-provider): codes, PKCE, renewals good once, their reuse."""

import json
import logging
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from networks.person import REDIRECT, Person

from syndication.errors import Refused, Unauthorized, Unsupported
from syndication.networks import connector
from syndication.networks.http import open_http

OIDC = Path(__file__).parent.parent / "oidc"

X = {
    "authorize": "/i/oauth2/authorize",
    "token": "/2/oauth2/token",
    "revoke": "/2/oauth2/revoke",
    "method": "client_secret_basic",
    "pkce": True,
    "scopes": ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"],
    "answers": {
        "GET /2/users/me": {"data": {"id": "1990000000", "username": "meridian_news"}},
        "POST /2/tweets": {"data": {"id": "4711"}},
    },
}
TUMBLR = {
    "authorize": "/oauth2/authorize",
    "token": "/v2/oauth2/token",
    "method": "client_secret_post",
    "scopes": ["basic", "write", "offline_access"],
    "answers": {
        "GET /v2/user/info": {"response": {"user": {"blogs": [{"name": "meridian-news"}]}}},
        "POST /v2/blog/meridian-news/posts": {"response": {"id": "4711"}},
    },
}
PINTEREST = {
    "authorize": "/oauth/",
    "token": "/v5/oauth/token",
    "method": "client_secret_basic",
    "scopes": ["boards:read,boards:write,pins:read,pins:write,user_accounts:read"],  # one, with commas
    "answers": {
        "GET /v5/user_account": {"username": "meridian_news"},
        "GET /v5/boards": {"items": [{"id": "1", "name": "World"}, {"id": "2", "name": "Sport"}]},
        "POST /v5/pins": {"id": "4711"},
    },
}
REDDIT = {
    "authorize": "/api/v1/authorize",
    "token": "/api/v1/access_token",
    "revoke": "/api/v1/revoke_token",
    "method": "client_secret_basic",
    "scopes": ["identity", "submit", "read", "history", "edit", "flair"],
    "answers": {
        "GET /api/v1/me": {"name": "meridian_news"},
        "GET /api/v1/meridian/post_requirements": {"is_flair_required": True, "body_restriction_policy": "none"},
        "GET /r/meridian/api/link_flair_v2": [{"id": "0a1b-news", "text": "News"}],
        "POST /api/submit": {
            "json": {"errors": [], "data": {"name": "t3_4711", "url": "https://www.reddit.com/r/meridian/comments/4711/"}}
        },
    },
}  # fmt: skip
SERVERS = {"x": X, "tumblr": TUMBLR, "pinterest": PINTEREST, "reddit": REDDIT}


class Place:
    """A network, and a server that stands in for its own."""

    def __init__(self, name, said):
        self.network, self.url, self.said = connector(name), said["url"], said

    def person(self):
        return Person(
            OAuth_1_or_2="2", Client_ID=self.said["client_id"], Client_secret=self.said["client_secret"],
            Board="World", Blog="meridian-news", Flair="0a1b-news", **{"Community, without r/": "r/meridian"},
        )  # fmt: skip

    def http(self, secret, **settings):
        return open_http(self.network, self.url, secret, **settings)


@pytest.fixture(scope="module", params=SERVERS)
def place(request):
    node = shutil.which("node")
    if not node or not (OIDC / "node_modules" / "installed").exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "Node or its modules are missing: make tests/oidc/node_modules/installed"
        )
    told = json.dumps({"pkce": False, "redirect": REDIRECT, **SERVERS[request.param]})
    with subprocess.Popen(
        [node, "server.mjs", told], cwd=OIDC, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        said = server.stdout.readline()
        assert said, "the server did not start; its own words stand above"
        yield Place(request.param, json.loads(said))
        server.stdin.close()
        server.wait(20)


def ending(secret):
    """The account as it is when its token is about to end."""
    return {**secret, "expires_at": str(int(time.time()) + 60)}


def test_the_dance_ends_with_a_token_that_works(place):
    """Code, state, PKCE where the network has it, the app's secret as it wants it; then the account is read."""
    person = place.person()
    secret = place.network.connect(person, place.url)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(person.visited[0]).query).items()}
    assert place.said["client_secret"] not in person.visited[0]
    assert asked["scope"].split() == SERVERS[place.network.name]["scopes"]
    assert ("code_challenge" in asked) == SERVERS[place.network.name].get("pkce", False)
    assert time.time() + 7000 < float(secret["expires_at"]) < time.time() + 7300
    with place.http(secret) as http:
        assert "meridian" in place.network.identify(http)


def test_a_post_renews_first_and_keeps_the_new_pair_before_it_is_used(place, draft, image):
    """What is stored is the pair that the post went out with; the old renewal is used up."""
    secret, kept, intended = place.network.connect(place.person(), place.url), [], []
    with place.http(ending(secret), keep=kept.append, intend=lambda: intended.append(len(kept))) as http:
        place.network.publish(http, draft(form=place.network.forms[0]), image)
    assert len(kept) == 1
    assert intended == [1]
    assert kept[0]["access_token"] != secret["access_token"]
    assert kept[0]["refresh_token"] != secret["refresh_token"]
    assert {name for name in secret if kept[0][name] != secret[name]} <= {
        "access_token",
        "refresh_token",
        "expires_at",
    }


def test_debug_logging_tells_no_secret(place, draft, image, caplog):
    """Neither the dance nor a renewal nor a post."""
    caplog.set_level(logging.DEBUG)
    secret, kept = place.network.connect(place.person(), place.url), []
    with place.http(ending(secret), keep=kept.append) as http:
        place.network.publish(http, draft(form=place.network.forms[0]), image)
    for value in (*kept[0].values(), *secret.values()):
        assert len(value) < 20 or value == place.said["client_id"] or value not in caplog.text


def test_a_renewal_used_twice_ends_the_grant_and_pauses_the_account(place, draft, image):
    """Somebody else had it: the server takes both pairs back, and the operator is told to connect again."""
    secret, kept = place.network.connect(place.person(), place.url), []
    with place.http(ending(secret), keep=kept.append) as http:
        place.network.identify(http)
    with place.http(ending(secret)) as http, pytest.raises(Unauthorized) as caught:
        place.network.publish(http, draft(form=place.network.forms[0]), image)
    assert "syndicate connect" in caught.value.hint
    assert not [value for value in secret.values() if len(value) >= 20 and value in str(caught.value)]
    with place.http(kept[0]) as http, pytest.raises(Unauthorized):
        place.network.identify(http)


def test_access_that_was_given_back_is_over(place, draft, image):
    """Neither the token nor its renewal is good any more, nor is one that ended a moment before; twice does no harm.

    Networks that have no such request say so, and where a person ends it.
    """
    secret = place.network.connect(place.person(), place.url)
    if "revoke" not in SERVERS[place.network.name]:
        with place.http(secret) as http, pytest.raises(Unsupported) as caught:
            place.network.revoke(http)
        assert f"End it at {place.network.title}: Settings" in caught.value.hint
        return
    with place.http(ending(secret)) as http:
        place.network.revoke(http)
        place.network.revoke(http)
    for dead in (secret, ending(secret)):
        with place.http(dead) as http, pytest.raises(Unauthorized):
            place.network.publish(http, draft(form=place.network.forms[0]), image)


def test_a_code_is_good_for_who_asked_for_it(place):
    """A code that somebody else's browser brought (another verifier, another app) gets no token."""

    class Swapped(Person):
        def visit(self, url, name, value):
            return super().visit(url, name, value) | {"code": "of-somebody-else"}

    swapped = Swapped(**{name.replace(" ", "_"): said for name, said in place.person().answers.items()})
    with pytest.raises(Refused) as caught:
        place.network.connect(swapped, place.url)
    assert "of-somebody-else" not in str(caught.value)
