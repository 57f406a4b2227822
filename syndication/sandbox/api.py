"""What the sandbox answers: the part of the Mastodon API that posting needs, its own controls, and its pages."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from email.message import Message
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from syndication.sandbox import show
from syndication.sandbox.handler import Handler, Said
from syndication.sandbox.memory import LIMITS, Faults

_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


def _text(part: Any) -> str:
    return _bytes(part).decode("utf-8", "replace") if isinstance(part, Message) else str(part or "")


def _bytes(part: Any) -> bytes:
    return bytes(part.get_payload(decode=True)) if isinstance(part, Message) else b""


def _status_fields(form: dict[str, Any]) -> tuple[str, str, list[str]]:
    media = form.get("media_ids") or []
    numbers = media if isinstance(media, list) else [media]
    return _text(form.get("status")), _text(form.get("language")), [_text(number) for number in numbers]


def _create(it: Handler) -> Any:
    text, language, media = _status_fields(it.form())
    post = it.state.add_post(it.account(), text, language, media, it.headers.get("Idempotency-Key", ""))
    return show.status(it.state, post, it.base)


def _edit(it: Handler, number: str) -> Any:
    post = it.own_post(number)
    it.state.edit_post(post, *_status_fields(it.form()))
    return show.status(it.state, post, it.base)


def _delete(it: Handler, number: str) -> Any:
    post = it.own_post(number)
    post.deleted = True
    return show.status(it.state, post, it.base)


def _status(it: Handler, number: str) -> Any:
    post = it.state.post(number)
    if post is None:
        raise Said(404, "Record not found")
    return show.status(it.state, post, it.base)


def _statuses(it: Handler, number: str) -> Any:
    names = list(it.state.accounts)
    if not number.isdecimal() or not 0 < int(number) <= len(names):
        raise Said(404, "Record not found")
    asked = it.query()
    before, limit = asked.get("max_id", ""), asked.get("limit", "20")
    if (before and not before.isdecimal()) or not limit.isdecimal():
        raise Said(400, "max_id and limit are numbers")
    posts = it.state.timeline(names[int(number) - 1], before, min(int(limit), 40))
    return [show.status(it.state, post, it.base) for post in posts]


def _upload(it: Handler) -> Any:
    it.account()
    form = it.form()
    data = _bytes(form.get("file"))
    mime = next((mime for magic, mime in _MAGIC.items() if data.startswith(magic)), "")
    if not mime or len(data) > LIMITS.image_bytes:
        raise Said(422, "Validation failed: File must be a JPEG or PNG image of at most 16 MB")
    return show.medium(it.state.add_medium(data, mime, _text(form.get("description"))), it.base)


def _medium(it: Handler, number: str) -> Any:
    it.account()
    if (kept := it.state.media.get(number)) is None:
        raise Said(404, "Record not found")
    return show.medium(kept, it.base)


def _picture(it: Handler, number: str) -> Any:
    if (kept := it.state.media.get(number)) is None:
        raise Said(404, "Record not found")
    return 200, kept.data, {"Content-Type": kept.mime}


def _authorize(it: Handler) -> Any:
    asked = it.query()
    app, redirect = it.state.apps.get(asked.get("client_id", "")), asked.get("redirect_uri", "")
    if app is None or redirect not in app.redirects or asked.get("response_type") != "code":
        raise Said(400, "This app is not registered here, or not with this redirect")
    code = it.state.allow(app, redirect, asked.get("code_challenge", ""))
    if redirect == _OUT_OF_BAND:
        return show.page("Allowed", [], f"Here everybody is let in. Paste this code: {code}")
    said = urlencode({"code": code, **({"state": asked["state"]} if "state" in asked else {})})
    return 302, show.page("Allowed", [], "Going back."), {"Location": f"{redirect}?{said}"}


def _token(it: Handler) -> Any:
    form = {name: _text(value) for name, value in it.form().items()}
    app, code = it.state.apps.get(form.get("client_id", "")), it.state.codes.pop(form.get("code", ""), None)
    if app is None or not hmac.compare_digest(app.secret.encode(), form.get("client_secret", "").encode()):
        raise Said(401, "invalid_client: the app is not known, or its secret is wrong")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    good = code and (code.app, code.redirect) == (app.id, form.get("redirect_uri"))
    if code is None or not good or code.challenge not in ("", challenge):
        return (
            400,
            {"error": "invalid_grant", "error_description": "The code is not good, or was used before"},
            {},
        )
    token = it.state.token()
    return {
        "access_token": token,
        "token_type": "Bearer",
        "scope": "read write",
        "created_at": int(time.time()),
    }


def _register(it: Handler) -> Any:
    form = {name: _text(value) for name, value in it.form().items()}
    app = it.state.register(form.get("redirect_uris", _OUT_OF_BAND).split())
    return {"id": "1", "name": form.get("client_name", ""), "client_id": app.id, "client_secret": app.secret}


def _revoke(it: Handler) -> Any:
    it.state.revoked.add(_text(it.form().get("token")))
    return {}


def _misbehave(it: Handler) -> Any:
    try:
        it.state.misbehave(Faults.model_validate(it.form()))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise Said(422, faults) from None
    return it.state.faults.model_dump()


def _discovery(it: Handler) -> Any:
    return {
        "issuer": it.base,
        "authorization_endpoint": f"{it.base}/oauth/authorize",
        "token_endpoint": f"{it.base}/oauth/token",
        "code_challenge_methods_supported": ["S256"],
    }


def _nodeinfo(it: Handler) -> Any:
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    return {"links": [{"rel": rel, "href": f"{it.base}/nodeinfo/2.0"}]}


def _reset(it: Handler) -> Any:
    it.state.reset()
    return {}


def _post_page(it: Handler, name: str, number: str) -> Any:
    post = it.state.post(number)
    if post is None or post.account != name:
        raise Said(404, "Record not found")
    return show.page(f"A post of @{name}", [post])


ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/api/v2/instance", lambda it: show.instance(it.base, new=True)),
    ("GET", "/api/v1/instance", lambda it: show.instance(it.base, new=False)),
    ("POST", "/api/v1/apps", _register),
    ("GET", "/.well-known/oauth-authorization-server", _discovery),
    ("GET", "/.well-known/nodeinfo", _nodeinfo),
    (
        "GET",
        "/nodeinfo/2.0",
        lambda it: {"version": "2.0", "software": {"name": "mastodon", "version": "4.5.2"}},
    ),
    ("GET", "/oauth/authorize", _authorize),
    ("POST", "/oauth/token", _token),
    ("POST", "/oauth/revoke", _revoke),
    ("GET", "/api/v1/accounts/verify_credentials", lambda it: show.account(it.state, it.account(), it.base)),
    ("GET", "/api/v1/accounts/([^/]+)/statuses", _statuses),
    ("POST", "/api/v2/media", _upload),
    ("GET", "/api/v1/media/([^/]+)", _medium),
    ("POST", "/api/v1/statuses", _create),
    ("GET", "/api/v1/statuses/([^/]+)", _status),
    ("PUT", "/api/v1/statuses/([^/]+)", _edit),
    ("DELETE", "/api/v1/statuses/([^/]+)", _delete),
    ("GET", "/sandbox/faults", lambda it: it.state.faults.model_dump()),
    ("POST", "/sandbox/faults", _misbehave),
    ("GET", "/sandbox/posts", lambda it: show.everything(it.state, it.base)),
    ("POST", "/sandbox/reset", _reset),
    ("GET", "/media/([^/]+)", _picture),
    ("GET", "/", lambda it: show.page("The timeline", it.state.timeline(limit=100))),
    ("GET", "/@([^/]+)", lambda it, name: show.page(f"Posts of @{name}", it.state.timeline(name, limit=100))),
    ("GET", "/@([^/]+)/([^/]+)", _post_page),
]
