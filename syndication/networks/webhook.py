"""Any newsroom's own receiver, by requests signed after Standard Webhooks 1.0 (standardwebhooks.com).

What it is sent, and what it may answer, is told in docs/how-to/receive-posts.md.
"""

import base64
import hashlib
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from pydantic import model_validator
from requests.auth import AuthBase
from standardwebhooks import Webhook as Signer

from syndication.errors import InputError, Unauthorized
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.base import Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.transport import Answer

_PATH = re.compile(r"/[!-~]{0,1000}")
_HINT = "Ask whoever runs the receiver; then connect the account again: syndicate connect webhook"


class _Told(Shape):
    """What a receiver may say of the post; whatever else it answers is no reason to doubt its 2xx."""

    id: object = ""
    url: object = ""

    @model_validator(mode="before")
    @classmethod
    def _at_will(cls, said: object) -> object:
        return said if isinstance(said, dict) else {}

    def receipt(self, key: str) -> Receipt:
        """With the post's id and address at the receiver, where it tells any."""
        post, url = (one if isinstance(one, str) and len(one) <= 2000 else "" for one in (self.id, self.url))
        return Receipt(id=post or key, url=url if re.match(r"https?://[!-~]+$", url) else "")


class _Signature(AuthBase):
    """The time and the signature of a request that names its id."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        now, body = datetime.now(UTC), request.body or b""
        said = body if isinstance(body, str) else body.decode()
        request.headers["webhook-timestamp"] = str(int(now.timestamp()))
        signature = Signer(self._secret).sign(request.headers["webhook-id"], now, said)
        request.headers["webhook-signature"] = signature
        return request


class Webhook(Connector):
    """Posts are JSON, with the card's address or its bytes; what becomes of them is the receiver's own.

    The post's key is its `webhook-id`, by which receivers are to know a repeated request; as we cannot know that they
    do, nothing is repeated by itself after a lost answer.
    """

    name: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    leave: ClassVar[str] = "Change the secret at the receiver."
    steady: ClassVar[tuple[str, ...]] = ("path",)
    forms: ClassVar[tuple[Form, ...]] = ("made",)
    limits: ClassVar[Limits] = Limits(
        text=5000, unit="character", link_in_text=False, alt=5000, image_bytes=5_000_000, hashtags=0
    )

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By the endpoint's path, which may be a secret itself, and the secret that both sides sign and check with."""
        path = desk.ask("Path of the endpoint, such as /hooks/news", hidden=True).removeprefix(server)
        if not _PATH.fullmatch(path):
            raise InputError(f"that is no path at {server}", "Begin with a slash, or give the whole address.")
        secret = desk.ask("Signing secret (whsec_…), or `new` for one of ours", hidden=True)
        if secret == "new":  # noqa: S105 - a word, not a secret
            secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
            desk.say(f"Give the receiver this secret, which is not shown again: {secret}")
        try:
            Signer(secret)
        except Exception:  # the library raises what base64 raises, and its own for an empty one
            raise InputError(
                "that is no signing secret", "It is base64, with or without whsec_ in front."
            ) from None
        kept = {"path": path, "secret": secret}
        with open_http(self, server, kept) as http:
            self.identify(http)
        return kept

    def auth(self, secret: Secret) -> AuthBase:
        """A signature over id, time and body."""
        return _Signature(secret.get("secret", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """An endpoint that is not there, and 410, which asks for no more, are no fault of a post."""
        if answer.status in (401, 403, 404, 410):
            return Verdict(Unauthorized, hint=_HINT)
        return None

    def identify(self, http: Http) -> str:
        """The receiver's host. It can only be asked by a signed `ping`, which says nothing."""
        _send(http, "ping", {}, secrets.token_hex(8))
        return urlsplit(http.server).netloc

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """One request with everything; any 2xx says that it was taken."""
        data = {"id": draft.key, **self._data(draft, image)}
        parts = _parts("post.published", data, draft.created, draft.key)
        return http.create(_Told, "POST", http.secret["path"], **parts).receipt(draft.key)

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """The same request with another type."""
        _send(http, "post.changed", {"id": receipt.id, **self._data(draft, image)}, str(draft.created))
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """A receiver is to answer 2xx also where the post is gone already."""
        _send(http, "post.withdrawn", {"id": receipt.id, "url": receipt.url})

    def _data(self, draft: Draft, image: bytes | None) -> dict[str, Any]:
        told = ("text", "link", "title", "description", "language", "tags")
        return {**draft.model_dump(include=set(told), mode="json"), "card": self._card(draft, image)}

    def _card(self, draft: Draft, image: bytes | None) -> dict[str, Any] | None:
        file, card = self.card_file(draft, image), draft.card
        if file is None or card is None:
            return None
        where = {"url": draft.image_url} if draft.image_url else {"data": base64.b64encode(file[1]).decode()}
        return {"type": card.mime, "width": card.width, "height": card.height, "alt": draft.alt, **where}


def _send(http: Http, kind: str, data: dict[str, Any], which: str = "") -> None:
    """A request that may be repeated: its id is the same for the same, and for a later one like it another."""
    mark = hashlib.sha256(json.dumps([kind, data, which], sort_keys=True).encode()).hexdigest()
    http.call("POST", http.secret["path"], **_parts(kind, data, datetime.now(UTC), mark))


def _parts(kind: str, data: dict[str, Any], when: datetime, mark: str) -> dict[str, Any]:
    body = {"type": kind, "timestamp": when.astimezone(UTC).isoformat().replace("+00:00", "Z"), "data": data}
    headers = {"webhook-id": mark, "Content-Type": "application/json"}
    return {"data": json.dumps(body, ensure_ascii=False).encode(), "headers": headers}
