"""Reading what stories name: within limits, and never from inside."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.errors import ConfigError, FetchError
from syndication.fetch import Fetched, fetch

INSIDE = ("127.0.0.0/8",)
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """A server on this machine whose every GET is answered by the given function; the result is its address."""
    servers = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    answer(self)
                except OSError:  # the client hung up, as it may
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(request: BaseHTTPRequestHandler, body: bytes = b"", status: int = 200, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def read(url: str, **options: Any) -> Fetched:
    return fetch(url, **{"allow": INSIDE, "max_bytes": 1000, "seconds": 5, **options})


def refused(url: str, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        read(url, **options)
    return caught.value


def test_reads_what_is_there(serve: Callable[[Answer], str]) -> None:
    """A good answer gives its bytes, decompressed, with type, charset and final address."""
    body = gzip.compress("é".encode())
    url = serve(lambda r: send(r, body, Content_Type="Text/HTML; charset=UTF-8", Content_Encoding="gzip"))
    assert read(url + "/a") == Fetched("é".encode(), "text/html", "utf-8", url + "/a")


def test_sends_nothing_of_ours(serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookie, password or proxy goes out, not even one that a redirect sets or the environment names."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower() for name in request.headers})
        if request.path == "/":
            return send(request, status=302, Location="/next", Set_Cookie="a=b")
        return send(request, b"x")

    assert read(serve(answer) + "/").url.endswith("/next")
    assert len(seen) == 2 and not {"cookie", "authorization"} & (seen[0] | seen[1])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0/", "http://2130706433/", "http://0x7f.1/",
        "http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://100.64.0.1/",
        "http://[64:ff9b::7f00:1]/", "https://192.168.1.1/",
    ],
)  # fmt: skip
def test_inside_is_out_of_reach(url: str) -> None:
    """However an address inside is written, nothing is sent to it."""
    error = refused(url, allow=())
    assert "not read" in error.message and not error.again


def test_unusual_ports_are_for_allowed_networks(serve: Callable[[Answer], str]) -> None:
    """A port other than 80 and 443 is read only within the networks that the operator allows."""
    url = serve(lambda request: send(request, b"x"))
    assert "port" in refused(url, allow=("10.0.0.0/8",)).message
    assert read(url).body == b"x"


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "file:///etc/passwd", "http://user:pw@a.example/", "//[", ""]
)
def test_redirects_are_checked_anew(serve: Callable[[Answer], str], target: str) -> None:
    """A redirect to where a story may not lead is refused like the story's own address."""
    url = serve(lambda request: send(request, status=302, Location=target))
    assert not refused(url).again


def test_redirects_end(serve: Callable[[Answer], str]) -> None:
    """Three redirects are followed, not four."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        left = int(request.path[1:])
        send(request, b"end") if left == 0 else send(request, status=307, Location=f"/{left - 1}")

    url = serve(answer)
    assert read(f"{url}/3").body == b"end"
    assert "redirects" in refused(f"{url}/4").message


@pytest.mark.parametrize("told", [True, False])
def test_too_large(serve: Callable[[Answer], str], told: bool) -> None:
    """A body over the limit is refused, whether its length was told, hidden, or packed small."""
    headers = {"Content_Length": "5000"} if told else {}
    assert "larger" in refused(serve(lambda request: send(request, b"x" * 5000, **headers))).message
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert "larger" in refused(serve(lambda request: send(request, bomb, Content_Encoding="gzip"))).message


@pytest.mark.parametrize("in_head", [True, False])
def test_dripping_server_is_cut_off(serve: Callable[[Answer], str], in_head: bool) -> None:
    """The time is for the whole: a server that sends a byte now and then does not stretch it."""
    done = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"" if in_head else b"\r\n"))
        while not done.wait(0.05):
            request.wfile.write(b"x")

    start = time.monotonic()
    error = refused(serve(answer), seconds=0.5)
    done.set()
    assert error.again and "slow" in error.message and time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("status", "again"), [(404, False), (403, False), (429, True), (503, True), (500, True)]
)
def test_whether_trying_again_helps(serve: Callable[[Answer], str], status: int, again: bool) -> None:
    """A busy or broken server is asked again later, a missing page is not."""
    error = refused(serve(lambda request: send(request, status=status)) + "/photo.jpg?token=secret")
    assert error.again is again and str(status) in error.message and "secret" not in str(error)


def test_lost_answers(serve: Callable[[Answer], str]) -> None:
    """A server that cannot be reached or breaks off is asked again later; an editor hears which it is."""
    assert refused(serve(lambda request: send(request, b"x", Content_Length="500"))).again
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = refused(f"http://127.0.0.1:{port}/")
    assert error.again and error.message.endswith("nobody answers there")


def test_passwords_are_not_repeated() -> None:
    """An address with a password is refused without repeating it."""
    error = refused("http://user:hunter2@news.example/a?b=hunter2")
    assert "hunter2" not in str(error) and not error.again


def test_bad_allow_is_the_operators() -> None:
    """A network that is none is a fault of the config, whatever the address."""
    with pytest.raises(ConfigError, match=r"fetch\.allow"):
        read("http://news.example/", allow=("10.0.0.1/8",))


@given(
    st.text(max_size=40) | st.builds("http://{}".format, st.text(alphabet="[]:@/%.a1\\# \0é", max_size=20))
)
def test_any_address(text: str) -> None:
    """Whatever stands for an address, the answer is a FetchError; nothing is looked up for what is none."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("not in this test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        assert refused(text, allow=()).message
