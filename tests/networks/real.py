"""Real servers, and accounts there: mastodon-mock from PyPI, the reference AT Protocol server from npm."""

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests
from networks.person import REDIRECT

from syndication.config import Config
from syndication.models import PublishEvent
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.networks.login import granted, returned
from syndication.text import compose

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


@pytest.fixture(scope="package")
def mastodon():
    from mastodon_mock.testing.server import MockServer

    with MockServer() as server:
        yield Real("mastodon", server.base_url, {"access_token": "alice_token"})


@pytest.fixture(scope="package")
def desk_server(tmp_path_factory):
    """`syndicate serve`'s application at a port of this machine, and its config with a public address."""
    import uvicorn

    from syndication.studio.app import make_app

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


@pytest.fixture(scope="package")
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
    from networks.conftest import Desk

    return connector("bluesky").connect(Desk([pds["handle"], password or pds["password"]]), pds["url"])


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def allowed(pds):
    """The same account by OAuth."""
    return Real("bluesky", pds["named"], connector("bluesky").connect(AtThePds(pds), pds["named"]))


@pytest.fixture(params=["mastodon", "bluesky", "allowed"])
def real(request):
    return request.getfixturevalue(request.param)
