"""OAuth 1.0a held against oauthlib's own server side: the dance, and every signed request of X and Tumblr."""

import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from networks.person import Person
from oauthlib.oauth1 import RequestValidator, WebApplicationServer

from syndication.errors import Refused, Unauthorized
from syndication.networks import connector
from syndication.networks.http import open_http

KEY, SECRET = "the-key-of-the-newsroom-app", "the-secret-of-the-newsroom-app"


class Verifier(RequestValidator):
    """Remembers what it gave and what it has seen; every rule of RFC 5849 that needs a memory is kept."""

    enforce_ssl = False
    safe_characters = RequestValidator().safe_characters | set("-_")
    dummy_client = dummy_request_token = dummy_access_token = "nobody"

    def __init__(self):
        self.requests, self.verifiers, self.tokens, self.seen = {}, {}, {}, set()

    def validate_client_key(self, client_key, request):
        return client_key == KEY

    def get_client_secret(self, client_key, request):
        return SECRET if client_key == KEY else "no secret"

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        new = (timestamp, nonce) not in self.seen and abs(time.time() - int(timestamp)) < 300
        self.seen.add((timestamp, nonce))
        return new

    def get_realms(self, token, request):
        return []

    def get_default_realms(self, client_key, request):
        return []

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def verify_realms(self, token, realms, request):
        return True

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri == Person().redirect()

    def save_request_token(self, token, request):
        self.requests[token["oauth_token"]] = (token["oauth_token_secret"], request.redirect_uri)

    def verify_request_token(self, token, request):
        return token in self.requests

    def get_redirect_uri(self, token, request):
        return self.requests[token][1]

    def save_verifier(self, token, verifier, request):
        self.verifiers[token] = verifier["oauth_verifier"]

    def validate_request_token(self, client_key, token, request):
        return token in self.requests

    def get_request_token_secret(self, client_key, token, request):
        return self.requests.get(token, ("no secret",))[0]

    def validate_verifier(self, client_key, token, verifier, request):
        return bool(verifier) and self.verifiers.get(token) == verifier

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = token["oauth_token_secret"]

    def invalidate_request_token(self, client_key, request_token, request):
        self.requests.pop(request_token, None)

    def validate_access_token(self, client_key, token, request):
        return token in self.tokens

    def get_access_token_secret(self, client_key, token, request):
        return self.tokens.get(token, "no secret")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, url = urlsplit(self.path).path, self.server.url + self.path
        told = (url, self.command, body.decode("latin-1"), dict(self.headers))
        if path == "/oauth/request_token":
            self.answer(*self.server.oauth.create_request_token_response(*told))
        elif path == "/oauth/authorize":
            token = parse_qs(urlsplit(self.path).query)["oauth_token"][0]
            if self.server.denies:
                self.answer({"Location": f"{Person().redirect()}?denied={token}"}, "", 302)
            else:
                self.answer(*self.server.oauth.create_authorization_response(url, credentials={}))
        elif path == "/oauth/access_token":
            self.answer(*self.server.oauth.create_access_token_response(*told))
        else:
            good, _ = self.server.oauth.validate_protected_resource_request(*told)
            self.server.asked.append((f"{self.command} {path}", good, self.headers.get("Authorization")))
            said = self.server.answers[f"{self.command} {path}"] if good else {"title": "Unauthorized"}
            self.answer({"Content-Type": "application/json"}, json.dumps(said), 200 if good else 401)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the library's names

    def answer(self, headers, body, status):
        out = (body or "").encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_):
        """Nothing."""


ANSWERS = {
    "GET /2/users/me": {"data": {"id": "1990000000", "username": "meridian_news"}},
    "POST /2/media/upload": {"data": {"id": "1"}},
    "POST /2/media/metadata": {"data": {}},
    "POST /2/tweets": {"data": {"id": "4711"}},
    "GET /2/users/1990000000/tweets": {"meta": {}},
    "DELETE /2/tweets/4711": {"data": {"deleted": True}},
    "GET /v2/user/info": {"response": {"user": {"blogs": [{"name": "meridian-news"}]}}},
    "POST /v2/blog/meridian-news/posts": {"response": {"id": "4711"}},
    "PUT /v2/blog/meridian-news/posts/4711": {"response": {"id": "4711"}},
    "GET /v2/blog/meridian-news/posts": {"response": {"posts": []}},
    "POST /v2/blog/meridian-news/post/delete": {"response": {}},
}


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.verifier, server.denies = Verifier(), False
    server.oauth = WebApplicationServer(server.verifier)
    server.asked, server.answers = [], ANSWERS
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def person(**answers):
    return Person(OAuth_1_or_2="1", API_key=KEY, API_key_secret=SECRET, Blog="meridian-news", **answers)


@pytest.fixture(params=["x", "tumblr"])
def network(request):
    return connector(request.param)


def test_the_dance_ends_with_tokens_that_sign_every_request(network, server, draft, image):
    """All that a connector asks, JSON and forms and parts with an image, bears a signature that another verifies."""
    secret = network.connect(person(), server.url)
    assert SECRET in secret.values()
    story = draft(form="image", text="Zwölf & mehr, “sagt” 100 % +1 https://news.example/a?b=c&d=%20é")
    with open_http(network, server.url, secret) as http:
        assert network.identify(http)
        assert network.find(http, story) is None
        receipt = network.publish(http, story, image)
        if network.name == "tumblr":
            network.edit(http, receipt, story, image)
        network.withdraw(http, receipt)
    assert all(good for _, good, _ in server.asked)
    assert len(server.asked) == 7 - (network.name == "tumblr")
    assert len({signed for _, _, signed in server.asked}) == len(server.asked)  # never one twice


@pytest.mark.parametrize("changed", ["consumer_secret", "token", "token_secret"])
def test_a_wrong_key_is_the_operators(network, server, draft, changed):
    """A signature by anything else is turned away, and the account is paused in words."""
    secret = network.connect(person(), server.url)
    wrong = {**secret, changed: "something-else-altogether"}
    with open_http(network, server.url, wrong) as http, pytest.raises(Unauthorized) as caught:
        network.publish(http, draft(form="crawled"), None)
    assert "syndicate connect" in caught.value.hint


def test_debug_logging_tells_no_secret(network, server, draft, image, caplog):
    """The libraries log what they sign at DEBUG, and are kept quiet."""
    caplog.set_level(logging.DEBUG)
    secret = network.connect(person(), server.url)
    with open_http(network, server.url, secret) as http:
        network.publish(http, draft(form="image"), image)
    for name in ("consumer_key", "consumer_secret", "token", "token_secret"):
        assert secret[name] not in caplog.text


def test_a_person_who_says_no_is_heard(network, server):
    """OAuth 1.0a comes back with `denied`, and no token is asked for."""
    server.denies = True
    with pytest.raises(Refused, match="access was not given"):
        network.connect(person(), server.url)
    assert server.verifier.tokens == {}


def test_another_verifier_gets_no_token(network, server):
    """The access token is given for what the browser brought back, once."""

    class Forger(Person):
        def visit(self, url, name, value):
            return super().visit(url, name, value) | {"oauth_verifier": "guessed-by-somebody-else"}

    forger = Forger(**{name.replace(" ", "_"): answer for name, answer in person().answers.items()})
    with pytest.raises(Refused) as caught:
        network.connect(forger, server.url)
    assert SECRET not in str(caught.value)
    assert "guessed-by" not in str(caught.value)
    assert server.verifier.tokens == {}
