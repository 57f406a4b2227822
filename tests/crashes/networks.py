"""Stand-ins for the kinds of networks, over real sockets; each can hold the answer to the post it is sent."""

import re
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer

from syndication.sandbox import make_app
from syndication.sandbox.api import ROUTES
from syndication.sandbox.memory import Faults, Memory

CHAT = "-1001234567890"
SECRETS = {
    "key": {"access_token": "sandbox-desk"},
    "search": {"access_token": "sandbox-desk"},
    "late": {"access_token": "sandbox-desk"},
    "neither": {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "chat": CHAT},
}
HIDDEN = timedelta(seconds=9)
"""How long the late one shows nobody what it took: beyond the lease of the crash matrix, when it is asked first."""

CONNECTORS = {"key": "mastodon", "search": "mastodon", "late": "mastodon", "neither": "telegram"}


class Held(Memory):
    """A network that can be told to hold a post, before it is stored or just after, until it may go on."""

    def __init__(self, hold: str, hidden: timedelta) -> None:
        super().__init__()
        self.hidden = hidden
        self.hold, self.there, self.goes = hold, threading.Event(), threading.Event()

    def add_post(self, *parts, **more):
        if self.hold == "before":
            self._wait()
        post = super().add_post(*parts, **more)
        if self.hold == "after":
            self._wait()
        return post

    def timeline(self, *parts, **more):
        """What it took just now it does not show yet."""
        known = datetime.now(UTC) - self.hidden
        return [post for post in super().timeline(*parts, **more) if post.created <= known]

    def _wait(self):
        self.hold = ""
        self.there.set()
        self.goes.wait(60)


def _telegram(it):
    """The three calls of a bot that the connector makes; a photo's caption is a post."""
    method = it.path.partition("?")[0].rsplit("/", 1)[-1]
    chat = {"id": int(CHAT), "type": "channel", "title": "The Meridian", "username": "meridian"}
    if method == "getChat":
        return {"ok": True, "result": chat}
    if method == "getChatMember":
        return {"ok": True, "result": {"status": "administrator", "can_post_messages": True}}
    caption = it.form()["caption"]
    post = it.state.add_post("desk", caption.get_payload(decode=True).decode(), "", [], "")
    number = int(post.id) - 115_000_000_000_000_000
    return {"ok": True, "result": {"message_id": number, "date": 1, "chat": chat}}


def _gotosocial(it):
    return {"version": "2.0", "software": {"name": "gotosocial", "version": "0.20.0"}}


def routes(kind):
    if kind in ("key", "late"):
        return ROUTES
    if kind == "search":
        return [("GET", "/nodeinfo/2.0", _gotosocial), *ROUTES]
    return [(method, r"/bot[^/]+/\w+", _telegram) for method in ("GET", "POST")]


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of those who hang up, as the killed do; its own faults are kept."""

    daemon_threads = True

    def __init__(self, *parts):
        super().__init__(*parts)
        self.faults = []

    def handle_error(self, request, client_address):
        if not isinstance(error := sys.exception(), ConnectionError):
            self.faults.append(error)


class Network:
    """One running stand-in."""

    def __init__(self, kind, hold=""):
        self.state = Held(hold, HIDDEN if kind == "late" else timedelta(0))
        self.state.misbehave(Faults(ignore_keys=kind in ("search", "late")))
        app = type("Network", (make_app(self.state),), {"routes": routes(kind)})
        self.server = Quiet(("127.0.0.1", 0), app)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def posts(self, story):
        return [post for post in self.state.posts if re.search(rf"/{story}\b", post.text)]

    def stop(self):
        self.state.goes.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
