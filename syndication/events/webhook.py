"""Signatures after Standard Webhooks 1.0 (https://www.standardwebhooks.com): who sent an event, and when."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

from syndication.errors import ConfigError, InputError

_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")
# A full stop divides what is signed, so an id that holds one could be read in two ways.
_ID = re.compile(r"[!-\-/-~]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/]{43}=")
_MAX_SIGNATURES = 10


class WebhookError(InputError):
    """A request that does not prove who sent it. Its message holds neither secret nor signature."""


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> str:
    """The request's `webhook-id`, once its signature fits one of `secrets` and its time is within five minutes.

    Several secrets serve while one is being replaced by the next. Raises WebhookError for a request that is
    forged, late, early or malformed, ConfigError for secrets that are none.
    """
    hooks = [_hook(secret) for secret in secrets]
    if not hooks:
        raise ConfigError("no webhook secret is set, so no event can be taken over HTTP")
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in _NAMES if not given.get(name)]
    if missing:
        raise WebhookError(
            f"the request lacks {', '.join(missing)}", "It must be signed after Standard Webhooks."
        )
    if not _ID.fullmatch(given["webhook-id"]):
        raise WebhookError("webhook-id: expected 1 to 255 visible ASCII characters without a full stop")
    if not _SECONDS.fullmatch(given["webhook-timestamp"]):
        raise WebhookError("webhook-timestamp: expected whole seconds since 1970")
    # The library fails on the first signature it cannot read, so that a valid one behind it would not count.
    readable = [sign for sign in given["webhook-signature"].split(" ") if _SIGNATURE.fullmatch(sign)]
    given["webhook-signature"] = " ".join(readable[:_MAX_SIGNATURES])
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise WebhookError("the body is not UTF-8") from None
    refusal = "no signature that can be read"
    for hook in hooks if readable else ():
        try:
            hook.verify(text, {name: given[name] for name in _NAMES}, json_parse=False)
        except WebhookVerificationError as error:
            refusal = str(error).lower()
        else:
            return given["webhook-id"]
    raise WebhookError(f"the request is refused: {refusal}", "Check the secret and the sender's clock.")


def sign(message_id: str, when: datetime, body: bytes, secret: str) -> dict[str, str]:
    """The three headers that prove `body` was sent at `when` (aware) by who knows `secret`. Raises ConfigError."""
    moment = when.astimezone(UTC)
    signature = _hook(secret).sign(message_id, moment, body.decode("utf-8"))
    return dict(zip(_NAMES, (message_id, str(int(moment.timestamp())), signature), strict=True))


def _hook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception:  # the library raises what base64 raises, and its own for an empty one
        raise ConfigError(
            "a webhook secret is not valid", "It is base64, with or without whsec_ in front."
        ) from None
