"""How an AT Protocol account lets us in: who it is, where it lives, and OAuth with PAR, PKCE and DPoP.

After atproto.com/specs/oauth, /did and /handle (read 2026-11), and run against the reference server. Where we are
reached at a public address, servers read there who we are and with which key we prove it; our sessions then last as
long as they are used. Otherwise we are a client that needs no address: its sessions end two weeks after they began,
whatever is done.
"""

import json
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from oauthlib.oauth2 import WebApplicationClient
from pydantic import Field

from syndication.errors import ConfigError, Refused, Unauthorized, Unsupported
from syndication.networks import standard_site
from syndication.networks.base import RETURN_PATH, Dialogue, OwnClient, Secret
from syndication.networks.dpop import Proof, make_key
from syndication.networks.http import Http, Shape, ShapeT, at, is_loopback, origin
from syndication.networks.life import life_of
from syndication.networks.login import Token, stranger

_NEEDED = "atproto repo:app.bsky.feed.post blob:image/*"
"""Our own posts and pictures: without these nobody is connected."""

SCOPE = " ".join([_NEEDED, *standard_site.SCOPES])
"""These, records of stories and of the paper, and nothing else."""

CLIENT_PATH = "/oauth/client-metadata.json"
"""Where our public address tells who we are."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTED_FOR = 60
"""Seconds that a proof of who we are is good for."""

_DIRECTORY = "https://plc.directory"
_AGAIN = "Connect the account again: syndicate connect bluesky"
_SESSION, _UNUSED = 14 * 86_400, 90 * 86_400
"""Seconds that a session of a client without an address lasts in all, and that one with an address and a key lasts
without being renewed (atproto.com/specs/oauth)."""


class _Resolved(Shape):
    did: str = Field(pattern=r"^did:(plc:[a-z2-7]{24}|web:[A-Za-z0-9.-]{1,253})$")


class _Service(Shape):
    id: str
    type: str
    serviceEndpoint: object = None  # noqa: N815 - the document's names


class _Document(Shape):
    id: str
    alsoKnownAs: tuple[str, ...] = ()  # noqa: N815
    service: tuple[_Service, ...] = ()

    def home(self) -> str:
        """Where the account lives: the address of its personal data server."""
        for one in self.service:
            if one.id.endswith("#atproto_pds") and one.type == "AtprotoPersonalDataServer":
                return str(one.serviceEndpoint)
        raise Refused(f"{self.id} names no server where the account lives")


class _Resource(Shape):
    authorization_servers: tuple[str, ...] = Field(min_length=1, max_length=1)


class _Door(Shape):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str = ""
    pushed_authorization_request_endpoint: str


class _Pushed(Shape):
    request_uri: str = Field(min_length=1, max_length=2000)


class _Granted(Token):
    sub: str
    scope: str
    token_type: str = Field(pattern=r"^(?i:DPoP)$")


def allow_atproto(desk: Dialogue, server: str, handle: str) -> Secret:
    """Have the account's owner let us in at whatever server it says is its own; what to keep.

    Raises Refused with the server's words or where what is said does not fit together, NotSent without an answer.
    """
    did, home = _identify(server, handle)
    resource = _read(server, _Resource, f"{home}/.well-known/oauth-protected-resource")
    issuer = _named(server, resource.authorization_servers[0])
    door = _read(server, _Door, f"{issuer}/.well-known/oauth-authorization-server")
    if door.issuer != issuer:
        raise Refused(
            f"{issuer} says that it is {door.issuer[:100]}", "Nobody was let in: tell the server's owner."
        )
    key, own = make_key(), desk.own_client()
    if own:
        redirect = desk.redirect(at=own.address + RETURN_PATH)
        who = {"client_id": own.address + CLIENT_PATH, "client_key": own.key, "issuer": issuer}
    else:
        redirect = desk.redirect()
        who = {"client_id": "http://localhost?" + urlencode({"redirect_uri": redirect, "scope": SCOPE})}
    client = WebApplicationClient(who["client_id"])
    verifier, state = client.create_code_verifier(64), client.state_generator()
    request = {
        "response_type": "code", "redirect_uri": redirect, "scope": SCOPE, "state": state, "login_hint": handle,
        "code_challenge_method": "S256", "code_challenge": client.create_code_challenge(verifier, "S256"),
        **_ourselves(who),
    }  # fmt: skip
    proof = Proof(key)
    places = tuple(
        {_named(server, url) for url in (door.pushed_authorization_request_endpoint, door.token_endpoint)}
    )
    with stranger(server, {"verifier": verifier}, named=places) as http:
        pushed = http.read(
            _Pushed, "POST", door.pushed_authorization_request_endpoint, data=request, auth=proof
        )
    _named(server, door.authorization_endpoint)
    asked = urlencode({"client_id": who["client_id"], "request_uri": pushed.request_uri})
    said = desk.visit(f"{at(server, door.authorization_endpoint)}?{asked}", "state", state)
    if said.get("iss") != issuer:  # RFC 9207: else one server's code could be asked for at another
        raise Refused("the answer came from another server than was asked", "Start again.")
    form = {
        "grant_type": "authorization_code", "code": said["code"], "redirect_uri": redirect,
        "code_verifier": verifier, **_ourselves(who),
    }  # fmt: skip
    with stranger(server, {"verifier": verifier, "code": said["code"]}, named=places) as http:
        granted = http.read(_Granted, "POST", door.token_endpoint, data=form, auth=proof)
    if granted.sub != did:
        raise Refused(
            f"another account was let in than {handle}",
            "Start again, and choose the right account in the browser.",
        )
    if missing := set(_NEEDED.split()) - set(granted.scope.split()):
        raise Refused(f"not all was allowed: {', '.join(sorted(missing))}", "Start again, and allow it all.")
    secret = {"did": did, "handle": handle, "home": home, "token_endpoint": door.token_endpoint}
    secret["refresh_expires_at"] = str(int(time.time()) + (_UNUSED if own else _SESSION))
    if door.revocation_endpoint and _named(server, door.revocation_endpoint) in places:
        secret["revocation_endpoint"] = door.revocation_endpoint
    return {**secret, **who, "dpop_key": key, **granted.secret()}


def keep_allowed(http: Http) -> None:
    """Renew the tokens shortly before their end; what renews them is good once, and stored before it is used.

    Raises Unauthorized where they are no longer renewed, NotSent where there is no answer.
    """
    secret = http.secret
    if (renew := life_of(secret).renew) is None or time.time() < renew:
        return
    form = {"grant_type": "refresh_token", "refresh_token": secret.get("refresh_token", "")}
    form |= _ourselves(secret)
    try:
        granted = http.read(
            _Granted, "POST", secret["token_endpoint"], data=form, auth=Proof(secret["dpop_key"])
        )
    except Refused as over:
        words = f"the session is over: {over.message}"
        raise Unauthorized(words, _AGAIN, status=over.status) from None
    if granted.sub != secret["did"]:
        raise Unauthorized("the server answered for another account", _AGAIN)
    renewed = {**secret, **granted.secret()}
    if "client_key" in secret:
        renewed["refresh_expires_at"] = str(int(time.time()) + _UNUSED)
    http.renew(renewed, Proof(secret["dpop_key"], granted.access_token))


def disallow(http: Http) -> None:
    """Give back what renews the tokens, which ends the session (RFC 7009). Unsupported where it has no place."""
    secret = http.secret
    if "revocation_endpoint" not in secret:
        raise Unsupported(
            "the account's server takes no access back from apps", "End it there, in the account's settings."
        )
    form = {"token": secret.get("refresh_token", ""), **_ourselves(secret)}
    http.call("POST", secret["revocation_endpoint"], data=form, auth=Proof(secret["dpop_key"]))


def places(secret: Secret) -> tuple[str, ...]:
    """The origins that such an account's server named: where it lives, and where its tokens are renewed."""
    urls = (secret[name] for name in ("home", "token_endpoint") if name in secret)
    return tuple(dict.fromkeys(_origin(url) for url in urls))


def client_metadata(own: OwnClient, name: str) -> dict[str, Any]:
    """What servers read at our public address: who we are, and the key that proves it. `name` is shown to people."""
    key = ECKey.import_key(json.loads(own.key))
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
    return {
        "client_id": own.address + CLIENT_PATH,
        "client_name": name,
        "client_uri": own.address,
        "application_type": "web",
        "redirect_uris": [own.address + RETURN_PATH],
        "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "dpop_bound_access_tokens": True,
        "jwks": {"keys": [public]},
    }


def _ourselves(who: Secret) -> dict[str, str]:
    """Who asks, as a part of a form; proved (RFC 7523) where the server can read with which key."""
    client_id = who["client_id"]
    if "client_key" not in who:
        return {"client_id": client_id}
    key, now = ECKey.import_key(json.loads(who["client_key"])), int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": who["issuer"], "jti": secrets.token_urlsafe(16)}
    times = {"iat": now, "exp": now + _ASSERTED_FOR}
    head = {"typ": "JWT", "alg": "ES256", "kid": key.thumbprint()}
    proof = jwt.encode(head, {**claims, **times}, key, algorithms=["ES256"])
    return {"client_id": client_id, "client_assertion_type": _ASSERTION, "client_assertion": proof}


def _identify(server: str, handle: str) -> tuple[str, str]:
    """An account's DID, and where it lives; the handle must be the account's own word as well."""
    with stranger(server) as http:
        path = "/xrpc/com.atproto.identity.resolveHandle"
        did = http.read(_Resolved, "GET", path, params={"handle": handle}).did
    if did.startswith("did:web:"):
        document = _read(server, _Document, f"https://{did.removeprefix('did:web:')}/.well-known/did.json")
    else:
        document = _read(server, _Document, f"{_DIRECTORY}/{quote(did, safe=':')}")
    known = {name.lower() for name in document.alsoKnownAs}
    if document.id != did or f"at://{handle.lower()}" not in known:
        raise Refused(f"{handle} is not what {did} calls itself", "Give the handle that the account shows.")
    return did, _named(server, document.home())


def _read(server: str, shape: type[ShapeT], url: str) -> ShapeT:
    with stranger(server, named=(_named(server, url),)) as http:
        return http.read(shape, "GET", url)


def _named(server: str, url: str) -> str:
    """The origin of an address that a server named. Refused unless it is https; where it leads is seen to later."""
    try:
        place = _origin(url)
    except (ConfigError, ValueError):
        place = ""
    if not place or (is_loopback(place) and not is_loopback(server)):
        raise Refused(f"{server} names an address that nobody should be sent to: {url[:100]}")
    return place


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return origin(f"{parts.scheme}://{parts.netloc}")
