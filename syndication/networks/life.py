"""What is known of a token: how long it serves, and what it may not do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_AHEAD = 600.0
"""Seconds before its end at which a token is renewed: longer than any deed."""


@dataclass(frozen=True)
class Life:
    """How long what is kept of an account serves, in Unix seconds.

    `ends` is when a person must let us in again, None where no end is known; `renew` is from when on `fresh` renews it
    without them, None where nobody can; `moves` says that each renewal moves the end, so that they are never needed.
    """

    ends: float | None = None
    renew: float | None = None
    moves: bool = False

    @property
    def renews(self) -> bool:
        """Whether it goes on without a person."""
        return self.renew is not None and (self.moves or self.ends is None)


def life_of(secret: Mapping[str, str]) -> Life:
    """By what the network said when it gave the token: `expires_at`, and `refresh_expires_at` of what renews it."""
    over = _seconds(secret, "expires_at")
    if over is None or not secret.get("refresh_token"):
        return Life(ends=over)
    return Life(ends=_seconds(secret, "refresh_expires_at"), renew=over - _AHEAD)


def _seconds(secret: Mapping[str, str], name: str) -> float | None:
    return float(secret[name]) if name in secret else None


def lacking(scopes: Mapping[str, str], secret: Mapping[str, str]) -> tuple[str, ...]:
    """Which of these rights are not among those that the network said it granted: what each is for, and its name."""
    granted = set(re.split(r"[\s,]+", secret.get("scope", ""))) - {""}
    if not granted or "*" in granted:
        return ()
    # A right such as `write` holds all those such as `write:media`.
    missing = (name for name in scopes if not {name, name.partition(":")[0]} & granted)
    return tuple(f"{scopes[name]} ({name})" for name in missing)
