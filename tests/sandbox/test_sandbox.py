"""The stand-in network: it keeps what it is sent, shows it, honours keys, and misbehaves exactly when told to."""

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from syndication.sandbox import Faults, Memory, address, open_server
from syndication.sandbox.show import content, page

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 200


@pytest.fixture
def sandbox():
    """A sandbox in this process; its address."""
    with open_server(Memory()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield address(server)
        server.shutdown()
        thread.join()


@pytest.fixture
def web():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def headers(name="world", key=""):
    return {"Authorization": f"Bearer sandbox-{name}", **({"Idempotency-Key": key} if key else {})}


def post(web, sandbox, text="Hello", name="world", key="", **parts):
    body = {"status": text, **parts}
    return web.post(f"{sandbox}/api/v1/statuses", json=body, headers=headers(name, key), timeout=10)


def stored(web, sandbox):
    return web.get(f"{sandbox}/sandbox/posts", timeout=10).json()


def misbehave(web, sandbox, **faults):
    return web.post(f"{sandbox}/sandbox/faults", json=faults, timeout=10)


def test_it_says_that_it_is_a_stand_in(web, sandbox):
    """In its title, its Server header, its pages and its data: nobody takes it for a network."""
    for version in ("v1", "v2"):
        instance = web.get(f"{sandbox}/api/{version}/instance", timeout=5)
        assert "sandbox" in instance.json()["title"]
        assert "sandbox" in instance.headers["Server"]
    assert "A sandbox, not a network" in web.get(sandbox, timeout=5).text
    assert "stand-in" in stored(web, sandbox)["sandbox"]


def test_a_picture_is_kept_byte_for_byte(web, sandbox):
    """With its description and hash, and served again as what it is."""
    answer = web.post(f"{sandbox}/api/v2/media", files={"file": ("card.jpeg", PHOTO, "image/jpeg")},
                      data={"description": "Ein Schiff 🚢"}, headers=headers(), timeout=10)  # fmt: skip
    media = answer.json()
    post(web, sandbox, media_ids=[media["id"]])
    kept = stored(web, sandbox)["posts"][0]["media"][0]
    assert kept["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert (kept["description"], kept["size"]) == ("Ein Schiff 🚢", len(PHOTO))
    served = web.get(kept["url"], timeout=5)
    assert (served.content, served.headers["Content-Type"]) == (PHOTO, "image/jpeg")
    assert (
        web.get(f"{sandbox}/api/v1/media/{media['id']}", headers=headers(), timeout=5).json()["url"]
        == kept["url"]
    )


@given(st.binary(max_size=400))
def test_any_bytes_survive_an_upload(data):
    """Line ends, zeros and boundaries in a picture are its own business."""
    with open_server(Memory()) as server, requests.Session() as web:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        photo = b"\x89PNG\r\n" + data
        answer = web.post(f"{address(server)}/api/v2/media", files={"file": ("a.png", photo, "image/png")},
                          headers={**headers(), "Connection": "close"}, timeout=10)  # fmt: skip
        thread.join()
        kept = server.RequestHandlerClass.state.media[answer.json()["id"]]
    assert kept.data == photo


def test_a_repeated_key_is_one_post(web, sandbox):
    """For the same account; another account's key is another key, and no key is no promise."""
    first, second = post(web, sandbox, key="k").json(), post(web, sandbox, text="other", key="k").json()
    assert first["id"] == second["id"]
    assert post(web, sandbox, name="sport", key="k").json()["id"] != first["id"]
    assert post(web, sandbox).json()["id"] != post(web, sandbox).json()["id"]
    said = stored(web, sandbox)
    assert said["accounts"] == {"world": 3, "sport": 1}
    assert (said["stored"], said["replays"]) == (4, 1)
    misbehave(web, sandbox, ignore_keys=True)
    assert post(web, sandbox, key="k").json()["id"] != first["id"]


def test_many_workers_at_once_lose_and_double_nothing(sandbox):
    """Two hundred posts, each sent twice at the same time under one key: two hundred are stored."""

    def send(number):
        with requests.Session() as web:
            return post(web, sandbox, text=f"Story {number // 2}", key=f"key {number // 2}").json()["id"]

    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(send, range(400)))
    with requests.Session() as web:
        assert stored(web, sandbox)["stored"] == len(set(ids)) == 200


def test_it_answers_in_a_few_milliseconds(web, sandbox):
    """A demo with it is not slowed down by it."""
    start = time.perf_counter()
    for number in range(100):
        post(web, sandbox, text=f"Story {number}")
    assert (time.perf_counter() - start) / 100 < 0.1


@pytest.mark.parametrize(
    ("fault", "kept"), [("drop_after_store", 1), ("drop_before_store", 0)], ids=["after", "before"]
)
def test_a_dropped_connection_gives_no_answer(web, sandbox, fault, kept):
    """The post is stored, or not, and the other side sees only its connection break."""
    misbehave(web, sandbox, **{fault: 1})
    with pytest.raises(requests.ConnectionError):
        post(web, sandbox)
    assert stored(web, sandbox)["stored"] == kept
    misbehave(web, sandbox)
    assert post(web, sandbox).status_code == 200


def test_a_rate_limit_names_its_end_as_mastodon_does(web, sandbox):
    """429 with the reset as an ISO 8601 time, a moment ahead; nothing is stored."""
    misbehave(web, sandbox, rate_limited=1)
    answer = post(web, sandbox)
    reset = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"])
    assert answer.status_code == 429
    assert timedelta() < reset - datetime.now(UTC) < timedelta(seconds=5)
    assert stored(web, sandbox)["stored"] == 0


def test_faults_strike_what_they_are_set_on(web, sandbox):
    """Creating requests by default; uploads or everything if told so; the controls never."""
    misbehave(web, sandbox, error_500=1)
    files = {"file": ("a.jpg", PHOTO, "image/jpeg")}
    assert web.post(f"{sandbox}/api/v2/media", files=files, headers=headers(), timeout=5).status_code == 200
    assert post(web, sandbox).status_code == 500
    misbehave(web, sandbox, error_500=1, on="media")
    assert web.post(f"{sandbox}/api/v2/media", files=files, headers=headers(), timeout=5).status_code == 500
    assert post(web, sandbox).status_code == 200
    misbehave(web, sandbox, error_500=1, on="all")
    assert web.get(f"{sandbox}/api/v2/instance", timeout=5).status_code == 500
    assert web.get(f"{sandbox}/sandbox/faults", timeout=5).json()["on"] == "all"


@given(st.integers(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_same_seed_draws_the_same_faults(seed, limited, dropped):
    """A run that failed can be run again, and shares are kept to."""
    memory, draws = Memory(), []
    for _ in range(2):
        memory.misbehave(Faults(seed=seed, rate_limited=limited, drop_after_store=dropped))
        draws.append([memory.fate("create") for _ in range(50)])
    assert draws[0] == draws[1]
    assert set(draws[0]) <= {"", "rate_limited", "drop_after_store"}


def test_shares_are_shares():
    """Of ten thousand creates, one in twenty is dropped."""
    memory = Memory()
    memory.misbehave(Faults(drop_after_store=0.05, seed=4711))
    assert 400 < sum(bool(memory.fate("create")) for _ in range(10_000)) < 600


def test_wrong_faults_are_refused_by_name(web, sandbox):
    """All of them at once, and nothing changes."""
    answer = misbehave(web, sandbox, rate_limited=2, explode=True)
    assert answer.status_code == 422
    assert "rate_limited" in answer.json()["error"]
    assert "explode" in answer.json()["error"]
    assert post(web, sandbox).status_code == 200


def test_posts_are_read_edited_and_deleted_by_their_account(web, sandbox):
    """As Mastodon does: another account's post is not there for editing, a deleted one for nobody."""
    made = post(web, sandbox, text="One", language="de").json()
    url = f"{sandbox}/api/v1/statuses/{made['id']}"
    assert web.put(url, json={"status": "Evil"}, headers=headers("sport"), timeout=5).status_code == 404
    assert web.put(url, json={"status": "Two"}, headers=headers(), timeout=5).json()["edited_at"]
    assert "Two" in web.get(made["url"], timeout=5).text
    assert web.delete(url, headers=headers(), timeout=5).status_code == 200
    assert web.get(url, headers=headers(), timeout=5).status_code == 404
    assert stored(web, sandbox)["posts"][0]["deleted"] is True
    assert "Two" not in web.get(sandbox, timeout=5).text


def test_an_accounts_posts_are_listed_newest_first_in_pages(web, sandbox):
    """`limit` and `max_id` as clients use them."""
    made = [post(web, sandbox, text=f"Story {n}").json()["id"] for n in range(5)]
    me = web.get(f"{sandbox}/api/v1/accounts/verify_credentials", headers=headers(), timeout=5).json()
    url = f"{sandbox}/api/v1/accounts/{me['id']}/statuses"
    newest = web.get(url, params={"limit": 2}, timeout=5).json()
    older = web.get(url, params={"limit": 9, "max_id": newest[-1]["id"]}, timeout=5).json()
    assert [status["id"] for status in newest + older] == made[::-1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"status": ""}, "blank"),
        ({"status": "a" * 501}, "500"),
        ({"status": "x", "media_ids": ["9"]}, "Media 9"),
    ],
)
def test_what_mastodon_refuses_is_refused(web, sandbox, body, words):
    """422 with the reason, and nothing is stored."""
    answer = web.post(f"{sandbox}/api/v1/statuses", json=body, headers=headers(), timeout=5)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert stored(web, sandbox)["stored"] == 0


def test_a_token_is_needed_and_can_be_revoked(web, sandbox):
    """Any `sandbox-NAME` opens the account of that name until it is revoked."""
    url = f"{sandbox}/api/v1/accounts/verify_credentials"
    assert web.get(url, headers={"Authorization": "Bearer nobody"}, timeout=5).status_code == 401
    assert web.get(url, headers=headers("sport"), timeout=5).json()["username"] == "sport"
    web.post(f"{sandbox}/oauth/revoke", data={"token": "sandbox-sport"}, timeout=5)
    assert web.get(url, headers=headers("sport"), timeout=5).status_code == 401


def test_reset_forgets_posts_and_faults(web, sandbox):
    """The next test begins with nothing."""
    post(web, sandbox, key="k")
    misbehave(web, sandbox, error_500=1)
    web.post(f"{sandbox}/sandbox/reset", timeout=5)
    assert stored(web, sandbox)["stored"] == 0
    assert post(web, sandbox, key="k").status_code == 200


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_posted_is_never_markup(text):
    """A post is shown as what it says, whatever it says."""
    hostile = f"<script>{text}</script> https://x.example/\"onload='{text}"
    for shown in (content(hostile), page(hostile, []).decode()):
        assert "<script" not in shown
        assert '"onload' not in shown


def test_what_it_cannot_read_does_not_stop_it(web, sandbox):
    """Bodies that are no JSON, no multipart, or too long are refused, and it goes on."""
    url = f"{sandbox}/api/v1/statuses"
    broken = [
        ({"Content-Type": "application/json"}, b"{", 400),
        ({"Content-Type": "application/json"}, b"[1]", 422),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"nonsense", 422),
        ({"Content-Type": "multipart/form-data"}, b"", 422),
        ({"Content-Type": "application/json", "Content-Length": "99999999999"}, b"", 413),
    ]
    for extra, body, status in broken:
        with requests.Session() as other:
            request = requests.Request("POST", url, data=body, headers=headers()).prepare()
            request.headers.update(extra)
            assert other.send(request, timeout=5).status_code == status
    assert post(web, sandbox).status_code == 200
