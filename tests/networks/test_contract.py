"""What every connector keeps, run over the registry with recorded answers."""

import json
from pathlib import Path

import pytest

from syndication.errors import (
    ClaimLost,
    ConfigError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
)
from syndication.models import PublishEvent, Receipt
from syndication.networks import NETWORKS, connector
from syndication.networks.http import open_http
from syndication.text import compose, fits

SAMPLES = Path(__file__).parent.parent / "samples"


class Told:
    """A network, its recorded answers, and a server that gives them."""

    def __init__(self, name, scripted):
        self.network = connector(name)
        self.sample = json.loads((SAMPLES / name / "answers.json").read_text(encoding="utf-8"))
        self.server = scripted(self.sample["happy"])
        self.creates = self.sample["create"]

    def http(self, **settings):
        settings = {"seconds": 5, "wait": lambda seconds: None, **settings}
        return open_http(self.network, self.server.url, self.sample["secret"], **settings)

    def text(self, summary="Twelve are missing."):
        parts = {"url": "https://news.example/world/4711", "headline": "Ferry sinks", "summary": summary}
        event = PublishEvent.model_validate({**parts, "published": "2026-11-20T08:00:00Z"})
        return compose(event, limits=self.network.limits)

    @property
    def receipt(self):
        return Receipt.model_validate(self.sample["receipt"])


@pytest.fixture(params=sorted(NETWORKS))
def told(request, scripted):
    return Told(request.param, scripted)


def publish(told, draft, image, **settings):
    with told.http(**settings) as http:
        return told.network.publish(http, draft(text=told.text()), image)


def test_a_post_is_created_once_and_last_under_its_own_key(told, draft, image):
    """One creating request, after everything else, carrying the key that the draft fixes."""
    receipt = publish(told, draft, image)
    assert receipt == told.receipt
    assert told.server.whats().count(told.creates) == 1
    last = told.server.asked[-1]
    assert last.what == told.creates
    assert told.sample["key"] in (last.headers.get("Idempotency-Key"), *_values(json.loads(last.body)))


def test_every_try_sends_the_same(told, draft, image):
    """Byte for byte: what is frozen does not change from one try to the next."""
    publish(told, draft, image)
    publish(told, draft, image)
    first, second = (asked for asked in told.server.asked if asked.what == told.creates)
    assert (first.body, first.headers) == (second.body, second.headers)


def test_the_intent_is_committed_between_the_last_upload_and_the_create(told, draft, image):
    """When the intent is asked for, all but the creating request has been sent."""
    before = []
    publish(told, draft, image, intend=lambda: before.append(len(told.server.asked)))
    assert before == [len(told.server.asked) - 1]


def test_a_lost_claim_sends_nothing(told, draft, image):
    """Where the intent cannot be committed, the post is not created."""

    def refuse():
        raise ClaimLost("another worker has it")

    with pytest.raises(ClaimLost):
        publish(told, draft, image, intend=refuse)
    assert told.creates not in told.server.whats()


@pytest.mark.parametrize("how", ["lost", "500", "503", "unreadable"])
def test_doubt_is_unknown_for_the_create_and_not_sent_for_the_rest(told, draft, image, how):
    """At each request of a publish: a dropped connection, a server error, an answer that says nothing."""
    publish(told, draft, image)
    for what in dict.fromkeys(told.server.whats()):
        told.server.asked.clear()
        told.server.lost = {what} if how == "lost" else set()
        status, body = (200, b"<html>") if how == "unreadable" else (int(how) if how != "lost" else 200, None)
        told.server.answers = {**told.sample["happy"], what: {"status": status, "headers": {}, "body": body}}
        if how == "unreadable" and what.endswith("getSession"):
            continue  # only its status is asked for
        with pytest.raises(Unknown if what == told.creates else NotSent):
            publish(told, draft, image)
        assert told.server.whats().count(told.creates) == (1 if what == told.creates else 0)


def test_a_server_that_cannot_be_reached_got_nothing(told, draft, image):
    """A refused connection is NotSent."""
    told.server.stop()
    with pytest.raises(NotSent):
        publish(told, draft, image)


@pytest.mark.parametrize(
    ("answer", "kind"), [("refused", Refused), ("unauthorized", Unauthorized), ("forbidden", Unauthorized)]
)
def test_refusals_are_named_for_who_acts(told, draft, image, answer, kind):
    """With the network's own words; a dead token is the operator's, a bad post the editor's."""
    told.server.answers[told.creates] = said = told.sample[answer]
    with pytest.raises(Refused) as caught:
        publish(told, draft, image)
    assert type(caught.value) is kind
    assert caught.value.status == said["status"]
    assert said["body"].get("message", said["body"]["error"]) in caught.value.message


def test_a_rate_limit_says_how_long(told, draft, image):
    """In each network's own header form; ninety seconds are ninety seconds."""
    told.server.answers[told.creates] = told.sample["limited"]
    with pytest.raises(RateLimited) as caught:
        publish(told, draft, image)
    assert 85 <= caught.value.retry_after <= 91


def test_a_post_that_is_there_is_found(told, draft):
    """After a lost answer the network is asked, and what it shows is the same receipt."""
    with told.http() as http:
        assert told.network.find(http, draft(text=told.text())) == told.receipt


def test_a_post_that_is_not_there_is_not_found(told, draft):
    """None means surely not: the network showed everything since the draft was made."""
    told.server.answers.update(told.sample["not_there"])
    with told.http() as http:
        assert told.network.find(http, draft(text=told.text())) is None


def test_finding_only_reads(told, draft):
    """It changes nothing, so it may be repeated."""
    with told.http() as http:
        told.network.find(http, draft(text=told.text()))
    assert {what.split()[0] for what in told.server.whats()} == {"GET"}


def test_an_edit_keeps_the_post(told, draft, image):
    """Same id, same address, never a creating request that has to be committed."""
    with told.http(intend=lambda: pytest.fail("an edit creates nothing")) as http:
        edited = told.network.edit(http, told.receipt, draft(text=told.text("Eleven.")), image)
    assert (edited.id, edited.url) == (told.receipt.id, told.receipt.url)
    assert b"Eleven." in told.server.asked[-1].body


def test_withdrawing_is_repeatable(told):
    """A post that is gone already is withdrawn."""
    with told.http() as http:
        told.network.withdraw(http, told.receipt)
        told.server.answers.update(told.sample["gone"])
        assert told.network.withdraw(http, told.receipt) is None


def test_an_account_says_its_handle_and_limits(told):
    """Read from the server, as people write it."""
    with told.http() as http:
        assert told.network.identify(http) == told.sample["handle"].format(host=told.server.host)
        limits = told.network.read_limits(http)
    assert told.sample["limits"].items() <= limits.model_dump().items()


def test_a_post_without_a_card_uploads_nothing(told, draft):
    """No card, no image, one creating request."""
    with told.http() as http:
        told.network.publish(http, draft(text=told.text(), card=None), None)
    posted = [what for what in told.server.whats() if what.startswith("POST")]
    assert posted == [told.creates]


def test_long_texts_are_cut_to_what_the_network_takes(told):
    """By the network's own measure."""
    text = told.text("Neunundneunzig Wörter, ohne Punkt und Komma " * 60)
    assert fits(text, told.network.limits)
    assert "…" in text


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 422, 429, 500])
def test_no_error_tells_a_secret(told, draft, image, status):
    """Even if the server repeats our token in its answer."""
    secrets = list(told.sample["secret"].values())
    said = {"error": f"bad {secrets[-1]}", "message": "\x1b[31m" + " ".join(secrets)}
    for what in {asked for asked in told.sample["happy"] if asked.startswith("POST")}:
        told.server.answers = {**told.sample["happy"]}
        told.server.answers[what] = {"status": status, "headers": {"Location": secrets[0]}, "body": said}
        with told.http() as http:
            try:
                told.network.publish(http, draft(text=told.text()), image)
            except (NotSent, Refused, Unknown) as error:
                told_all = f"{error} {error!r} {error.hint} {vars(error)}"
                assert not [secret for secret in secrets if secret in told_all]
                assert "\x1b" not in told_all


def test_unknown_networks_are_named_with_those_there_are():
    """An editor's slip is answered with what would be right."""
    with pytest.raises(ConfigError) as caught:
        connector("myspace")
    assert "mastodon" in str(caught.value)


def _values(said):
    return [value for value in said.values() if isinstance(value, str)]
