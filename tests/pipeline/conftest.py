"""A desk at a scripted network, a story that waits to go out there, and a web site for photos and pages."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from scripted import Script, deliver, post

from syndication.models import State
from syndication.networks import NETWORKS
from syndication.networks.base import Connector
from syndication.pipeline import accept, prepare_next
from syndication.vault import Vault


@pytest.fixture
def network(monkeypatch):
    script = Script()
    monkeypatch.setitem(NETWORKS, "script", script)
    return script


@pytest.fixture
def desk(connect, config, network):
    return connect("desk", "script", Vault(config).seal({"token": "a-secret-token"}))


@pytest.fixture
def published(store, config, desk, event):
    """A story that is prepared and waits to go out."""
    accept(store, config, event())
    prepare_next(store, config)
    return event()


@pytest.fixture
def out(store, config, network, published):
    """A post that is out."""
    deliver(store, config)
    assert post(store).state is State.SENT
    return published


@pytest.fixture
def no_edits(monkeypatch, network):
    """A network that lets posts be removed, and not edited."""
    monkeypatch.setattr(type(network), "edit", Connector.edit)


class Site:
    """A web site on this machine: each path's answers in turn, the last one ever after, as (status, type, body)."""

    def __init__(self):
        self.answers, self.asked = {}, []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Page", (_Page,), {"site": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def put(self, path, *answers):
        self.answers[path] = list(answers)
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.site.asked.append(self.path)
        answers = self.site.answers.get(self.path, [(404, "text/plain", b"")])
        status, kind, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        return


@pytest.fixture
def site():
    made = Site()
    yield made
    made.stop()
