"""A record of the story itself beside its posts, so that Bluesky shows the paper's name and the story's date.

After the lexicons `site.standard.publication` and `.document`, and what Bluesky's own server reads of them (read
2026-11): a post's link card names both records by address and hash, the document names its publication, and the
publication's address with the document's path must be the address that the card links to. The post goes first: its
document's hash is known without asking, so that no record can stand beside a post that never went out.
"""

from base64 import b32encode
from hashlib import sha256
from typing import Any, NamedTuple

import libipld

from syndication.errors import NotSent
from syndication.models import Draft, StoryRecord
from syndication.networks import repo
from syndication.networks.base import Secret
from syndication.networks.http import Http
from syndication.text import clip

PUBLICATION, DOCUMENT = "site.standard.publication", "site.standard.document"
SCOPES = {
    f"repo:{DOCUMENT}": "keep a record of each story",
    f"repo:{PUBLICATION}": "keep a record of the paper",
}
"""The rights that it takes."""

_TITLE, _DESCRIPTION, _TAG = 500, 3000, 128  # graphemes; a character is at the most one
_SHA256_OF_DAG_CBOR = b"\x01\x71\x12\x20"  # CID version 1: codec, hash, and the hash's length


class Beside(NamedTuple):
    """A story's document as it is to stand: `refs` are what the post's link card names."""

    refs: list[dict[str, str]]
    place: repo.Place
    record: dict[str, Any]

    def write(self, http: Http, post: repo.Written) -> None:
        """Have it stand beside its post. Repeatable.

        Raises NotSent where anything was written to the account since: who was frozen may come after a removal.
        """
        try:
            repo.put(http, self.place, self.record, swapCommit=repo.beside(http, post))
        except repo.Swapped as moved:
            raise NotSent(f"the account changed since the post was written: {moved.message}") from None


def is_kept(draft: Draft, secret: Secret) -> bool:
    """Whether the story's record is to stand beside a draft's post, and we may write it."""
    return draft.record is not None and may_keep(secret)


def may_keep(secret: Secret) -> bool:
    """Whether an account's owner lets us write such records; an app password lets us write all."""
    return "scope" not in secret or SCOPES.keys() <= set(secret["scope"].split())


def beside(http: Http, draft: Draft, blob: dict[str, Any] | None) -> Beside:
    """The document of a draft's story, whose publication stands when this returns; `blob` is its picture.

    Raises DeliveryError.
    """
    said = draft.record
    assert said is not None  # noqa: S101 - asked by the caller
    publication = _publication(http, said)
    place = _place(http, draft)
    modified = said.modified if said.modified and said.modified > said.published else None
    optional = {
        "description": clip(draft.description, _DESCRIPTION, draft.language),
        "updatedAt": repo.stamp(modified) if modified else "",
        "tags": [tag for tag in dict.fromkeys(draft.tags) if tag and len(tag) <= _TAG],
        "coverImage": blob,
    }
    record = {
        "$type": DOCUMENT,
        "site": publication["uri"],
        "path": said.path,
        "title": clip(draft.title, _TITLE, draft.language),
        "publishedAt": repo.stamp(said.published),
        **{name: value for name, value in optional.items() if value},
    }
    return Beside([{"uri": repo.address_of(place), "cid": cid_of(record)}, publication], place, record)


def stands(http: Http, refs: list[dict[str, str]]) -> bool:
    """Whether the document that a link card names stands, and says what it said then."""
    named = next((ref for ref in refs if f"/{DOCUMENT}/" in ref.get("uri", "")), None)
    found = repo.get(http, repo.place_of(named["uri"])) if named else None
    return bool(named and found and found.cid == named.get("cid"))


def remove(http: Http, draft: Draft) -> None:
    """Take the story's document away; its publication stays for the others. Repeatable."""
    repo.delete(http, _place(http, draft))


def cid_of(record: dict[str, Any]) -> str:
    """A record's hash as its server will tell it: that of its DAG-CBOR (atproto.com/specs/data-model)."""
    digest = sha256(libipld.encode_dag_cbor(_linked(record))).digest()
    return "b" + b32encode(_SHA256_OF_DAG_CBOR + digest).decode().lower().rstrip("=")


def _linked(value: Any) -> Any:
    """The value with the links that JSON writes as `{"$link": …}` as links."""
    if isinstance(value, dict):
        if value.keys() == {"$link"}:
            return _link(value["$link"])
        return {name: _linked(one) for name, one in value.items()}
    return [_linked(one) for one in value] if isinstance(value, list) else value


def _link(cid: str) -> bytes:
    try:
        return bytes(libipld.decode_multibase(cid)[1])
    except ValueError:
        raise NotSent(f"the server named a picture that cannot be: {cid[:100]}") from None


def _place(http: Http, draft: Draft) -> repo.Place:
    said = draft.record
    assert said is not None  # noqa: S101 - asked by the caller
    return {"repo": http.secret["did"], "collection": DOCUMENT, "rkey": _key(said.story)}


def _publication(http: Http, said: StoryRecord) -> dict[str, str]:
    """The record of the paper at its address: the one that is there, whoever made it, else ours."""
    did = http.secret["did"]
    place = {"repo": did, "collection": PUBLICATION, "rkey": _key(sha256(said.site.encode()).hexdigest())}
    address, name = repo.address_of(place), clip(said.paper, _TITLE)
    there = [
        one
        for one in repo.first_of(http, did, PUBLICATION)
        if str(one.value.get("url", "")).rstrip("/") == said.site
    ]
    known = next((one for one in there if one.uri == address), there[0] if there else None)
    if known and (known.uri != address or known.value.get("name") == name):
        return {"uri": known.uri, "cid": known.cid}
    # What others have added to ours, such as an icon, stays.
    record = {**(known.value if known else {}), "$type": PUBLICATION, "url": said.site, "name": name}
    written = repo.put(http, place, record)
    return {"uri": written.uri, "cid": written.cid}


def _key(digest: str) -> str:
    """A record key that is always the same for one thing."""
    return repo.tid(int(digest[:16], 16) >> 1)
