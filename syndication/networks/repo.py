"""An AT Protocol account's repository: records by collection and key, read, written and removed (com.atproto.repo)."""

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from syndication.errors import DeliveryError, NotSent, RateLimited, Refused, Unauthorized
from syndication.networks.auth import Anonymous
from syndication.networks.http import Http, Shape

XRPC = "/xrpc/com.atproto."
_TID = "234567abcdefghijklmnopqrstuvwxyz"

Place = dict[str, str]
"""Where a record stands: `repo`, `collection` and `rkey`."""


class Expired(NotSent):
    """The access token is over; the session can be renewed."""


class Missing(Refused):
    """There is no such record."""


class Swapped(Refused):
    """The record is not what the request took it to be."""


# Names of errors (com.atproto lexicons and the reference server): here 400 says what HTTP says with 401 and 429.
ERRORS: dict[str, type[DeliveryError]] = {
    "ExpiredToken": Expired,
    "RecordNotFound": Missing,
    "InvalidSwap": Swapped,
    "RateLimitExceeded": RateLimited,
    **dict.fromkeys(
        ["InvalidToken", "AuthMissing", "AuthenticationRequired", "AccountNotFound", "AccountTakedown",
         "AccountSuspended", "AccountDeactivated", "RepoNotFound", "RepoTakendown", "RepoSuspended",
         "RepoDeactivated"],
        Unauthorized,
    ),
}  # fmt: skip


class Commit(Shape):
    """A state of a whole account: each write makes a new one."""

    cid: str


class Written(Shape):
    """What an answer says of a record: its address, the hash of what it says now, and the write, if it was one."""

    uri: str = Field(pattern=r"^at://[^/\s]+/[^/\s]+/[^/\s]+$")
    cid: str
    commit: Commit | None = None


class Record(Written):
    """A record as it stands."""

    value: dict[str, Any]


class _Page(Shape):
    records: tuple[Record, ...]


class _Upload(Shape):
    blob: dict[str, Any]


def xrpc(http: Http, name: str) -> str:
    """By OAuth an account is spoken to where it lives; a session is good at the server that gave it."""
    return f"{http.secret.get('home', '')}{XRPC}{name}"


def place_of(uri: str) -> Place:
    """Where the record of an at:// address stands."""
    repo, collection, rkey = uri.removeprefix("at://").split("/")
    return {"repo": repo, "collection": collection, "rkey": rkey}


def address_of(place: Place) -> str:
    """The at:// address of a place."""
    return f"at://{place['repo']}/{place['collection']}/{place['rkey']}"


def get(http: Http, place: Place) -> Record | None:
    """The record there; None if there is none."""
    try:
        # Records are public: read without a token, which may be over.
        return http.read(Record, "GET", xrpc(http, "repo.getRecord"), params=place, auth=Anonymous())
    except Missing:
        return None


def first_of(http: Http, repo: str, collection: str) -> tuple[Record, ...]:
    """The newest hundred records of a collection."""
    asked = {"repo": repo, "collection": collection, "limit": "100"}
    return http.read(_Page, "GET", xrpc(http, "repo.listRecords"), params=asked, auth=Anonymous()).records


def put(http: Http, place: Place, record: dict[str, Any], **swap: str | None) -> Written:
    """Have the record say this; one that says it already stays as it is. `swapRecord`: only if this stands there."""
    body = {**place, "record": record, **swap}
    return http.read(Written, "POST", xrpc(http, "repo.putRecord"), json=body)


def beside(http: Http, written: Written) -> str:
    """The account's state in which a record stands, for `swapCommit`: what is written with it is written beside it.

    Raises NotSent if the record is gone.
    """
    if written.commit:
        return written.commit.cid
    place = place_of(written.uri)
    asked = {"did": place["repo"]}
    state = http.read(Commit, "GET", xrpc(http, "sync.getLatestCommit"), params=asked, auth=Anonymous())
    if get(http, place) is None:
        raise NotSent("the post is gone by now, and nothing is written beside it")
    return state.cid


def delete(http: Http, place: Place) -> None:
    """Remove the record; the server takes the removal of one that is gone for done."""
    http.call("POST", xrpc(http, "repo.deleteRecord"), json=place)


def upload(http: Http, image: bytes, mime: str) -> dict[str, Any]:
    """A picture, as records name it; dropped by the server if none does within minutes."""
    headers = {"Content-Type": mime}
    return http.read(_Upload, "POST", xrpc(http, "repo.uploadBlob"), data=image, headers=headers).blob


def stamp(moment: datetime) -> str:
    """A time as records tell it: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tid(number: int) -> str:
    """A number below 2**63 as a record key (atproto.com/specs/tid): 13 characters that sort as the numbers do."""
    return "".join(_TID[number >> shift & 31] for shift in range(60, -1, -5))
