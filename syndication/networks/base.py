"""What a connector is: facts as class attributes, deeds as a few functions. One file a network."""

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from syndication.errors import DeliveryError
from syndication.models import Draft, Limits, Receipt

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from syndication.networks.http import Http
    from syndication.networks.transport import Answer


class Connector(Protocol):
    """One network. Connectors keep no state: what they know of an account comes with `http`.

    Every deed raises a `DeliveryError` named for what happens next; `http` has raised it already unless the
    connector knows better. `publish` may be run again after any failure that says nothing was posted. An `image`
    is the bytes of `draft.card`, None where the draft has no card.
    """

    name: ClassVar[str]
    """Stored in the database: never rename."""

    title: ClassVar[str]
    """The network's name as people write it."""

    limits: ClassVar[Limits]
    """What a server takes unless it says otherwise."""

    replay: ClassVar[timedelta]
    """How long the network surely answers a repeated key with the first post. Zero: it does not know keys."""

    settle: ClassVar[timedelta]
    """How long after a lost answer the network may still be storing the post: no question is asked before."""

    def auth(self, secret: "dict[str, str]") -> "AuthBase":
        """What signs each request."""

    def refine(self, answer: "Answer") -> "type[DeliveryError] | None":
        """What a 4xx answer means here, where that differs from the common table; None leaves it to the table."""

    def identify(self, http: "Http") -> str:
        """The account's name as people write it. Reads only, so it also tests the connection."""

    def read_limits(self, http: "Http") -> Limits:
        """What this server takes now."""

    def publish(self, http: "Http", draft: Draft, image: bytes | None) -> Receipt:
        """Upload what is needed, then post once through `http.create`, as the last thing that can fail."""

    def find(self, http: "Http", draft: Draft) -> Receipt | None:
        """The draft's post if it is there, None if it is surely not; raises CannotTell otherwise."""

    def edit(self, http: "Http", receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Make the post say what the draft says. Repeating it is harmless."""

    def withdraw(self, http: "Http", receipt: Receipt) -> None:
        """Remove the post. One that is gone already is removed."""
