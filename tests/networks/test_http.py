"""The line to a server: what is sent once, what is refused, what an answer means."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from networks.lines import SECRET, Made, answer, line
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
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Verdict
from syndication.networks.http import Http, origin, redact
from syndication.networks.rates import LONGEST_PAUSE, pause
from syndication.networks.transport import Answer


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
