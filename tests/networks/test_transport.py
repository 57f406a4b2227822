"""What the line runs over: connections, certificates, deadlines, and answers that are cut, slow or too long."""

import contextlib
import os
import signal
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from networks.lines import Made, answer, line
from urllib3.connection import HTTPConnection

from syndication.errors import NotSent, Unknown
from syndication.networks import transport
from syndication.networks.http import open_session
from syndication.networks.transport import MAX_ANSWER, _alarm


@contextlib.contextmanager
def raw(*pieces, pause=0.0, tls=None):
    """A server that says these bytes to one caller, whatever it asks, with a pause after each."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        over = threading.Event()

        def speak():
            caller, _ = ear.accept()
            with (
                contextlib.suppress(OSError),
                tls.wrap_socket(caller, server_side=True) if tls else caller as caller,
            ):
                caller.recv(65536)
                for piece in pieces:
                    caller.sendall(piece)
                    if pause and over.wait(pause):
                        return

        thread = threading.Thread(target=speak)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://localhost:{ear.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def test_a_connection_that_was_never_made_sent_nothing():
    """Refused, unresolvable: NotSent with the reason and the host, also for the creating request."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        url = f"http://127.0.0.1:{ear.getsockname()[1]}"
    with line(url) as http, pytest.raises(NotSent) as caught:
        http.create(Made, "POST", "/secret-path")
    assert "refused" in caught.value.message.lower()
    assert "secret-path" not in caught.value.message


@pytest.fixture
def tls(tmp_path):
    """A TLS context whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_server_without_a_right_certificate_got_nothing(tls):
    """The request is not sent to whom we do not know: NotSent, with the reason."""
    said = HEAD + b"Content-Length: 2\r\n\r\n{}"
    with raw(said, tls=tls) as url, line(url) as http, pytest.raises(NotSent) as caught:
        http.create(Made, "POST", "/")
    assert "certificate" in caught.value.message


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("ending", [b"", b"\r\n"], ids=["headers", "body"])
def test_the_deadline_holds_over_tls_too(tls, ending):
    """A byte now and then, in TLS records of their own."""
    drops = [b"x"] * 200 if ending else [b"X-A: b\r\n"] * 200
    start = time.monotonic()
    with raw(HEAD + ending, *drops, pause=0.05, tls=tls) as url, line(url, seconds=0.5) as http:
        http._session.verify = False
        with pytest.raises(Unknown) as caught:
            http.create(Made, "POST", "/")
    assert time.monotonic() - start < 2
    assert "0.5 seconds" in caught.value.message


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [HEAD + b"Content-Length: 50\r\n\r\n" + b'{"id":'],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"id\""],
        [b"SSH-2.0-x\r\n"],
        [HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"],
    ],
    ids=["nothing", "half a body", "half a chunk", "no http", "not gzip"],
)  # fmt: skip
def test_half_an_answer_is_no_answer(pieces):
    """A connection that ends early leaves the post in doubt."""
    with raw(*pieces) as url, line(url) as http, pytest.raises(Unknown):
        http.create(Made, "POST", "/")


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", HEAD + b"\r\n"], ids=["headers", "body"])
def test_an_answer_that_trickles_is_cut_at_the_deadline(head):
    """A byte now and then keeps no worker: the time is for the whole, not for each byte."""
    drops = [b"x"] * 1000 if head.endswith(b"\r\n\r\n") else [b"X-A: b\r\n"] * 1000
    start = time.monotonic()
    with (
        raw(head, *drops, pause=0.05) as url,
        line(url, seconds=0.4) as http,
        pytest.raises(Unknown) as caught,
    ):
        http.create(Made, "POST", "/")
    assert time.monotonic() - start < 2
    assert "0.4 seconds" in caught.value.message


def test_one_watchdog_watches_all_lines(scripted):
    """Each request has its deadline, and none a thread of its own: that would cost more than the request."""
    server = scripted({"GET /": answer()})
    with line(server.url) as http:
        http.call("GET", "/")
        for _ in range(5):
            http.call("GET", "/")
            assert sum(thread.name == "watchdog" for thread in threading.enumerate()) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_worker_has_a_watchdog_of_its_own(scripted):
    """Workers are forked, and a thread is not: a child that went by its parent's would wait for ever."""
    server = scripted({"GET /": answer()})
    with line(server.url) as http:
        http.call("GET", "/")
    with raw(HEAD, *[b"X-A: b\r\n"] * 1000, pause=0.05) as url:
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException), line(url, seconds=0.3) as http:
                signal.alarm(5)  # else a broken one would stay
                try:
                    http.call("GET", "/")
                except NotSent:
                    os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_an_alarm_that_was_taken_back_never_rings():
    """What was done in time is not cut later, also not by the next one's alarm."""
    cut = []
    with _alarm(0.02, lambda: cut.append("early")):
        pass
    rang = threading.Event()
    with _alarm(0.05, rang.set):
        assert rang.wait(5)
    assert cut == []


def test_deeds_share_a_line_that_is_fresh(scripted, monkeypatch):
    """Posts of one mailbox go over one connection; cookies stay with their post, and an idle line is given up."""
    server = scripted({"GET /": answer(200, None, **{"Set-Cookie": "who=first"})})
    made = []
    monkeypatch.setattr(HTTPConnection, "connect", _counted(HTTPConnection.connect, made))
    with open_session(server.url) as session:
        for _ in range(3):
            with line(server.url, session=session) as http:
                http.call("GET", "/")
        assert len(made) == 1
        assert not any("Cookie" in asked.headers for asked in server.asked)
        monkeypatch.setattr(transport, "_IDLE", 0.0)
        with line(server.url, session=session) as http:
            http.call("GET", "/")
        assert len(made) == 2


def _counted(connect, made):
    def counted(self):
        made.append(self)
        connect(self)

    return counted


def test_an_answer_is_bounded_in_bytes(scripted):
    """More than two million bytes are not read."""
    server = scripted(
        {"GET /": answer(200, b" " * (MAX_ANSWER + 1)), "GET /ok": answer(200, b" " * MAX_ANSWER)}
    )
    with line(server.url) as http:
        assert len(http.call("GET", "/ok").body) == MAX_ANSWER
        with pytest.raises(NotSent) as caught:
            http.call("GET", "/")
    assert "longer" in caught.value.message
