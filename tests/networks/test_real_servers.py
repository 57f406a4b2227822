"""Posts at real servers: made once, found, changed, removed, with their records."""

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
from networks.real import JPEG, AtThePds, Real

from syndication.errors import NotSent, Refused, Unauthorized
from syndication.models import StoryRecord
from syndication.networks import atproto, connector, repo, standard_site
from syndication.text import measure


def test_a_post_is_made_once_found_changed_and_removed(real, fresh):
    """The whole life of a post at a real server; every step may be repeated."""
    draft, network = real.draft(fresh), real.network
    with real.http() as http:
        assert network.find(http, draft) is None
        receipt = network.publish(http, draft, JPEG)
    assert receipt.url.startswith("https://")
    with real.http() as http:
        assert network.publish(http, draft, JPEG) == receipt
        assert network.find(http, draft) == receipt
    changed = draft.model_copy(update={"text": "Eleven are missing."})
    with real.http() as http:
        edited = network.edit(http, receipt, changed, JPEG)
        assert network.edit(http, receipt, changed, JPEG) == edited
        assert (edited.id, edited.url) == (receipt.id, receipt.url)
        network.withdraw(http, receipt)
        network.withdraw(http, receipt)
        assert network.find(http, draft) is None


def story_record(path="/world/4711", **parts):
    published = datetime(2026, 11, 20, 8, tzinfo=UTC)
    said = {"story": hashlib.sha256(path.encode()).hexdigest(), "paper": "The Meridian", "modified": None}
    place = {"site": "https://news.example", "path": path, "published": published}
    return StoryRecord.model_validate({**said, **place, **parts})


def records(pds, collection):
    """All that stands in the account's repository of one kind, by address: its hash and what it says."""
    asked = {"repo": pds["handle"], "collection": collection}
    path = f"{pds['url']}/xrpc/com.atproto.repo.listRecords"
    there = requests.get(path, params=asked, timeout=20).json()["records"]
    return {one["uri"]: (one["cid"], one["value"]) for one in there}


def refs_of(pds, receipt):
    _, said = records(pds, "app.bsky.feed.post")[receipt.id]
    return {ref["uri"]: ref["cid"] for ref in said["embed"]["external"]["associatedRefs"]}


@pytest.mark.parametrize("how", ["bluesky", "allowed"])
def test_a_story_has_a_record_beside_its_posts(pds, how, fresh, request):
    """What the post names is what the server says stands there, through two posts, an edit and the removal."""
    real = request.getfixturevalue(how)
    network, record = real.network, story_record(f"/{how}")
    first, second = (
        real.draft(fresh, record=record),
        real.draft(fresh, record=record, tags=("Sea 字", "👩‍👧")),
    )
    for draft in (first, second):
        with real.http() as http:
            receipt = network.publish(http, draft, JPEG)
        with real.http() as http:
            assert network.publish(http, draft, JPEG) == receipt
            assert network.read(http, receipt).record is True
        documents = records(pds, "site.standard.document")
        publications = records(pds, "site.standard.publication")
        named = {uri: cid for uri, (cid, _) in {**documents, **publications}.items()}
        assert (len(documents), len(publications)) == (1, 1)
        assert refs_of(pds, receipt) == named
    modified = record.published + timedelta(hours=2)
    changed = second.model_copy(
        update={"title": "Ferry found", "record": record.model_copy(update={"modified": modified})}
    )
    with real.http() as http:
        receipt = network.edit(http, receipt, changed, JPEG)
        assert network.edit(http, receipt, changed, JPEG) == receipt
    [(address, (cid, said))] = records(pds, "site.standard.document").items()
    assert (said["title"], said["updatedAt"]) == ("Ferry found", "2026-11-20T10:00:00.000Z")
    assert refs_of(pds, receipt)[address] == cid
    with real.http() as http:
        for _ in range(2):
            network.withdraw(http, receipt)
            network.unrecord(http, changed)
    assert records(pds, "site.standard.document") == {}


@pytest.mark.parametrize("how", ["published", "edited", "edited again"])
def test_a_frozen_worker_writes_no_record_after_the_removal(pds, bluesky, fresh, monkeypatch, how):
    """Frozen between the post and its record, in the middle of the request; meanwhile both are removed."""
    network, put, place = bluesky.network, standard_site.repo.put, f"/{how}"
    draft = bluesky.draft(fresh, card=None, record=story_record(place))
    changed = draft.model_copy(update={"title": "Ferry found"})

    def frozen(http, place, record, **swap):
        if place["collection"] == standard_site.DOCUMENT:
            monkeypatch.setattr(standard_site.repo, "put", put)
            with bluesky.http() as another:
                network.withdraw(another, network.find(another, draft))
                network.unrecord(another, draft)
        return put(http, place, record, **swap)

    with bluesky.http() as http:
        receipt = network.publish(http, draft, None) if how != "published" else None
        if how == "edited again":
            network.edit(http, receipt, changed, None)
    monkeypatch.setattr(standard_site.repo, "put", frozen)
    with bluesky.http() as http:
        if receipt is None:
            network.publish(http, draft, None)
        else:
            with pytest.raises(NotSent, match="changed since"):
                network.edit(http, receipt, changed, None)
    assert standard_site.repo.put is put  # it was frozen
    assert records(pds, standard_site.DOCUMENT) == {}


def test_a_record_is_not_written_beside_a_post_that_is_gone(pds, bluesky, fresh, monkeypatch):
    """An edit that changes nothing makes no write to go by: the post is looked for once more."""
    network, put = bluesky.network, standard_site.repo.put
    draft = bluesky.draft(fresh, card=None, record=story_record("/gone"))
    with bluesky.http() as http:
        receipt = network.publish(http, draft, None)

    def frozen(http, place, record, **swap):
        written = put(http, place, record, **swap)
        if place["collection"] == "app.bsky.feed.post":
            with bluesky.http() as another:
                network.withdraw(another, receipt)
                network.unrecord(another, draft)
        return written

    monkeypatch.setattr(standard_site.repo, "put", frozen)
    with bluesky.http() as http, pytest.raises(NotSent, match="gone by now"):
        network.edit(http, receipt, draft, None)
    assert records(pds, standard_site.DOCUMENT) == {}


def test_who_allowed_posts_alone_posts_without_records(pds, fresh, monkeypatch):
    """A login from before records were asked for: the server would refuse them, and nothing is lost by that."""
    monkeypatch.setattr(atproto, "SCOPE", "atproto repo:app.bsky.feed.post blob:image/*")
    secret = connector("bluesky").connect(AtThePds(pds), pds["named"])
    old = Real("bluesky", pds["named"], secret)
    with old.http() as http:
        receipt = old.network.publish(http, fresh(7, record=story_record("/old"), card=None), None)
        assert old.network.read(http, receipt).record is None
    assert records(pds, "site.standard.document") == {}
    with old.http() as http, pytest.raises(Unauthorized, match="scope"):
        place = {"repo": secret["did"], "collection": "site.standard.document", "rkey": "3mdve2222222a"}
        repo.put(http, place, {"site": "https://news.example"})


def test_two_workers_at_once_make_one_post(bluesky, fresh):
    """Where the key is the record's own, even simultaneous tries leave one post, and both know it."""
    draft, receipts = bluesky.draft(fresh, card=None), []

    def work():
        with bluesky.http() as http:
            receipts.append(bluesky.network.publish(http, draft, None))

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(receipts) == 6
    assert len(set(receipts)) == 1


@pytest.mark.parametrize(
    "text", ["字" * 400, "क्षत्रिय हिन्दी " * 60, "👨‍👩‍👧‍👦" * 200, "Wort " * 100, "e\u0301\u0323" * 400]
)
def test_a_text_that_fits_is_taken(bluesky, fresh, text):
    """What we measure as fitting, the server takes: in every script, filled to the brim. (mastodon-mock counts
    code points, so this is asked of Bluesky only.)
    """
    draft = bluesky.draft(fresh, summary=text, card=None)
    assert measure(draft.text, bluesky.network.limits) > 100
    with bluesky.http() as http:
        receipt = bluesky.network.publish(http, draft, None)
        assert bluesky.network.find(http, draft) == receipt


def test_a_text_too_long_is_refused_in_the_servers_words(bluesky, fresh):
    """301 graphemes are one too many there as well."""
    with bluesky.http() as http, pytest.raises(Refused) as caught:
        bluesky.network.publish(http, fresh(text="字" * 301, card=None), None)
    assert "300" in caught.value.message


def test_links_and_languages_are_taken_as_written(bluesky, fresh):
    """Facets beside emoji, a link with brackets, a language with a region."""
    draft = fresh(
        text="👩‍👧 https://news.example/a_(b)?q=ö 世 https://x.example", language="sr_Latn_RS", card=None
    )
    with bluesky.http() as http:
        bluesky.network.publish(http, draft, None)
        place = bluesky.network.find(http, draft).id.removeprefix("at://").split("/")
        asked = dict(zip(("repo", "collection", "rkey"), place, strict=True))
        record = http.call("GET", "/xrpc/com.atproto.repo.getRecord", params=asked).json()["value"]
    raw = record["text"].encode()
    linked = [raw[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode() for f in record["facets"]]
    assert linked == ["https://news.example/a_(b)?q=ö", "https://x.example"]
    assert record["langs"] == ["sr-Latn-RS"]
