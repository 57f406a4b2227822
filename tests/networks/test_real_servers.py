"""Both networks against real servers: mastodon-mock from PyPI, the reference AT Protocol server from npm."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import uvicorn
from mastodon_mock.testing.server import MockServer
from networks.conftest import Desk
from networks.person import REDIRECT

from syndication.config import Config
from syndication.errors import NotSent, Refused, Unauthorized
from syndication.models import PublishEvent, StoryRecord
from syndication.networks import atproto, connector, repo, standard_site
from syndication.networks.dpop import make_key
from syndication.networks.http import open_http
from syndication.networks.login import OUT_OF_BAND, granted, returned
from syndication.pipeline.connect import own_client
from syndication.studio.app import make_app
from syndication.text import compose, measure

PDS = Path(__file__).parent.parent / "pds"
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5"
    "PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AKp//2Q=="
)


class Real:
    """A network, a server of it, and an account there."""

    def __init__(self, name, server, secret):
        self.network, self.server, self.secret = connector(name), server, secret

    def http(self, **settings):
        return open_http(self.network, self.server, self.secret, **{"seconds": 20, **settings})

    def draft(
        self, fresh, summary="Twelve are missing & nobody knows <why>, says @desk@news.example.", **parts
    ):
        event = PublishEvent.model_validate(
            {"url": "https://news.example/world/4711?a=1&b=ö", "headline": "Ferry sinks", "summary": summary,
             "published": "2026-11-20T08:00:00Z"}
        )  # fmt: skip
        return fresh(text=compose(event, limits=self.network.limits), link=event.url, **parts)


@pytest.fixture(scope="module")
def mastodon():
    with MockServer() as server:
        yield Real("mastodon", server.base_url, {"access_token": "alice_token"})


@pytest.fixture(scope="module")
def desk_server(tmp_path_factory):
    """`syndicate serve`'s application at a port of this machine, and its config with a public address."""
    config = Config.model_validate(
        {"folder": tmp_path_factory.mktemp("desk"), "serve": {"public": "https://desk.meridian.internal"}}
    )
    app = make_app(None, config, lambda: True, ["whsec_unused"])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield config, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def pds(tmp_path_factory, desk_server):
    """The reference server, with a folder of its own for all it writes; its address, handle and password."""
    node = shutil.which("node")
    if not node or not (PDS / "node_modules" / "installed").exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "Node or its modules are missing: make tests/pds/node_modules/installed"
        )
    folder = str(tmp_path_factory.mktemp("pds"))
    with subprocess.Popen(
        [node, "server.mjs"],
        cwd=PDS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": folder, "DESK": desk_server[1]},
        text=True,
    ) as server:
        said = server.stdout.readline()
        assert said, "the reference server did not start; its own words stand above"
        yield json.loads(said)
        server.stdin.close()
        server.wait(20)


def by_password(pds, password=None):
    return connector("bluesky").connect(Desk([pds["handle"], password or pds["password"]]), pds["url"])


@pytest.fixture(scope="module")
def bluesky(pds):
    secret = by_password(pds)
    return Real("bluesky", pds["url"], secret)


class AtThePds:
    """A person who has no app password, and lets us in on the reference server's own pages."""

    def __init__(self, pds, own=None):
        self.pds, self.own, self.cookies = pds, own, {}

    def say(self, words):
        """Nothing is made of it."""

    def ask(self, what, *, hidden=False):
        return "browser" if hidden else f"@{self.pds['handle']}"

    def own_client(self):
        return self.own

    def redirect(self, *, own=False, at=""):
        return at or REDIRECT

    def visit(self, url, name, value):
        """What their pages do: show, sign in, consent, and send the browser back."""
        self.send("GET", url, mode="navigate", site="none")
        login = {
            "locale": "en",
            "username": self.pds["handle"],
            "password": self.pds["password"],
            "remember": True,
        }
        account = self.send("POST", "sign-in", page=url, json=login).json()["account"]
        done = self.send("POST", "consent", page=url, json={"sub": account["sub"]}).json()["url"]
        back = self.send("GET", done, mode="navigate", site="same-origin", page=url).headers["Location"]
        return granted(returned(back, name, value))

    def send(self, method, url, *, mode="same-origin", site="same-origin", page="", **parts):
        """As a browser sends it. Cookies by hand: those of these pages are for https, here is none."""
        if not url.startswith("http"):
            url = f"{self.pds['named']}/@atproto/oauth-provider/~api/{url}"
        headers = {
            "Sec-Fetch-Mode": mode, "Sec-Fetch-Site": site,
            "Sec-Fetch-Dest": "document" if mode == "navigate" else "empty",
            "Origin": self.pds["named"], "Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items()),
            "x-csrf-token": self.cookies.get("csrf-token", ""), **({"Referer": page} if page else {}),
        }  # fmt: skip
        if method == "GET":
            del headers["Origin"]
        answer = requests.request(method, url, headers=headers, allow_redirects=False, timeout=20, **parts)
        assert answer.status_code < 400, answer.text
        for cookie in answer.raw.headers.getlist("Set-Cookie"):
            key, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[key] = value
        return answer


@pytest.fixture(scope="module")
def allowed(pds):
    """The same account by OAuth."""
    return Real("bluesky", pds["named"], connector("bluesky").connect(AtThePds(pds), pds["named"]))


@pytest.fixture(params=["mastodon", "bluesky", "allowed"])
def real(request):
    return request.getfixturevalue(request.param)


def test_a_post_is_made_once_found_changed_and_removed(real, fresh):
    """The whole life of a post at a real server; every step may be repeated."""
    draft, network = real.draft(fresh), real.network
    with real.http() as http:
        assert network.find(http, draft) is None
        receipt = network.publish(http, draft, JPEG)
    assert receipt.url.startswith("https://")
    with real.http() as http:
        assert network.publish(http, draft, JPEG) == receipt
        assert network.find(http, draft) == receipt
    changed = draft.model_copy(update={"text": "Eleven are missing."})
    with real.http() as http:
        edited = network.edit(http, receipt, changed, JPEG)
        assert network.edit(http, receipt, changed, JPEG) == edited
        assert (edited.id, edited.url) == (receipt.id, receipt.url)
        network.withdraw(http, receipt)
        network.withdraw(http, receipt)
        assert network.find(http, draft) is None


def story_record(path="/world/4711", **parts):
    published = datetime(2026, 11, 20, 8, tzinfo=UTC)
    said = {"story": hashlib.sha256(path.encode()).hexdigest(), "paper": "The Meridian", "modified": None}
    place = {"site": "https://news.example", "path": path, "published": published}
    return StoryRecord.model_validate({**said, **place, **parts})


def records(pds, collection):
    """All that stands in the account's repository of one kind, by address: its hash and what it says."""
    asked = {"repo": pds["handle"], "collection": collection}
    path = f"{pds['url']}/xrpc/com.atproto.repo.listRecords"
    there = requests.get(path, params=asked, timeout=20).json()["records"]
    return {one["uri"]: (one["cid"], one["value"]) for one in there}


def refs_of(pds, receipt):
    _, said = records(pds, "app.bsky.feed.post")[receipt.id]
    return {ref["uri"]: ref["cid"] for ref in said["embed"]["external"]["associatedRefs"]}


@pytest.mark.parametrize("how", ["bluesky", "allowed"])
def test_a_story_has_a_record_beside_its_posts(pds, how, fresh, request):
    """What the post names is what the server says stands there, through two posts, an edit and the removal."""
    real = request.getfixturevalue(how)
    network, record = real.network, story_record(f"/{how}")
    first, second = (
        real.draft(fresh, record=record),
        real.draft(fresh, record=record, tags=("Sea 字", "👩‍👧")),
    )
    for draft in (first, second):
        with real.http() as http:
            receipt = network.publish(http, draft, JPEG)
        with real.http() as http:
            assert network.publish(http, draft, JPEG) == receipt
            assert network.read(http, receipt).record is True
        documents = records(pds, "site.standard.document")
        publications = records(pds, "site.standard.publication")
        named = {uri: cid for uri, (cid, _) in {**documents, **publications}.items()}
        assert (len(documents), len(publications)) == (1, 1)
        assert refs_of(pds, receipt) == named
    modified = record.published + timedelta(hours=2)
    changed = second.model_copy(
        update={"title": "Ferry found", "record": record.model_copy(update={"modified": modified})}
    )
    with real.http() as http:
        receipt = network.edit(http, receipt, changed, JPEG)
        assert network.edit(http, receipt, changed, JPEG) == receipt
    [(address, (cid, said))] = records(pds, "site.standard.document").items()
    assert (said["title"], said["updatedAt"]) == ("Ferry found", "2026-11-20T10:00:00.000Z")
    assert refs_of(pds, receipt)[address] == cid
    with real.http() as http:
        for _ in range(2):
            network.withdraw(http, receipt)
            network.unrecord(http, changed)
    assert records(pds, "site.standard.document") == {}


@pytest.mark.parametrize("how", ["published", "edited", "edited again"])
def test_a_frozen_worker_writes_no_record_after_the_removal(pds, bluesky, fresh, monkeypatch, how):
    """Frozen between the post and its record, in the middle of the request; meanwhile both are removed."""
    network, put, place = bluesky.network, standard_site.repo.put, f"/{how}"
    draft = bluesky.draft(fresh, card=None, record=story_record(place))
    changed = draft.model_copy(update={"title": "Ferry found"})

    def frozen(http, place, record, **swap):
        if place["collection"] == standard_site.DOCUMENT:
            monkeypatch.setattr(standard_site.repo, "put", put)
            with bluesky.http() as another:
                network.withdraw(another, network.find(another, draft))
                network.unrecord(another, draft)
        return put(http, place, record, **swap)

    with bluesky.http() as http:
        receipt = network.publish(http, draft, None) if how != "published" else None
        if how == "edited again":
            network.edit(http, receipt, changed, None)
    monkeypatch.setattr(standard_site.repo, "put", frozen)
    with bluesky.http() as http:
        if receipt is None:
            network.publish(http, draft, None)
        else:
            with pytest.raises(NotSent, match="changed since"):
                network.edit(http, receipt, changed, None)
    assert standard_site.repo.put is put  # it was frozen
    assert records(pds, standard_site.DOCUMENT) == {}


def test_a_record_is_not_written_beside_a_post_that_is_gone(pds, bluesky, fresh, monkeypatch):
    """An edit that changes nothing makes no write to go by: the post is looked for once more."""
    network, put = bluesky.network, standard_site.repo.put
    draft = bluesky.draft(fresh, card=None, record=story_record("/gone"))
    with bluesky.http() as http:
        receipt = network.publish(http, draft, None)

    def frozen(http, place, record, **swap):
        written = put(http, place, record, **swap)
        if place["collection"] == "app.bsky.feed.post":
            with bluesky.http() as another:
                network.withdraw(another, receipt)
                network.unrecord(another, draft)
        return written

    monkeypatch.setattr(standard_site.repo, "put", frozen)
    with bluesky.http() as http, pytest.raises(NotSent, match="gone by now"):
        network.edit(http, receipt, draft, None)
    assert records(pds, standard_site.DOCUMENT) == {}


def test_who_allowed_posts_alone_posts_without_records(pds, fresh, monkeypatch):
    """A login from before records were asked for: the server would refuse them, and nothing is lost by that."""
    monkeypatch.setattr(atproto, "SCOPE", "atproto repo:app.bsky.feed.post blob:image/*")
    secret = connector("bluesky").connect(AtThePds(pds), pds["named"])
    old = Real("bluesky", pds["named"], secret)
    with old.http() as http:
        receipt = old.network.publish(http, fresh(7, record=story_record("/old"), card=None), None)
        assert old.network.read(http, receipt).record is None
    assert records(pds, "site.standard.document") == {}
    with old.http() as http, pytest.raises(Unauthorized, match="scope"):
        place = {"repo": secret["did"], "collection": "site.standard.document", "rkey": "3mdve2222222a"}
        repo.put(http, place, {"site": "https://news.example"})


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


def test_two_workers_at_once_make_one_post(bluesky, fresh):
    """Where the key is the record's own, even simultaneous tries leave one post, and both know it."""
    draft, receipts = bluesky.draft(fresh, card=None), []

    def work():
        with bluesky.http() as http:
            receipts.append(bluesky.network.publish(http, draft, None))

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(receipts) == 6
    assert len(set(receipts)) == 1


@pytest.mark.parametrize(
    "text", ["字" * 400, "क्षत्रिय हिन्दी " * 60, "👨‍👩‍👧‍👦" * 200, "Wort " * 100, "e\u0301\u0323" * 400]
)
def test_a_text_that_fits_is_taken(bluesky, fresh, text):
    """What we measure as fitting, the server takes: in every script, filled to the brim. (mastodon-mock counts
    code points, so this is asked of Bluesky only.)
    """
    draft = bluesky.draft(fresh, summary=text, card=None)
    assert measure(draft.text, bluesky.network.limits) > 100
    with bluesky.http() as http:
        receipt = bluesky.network.publish(http, draft, None)
        assert bluesky.network.find(http, draft) == receipt


def test_a_text_too_long_is_refused_in_the_servers_words(bluesky, fresh):
    """301 graphemes are one too many there as well."""
    with bluesky.http() as http, pytest.raises(Refused) as caught:
        bluesky.network.publish(http, fresh(text="字" * 301, card=None), None)
    assert "300" in caught.value.message


def test_links_and_languages_are_taken_as_written(bluesky, fresh):
    """Facets beside emoji, a link with brackets, a language with a region."""
    draft = fresh(
        text="👩‍👧 https://news.example/a_(b)?q=ö 世 https://x.example", language="sr_Latn_RS", card=None
    )
    with bluesky.http() as http:
        bluesky.network.publish(http, draft, None)
        place = bluesky.network.find(http, draft).id.removeprefix("at://").split("/")
        asked = dict(zip(("repo", "collection", "rkey"), place, strict=True))
        record = http.call("GET", "/xrpc/com.atproto.repo.getRecord", params=asked).json()["value"]
    raw = record["text"].encode()
    linked = [raw[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode() for f in record["facets"]]
    assert linked == ["https://news.example/a_(b)?q=ö", "https://x.example"]
    assert record["langs"] == ["sr-Latn-RS"]


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
