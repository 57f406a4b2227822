"""Every error of the house, named for who acts next.

::

    SyndicationError            message for people, hint for the next step
    |- ConfigError              the operator, before anything runs
    |- EventError               the CMS: all faults listed at once
    |- NotFound                 the editor: no such story, account or delivery
    |- CardError
    |  |- TemplateError         the template's author: file, layer, field
    |  |- PhotoError            the picture desk
    |  |- MissingGlyph          whoever installs fonts; the service draws a card without words
    |  `- CardRefused           the editor: the newsroom wants no such card to go out
    |- MetadataError            the page's owner
    |- FetchError               nobody or the CMS: a story's URL could not be read
    |- DeliveryError
    |  |- NotSent               nobody: back to ready, tried again later
    |  |  `- RateLimited        the same, and the whole mailbox waits
    |  |- Refused               the editor: failed, with the network's words
    |  |  `- Unauthorized       the operator: reconnect; the mailbox waits
    |  `- Unknown               settled by asking the network: may have been posted
    |- CannotTell               a network that cannot be searched for a post
    |- Unsupported              a network that cannot edit or remove: the editor does it by hand
    `- ClaimLost                another worker has it: stop quietly
"""

from collections.abc import Sequence
from typing import NamedTuple


class SyndicationError(Exception):
    """Base of all errors that a person is meant to read."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(SyndicationError):
    """What was given is wrong: nothing was done, and the process exits with status 2."""

    exit_status = 2


class ConfigError(InputError):
    """`syndicate.toml` or the environment is wrong; the operator mends it before anything runs."""


class Fault(NamedTuple):
    """One thing wrong with an event.

    `field` is its path (`image.focal[1]`), `found` what stood there, `expected` what belongs there.
    """

    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}, expected {self.expected}"


class EventError(InputError):
    """A CMS sent something that cannot be published. Carries every fault at once."""

    def __init__(self, faults: Sequence[Fault], source: str = "event") -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        head = f"{source}: {count} fault{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {fault}" for fault in self.faults)]))


class NotFound(InputError):
    """The story, account or delivery named by the editor does not exist."""


class CardError(SyndicationError):
    """A card could not be drawn."""


class TemplateError(CardError, InputError):
    """A card template is wrong; the message names file, layer and field."""


class PhotoError(CardError, InputError):
    """A photo cannot be used: not an image, damaged, or too large."""


class MissingGlyph(CardError, InputError):
    """No font has a character of the story; the message names it, and the hint what would help."""


class CardRefused(CardError):
    """A card has a fault, and the config says that such a card waits for a person."""


class MetadataError(InputError):
    """A page could not be given its metadata."""


class FetchError(SyndicationError):
    """A URL that a story named could not be read. `again` says whether a later try can help.

    `status` is the HTTP status, None where there was no answer or none that may be read.
    """

    def __init__(
        self, message: str, hint: str = "", *, again: bool = False, status: int | None = None
    ) -> None:
        super().__init__(message, hint)
        self.again, self.status = again, status


class DeliveryError(SyndicationError):
    """A network did not take a post. `status` is the HTTP status, None where there was no answer."""

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class NotSent(DeliveryError):
    """Nothing was posted, and trying again is safe. `retry_after` is in seconds, None if not told."""

    def __init__(
        self, message: str, hint: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint, status=status)
        self.retry_after = retry_after


class RateLimited(NotSent):
    """The network asks for a pause; it holds for every post of the account, or of all accounts of the `app`."""

    app = False


class Refused(DeliveryError):
    """The network will not take this post as it is; its words are in the message."""

    @property
    def gone(self) -> bool:
        """Whether the network says by HTTP's 404 or 410 that there is no such thing, and not that we may not see it."""
        return self.status in (404, 410) and not isinstance(self, Unauthorized)


class Unauthorized(Refused):
    """The account's token is dead or lacks a right; only reconnecting helps."""


class Unknown(DeliveryError):
    """The request may have been carried out: sending again and hoping is not an answer."""


class CannotTell(SyndicationError):
    """The network cannot be asked whether a post is there."""


class Unsupported(SyndicationError):
    """The network has no such deed, whatever is asked of it."""


class ClaimLost(SyndicationError):
    """Another worker holds what this one had claimed."""
