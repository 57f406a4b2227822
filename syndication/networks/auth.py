"""What signs requests, Mastodon's OAuth dance by requests-oauthlib, Bluesky's session by app password."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from pydantic import Field
from requests.auth import AuthBase
from requests_oauthlib import OAuth2, OAuth2Session

from syndication.errors import DeliveryError, NotSent, Refused
from syndication.networks.base import Dialogue, Secret
from syndication.networks.http import Http, Shape, is_loopback, origin, redact

SCOPES = "read:accounts read:statuses write:statuses write:media"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect of those who paste the code by hand."""

_SECONDS = 30.0

# At DEBUG these log tokens and whole answers, and addresses, which some networks want a token in.
for _name in ("requests_oauthlib", "oauthlib", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Anonymous(AuthBase):
    """No token at all, and none from a .netrc either."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request as it is."""
        return request


class Bearer(OAuth2):
    """A bearer token (RFC 6750). Over plain http it goes to this machine only."""

    def __init__(self, token: str) -> None:
        super().__init__(token={"access_token": token, "token_type": "Bearer"})
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its token. oauthlib refuses where the token could be read on its way."""
        if is_loopback(request.url or ""):
            request.headers["Authorization"] = self._header
            return request
        return super().__call__(request)


class Session(Shape):
    """What createSession and refreshSession answer (com.atproto.server)."""

    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    accessJwt: str = Field(min_length=1)  # noqa: N815 - the lexicon's names
    refreshJwt: str = Field(min_length=1)  # noqa: N815

    def secret(self) -> dict[str, str]:
        """What is stored, encrypted: the session, never the password."""
        return self.model_dump()


def connect_bluesky(server: str, identifier: str, password: str) -> tuple[dict[str, str], str]:
    """Log in once at the account's own server; the secret to store, and `@handle`.

    Raises Unauthorized for a wrong password, NotSent where there is no answer, ConfigError for a bad address.
    """
    said = {"identifier": identifier.strip().removeprefix("@"), "password": password}
    with _stranger(server, {"password": password}) as http:
        session = http.read(Session, "POST", "/xrpc/com.atproto.server.createSession", json=said)
    return session.secret(), f"@{session.handle}"


class _Discovery(Shape):
    code_challenge_methods_supported: tuple[str, ...] = ()


class _App(Shape):
    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)


def mastodon_register(server: str, *, redirect: str = OUT_OF_BAND) -> dict[str, str]:
    """Make ourselves known to a server; what the two other steps need.

    `redirect` is where the browser returns to: a `Listener`'s address, or OUT_OF_BAND for a code to be pasted.
    Raises DeliveryError where the server does not take part, ConfigError for a bad address.
    """
    form = {"client_name": "syndication", "redirect_uris": redirect, "scopes": SCOPES}
    with _stranger(server) as http:
        app = http.read(_App, "POST", "/api/v1/apps", data=form)
        try:
            known = http.read(_Discovery, "GET", "/.well-known/oauth-authorization-server")
        except DeliveryError as error:
            if error.status is None:
                raise
            known = _Discovery()  # before 4.3
    pkce = "S256" if "S256" in known.code_challenge_methods_supported else ""
    return {**app.model_dump(), "server": origin(server), "redirect": redirect, "pkce": pkce}


def mastodon_authorize_url(app: dict[str, str]) -> tuple[str, str, str]:
    """Where a person allows us in: (URL, state to expect back, PKCE verifier to keep for the token)."""
    client = WebApplicationClient(app["client_id"])
    verifier = client.create_code_verifier(64)
    challenge = {}
    if app["pkce"]:
        challenge["code_challenge"] = client.create_code_challenge(verifier, app["pkce"])
        challenge["code_challenge_method"] = app["pkce"]
    session = OAuth2Session(client=client, redirect_uri=app["redirect"], scope=SCOPES.split())
    with _loopback_allowed(app["server"]):
        url, state = session.authorization_url(f"{app['server']}/oauth/authorize", **challenge)
    return url, state, verifier


def mastodon_token(app: dict[str, str], code: str, verifier: str) -> dict[str, str]:
    """Change the code for the account's token; the secret to store.

    Raises Refused with the server's words, NotSent where there is no answer.
    """
    session = OAuth2Session(app["client_id"], redirect_uri=app["redirect"])
    session.max_redirects = 0  # the secret goes to this server and nowhere else
    session.trust_env = not is_loopback(app["server"])
    # A server may grant other scopes than those asked for, which oauthlib would raise as a warning: it is told none.
    extra: dict[str, Any] = {"code_verifier": verifier} if app["pkce"] else {}
    try:
        with _loopback_allowed(app["server"]), session:
            token = session.fetch_token(
                f"{app['server']}/oauth/token",
                code=code.strip(),
                client_secret=app["client_secret"],
                include_client_id=True,
                timeout=_SECONDS,
                **extra,
            )
    except OAuth2Error as error:
        said = redact(str(error), [*app.values(), code, verifier])
        raise Refused(
            f"{app['server']} gave no token: {said}", "A code is good once and not for long: start again."
        ) from None
    except requests.RequestException as error:
        raise NotSent(f"{app['server']} gave no token: {type(error).__name__}") from None
    names = ("client_id", "client_secret")
    return {"access_token": str(token["access_token"]), **{name: app[name] for name in names}}


def connect_mastodon(desk: Dialogue, server: str) -> Secret:
    """The whole dance at the account's server; the secret to store."""
    app = mastodon_register(server, redirect=desk.redirect(own=True))
    url, state, verifier = mastodon_authorize_url(app)
    return mastodon_token(app, desk.visit(url, "state", state)["code"], verifier)


def _stranger(server: str, secret: dict[str, str] | None = None) -> Http:
    return Http(server, secret or {}, Anonymous(), lambda _: None, seconds=_SECONDS)


@contextmanager
def _loopback_allowed(server: str) -> Iterator[None]:
    """oauthlib insists on https, also for a server on this machine, and knows only an environment variable."""
    name = "OAUTHLIB_INSECURE_TRANSPORT"
    before = os.environ.get(name)
    if is_loopback(server):
        os.environ[name] = "1"
    try:
        yield
    finally:
        if is_loopback(server):
            os.environ.pop(name)
            if before is not None:
                os.environ[name] = before
