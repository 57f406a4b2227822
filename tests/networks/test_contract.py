"""What every connector keeps, run over the registry with answers from a script.

`tests/samples/NETWORK/answers.json` holds the answers of one network; one that differs by kind of account or form of
post has a file for each, `answers-KIND.json`:

- `source`: where they are from: recorded (when, at which server) or made after which documents
- `secret`, `form` (the draft's; its usual one if absent), `handle`, `limits` (what read_limits says, in part)
- `happy`: for each "METHOD /path" that a deed may ask (`*` stands for anything), the answer, or a list of answers in
  turn (the last one stays)
- `create`: the one creating request; `key`: what of the draft's key it carries, absent where the network takes none
- `receipt`: what publish and find return; `{host}` in its address is the server's
- `refusals`: answers to `create` with the `kind` of error each is, and what it `says`
- `limited`: answers to `create` that ask for ninety seconds
- `not_there`: answers that show no post, absent where the network cannot be asked; `gone`: a removed post's
- `read`: `shown`, a list of answers to `read` with what it then tells of the post, and a removed post's, `gone`, absent
  where the network does not tell; false where such an account cannot read, absent where none can
- `edit`, `withdraw`: false where the network cannot
- `revoke`: the one request by which the token is given back, and its answer; absent where only a person can
- `reads`: requests of `find` that read although they are no GET
- `status_only`: requests whose answers are not read; `varies`: headers of `create` that differ by time
- `spec.json` beside it, where there is one, holds the requests as the network's own specification has them (spec.py)
- `plain`: what is posted without a card, [`create`] if absent; false where the network takes no post without one
"""

import json
import logging
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from networks.spec import check

from syndication import errors
from syndication.errors import (
    CannotTell,
    ClaimLost,
    ConfigError,
    NotSent,
    RateLimited,
    Refused,
    Unknown,
    Unsupported,
)
from syndication.models import PublishEvent, Receipt
from syndication.networks import NETWORKS, connector
from syndication.networks.base import Connector, Shown
from syndication.networks.http import open_http
from syndication.text import compose, fits
from syndication.text.same import same

OURS = Path(__file__).parent.parent / "samples"
# The connector of another package is held to the same: docs/how-to/add-a-network.md.
SAMPLES = Path(os.environ.get("CONNECTOR_SAMPLES", OURS))


class Told:
    """A network, its answers, and a server that gives them."""

    def __init__(self, sample, scripted):
        self.network = connector(sample.parent.name)
        self.sample = json.loads(sample.read_text(encoding="utf-8"))
        self.server = scripted(self.sample["happy"])
        self.creates = self.sample["create"]
        self.form = self.sample.get("form", self.network.forms[0])

    def http(self, **settings):
        settings = {"seconds": 5, "wait": lambda seconds: None, **settings}
        return open_http(self.network, self.server.url, self.sample["secret"], **settings)

    @property
    def limits(self):
        return self.network.limits_of(self.network.limits, self.form)

    def text(self, summary="Twelve are missing.", override=""):
        parts = {"url": "https://news.example/world/4711", "headline": "Ferry sinks", "summary": summary}
        event = PublishEvent.model_validate({**parts, "published": "2026-11-20T08:00:00Z"})
        return compose(event, limits=self.limits, override=override)

    @property
    def receipt(self):
        said = self.sample["receipt"]
        return Receipt.model_validate({**said, "url": said["url"].replace("{host}", self.server.host)})


def samples(name):
    return sorted((SAMPLES / name).glob("answers*.json")) or [SAMPLES / name / "answers.json"]


NAMES = sorted(NETWORKS) if SAMPLES == OURS else sorted(folder.name for folder in SAMPLES.iterdir())


@pytest.fixture(
    params=[sample for name in NAMES for sample in samples(name)],
    ids=lambda sample: sample.parent.name + sample.stem.removeprefix("answers"),
)
def told(request, scripted):
    return Told(request.param, scripted)


def publish(told, draft, image, **settings):
    public = {"form": told.form, "image_url": "https://news.example/cards/a.jpg"}
    with told.http(**settings) as http:
        return told.network.publish(http, draft(text=told.text(), **public), image)


def bare(asked, varies):
    """A request without what differs from one to the next by its nature: the boundary of its parts, times."""
    kind = asked.headers.get("Content-Type", "")
    boundary = re.search(r"boundary=(\S+)", kind)
    body = asked.body.replace(boundary[1].encode(), b"-") if boundary else asked.body
    return body, {
        name: value for name, value in asked.headers.items() if name not in (*varies, "Content-Type")
    }


def test_a_post_is_created_once_and_last_under_its_own_key(told, draft, image):
    """One creating request, after everything else, carrying the key that the draft fixes where there is one."""
    receipt = publish(told, draft, image)
    assert receipt == told.receipt
    assert told.server.whats().count(told.creates) == 1
    at = told.server.whats().index(told.creates)
    after = [what for what in told.server.whats()[at + 1 :] if not what.startswith("GET ")]
    assert after == []  # what is asked after it only reads
    if key := told.sample.get("key"):
        last = told.server.asked[at]
        assert key in f"{last.what}?{last.query} {last.headers} {last.body!r}"
    else:
        assert not told.network.replay_of(told.sample["secret"])


def test_every_try_sends_the_same(told, draft, image):
    """Byte for byte: what is frozen does not change from one try to the next."""
    publish(told, draft, image)
    publish(told, draft, image)
    varies = told.sample.get("varies", ())
    first, second = (bare(asked, varies) for asked in told.server.asked if asked.what == told.creates)
    assert first == second


def test_the_intent_is_committed_between_the_last_upload_and_the_create(told, draft, image):
    """When the intent is asked for, all that comes before the creating request has been sent."""
    before = []
    publish(told, draft, image, intend=lambda: before.append(len(told.server.asked)))
    assert before == [told.server.whats().index(told.creates)]


def test_a_lost_claim_sends_nothing(told, draft, image):
    """Where the intent cannot be committed, the post is not created."""

    def refuse():
        raise ClaimLost("another worker has it")

    with pytest.raises(ClaimLost):
        publish(told, draft, image, intend=refuse)
    assert told.creates not in told.server.whats()


@pytest.mark.parametrize("how", ["lost", "500", "503", "unreadable"])
def test_doubt_is_unknown_for_the_create_and_not_sent_before_it(told, draft, image, how):
    """At each request of a publish: a dropped connection, a server error, an answer that says nothing."""
    publish(told, draft, image)
    asked = told.server.whats()
    for what in dict.fromkeys(asked[: asked.index(told.creates) + 1]):
        told.server.forget()
        told.server.lost = {what} if how == "lost" else set()
        status, body = (200, b"<html>") if how == "unreadable" else (int(how) if how != "lost" else 200, None)
        told.server.answers = {**told.sample["happy"], what: {"status": status, "headers": {}, "body": body}}
        if how == "unreadable" and what in told.sample.get("status_only", ()):
            continue
        with pytest.raises(Unknown if what == told.creates else NotSent):
            publish(told, draft, image)
        assert told.server.whats().count(told.creates) == (1 if what == told.creates else 0)


def test_a_server_that_cannot_be_reached_got_nothing(told, draft, image):
    """A refused connection is NotSent."""
    told.server.stop()
    with pytest.raises(NotSent):
        publish(told, draft, image)


def test_refusals_are_named_for_who_acts(told, draft, image):
    """With the network's own words; a dead token is the operator's, a bad post the editor's, a doubt is asked about."""
    assert {"Refused", "Unauthorized"} <= {each["kind"] for each in told.sample["refusals"]}
    for each in told.sample["refusals"]:
        told.server.forget()
        told.server.answers = {**told.sample["happy"], told.creates: each["answer"]}
        with pytest.raises(errors.DeliveryError) as caught:
            publish(told, draft, image)
        acts = [kind.__name__ for kind in type(caught.value).__mro__ if kind.__module__ == errors.__name__]
        assert acts[0] == each["kind"], each
        assert caught.value.status == each["answer"]["status"]
        assert each["says"] in caught.value.message


def test_a_rate_limit_says_how_long(told, draft, image):
    """In each network's own form; ninety seconds are ninety seconds."""
    for answer in told.sample["limited"]:
        told.server.answers = {**told.sample["happy"], told.creates: answer}
        with pytest.raises(RateLimited) as caught:
            publish(told, draft, image)
        assert 85 <= caught.value.retry_after <= 91


def found(told, draft):
    with told.http() as http:
        return told.network.find(http, draft(text=told.text(), form=told.form))


def test_a_post_that_is_there_is_found(told, draft):
    """After a lost answer the network is asked, and what it shows is the same receipt; or it cannot be asked."""
    if "not_there" in told.sample:
        assert found(told, draft) == told.receipt
    else:
        with pytest.raises(CannotTell):
            found(told, draft)


def test_a_post_that_is_not_there_is_not_found(told, draft):
    """None means surely not: the network showed everything since the draft was made."""
    if "not_there" not in told.sample:
        pytest.skip("this network cannot be asked")
    told.server.answers.update(told.sample["not_there"])
    assert found(told, draft) is None


def test_finding_only_reads(told, draft):
    """It changes nothing, so it may be repeated."""
    if "not_there" not in told.sample:
        pytest.skip("this network cannot be asked")
    found(told, draft)
    reads = told.sample.get("reads", ())
    assert {what.split()[0] for what in told.server.whats() if what not in reads} <= {"GET"}


def test_a_post_is_read_back_as_readers_see_it(told):
    """Its words, and what its link card or its picture is; None for one that is gone. It only reads."""
    if "read" not in told.sample:
        assert type(told.network).read is Connector.read, "what can be read back needs answers in its samples"
        pytest.skip("its posts cannot be read back")
    if told.sample["read"] is False:
        assert "read" not in told.network.deeds(told.sample["secret"])
        with told.http() as http, pytest.raises(CannotTell):
            told.network.read(http, told.receipt)
        return
    for answers, shown in told.sample["read"]["shown"]:
        told.server.answers.update(answers)
        with told.http() as http:
            seen = told.network.read(http, told.receipt)
        expected = Shown(**shown)
        assert same(seen.text, expected.text) and seen._replace(text=None) == expected._replace(text=None)
    if "gone" in told.sample["read"]:
        told.server.answers.update(told.sample["read"]["gone"])
        with told.http() as http:
            assert told.network.read(http, told.receipt) is None
    asked = [one for one in told.server.asked if one.what in told.sample["read"]["shown"][0][0]]
    assert asked and {what.split()[0] for what in told.server.whats()} <= {"GET", asked[0].what.split()[0]}
    if (SAMPLES / told.network.name / "spec.json").exists():
        check(told.network.name, asked)


def test_an_edit_keeps_the_post(told, draft, image):
    """Same id, same address, never a creating request that has to be committed; or it says that it cannot."""
    new = draft(text=told.text("Eleven."), form=told.form, image_url="https://news.example/cards/a.jpg")
    with told.http(intend=lambda: pytest.fail("an edit creates nothing")) as http:
        if told.sample.get("edit") is False:
            with pytest.raises(Unsupported):
                told.network.edit(http, told.receipt, new, image)
            return
        edited = told.network.edit(http, told.receipt, new, image)
    assert (edited.id, edited.url) == (told.receipt.id, told.receipt.url)
    assert any(b"Eleven." in asked.body for asked in told.server.asked)


def test_a_correction_answers_its_post(told, draft, image):
    """One creating request that names the post it answers, as the network's own specification has it; found again."""
    if not told.network.replies(told.sample["secret"]):
        pytest.skip("its posts answer nothing")
    answered = told.receipt
    new = draft(text=told.text("Eleven."), form=told.form, card=None, reply_to=answered)
    with told.http() as http:
        told.network.publish(http, new, None)
    named = [one for one in told.server.asked if answered.id in f"{one.query} {one.body.decode('latin-1')}"]
    assert len(named) == 1
    if (SAMPLES / told.network.name / "spec.json").exists():
        check(told.network.name, told.server.asked)


def test_withdrawing_is_repeatable(told):
    """A post that is gone already is withdrawn; or the network says that it cannot."""
    with told.http() as http:
        if told.sample.get("withdraw") is False:
            with pytest.raises(Unsupported):
                told.network.withdraw(http, told.receipt)
            return
        told.network.withdraw(http, told.receipt)
        told.server.answers.update(told.sample["gone"])
        assert told.network.withdraw(http, told.receipt) is None


def test_access_is_given_back_where_the_network_takes_it(told):
    """One request that carries the token; a dead one is told as such. Elsewhere a person is told where to do it."""
    with told.http() as http:
        if "revoke" not in told.sample:
            with pytest.raises(Unsupported) as caught:
                told.network.revoke(http)
            assert len(caught.value.hint) > 20
            return
        [what] = told.sample["revoke"]
        told.server.answers |= told.sample["revoke"]
        told.network.revoke(http)
        assert told.server.whats().count(what) == 1
        last = told.server.asked[told.server.whats().index(what)]
        said = f"{last.body!r} {last.headers}"
        assert [value for value in told.sample["secret"].values() if len(value) >= 16 and value in said]
        told.server.answers[what] = {"status": 401, "headers": {}, "body": {"error": "invalid_token"}}
        with pytest.raises(Refused):
            told.network.revoke(http)


def test_an_account_says_its_handle_and_limits(told):
    """Read from the server, as people write it."""
    with told.http() as http:
        assert told.network.identify(http) == told.sample["handle"].format(host=told.server.host)
        limits = told.network.read_limits(http)
    assert told.sample["limits"].items() <= limits.model_dump().items()


def test_a_post_without_a_card_uploads_nothing(told, draft):
    """No card, no image, one creating request; or a clear refusal where a post is an image."""
    with told.http() as http:
        plain = draft(text=told.text(), card=None, form=told.form)
        if told.sample.get("plain") is False:
            with pytest.raises(Refused):
                told.network.publish(http, plain, None)
            assert told.creates not in told.server.whats()
            return
        told.network.publish(http, plain, None)
    posted = [what for what in told.server.whats() if not what.startswith("GET ")]
    assert posted == told.sample.get("plain", [told.creates])


def test_every_request_is_as_the_specification_says(told, draft, image):
    """All deeds, each request held against the network's own specification, where we have one: spec.json."""
    if not (SAMPLES / told.network.name / "spec.json").exists():
        pytest.skip("its requests are known from documents only")
    public = {"form": told.form, "image_url": "https://news.example/cards/a.jpg"}
    whole = draft(text=told.text(), alt="A ferry. " * 500, title="Ferry sinks " * 40, **public)
    with told.http() as http:
        told.network.identify(http)
        told.network.read_limits(http)
    for card in (image,) if told.sample.get("plain") is False else (image, None):
        with told.http() as http:
            receipt = told.network.publish(http, whole, card)
        with told.http() as http, suppress(Unsupported):
            told.network.edit(http, receipt, whole, card)
    with suppress(CannotTell):
        found(told, draft)
    with told.http() as http, suppress(Unsupported):
        told.network.withdraw(http, told.receipt)
    check(told.network.name, told.server.asked)


def test_long_texts_are_cut_to_what_the_network_takes(told):
    """By the network's own measure, in each form, from twice what it takes."""
    for form in told.network.forms:
        told.form = form
        text = told.text(override="Neunundneunzig Wörter, ohne Punkt und Komma " * (told.limits.text // 20))
        assert fits(text, told.limits)
        assert "…" in text


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422, 429, 500])
def test_no_error_tells_a_secret(told, draft, image, status):
    """Even if the server repeats our token in its answer."""
    secrets = [value for value in told.sample["secret"].values() if len(value) >= 8]
    said = {"error": f"bad {secrets[-1]}", "message": "\x1b[31m" + " ".join(secrets)}
    for what in {asked for asked in told.sample["happy"] if not asked.startswith("GET ")}:
        told.server.answers = {**told.sample["happy"]}
        told.server.answers[what] = {"status": status, "headers": {"Location": secrets[0]}, "body": said}
        try:
            publish(told, draft, image)
        except (NotSent, Refused, Unknown) as error:
            told_all = f"{error} {error!r} {error.hint} {vars(error)}"
            assert not [secret for secret in secrets if secret in told_all]
            assert "\x1b" not in told_all


def test_no_log_tells_a_secret(told, draft, image, caplog):
    """With every logger at its most talkative: when all goes well, when it is refused, and when the line breaks."""
    caplog.set_level(logging.DEBUG)
    for status in (200, 401, 500):
        told.server.forget()
        if status != 200:
            told.server.answers[told.creates] = {"status": status, "headers": {}, "body": {"error": "no"}}
        with suppress(NotSent, Refused, Unknown):
            publish(told, draft, image)
    with suppress(NotSent, Refused, CannotTell), told.http() as http:
        told.network.identify(http)
        told.network.find(http, draft())
    told.server.lost = {told.creates}
    with suppress(NotSent, Refused, Unknown):
        publish(told, draft, image)
    assert not [
        secret for secret in told.sample["secret"].values() if len(secret) >= 16 and secret in caplog.text
    ]


def test_unknown_networks_are_named_with_those_there_are():
    """An editor's slip is answered with what would be right."""
    with pytest.raises(ConfigError) as caught:
        connector("myspace")
    assert "mastodon" in str(caught.value)


def test_networks_that_end_their_interfaces_say_when():
    """So that `check` can tell an operator two months before."""
    assert {name for name, network in NETWORKS.items() if network.ends} == {
        "facebook",
        "instagram",
        "linkedin",
    }


def test_an_account_is_known_again_by_what_does_not_change(told):
    """A network names the parts of a secret that say which account it is; of each kind of account one is there."""
    steady = told.network.steady
    assert not steady or set(steady) & told.sample["secret"].keys()
    assert not {"access_token", "token", "refresh_token", "secret"} & set(steady)
