"""OAuth with an AT Protocol server, and what must fit together before anybody is trusted."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from networks.person import REDIRECT

from syndication.errors import NotSent, Refused, Unauthorized
from syndication.networks import atproto, connector
from syndication.networks.base import OwnClient
from syndication.networks.dpop import make_key
from syndication.networks.http import open_http

BLUESKY = connector("bluesky")
DID = "did:plc:meridianmeridianmeridian"
ISSUER, HOME = "https://entry.example", "https://pds.example"
RECORD = "/xrpc/com.atproto.repo.putRecord"
WRITTEN = {"uri": f"at://{DID}/app.bsky.feed.post/3n2q4krr2ftbj", "cid": "bafyreimeridianone"}


def said(body, status=200, **headers):
    return {"status": status, "headers": headers, "body": body}


def document(**parts):
    home = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": HOME}
    return said({"id": DID, "alsoKnownAs": ["at://Meridian.example"], "service": [home], **parts})


def door(**parts):
    places = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
    places["pushed_authorization_request_endpoint"] = "par"
    return said({"issuer": ISSUER, **{name: f"{ISSUER}/oauth/{at}" for name, at in places.items()}, **parts})


def tokens(**parts):
    whole = {"access_token": "the-access-token", "refresh_token": "the-refresh-token", "token_type": "DPoP"}
    return said({**whole, "expires_in": 3599, "sub": DID, "scope": atproto.SCOPE, **parts})


NONCE = said({"error": "use_dpop_nonce"}, 400, **{"DPoP-Nonce": "first-nonce"})
STALE = said(
    {"error": "use_dpop_nonce"}, 401,
    **{"DPoP-Nonce": "second-nonce", "WWW-Authenticate": 'DPoP error="use_dpop_nonce"'},
)  # fmt: skip


@pytest.fixture
def server(scripted):
    """One that stands in for the handle's server, the directory, the account's home and the one that lets us in."""
    return scripted({
        "GET /xrpc/com.atproto.identity.resolveHandle": said({"did": DID}),
        f"GET /{DID}": document(),
        "GET /.well-known/oauth-protected-resource": said({"resource": HOME, "authorization_servers": [ISSUER]}),
        "GET /.well-known/oauth-authorization-server": door(),
        "POST /oauth/par": [NONCE, said({"request_uri": "urn:request:1", "expires_in": 299}, 201)],
        "POST /oauth/token": tokens(),
        f"POST {RECORD}": said(WRITTEN),
    })  # fmt: skip


class Owner:
    """The account's owner, whose browser comes back with `iss`."""

    def __init__(self, iss=ISSUER, own=None):
        self.iss, self.own, self.url = iss, own, ""

    def say(self, words):
        """Nothing is made of it."""

    def ask(self, what, *, hidden=False):
        return "browser" if hidden else "@meridian.example"

    def own_client(self):
        return self.own

    def redirect(self, *, own=False, at=""):
        return REDIRECT

    def visit(self, url, name, value):
        self.url = url
        return {"code": "the-code", name: value, "iss": self.iss}


def proof(asked):
    """What a request's proof claims, its signature verified with the key it brings."""
    token = asked.headers["DPoP"]
    head = jwt.decode(token, ECKey.import_key(_head(token)["jwk"]), algorithms=["ES256"])
    assert head.header["typ"] == "dpop+jwt"
    assert "d" not in head.header["jwk"]
    return head.claims


def _head(token):
    from base64 import urlsafe_b64decode

    return json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))


def test_the_dance_asks_for_little_and_proves_every_step(server):
    """PAR with PKCE, state and a login hint; each proof is for its request alone; the server's nonce is taken up."""
    owner = Owner()
    secret = BLUESKY.connect(owner, server.url)
    pushes = [asked for asked in server.asked if asked.what == "POST /oauth/par"]
    form = {name: values[0] for name, values in parse_qs(pushes[0].body.decode()).items()}
    assert (form["scope"], form["login_hint"]) == (atproto.SCOPE, "meridian.example")
    assert (form["code_challenge_method"], form["redirect_uri"]) == ("S256", REDIRECT)
    assert parse_qs(urlsplit(form["client_id"]).query) == {
        "redirect_uri": [REDIRECT],
        "scope": [atproto.SCOPE],
    }
    assert parse_qs(urlsplit(owner.url).query) == {
        "client_id": [form["client_id"]],
        "request_uri": ["urn:request:1"],
    }
    token = server.asked[-1]
    proofs = [proof(asked) for asked in (*pushes, token)]
    assert [one.get("nonce") for one in proofs] == [None, "first-nonce", "first-nonce"]
    assert len({one["jti"] for one in proofs}) == 3
    assert [(one["htm"], urlsplit(one["htu"]).path) for one in proofs[1:]] == [
        ("POST", "/oauth/par"),
        ("POST", "/oauth/token"),
    ]
    assert (secret["did"], secret["home"]) == (DID, HOME)
    assert not {"the-code", "verifier"} & set(secret.values())
    assert BLUESKY.named(secret) == (HOME, ISSUER)


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        (f"GET /{DID}", document(alsoKnownAs=["at://harbour.example"])),
        (f"GET /{DID}", document(id="did:plc:harbourharbourharbourhar")),
        (f"GET /{DID}", document(service=[])),
        (f"GET /{DID}", document(service=[{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
                                           "serviceEndpoint": "http://10.0.0.1"}])),
        ("GET /.well-known/oauth-protected-resource", said({"authorization_servers": ["ftp://entry.example"]})),
        ("GET /.well-known/oauth-authorization-server", door(issuer="https://other.example")),
        ("GET /.well-known/oauth-authorization-server", door(token_endpoint="http://entry.example/token")),
        ("POST /oauth/token", tokens(sub="did:plc:harbourharbourharbourhar")),
        ("POST /oauth/token", tokens(scope="atproto")),
        ("POST /oauth/token", said({"error": "invalid_grant"}, 400)),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_lets_nobody_in(server, what, answer):
    """Handle, DID, home, issuer, subject, scope: each is checked against what was asked for."""
    server.answers[what] = answer
    with pytest.raises(Refused):
        BLUESKY.connect(Owner(), server.url)


def test_an_answer_from_another_server_is_not_taken(server):
    """RFC 9207: the code stays where it is, for it is not this server's."""
    with pytest.raises(Refused, match="another server"):
        BLUESKY.connect(Owner(iss="https://other.example"), server.url)
    assert "POST /oauth/token" not in server.whats()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "https://localhost/x", "http://pds.example/x", "nonsense", "https://[x"]
)
def test_no_server_names_this_machine_nor_an_open_line(url):
    """Only a person may name a server on this machine."""
    with pytest.raises(Refused):
        atproto._named("https://bsky.social", url)


@pytest.mark.parametrize("place", ["10.0.0.1", "169.254.169.254", "[::1]"])
def test_what_a_server_names_inside_is_not_asked(place):
    """Nothing is sent to an address of the newsroom's own network."""
    with pytest.raises((NotSent, Refused), match=r"inside|should be sent"):
        atproto._read("https://bsky.social", atproto._Resource, f"https://{place}/x")


@pytest.fixture
def secret():
    return {
        "did": DID, "handle": "meridian.example", "home": HOME, "token_endpoint": f"{ISSUER}/oauth/token",
        "client_id": "http://localhost?scope=atproto", "dpop_key": make_key(), "access_token": "the-access-token",
        "refresh_token": "the-refresh-token", "expires_at": str(int(time.time()) + 3000),
    }  # fmt: skip


def test_a_post_is_proved_and_a_new_nonce_taken_up(server, draft, secret):
    """The token is bound to its proof; where the nonce has changed the server did nothing, and is asked once more."""
    server.answers[f"POST {RECORD}"] = [STALE, said(WRITTEN)]
    intents = []
    with open_http(BLUESKY, server.url, secret, intend=lambda: intents.append(1)) as http:
        BLUESKY.publish(http, draft(card=None), None)
    first, second = (proof(asked) for asked in server.asked)
    assert len(intents) == 1
    assert server.asked[0].headers["Authorization"] == "DPoP the-access-token"
    assert (first.get("nonce"), second["nonce"]) == (None, "second-nonce")
    assert first["ath"] == second["ath"] != ""
    assert server.asked[0].body == server.asked[1].body


def test_a_server_that_is_never_content_with_a_nonce_posts_nothing(server, draft, secret):
    """That is nobody's fault here: tried again later, and the account is not paused."""
    server.answers[f"POST {RECORD}"] = STALE
    with open_http(BLUESKY, server.url, secret) as http, pytest.raises(NotSent):
        BLUESKY.publish(http, draft(card=None), None)
    assert len(server.asked) == 2


def test_tokens_near_their_end_are_renewed_first(server, draft, secret):
    """The new pair is stored before it is used, under the same key."""
    server.answers["POST /oauth/token"] = [
        NONCE,
        tokens(access_token="new-access", refresh_token="new-refresh"),
    ]
    kept = []
    old = {**secret, "expires_at": str(int(time.time()) + 60)}
    with open_http(BLUESKY, server.url, old, keep=lambda new: kept.append((new, len(server.asked)))) as http:
        BLUESKY.publish(http, draft(card=None), None)
    [(new, at)] = kept
    assert (new["access_token"], new["refresh_token"], new["dpop_key"]) == (
        "new-access", "new-refresh", secret["dpop_key"],
    )  # fmt: skip
    assert at == 2
    assert server.asked[-1].headers["Authorization"] == "DPoP new-access"


@pytest.mark.parametrize(
    "answer",
    [
        said({"error": "invalid_grant"}, 400),
        said({"error": "invalid_client"}, 401),
        tokens(sub="did:plc:other"),
    ],
)
def test_a_session_that_is_over_needs_a_person(server, draft, secret, answer):
    """After two weeks, or once a token was used twice; nothing is posted."""
    server.answers["POST /oauth/token"] = answer
    old = {**secret, "expires_at": "1000"}
    with open_http(BLUESKY, server.url, old) as http, pytest.raises(Unauthorized) as caught:
        BLUESKY.publish(http, draft(card=None), None)
    assert "connect bluesky" in caught.value.hint
    assert f"POST {RECORD}" not in server.whats()


def test_a_newsroom_with_a_public_address_proves_who_asks(server):
    """Each push, exchange and renewal carries a proof of its own, for this server alone and for a minute."""
    own = OwnClient("https://desk.meridian.example", make_key())
    secret = BLUESKY.connect(Owner(own=own), server.url)
    with open_http(BLUESKY, server.url, {**secret, "expires_at": "1"}, keep=lambda _: None) as http:
        BLUESKY.fresh(http)
    public = ECKey.import_key(atproto.client_metadata(own, "The Meridian")["jwks"]["keys"][0])
    forms = [parse_qs(one.body.decode()) for one in server.asked if one.what.startswith("POST /oauth")]
    proofs = [jwt.decode(form["client_assertion"][0], public, algorithms=["ES256"]) for form in forms]
    assert [form.get("grant_type", ["push"])[0] for form in forms[1:]] == [
        "push",
        "authorization_code",
        "refresh_token",
    ]
    for one in proofs:
        assert one.claims["iss"] == one.claims["sub"] == f"{own.address}/oauth/client-metadata.json"
        assert (one.claims["aud"], one.claims["exp"] - one.claims["iat"]) == (ISSUER, 60)
    assert one.header["kid"] == public.thumbprint()
    assert len({one.claims["jti"] for one in proofs[1:]}) == 3
