"""A record of the story beside its post at Bluesky: written after the post, and never in its way."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndication.errors import NotSent, Unknown
from syndication.models import StoryRecord
from syndication.networks import connector, standard_site
from syndication.networks.http import open_http

BLUESKY = connector("bluesky")
SAMPLE = json.loads(
    (Path(__file__).parent.parent / "samples" / "bluesky" / "answers.json").read_text(encoding="utf-8")
)
X = "/xrpc/com.atproto.repo."
DID = SAMPLE["secret"]["did"]
PUT, LIST, GET = f"POST {X}putRecord", f"GET {X}listRecords", f"GET {X}getRecord"
PICTURE = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
WRITTEN = SAMPLE["happy"][PUT]
DOWN = {"status": 503, "headers": {}, "body": {"error": "InternalServerError", "message": "down"}}
SAID = StoryRecord(
    story="ab" * 32, paper="The Meridian", site="https://news.example", path="/world/4711",
    published=datetime(2026, 11, 20, 7, 30, tzinfo=UTC), modified=None,
)  # fmt: skip


def said(body):
    return {"status": 200, "headers": {}, "body": body}


def listed(*records):
    there = [
        {"uri": f"at://{DID}/{standard_site.PUBLICATION}/{key}", "cid": f"cid-of-{key}", "value": value}
        for key, value in records
    ]
    return said({"records": there})


@pytest.fixture
def server(scripted):
    """One where the paper has a record already, of another's making."""
    blob = {"$type": "blob", "ref": {"$link": PICTURE}, "mimeType": "image/jpeg", "size": 20000}
    return scripted({
        **SAMPLE["happy"],
        LIST: listed(("3mdvepubl2222", {"url": "https://news.example/", "name": "Meridian"})),
        "GET /xrpc/com.atproto.sync.getLatestCommit": said({"cid": "bafyreicommit", "rev": "3m62cvzzzzz22"}),
        f"POST {X}uploadBlob": said({"blob": blob}),
    })  # fmt: skip


def http(server, secret=None, **settings):
    return open_http(BLUESKY, server.url, secret or SAMPLE["secret"], seconds=3, **settings)


def puts(server):
    return [json.loads(asked.body) for asked in server.asked if asked.what == PUT]


def test_the_post_goes_first_and_names_what_will_stand(server, draft, image):
    """The card names the document by the hash of what is then written, and the publication; the date is the story's."""
    with http(server) as line:
        BLUESKY.publish(line, draft(record=SAID, tags=("Ferry", "x" * 129)), image)
    post, document = puts(server)
    publication = {
        "uri": f"at://{DID}/site.standard.publication/3mdvepubl2222",
        "cid": "cid-of-3mdvepubl2222",
    }
    first, second = post["record"]["embed"]["external"]["associatedRefs"]
    assert second == publication
    assert first["uri"] == f"at://{DID}/site.standard.document/{document['rkey']}"
    assert first["cid"] == standard_site.cid_of(document["record"])
    assert document["record"] == {
        "$type": "site.standard.document", "site": publication["uri"], "path": "/world/4711",
        "title": "Ferry sinks off the coast", "description": "Twelve are missing.", "tags": ["Ferry"],
        "publishedAt": "2026-11-20T07:30:00.000Z",
        "coverImage": post["record"]["embed"]["external"]["thumb"],
    }  # fmt: skip


def test_a_story_has_one_record_whatever_is_posted_of_it(server, draft):
    """Two posts of a story write the same record; another story's is another."""
    other = SAID.model_copy(update={"story": "cd" * 32})
    for record, key in ((SAID, "1" * 64), (SAID, "2" * 64), (other, "3" * 64)):
        with http(server) as line:
            BLUESKY.publish(line, draft(record=record, key=key, card=None), None)
    keys = [body["rkey"] for body in puts(server) if body["collection"] == standard_site.DOCUMENT]
    assert len(keys) == 3 and keys[0] == keys[1] != keys[2]
    assert all(key[0] in "234567ab" and len(key) == 13 for key in keys)  # TIDs


@pytest.mark.parametrize(
    ("modified", "told"),
    [
        (None, None),
        (SAID.published, None),
        (SAID.published + timedelta(hours=1), "2026-11-20T08:30:00.000Z"),
    ],
)
def test_a_change_is_dated_where_there_was_one(server, draft, modified, told):
    """Readers see `updated` only of a story that was."""
    with http(server) as line:
        BLUESKY.publish(line, draft(record=SAID.model_copy(update={"modified": modified}), card=None), None)
    assert puts(server)[-1]["record"].get("updatedAt") == told


def test_the_papers_record_is_made_once_and_keeps_what_others_put_there(server, draft):
    """Where none is at its address it is made; where ours has another name it is renamed, with its icon."""
    server.answers[LIST] = listed(("3aaaaaaaaaaaa", {"url": "https://other.example", "name": "Other"}))
    with http(server) as line:
        BLUESKY.publish(line, draft(record=SAID, card=None), None)
    made = puts(server)[0]
    assert (made["collection"], made["record"]["url"]) == (standard_site.PUBLICATION, "https://news.example")
    server.forget()
    ours = {**made["record"], "name": "Old name", "icon": {"$type": "blob"}}
    server.answers[LIST] = listed((made["rkey"], ours))
    with http(server) as line:
        BLUESKY.publish(line, draft(record=SAID, card=None), None)
    assert puts(server)[0]["record"] == {**ours, "name": "The Meridian"}
    server.forget()
    server.answers[LIST] = listed((made["rkey"], made["record"]))
    with http(server) as line:
        BLUESKY.publish(line, draft(record=SAID, card=None), None)
    assert [body["collection"] for body in puts(server)] == ["app.bsky.feed.post", standard_site.DOCUMENT]


def test_no_record_is_made_of_a_post_that_did_not_go_out(server, draft):
    """Nothing of a story stands at the network while its post is refused or its answer is lost."""
    server.lost = {PUT}
    with http(server) as line, pytest.raises(Unknown):
        BLUESKY.publish(line, draft(record=SAID, card=None), None)
    assert [body["collection"] for body in puts(server)] == ["app.bsky.feed.post"]


def test_a_post_that_stood_already_gets_its_record(server, draft):
    """A try that was cut off after the post is finished by the next, if nothing is written in between."""
    server.answers[PUT] = [SAMPLE["exists"], WRITTEN]
    with http(server) as line:
        assert BLUESKY.publish(line, draft(record=SAID, card=None), None).model_dump() == SAMPLE["receipt"]
    last = puts(server)[-1]
    assert (last["collection"], last["swapCommit"]) == (standard_site.DOCUMENT, "bafyreicommit")


@pytest.mark.parametrize("fault", [{LIST: DOWN}, {PUT: [WRITTEN, DOWN]}])
def test_a_record_that_cannot_be_kept_does_not_keep_the_post(server, draft, fault, caplog):
    """Whatever is wrong with records, the post goes out, once; what is missing stands in the log."""
    server.answers.update(fault)
    with http(server) as line:
        receipt = BLUESKY.publish(line, draft(record=SAID, card=None), None)
    assert receipt.model_dump() == SAMPLE["receipt"]
    assert "no record of the story" in caplog.text
    assert [body["collection"] for body in puts(server)].count("app.bsky.feed.post") == 1


def test_a_login_that_allows_no_records_posts_without(server, draft):
    """One from before records were asked for goes on as it was."""
    secret = {**SAMPLE["secret"], "scope": "atproto repo:app.bsky.feed.post blob:image/*"}
    with http(server, secret) as line:
        BLUESKY.publish(line, draft(record=SAID, card=None), None)
    [post] = puts(server)
    assert "associatedRefs" not in post["record"]["embed"]["external"]


def test_an_edit_is_said_before_what_is_wrong_with_records(server, draft):
    """The words reach readers; the edit then comes again until the record follows as well."""
    server.answers[LIST] = DOWN
    with http(server) as line:
        receipt = BLUESKY.find(line, draft())
        with pytest.raises(NotSent):
            BLUESKY.edit(line, receipt, draft(record=SAID, text="Eleven.", card=None), None)
    assert [body["record"]["text"] for body in puts(server)] == ["Eleven."]


@pytest.mark.parametrize(
    ("refs", "answer", "kept"),
    [
        ([], None, False),
        ([{"uri": f"at://{DID}/site.standard.document/3abc", "cid": "bafyreimeridianone"}], None, True),
        ([{"uri": f"at://{DID}/site.standard.document/3abc", "cid": "bafyreiolder"}], None, False),
        (
            [{"uri": f"at://{DID}/site.standard.document/3abc", "cid": "bafyreimeridianone"}],
            SAMPLE["not_there"][GET],
            False,
        ),
    ],
)
def test_a_post_is_read_back_with_its_record(server, draft, refs, answer, kept):
    """It stands beside the post where the record that the card names is there, and says what it said then."""
    with http(server) as line:
        receipt = BLUESKY.find(line, draft())
        card = {"uri": "https://news.example/world/4711", "title": "Ferry", "associatedRefs": refs}
        happy = SAMPLE["happy"][GET]
        value = {**happy["body"]["value"], "embed": {"external": card}}
        server.forget()
        server.answers[GET] = [{**happy, "body": {**happy["body"], "value": value}}, answer or happy]
        assert BLUESKY.read(line, receipt).record is kept


def test_the_record_goes_and_the_papers_stays(server, draft):
    """Repeatable, as the server takes the removal of what is gone for done."""
    with http(server) as line:
        BLUESKY.unrecord(line, draft(record=SAID))
    removal = json.loads(server.asked[-1].body)
    assert server.asked[-1].what == f"POST {X}deleteRecord"
    assert (removal["repo"], removal["collection"]) == (DID, standard_site.DOCUMENT)


def test_a_hash_is_the_one_of_the_data_model():
    """As the reference server's own library has it, whatever the order of names; a picture is a link, and no text."""
    record = {"title": "Ferry 渡", "coverImage": {"ref": {"$link": PICTURE}, "size": 9}, "tags": ["Sea"]}
    cid = standard_site.cid_of(record)
    assert cid == standard_site.cid_of(dict(reversed(record.items())))
    assert cid == "bafyreidcaxh3ii7kyll5jqcxdiyw7iy4yn54gtbr3zfsjfrul55du5sphy"
    assert cid != standard_site.cid_of({**record, "coverImage": {"ref": PICTURE, "size": 9}})
