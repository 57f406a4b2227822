"""Signatures: what proves who sent an event."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from syndication.errors import ConfigError
from syndication.events.webhook import WebhookError, sign, verify

SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
OLD = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZA=="
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
BODY = '{"headline": "Σ"}'.encode()


@pytest.fixture(autouse=True)
def _noon() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def test_signed_request_is_known() -> None:
    """A request signed with any of the secrets gives its id, whatever the case of the header names."""
    headers = sign("msg_1", NOW, BODY, OLD)
    assert verify({name.upper(): value for name, value in headers.items()}, BODY, [SECRET, OLD]) == "msg_1"


def test_sender_may_sign_twice() -> None:
    """While a secret is replaced a sender signs with both; one that fits is enough, whatever stands before it."""
    headers = sign("msg_1", NOW, BODY, SECRET)
    headers["webhook-signature"] = f"v1a,xyz v1,*** {headers['webhook-signature']}"
    assert verify(headers, BODY, [SECRET]) == "msg_1"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_late_and_early(minutes: int) -> None:
    """A request more than five minutes old or ahead is refused, as it may be a replay."""
    headers = sign("msg_1", NOW + timedelta(minutes=minutes), BODY, SECRET)
    with pytest.raises(WebhookError, match=r"too (old|new)"):
        verify(headers, BODY, [SECRET])


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": "msg.1"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 256},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "１７９５"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v2,abc"},
        {"webhook-signature": "nonsense"},
    ],
)
def test_forged(change: dict[str, str]) -> None:
    """Any change to what was signed is refused, and the refusal repeats neither secret nor signature."""
    headers = {**sign("msg_1", NOW, BODY, SECRET), **change}
    with pytest.raises(WebhookError) as caught:
        verify(headers, BODY, [SECRET])
    assert SECRET not in str(caught.value)
    assert headers["webhook-signature"] == "" or headers["webhook-signature"] not in str(caught.value)


@given(body=st.binary(max_size=50), signature=st.text(max_size=80), moment=st.text(max_size=20))
def test_any_request(body: bytes, signature: str, moment: str) -> None:
    """Whatever is sent unsigned is a WebhookError, never a traceback."""
    headers = {"webhook-id": "msg_1", "webhook-timestamp": moment, "webhook-signature": signature}
    with pytest.raises(WebhookError):
        verify(headers, body, [SECRET])


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_"], ["whsec_%%%é"]])
def test_bad_secret_is_the_operators(secrets: list[str]) -> None:
    """A secret that is none is the operator's fault and is not printed."""
    with pytest.raises(ConfigError) as caught:
        verify(sign("msg_1", NOW, BODY, SECRET), BODY, secrets)
    assert "%%%" not in str(caught.value)
