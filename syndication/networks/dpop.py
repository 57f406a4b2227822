"""Tokens bound to a key that only we hold: DPoP (RFC 9449), with the nonces that servers ask for."""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey
from requests.auth import AuthBase


def make_key() -> str:
    """A new key (ES256), as what is stored of it."""
    return json.dumps(ECKey.generate_key("P-256").as_dict(private=True))


class Proof(AuthBase):
    """Signs each request with the key, and sends the token that is bound to it; without a token, for its endpoint.

    Where a server wants its newest nonce in the proof it says so instead of doing anything: the request is then
    sent once more.
    """

    def __init__(self, key: str, token: str = "") -> None:
        self._key, self._token = ECKey.import_key(json.loads(key)), token
        self._nonces: dict[str, str] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its proof."""
        if self._token:
            request.headers["Authorization"] = f"DPoP {self._token}"
        request.headers["DPoP"] = self._prove(request)
        request.register_hook("response", self._heard)  # type: ignore[no-untyped-call]
        return request

    def _heard(self, response: requests.Response, **sending: Any) -> requests.Response:
        asked = self._learn(response) and response.status_code in (400, 401)
        # A resource says what is wrong in a header; the token endpoint in its body, where all else is refused again.
        if not asked or (self._token and not wants_nonce(response.headers.get("WWW-Authenticate", ""))):
            return response
        response.close()
        again = response.request.copy()
        again.headers["DPoP"] = self._prove(again)
        answer: requests.Response = response.connection.send(again, **sending)
        self._learn(answer)
        return answer

    def _learn(self, response: requests.Response) -> bool:
        """Keep the nonce that a server gives; whether it is another one than it gave before."""
        place, nonce = _place(response.request), response.headers.get("DPoP-Nonce", "")
        known = self._nonces.get(place)
        if nonce and len(nonce) <= 1000:
            self._nonces[place] = nonce
        return self._nonces.get(place) != known

    def _prove(self, request: requests.PreparedRequest) -> str:
        parts = urlsplit(request.url or "")
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": request.method,
            "htu": f"{parts.scheme}://{parts.netloc}{parts.path}",
            "iat": int(time.time()),
        }
        if nonce := self._nonces.get(_place(request)):
            claims["nonce"] = nonce
        if self._token:
            claims["ath"] = urlsafe_b64encode(sha256(self._token.encode()).digest()).rstrip(b"=").decode()
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._key.as_dict(private=False)}
        return jwt.encode(head, claims, self._key, algorithms=["ES256"])


def wants_nonce(challenge: str) -> bool:
    """Whether a WWW-Authenticate header asks for a proof with the server's nonce."""
    return "use_dpop_nonce" in challenge


def _place(request: requests.PreparedRequest) -> str:
    parts = urlsplit(request.url or "")
    return f"{parts.scheme}://{parts.netloc}"
