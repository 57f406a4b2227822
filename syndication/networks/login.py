"""How a person lets us in: OAuth 2 with PKCE and refreshed tokens, OAuth 1.0a, and the ear for a browser's return."""

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import MappingProxyType
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from oauthlib.oauth2 import WebApplicationClient
from pydantic import BeforeValidator, Field
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1, OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied

from syndication.errors import InputError, NotSent, Refused, Unauthorized
from syndication.networks.auth import Anonymous, Bearer
from syndication.networks.base import Connector, Dialogue, Secret
from syndication.networks.http import Http, Shape, at, is_loopback, redact
from syndication.networks.life import life_of

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect of those who paste the code by hand."""

_SECONDS = 30.0


@dataclass(frozen=True)
class OAuth2Door:
    """A network's OAuth 2: its two addresses, what we ask for, and how it likes to be asked.

    `separator` stands between scopes; `basic` has the app's name and secret in an Authorization header, otherwise
    they are in the form; `extra` are further parameters of the authorize URL; `revoke` is where a token is given back
    (RFC 7009), empty where the network's documents name no such place.
    """

    authorize: str
    token: str
    scopes: tuple[str, ...]
    separator: str = " "
    pkce: bool = True
    basic: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    revoke: str = ""


_Span = Annotated[float, Field(le=1e10, allow_inf_nan=False), BeforeValidator(lambda said: said or 0)]
"""Seconds; a server that knows no end leaves it out, or says null or nought."""


class Token(Shape):
    """What a token endpoint answers (RFC 6749, section 5.1)."""

    access_token: str = Field(min_length=1)
    refresh_token: str = ""
    expires_in: _Span = 0
    refresh_token_expires_in: _Span = 0  # not in the standard, and said by LinkedIn, Pinterest and Google
    scope: object = ""

    def secret(self) -> Secret:
        """What is kept of it; the two ends are Unix times, and left out where nothing is said of one."""
        kept = {"access_token": self.access_token}
        if self.refresh_token:
            kept["refresh_token"] = self.refresh_token
        if self.expires_in > 0:
            kept["expires_at"] = str(int(time.time() + self.expires_in))
        if self.refresh_token_expires_in > 0:
            kept["refresh_expires_at"] = str(int(time.time() + self.refresh_token_expires_in))
        if isinstance(self.scope, str) and self.scope:
            kept["scope"] = self.scope[:2000]
        return kept


def allow_oauth2(desk: Dialogue, door: OAuth2Door, server: str) -> Secret:
    """The code flow with the newsroom's own app: what to keep of it, its `client_id` and `client_secret` among it.

    Raises Refused with the network's words, NotSent where there is no answer.
    """
    app = {"client_id": desk.ask("Client ID"), "client_secret": desk.ask("Client secret", hidden=True)}
    return let_in(desk, door, server, app, desk.redirect())


def let_in(desk: Dialogue, door: OAuth2Door, server: str, app: Secret, redirect: str) -> Secret:
    """The code flow with an app that is known already, as `allow_oauth2`."""
    _, form = ask_code(desk, door, server, app["client_id"], redirect)
    try:
        with stranger(server, {**app, **form}, hosts=_origins(door)) as http:
            return {**app, **_ask_token(http, door, app, form).secret()}
    except Refused as error:
        again = "A code is good once and not for long: start again."
        raise Refused(error.message, again, status=error.status) from None


def ask_code(
    desk: Dialogue, door: OAuth2Door, server: str, client_id: str, redirect: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Send the person's browser for a code: what it brought back, and the form that asks for a token with it."""
    client = WebApplicationClient(client_id)
    verifier, state = client.create_code_verifier(64), client.state_generator()
    said = {"redirect_uri": redirect, "scope": door.separator.join(door.scopes), "state": state, **door.extra}
    if door.pkce:
        said["code_challenge"] = client.create_code_challenge(verifier, "S256")
        said["code_challenge_method"] = "S256"
    # Not by oauthlib's method, which insists on https even for a server on this machine.
    query = {"response_type": "code", "client_id": client_id, **said}
    url = requests.Request("GET", at(server, door.authorize), params=query).prepare().url or ""
    back = desk.visit(url, "state", state)
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": redirect}
    return back, {**form, "code_verifier": verifier} if door.pkce else form


def stranger(
    server: str, known: Secret | None = None, *, hosts: tuple[str, ...] = (), named: tuple[str, ...] = ()
) -> Http:
    """A line to a server where we have no account yet; what is `known` is told to nobody."""
    return Http(server, known or {}, Anonymous(), lambda _: None, hosts=hosts, named=named, seconds=_SECONDS)


def keep_fresh(http: Http, door: OAuth2Door) -> None:
    """Renew an account's token shortly before its end; the new pair is stored before it is used.

    Raises Unauthorized where the network no longer renews it, NotSent where there is no answer.
    """
    secret, now = http.secret, time.time()
    life = life_of(secret)
    if life.renew is None and life.ends is not None and life.ends <= now:
        raise Unauthorized("the token is over", "Connect the account again: syndicate connect")
    if life.renew is None or now < life.renew:
        return
    form = {"grant_type": "refresh_token", "refresh_token": secret["refresh_token"]}
    try:
        token = _ask_token(http, door, secret, form)
    except Refused as over:
        raise Unauthorized(
            f"the token is not renewed: {over.message}",
            "Connect the account again: syndicate connect",
            status=over.status,
        ) from None
    http.renew({**secret, **token.secret()}, Bearer(token.access_token))


def give_back(http: Http, door: OAuth2Door) -> None:
    """Give an account's token back as the app that was let in (RFC 7009): what renews it, where there is that."""
    kind = "refresh_token" if "refresh_token" in http.secret else "access_token"
    form = {"token": http.secret[kind], "token_type_hint": kind}
    auth, own = _as_app(door, http.secret)
    http.call("POST", door.revoke, data={**form, **own}, auth=auth)


def _ask_token(http: Http, door: OAuth2Door, app: Mapping[str, str], form: dict[str, str]) -> Token:
    auth, own = _as_app(door, app)
    return http.read(Token, "POST", door.token, data={**form, **own}, auth=auth)


def _as_app(door: OAuth2Door, app: Mapping[str, str]) -> tuple[AuthBase, dict[str, str]]:
    """How the app says who it is: in a header, or by what is added to the form."""
    own = {name: app[name] for name in ("client_id", "client_secret") if app.get(name)}
    if door.basic and "client_secret" in own:
        return HTTPBasicAuth(own["client_id"], own["client_secret"]), {}
    return Anonymous(), own


def _origins(door: OAuth2Door) -> tuple[str, ...]:
    parts = urlsplit(door.token)
    return (f"{parts.scheme}://{parts.netloc}",)


@dataclass(frozen=True)
class OAuth1Door:
    """A network's OAuth 1.0a: the three addresses of RFC 5849."""

    request: str
    authorize: str
    access: str


def allow_oauth1(desk: Dialogue, door: OAuth1Door, server: str) -> Secret:
    """The three-legged dance with the newsroom's own app; what to keep, its tokens without an end.

    Raises Refused with the network's words, NotSent where there is no answer.
    """
    app = {"consumer_key": desk.ask("API key"), "consumer_secret": desk.ask("API key secret", hidden=True)}
    session = OAuth1Session(app["consumer_key"], app["consumer_secret"], callback_uri=desk.redirect())
    session.max_redirects = 0  # the secret goes to this server and nowhere else
    session.trust_env = not is_loopback(server)
    known = list(app.values())
    try:
        with session:
            first = session.fetch_request_token(at(server, door.request), timeout=_SECONDS)
            known += first.values()
            url = session.authorization_url(at(server, door.authorize))
            back = desk.visit(url, "oauth_token", first["oauth_token"])
            known.append(back.get("oauth_verifier", ""))
            session.parse_authorization_response(f"?{urlencode(back)}")
            token = session.fetch_access_token(at(server, door.access), timeout=_SECONDS)
    except (TokenRequestDenied, ValueError) as error:
        raise Refused(f"no token was given: {redact(str(error), known)[:300]}", "Start again.") from None
    except requests.RequestException as error:
        raise NotSent(f"no token was given: {type(error).__name__}") from None
    return {**app, "token": str(token["oauth_token"]), "token_secret": str(token["oauth_token_secret"])}


def sign_oauth1(secret: Secret) -> OAuth1:
    """What signs each request of such an account (HMAC-SHA1, in the header)."""
    return OAuth1(
        secret.get("consumer_key", ""),
        secret.get("consumer_secret", ""),
        secret.get("token", ""),
        secret.get("token_secret", ""),
    )


class OAuth2Connector(Connector):
    """A network at whose one door the newsroom's own app is let in by OAuth 2."""

    door: ClassVar[OAuth2Door]

    def auth(self, secret: Secret) -> AuthBase:
        """A bearer token."""
        return Bearer(secret.get("access_token", ""))

    def fresh(self, http: Http) -> None:
        """Before the token ends, as far as the network gave something to renew it with."""
        keep_fresh(http, self.door)

    def revoke(self, http: Http) -> None:
        """Where the network has a place for it, and it was that door."""
        if not self.door.revoke or "client_id" not in http.secret:
            return super().revoke(http)
        return give_back(http, self.door)


class EitherOAuthConnector(OAuth2Connector):
    """A network with a door for OAuth 1.0a besides, whose tokens do not end."""

    old_door: ClassVar[OAuth1Door]

    def allow(self, desk: Dialogue, server: str) -> Secret:
        """By whichever the person chooses; what to keep."""
        match desk.ask("OAuth 1 or 2"):
            case "1" | "1.0a":
                return allow_oauth1(desk, self.old_door, server)
            case "2" | "2.0":
                return allow_oauth2(desk, self.door, server)
            case other:
                raise InputError(f"there is no OAuth {other[:20]}", "Answer 1 or 2.")

    def auth(self, secret: Secret) -> AuthBase:
        """A signature (OAuth 1.0a) or a bearer token (OAuth 2)."""
        return sign_oauth1(secret) if "consumer_key" in secret else super().auth(secret)


def choose(desk: Dialogue, what: str, places: Sequence[tuple[str, str]]) -> str:
    """The id of one of several places, each (id, name), which the person picks by its number.

    Raises Refused where there is none, InputError for a number that is not there.
    """
    if not places:
        raise Refused(f"this login may post to no {what}", "Ask its owner for the right to post there.")
    for number, (_, name) in enumerate(places, 1):
        desk.say(f"{number:3}  {name}")
    said = desk.ask(f"{what} (1 to {len(places)})") if len(places) > 1 else "1"
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= len(places)):
        raise InputError(f"there is no {what} {said}", f"Give its number: 1 to {len(places)}.")
    return places[int(said) - 1][0]


class Listener:
    """An ear on this machine for the browser's return: a port of 127.0.0.1, any free one if 0, used once.

    A context manager; `redirect` is the address to register and to send the browser back to. Raises NotSent if the
    port is taken.
    """

    def __init__(self, port: int = 0) -> None:
        try:
            self._ear = _Ear(("127.0.0.1", port), _Return)
        except OSError as error:
            raise NotSent(f"cannot listen at 127.0.0.1:{port}: {error.strerror}") from None
        self.redirect = f"http://127.0.0.1:{self._ear.server_port}/"

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self._ear.server_close()

    def wait(self, name: str, value: str, seconds: float = 300.0) -> dict[str, str]:
        """The parameters that come back, `name` among them with our `value`; requests without it are turned away.

        Raises Refused if the person said no, NotSent if nobody came in time.
        """
        self._ear.expected = name, value
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._ear.timeout = left
            self._ear.handle_request()
            if self._ear.said:
                return granted(self._ear.said)
        raise NotSent(f"nobody came back from the browser within {seconds:.0f} seconds")


def returned(url: str, name: str, value: str) -> dict[str, str]:
    """What an address that a browser was sent back to says; empty unless it is the answer to our question."""
    said = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    # OAuth 1.0a names the token as `denied` where the person said no.
    ours = said.get(name) or said.get("denied", "")
    return said if hmac.compare_digest(ours.encode(), value.encode()) else {}


def granted(said: Mapping[str, str]) -> dict[str, str]:
    """The parameters that came back. Raises Refused if they say that access was not given."""
    if error := said.get("error") or ("denied" in said and "access_denied"):
        words = said.get("error_description", str(error))
        raise Refused(f"access was not given: {words[:200]}", "Start again and choose to authorise.")
    return dict(said)


class _Ear(HTTPServer):
    expected: tuple[str, str]
    said: Mapping[str, str] = MappingProxyType({})


class _Return(BaseHTTPRequestHandler):
    server: _Ear
    timeout = 5.0  # for one request's bytes

    def do_GET(self) -> None:
        """Take what comes, if it is the answer to our question."""
        said = returned(self.path, *self.server.expected)
        if said:
            self.server.said = said
        text = "Done. You can close this window." if said else "Not for here."
        self.send_response(200 if said else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: the request line holds the code."""
