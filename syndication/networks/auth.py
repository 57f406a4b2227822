"""What signs requests: nothing, or a bearer token."""

import logging

import requests
from requests.auth import AuthBase
from requests_oauthlib import OAuth2

from syndication.networks.http import is_loopback

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
