"""Instagram and Threads: containers that are taken up again, tokens of 60 days, cards that Meta fetches."""

import json
import time
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks.person import Willing

from syndication.errors import CannotTell, NotSent, Refused, Unauthorized, Unknown, Unsupported
from syndication.models import Receipt
from syndication.networks import connector
from syndication.networks.http import open_http

SAMPLES = Path(__file__).parent.parent / "samples"
OK = {"status": 200, "headers": {}}
PUBLIC = "https://news.example/cards/a.jpg"
DAY = 86_400


def answers(name):
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


class Told:
    """A network with containers, its server, and what is remembered between tries."""

    def __init__(self, name, scripted):
        self.name = name
        self.network, self.sample = connector(name), answers(f"{name}/answers.json")
        self.server = scripted(self.sample["happy"])
        self.create = self.sample["create"]
        self.make = self.create.replace("media_publish", "media").replace("threads_publish", "threads")
        self.list = self.make.replace("POST", "GET")
        self.look = next(what for what, answer in self.sample["happy"].items() if isinstance(answer, list))
        self.container = self.look.rpartition("/")[2]
        self.progress, self.waits = {}, []

    def status(self, status, **more):
        self.server.answers[self.look] = {**OK, "body": {"status_code": status, "status": status, **more}}

    def http(self, **secret):
        return open_http(
            self.network, self.server.url, {**self.sample["secret"], **secret}, seconds=5, wait=self.waits.append,
            progress=self.progress, note=self.progress.update,
        )  # fmt: skip

    def publish(self, draft, **parts):
        with self.http() as http:
            return self.network.publish(http, draft(image_url=PUBLIC, **parts), None)


@pytest.fixture(params=["instagram", "threads"])
def told(request, scripted):
    return Told(request.param, scripted)


def test_a_container_is_remembered_before_anything_else_happens(told, draft):
    """Its id is stored as soon as it is known, and is what is published."""
    told.publish(draft)
    assert told.progress == {"container": told.container}
    body = told.server.asked[told.server.whats().index(told.create)].body
    assert parse_qs(body.decode()) == {"creation_id": [told.container]}
    assert told.waits  # it was not ready at once


def test_the_next_try_goes_on_with_the_container_of_the_last(told, draft):
    """No second one is made while the first can still be published."""
    told.status("IN_PROGRESS")
    with pytest.raises(NotSent) as caught:
        told.publish(draft)
    assert caught.value.retry_after
    assert sum(told.waits) <= 70
    told.status("FINISHED")
    told.publish(draft)
    assert told.server.whats().count(told.make) == 1
    assert told.server.whats().count(told.create) == 1


@pytest.mark.parametrize("end", ["EXPIRED", "gone"])
def test_a_container_that_is_over_is_made_anew(told, draft, end):
    """After a day Meta forgets it."""
    told.progress["container"] = told.container
    gone = {"error": {"code": 100, "error_subcode": 33, "message": "Object does not exist"}}
    first = {"status": 400, "headers": {}, "body": gone} if end == "gone" else {
        **OK, "body": {"status_code": "EXPIRED", "status": "EXPIRED"},
    }  # fmt: skip
    told.server.answers[told.look] = [first, *told.sample["happy"][told.look]]
    assert told.publish(draft).id == told.sample["receipt"]["id"]
    assert told.server.whats().count(told.make) == 1


def test_what_was_published_is_never_published_again(told, draft):
    """A container whose answer was lost is found by its status, without a creating request."""
    told.server.lost = {told.create}
    with pytest.raises(Unknown):
        told.publish(draft)
    told.server.lost = set()
    told.status("PUBLISHED")
    assert told.publish(draft) == Receipt.model_validate(told.sample["receipt"])
    assert told.server.whats().count(told.create) == 1


def test_published_but_not_listed_is_for_a_person(told, draft):
    """It is there, and we do not know its id."""
    told.progress["container"] = told.container
    told.status("PUBLISHED")
    told.server.answers[told.list] = {**OK, "body": {"data": []}}
    with told.http() as http, pytest.raises(CannotTell):
        told.network.find(http, draft())
    with pytest.raises(Unknown):
        told.publish(draft)
    assert told.create not in told.server.whats()


def test_not_published_is_surely_not_there(told, draft):
    """A finished container that is not listed is not out; one in progress may be soon."""
    told.progress["container"] = told.container
    told.server.answers[told.list] = {**OK, "body": {"data": []}}
    told.status("FINISHED")
    with told.http() as http:
        assert told.network.find(http, draft()) is None
    told.status("IN_PROGRESS")
    with told.http() as http, pytest.raises(NotSent):
        told.network.find(http, draft())


def test_a_container_that_cannot_be_published_yet_is_made_anew(told, draft):
    """A known race of Meta's: what was finished is not known where it is published."""
    error = {"code": 24, "error_subcode": 4279009, "message": "The requested resource does not exist"}
    told.server.answers[told.create] = {"status": 400, "headers": {}, "body": {"error": error}}
    with pytest.raises(NotSent) as caught:
        told.publish(draft)
    assert caught.value.retry_after == 30
    assert not told.progress["container"]
    told.server.answers[told.create] = told.sample["happy"][told.create]
    told.publish(draft)
    assert told.server.whats().count(told.make) == 2


def test_a_card_that_meta_cannot_use_is_refused_with_its_words(told, draft):
    """Of its words only the name or number of the error. The next try makes a new container."""
    told.status("ERROR", error_message="FAILED_DOWNLOADING_IMAGE, they \x1b say: EAAsecret")
    with pytest.raises(Refused, match="could not use the card") as caught:
        told.publish(draft)
    assert caught.value.message.endswith(": FAILED_DOWNLOADING_IMAGE")
    assert not told.progress["container"]


@pytest.mark.parametrize("how", ["lost", "refused", "odd"])
def test_a_post_stands_though_its_address_is_not_told(told, draft, how):
    """Nothing that comes after the creating request can lose the receipt."""
    post = next(what for what in told.server.answers if what.endswith(told.sample["receipt"]["id"]))
    body = {"permalink": "javascript:alert(1)"} if how == "odd" else {}
    told.server.answers[post] = {"status": 400 if how == "refused" else 200, "headers": {}, "body": body}
    told.server.lost = {post} if how == "lost" else set()
    assert told.publish(draft) == Receipt(id=told.sample["receipt"]["id"], url="")


def test_instagram_sends_address_text_and_description(scripted, draft):
    """And nothing else."""
    told = Told("instagram", scripted)
    told.publish(draft)
    said = parse_qs(told.server.asked[0].body.decode())
    assert said == {"image_url": [PUBLIC], "caption": ["Twelve are missing."], "alt_text": ["A ferry."]}


def test_threads_shows_a_card_or_an_image(scripted, draft):
    """A link is attached to text only; the story's first tag is the topic."""
    told = Told("threads", scripted)
    tags = ("A topic that is much longer than the fifty characters that there are", "U.S. & Sea", "Ferries")
    told.publish(draft, tags=tags)
    said = parse_qs(told.server.asked[0].body.decode())
    assert said == {
        "media_type": ["TEXT"], "text": ["Twelve are missing."], "topic_tag": ["US  Sea"],
        "link_attachment": ["https://news.example/world/4711"],
    }  # fmt: skip
    told.progress.clear()
    told.server.forget()
    told.publish(draft, form="image")
    said = parse_qs(told.server.asked[0].body.decode())
    assert said == {
        "media_type": ["IMAGE"], "text": ["Twelve are missing."], "image_url": [PUBLIC], "alt_text": ["A ferry."],
    }  # fmt: skip


def carded(draft, **parts):
    whole = draft(image_url=PUBLIC)
    return whole.model_copy(update={"card": whole.card.model_copy(update=parts)})


@pytest.mark.parametrize(
    ("parts", "good"),
    [
        ({"width": 1080, "height": 1350}, True),
        ({"width": 1200, "height": 630}, True),
        ({"width": 1080, "height": 1080}, True),
        ({"width": 1000, "height": 1500}, False),
        ({"width": 1600, "height": 800}, False),
        ({"mime": "image/png"}, False),
        ({"size": 8_000_001}, False),
    ],
)
def test_a_card_that_instagram_would_refuse_is_not_sent(scripted, draft, parts, good):
    """Its shape, kind and size are checked before anything is asked."""
    told = Told("instagram", scripted)
    with told.http() as http:
        if good:
            told.network.publish(http, carded(draft, **parts), None)
        else:
            with pytest.raises(Refused, match="does not take this card"):
                told.network.publish(http, carded(draft, **parts), None)
            assert told.server.asked == []


def test_a_card_without_a_public_address_is_refused_with_a_remedy(scripted, draft):
    """The editor learns what to set."""
    for told in (Told("instagram", scripted), Told("threads", scripted)):
        with told.http() as http, pytest.raises(Refused) as caught:
            told.network.publish(http, draft(form="image"), None)
        assert "base_url" in caught.value.hint
        assert told.server.asked == []


def test_only_the_login_by_facebook_removes_posts_from_instagram(scripted):
    """The other one says what to do instead."""
    told = Told("instagram", scripted)
    receipt = Receipt.model_validate(told.sample["receipt"])
    with told.http(login="instagram") as http, pytest.raises(Unsupported) as caught:
        told.network.withdraw(http, receipt)
    assert "by hand" in caught.value.hint


@pytest.mark.parametrize("name", ["instagram", "threads"])
@given(st.integers(-DAY, 61 * DAY))
def test_a_token_is_renewed_in_the_second_half_of_its_life(name, left):
    """Never earlier, as a token of its first day is not renewed; never later, as one that is over is lost."""
    network, kept, asked = connector(name), {}, []

    class Line:
        secret = {"access_token": "old-token", "expires_at": str(time.time() + left), "user": "1"}  # noqa: RUF012

        def read(self, shape, method, path, **parts):
            asked.append((method, path, parts["params"]))
            if left <= 0:
                raise Refused("too late", status=400)
            return shape.model_validate({"access_token": "new-token", "expires_in": 5183944})

        def renew(self, secret, auth):
            kept.update(secret)

    if left <= 0:
        with pytest.raises(Unauthorized):
            network.fresh(Line())
    else:
        network.fresh(Line())
    assert bool(asked) == (left <= 30 * DAY)
    assert kept.get("access_token") == ("new-token" if 0 < left <= 30 * DAY else None)


def test_a_renewed_token_is_kept_and_used(scripted, draft):
    """Stored before it is used, with what else is known of the account."""
    told, kept = Told("threads", scripted), []
    fresh = {"access_token": "THAArenewed-token", "token_type": "bearer", "expires_in": 5183944}
    told.server.answers["GET /refresh_access_token"] = {**OK, "body": fresh}
    secret = {**told.sample["secret"], "expires_at": str(int(time.time()) + 10 * DAY)}
    with open_http(told.network, told.server.url, secret, keep=kept.append, wait=lambda _: None) as http:
        told.network.publish(http, draft(), None)
    assert parse_qs(told.server.asked[0].query)["grant_type"] == ["th_refresh_token"]
    assert "Authorization" not in told.server.asked[0].headers
    assert told.server.asked[1].headers["Authorization"] == "Bearer THAArenewed-token"
    assert kept[0]["user"] == secret["user"]
    assert float(kept[0]["expires_at"]) > time.time() + 59 * DAY


@pytest.mark.parametrize(
    ("left", "status", "kind"),
    [(10 * DAY, 400, None), (10 * DAY, 500, None), (DAY // 2, 500, NotSent), (DAY // 2, 400, Unauthorized)],
)
def test_a_token_that_is_not_renewed_serves_until_its_end(scripted, left, status, kind):
    """Breaking news does not wait for a renewal that has weeks; on the last day it is said aloud."""
    told = Told("threads", scripted)
    told.server.answers["GET /refresh_access_token"] = {"status": status, "headers": {}, "body": {}}
    with told.http(expires_at=str(int(time.time()) + left)) as http:
        if kind is None:
            assert told.network.identify(http) == "@themeridian"
            return
        with pytest.raises(kind):
            told.network.identify(http)


@pytest.mark.parametrize(
    ("name", "paths", "me"),
    [
        ("instagram", ("/oauth/access_token", "/access_token", "/v25.0/me"), {"user_id": "1784"}),
        (
            "threads",
            ("/oauth/access_token", "/access_token", "/v1.0/me"),
            {"id": "1784", "username": "themeridian"},
        ),
    ],
)
def test_a_login_of_its_own_gives_sixty_days(scripted, name, paths, me):
    """The token of an hour becomes one of 60 days; the app's secret is not needed after that."""
    short = {"access_token": "short-lived-token", "user_id": 1784}
    long = {"access_token": "long-lived-token", "token_type": "bearer", "expires_in": 5183944}
    code, exchange, whoami = paths
    server = scripted({
        f"POST {code}": {**OK, "body": short},
        f"GET {exchange}": {**OK, "body": long},
        f"GET {whoami}": {**OK, "body": me},
    })  # fmt: skip
    answers = {"Client ID": "200300400", "Client secret": "app-secret-of-us", "login (1 to 2)": "2"}
    secret = connector(name).connect(Willing(**answers), server.url)
    assert (secret["access_token"], secret["user"]) == ("long-lived-token", "1784")
    assert float(secret["expires_at"]) > time.time() + 59 * DAY
    assert "client_secret" not in secret
    assert server.asked[-1].headers["Authorization"] == "Bearer long-lived-token"
