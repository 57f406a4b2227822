"""The line to a server: what is sent once, what is bounded, what an answer means."""

import contextlib
import os
import signal
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from urllib3.connection import HTTPConnection

from syndication.errors import (
    ConfigError,
    DeliveryError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
)
from syndication.networks import transport
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Verdict
from syndication.networks.http import Http, Shape, open_session, origin, redact
from syndication.networks.rates import LONGEST_PAUSE, pause
from syndication.networks.transport import MAX_ANSWER, Answer, _alarm

SECRET = {"access_token": "a-token-nobody-may-see"}


class Made(Shape):
    id: str


def line(url, **settings):
    settings = {"seconds": 3.0, **settings}
    return Http(url, SECRET, Bearer(SECRET["access_token"]), lambda _: None, **settings)


def answer(status=200, body=None, **headers):
    return {"status": status, "headers": headers, "body": {"id": "1"} if body is None else body}


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


def test_a_second_create_is_refused(scripted):
    """A connector that tries to post twice in one try is stopped before anything leaves."""
    server = scripted({"POST /": answer()})
    with line(server.url) as http:
        assert http.create(Made, "POST", "/", json={}).id == "1"
        with pytest.raises(AssertionError):
            http.create(Made, "POST", "/", json={})
    assert len(server.asked) == 1


def test_the_intent_is_asked_once_and_may_refuse(scripted):
    """Nothing is sent when the intent cannot be committed."""
    server, asked = scripted({"POST /": answer()}), []

    def intend():
        asked.append(len(server.asked))
        raise ConfigError("no")

    with line(server.url, intend=intend) as http, pytest.raises(ConfigError):
        http.create(Made, "POST", "/")
    assert asked == [0]
    assert server.asked == []


def test_who_stood_still_after_the_intent_sends_nothing(scripted):
    """By the time that it wakes others may have settled the post, and sent it: this try surely posted nothing."""
    server = scripted({"POST /": answer()})
    stands_still = partial(time.sleep, 0.5)
    with (
        line(server.url, intend=stands_still, seconds=0.2) as http,
        pytest.raises(NotSent, match="stood still"),
    ):
        http.create(Made, "POST", "/")
    assert server.asked == []


def test_who_stood_still_while_it_connected_sends_nothing(scripted, monkeypatch):
    """The request is not begun on a line that took as long as a frozen machine's."""
    server, connect = scripted({"POST /": answer()}), HTTPConnection.connect

    def slow(connection):
        connect(connection)
        time.sleep(0.5)

    monkeypatch.setattr(HTTPConnection, "connect", slow)
    with line(server.url, seconds=0.2) as http, pytest.raises(NotSent, match="stood still"):
        http.create(Made, "POST", "/")
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(scripted, status):
    """A token goes to the account's own server and nowhere else; a redirected create is refused."""
    elsewhere = scripted({"POST /": answer(), "GET /": answer()})
    server = scripted({"POST /": answer(status, b"", Location=elsewhere.url)})
    with line(server.url) as http, pytest.raises(Refused) as caught:
        http.create(Made, "POST", "/")
    assert elsewhere.asked == []
    assert elsewhere.host in caught.value.message


@pytest.mark.parametrize(
    ("status", "called", "created"),
    [
        (400, Refused, Refused), (401, Unauthorized, Unauthorized), (403, Unauthorized, Unauthorized),
        (404, Refused, Refused), (408, NotSent, Unknown), (413, Refused, Refused), (422, Refused, Refused),
        (425, NotSent, Unknown), (429, RateLimited, RateLimited), (500, NotSent, Unknown), (502, NotSent, Unknown),
        (503, NotSent, Unknown), (504, NotSent, Unknown), (199 + 400, NotSent, Unknown),
    ],
)  # fmt: skip
def test_one_table_says_what_an_answer_means(scripted, status, called, created):
    """Doubt is Unknown for the creating request, and NotSent for one that may be repeated."""
    server = scripted({"POST /": answer(status, {"error": "so"})})
    with line(server.url) as http:
        for deed, kind in ((http.call, called), (lambda *a: http.create(Made, *a), created)):
            with pytest.raises(DeliveryError) as caught:
                deed("POST", "/")
            assert type(caught.value) is kind
            assert caught.value.status == status
            assert "so" in caught.value.message


def test_a_connector_may_refine_a_refusal_but_never_a_doubt(scripted):
    """`refine` is not asked about a 5xx, and Unknown means NotSent where nothing is created."""
    server = scripted({"POST /": answer(409, {}), "POST /5": answer(500, {})})
    http = Http(
        server.url,
        {},
        Anonymous(),
        lambda said: Verdict(Unknown if said.status == 409 else Refused),
        seconds=3,
    )
    with http, pytest.raises(NotSent):
        http.call("POST", "/")
    with http, pytest.raises(NotSent):
        http.call("POST", "/5")
    with http, pytest.raises(Unknown):
        http.create(Made, "POST", "/")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"<html>", b'{"id": null}', b'{"id": {}}', b"[" * 100_000]
)
def test_an_answer_without_what_is_needed_is_doubt(scripted, body):
    """A 2xx that does not name the post may have made it."""
    server = scripted({"POST /": answer(200, body)})
    with line(server.url) as http:
        with pytest.raises(NotSent):
            http.read(Made, "POST", "/")
        with pytest.raises(Unknown):
            http.create(Made, "POST", "/")


def test_numbers_for_ids_are_read_as_text(scripted):
    """Some compatible servers send ids as numbers."""
    server = scripted({"POST /": answer(200, {"id": 7, "more": 1})})
    with line(server.url) as http:
        assert http.create(Made, "POST", "/") == Made(id="7")


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


def test_the_environment_adds_nothing_to_loopback_servers(scripted, monkeypatch, tmp_path):
    """No proxy and no .netrc password for a server on this machine."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = scripted({"GET /": answer()})
    with Http(server.url, {}, Anonymous(), lambda _: None, seconds=3) as http:
        http.call("GET", "/")
    assert "Authorization" not in server.asked[0].headers


def test_a_renewed_secret_is_stored_before_it_is_used(scripted):
    """If storing fails, nothing goes on with it."""
    kept = []
    with line(scripted({}).url, keep=kept.append) as http:
        http.renew({"access_token": "second-token"}, Bearer("second-token"))
        assert kept == [{"access_token": "second-token"}] == [http.secret]

    def full(_):
        raise OSError("disk full")

    with line(scripted({}).url, keep=full) as http:
        with pytest.raises(OSError, match="disk full"):
            http.renew({"access_token": "second-token"}, Anonymous())
        assert http.secret == SECRET


@pytest.mark.parametrize(
    ("given_address", "made"),
    [
        ("social.example", "https://social.example"), ("https://Social.example/", "https://social.example"),
        ("https://social.example:8443", "https://social.example:8443"), ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://localhost:3000", "http://localhost:3000"), ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)  # fmt: skip
def test_a_servers_address_is_https_or_this_machine(given_address, made):
    """The scheme may be left out."""
    assert origin(given_address) == made


@pytest.mark.parametrize(
    "address",
    ["http://social.example", "ftp://social.example", "https://a@social.example", "https://social.example/path", "",
     "https://", "https://x:99999", "http://127.0.0.1.evil.example", "https://social.example?x", "//[", "http://0x7f.1"],
)  # fmt: skip
def test_other_addresses_are_refused(address):
    """Plain http would tell the token to everyone on the way."""
    with pytest.raises(ConfigError):
        origin(address)


@given(
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset", "ratelimit-reset"]), st.text()),
    st.booleans(),
)
def test_any_header_gives_a_pause_or_none(headers, limited):
    """Whatever a server writes: no error, and between nothing and a day."""
    seconds = pause(headers, limited=limited)
    assert seconds is None or 0 <= seconds <= LONGEST_PAUSE


@given(st.integers(2, 80_000))
def test_a_pause_is_read_in_every_form(seconds):
    """Seconds, an HTTP date, ISO 8601 with and without a zone, Unix time."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    stamp = until.timestamp()
    iso = until.isoformat()
    for name, value in (
        ("retry-after", str(seconds)), ("retry-after", format_datetime(until, usegmt=True)),
        ("x-ratelimit-reset", iso), ("x-ratelimit-reset", iso.replace("+00:00", "Z")),
        ("x-ratelimit-reset", iso.removesuffix("+00:00")), ("ratelimit-reset", str(int(stamp))),
        ("ratelimit-reset", str(stamp)),
    ):  # fmt: skip
        assert abs(pause({name: value}, limited=True) - seconds) < 2


def test_a_reset_is_a_pause_only_where_the_server_says_too_many():
    """Bluesky sends the reset with every answer; a server error an hour before it is not an hour's pause."""
    headers = {"ratelimit-reset": str(int(time.time()) + 3600)}
    assert pause(headers, limited=False) is None
    assert pause(headers, limited=True) > 3500
    assert pause({**headers, "retry-after": "7"}, limited=False) == 7


@given(st.text(min_size=8), st.text(), st.text())
def test_secrets_are_taken_out_of_any_text(secret, before, after):
    """Plain or percent-encoded, wherever they stand."""
    encoded = (
        requests.utils.quote(secret.encode("utf-8", "surrogatepass"), safe="") if secret.isascii() else secret
    )
    for form in (secret, encoded):
        assert form not in redact(f"{before}\n{form}\n{after}", [secret]).replace("…", "") or form in "…"


@given(st.binary(max_size=3000), st.sampled_from(["text/html", "application/json", "text/plain"]))
def test_a_servers_words_are_one_printable_line(body, kind):
    """Whatever an answer holds, an editor's terminal is safe from it."""
    words = Answer(500, {"content-type": kind}, body).words()
    assert words.isprintable()
    assert len(words) <= 300


def test_a_servers_words_are_its_message_not_its_markup():
    """From JSON the error and its description; from an error page its text."""
    page = b"<html><head><title>502</title></head><body><h1>Bad Gateway</h1><script>x</script></body></html>"
    assert Answer(502, {"content-type": "text/html"}, page).words() == "Bad Gateway"
    both = b'{"error": "InvalidRequest", "message": "text\\u001b[2J too long"}'
    assert Answer(400, {}, both).words() == "InvalidRequest: text [2J too long"


@pytest.mark.parametrize("before", range(285, 301))
def test_a_token_at_the_cut_is_taken_out_whole(scripted, before):
    """A server that echoes a token where its words are shortened leaves no half of it behind."""
    token = "token-of-the-desk-0123456789"
    server = scripted({"GET /": answer(422, {"error": "x" * before + token})})
    secret = {"access_token": token}
    with Http(server.url, secret, Anonymous(), lambda _: None) as http, pytest.raises(Refused) as caught:
        http.call("GET", "/")
    assert "token" not in caught.value.message


def test_all_requests_of_a_deed_have_one_limit(scripted):
    """A server that dawdles with each upload ends the try before anything is posted, and before the lease does."""
    server = scripted({"GET /": answer(), "POST /": answer()})
    intents = []
    with line(server.url, seconds=1.0, deed=1.2, intend=lambda: intents.append(1)) as http:
        http.call("GET", "/")
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            http.call("GET", "/")
        with pytest.raises(NotSent, match="nothing was posted yet"):
            http.create(Made, "POST", "/")
        while time.monotonic() < until + 2.0:
            try:
                http.call("GET", "/")
            except NotSent as late:
                if "too long in all" in late.message:
                    break
        else:
            pytest.fail("the deed has no end")
    assert intents == []
