"""What a connector is: facts as class attributes, deeds as a few functions. One file a network."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from syndication.errors import CannotTell, DeliveryError, Refused, Unsupported
from syndication.models import Draft, Form, Limits, Receipt, Window
from syndication.networks.life import Life, lacking, life_of
from syndication.networks.rates import Told, read_all

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from syndication.networks.http import Http
    from syndication.networks.transport import Answer

Secret = dict[str, str]
"""What an account is spoken for with, and which of the network's places it posts to; stored encrypted."""


class OwnClient(NamedTuple):
    """The newsroom's installation as an OAuth client that servers read up on at its own public address.

    `address` is the origin of `syndicate serve`, `key` the private JWK that proves it is us.
    """

    address: str
    key: str


RETURN_PATH = "/oauth/return"
"""Where our public address takes browsers back."""


class Dialogue(Protocol):
    """The person who connects an account: asked for what only they know, and sent to where they allow us in."""

    def say(self, words: str) -> None:
        """Tell them something."""

    def ask(self, what: str, *, hidden: bool = False) -> str:
        """What they type; unseen if `hidden`. Raises InputError if nothing comes."""

    def redirect(self, *, own: bool = False, at: str = "") -> str:
        """The address that their browser is to return to, asked for before `visit`.

        `own`: we tell it to the network ourselves, so that any will do; else the network's app must have it registered.
        `at`: it is this one.
        """

    def own_client(self) -> OwnClient | None:
        """Ourselves as a client with a public address; None where the config names none."""

    def visit(self, url: str, name: str, value: str) -> dict[str, str]:
        """Send their browser to `url`; what it brings back, of which the parameter `name` must be `value`.

        Raises Refused if they said no, NotSent if nobody came back in time.
        """


@dataclass(frozen=True)
class Verdict:
    """What an answer means; `retry_after` in seconds where only its body says so; `app`: a pause for the whole app."""

    kind: type[DeliveryError]
    retry_after: float | None = None
    hint: str = ""
    app: bool = False


class Shown(NamedTuple):
    """What readers see of a post; None: the network does not tell. `link` and `title` are those of a link's card.

    `text` is as people read it; an empty `link` means that there is no card. `record`: whether the story's own record
    stands beside it.
    """

    text: str | None = None
    link: str | None = None
    title: str | None = None
    image: bool | None = None
    record: bool | None = None


class Connector(ABC):
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
    """What a server takes unless it says otherwise, of a post in the first of the `forms`."""

    server: ClassVar[str] = ""
    """Where its accounts live unless one names its own; empty: each names its own."""

    hosts: ClassVar[tuple[str, ...]] = ()
    """Further origins of the network that an account's requests may go to."""

    forms: ClassVar[tuple[Form, ...]] = ("image",)
    """How a post can carry the card, the usual one first."""

    size: ClassVar[tuple[int, int]] = (1200, 630)
    """The card it wants, in pixels."""

    titled: ClassVar[bool] = False
    """Whether a post shows the story's title beside its text, in every form."""

    lasts: ClassVar[frozenset[str]] = frozenset()
    """What of a post an edit leaves as it was: of text, link, image, title and description."""

    rereads: ClassVar[bool] = False
    """Whether an edit has the network read the page again for the card of a post that shows the page's."""

    recrawls: ClassVar[bool] = False
    """Whether an edit has it read the story's page anew."""

    public: ClassVar[bool] = False
    """Whether it fetches the card itself, which then must lie at a public address."""

    records: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The rights, as `scopes`, by which it keeps a record of the story beside link cards of ours; empty: it keeps none.

    Where they were not given, posts go without.
    """

    ends: ClassVar[date | None] = None
    """When the network ends the version of its interface that we speak; None if it says nothing of the kind."""

    replay: ClassVar[timedelta] = timedelta(0)
    """How long the network surely answers a repeated key with the first post. Zero: it does not know keys."""

    settle: ClassVar[timedelta] = timedelta(seconds=10)
    """How long after a lost answer the network may still be storing the post: no question is asked before."""

    shows_late: ClassVar[timedelta] = timedelta(0)
    """How long after a first answer that a post is not there it may be there after all; zero: the answer counts."""

    steady: ClassVar[tuple[str, ...]] = ()
    """What of a secret tells that it is still the same account, where people may rename it; empty: its name does."""

    rates: ClassVar[tuple[Told, ...]] = ()
    """The headers that tell how much of its rate limits is left."""

    leave: ClassVar[str] = "End it there by hand, in the account's settings."
    """Where a person ends our access, for networks whose documents name no request for that."""

    notice: ClassVar[timedelta] = timedelta(days=14)
    """How long before an account must be connected again a person is told."""

    scopes: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The rights it asks a person for, by the network's names, and what each is for; empty where they have no names."""

    @abstractmethod
    def connect(self, desk: Dialogue, server: str) -> Secret:
        """Have a person let us in at a server's origin; what to keep. Raises DeliveryError or InputError."""

    @abstractmethod
    def auth(self, secret: Secret) -> "AuthBase":
        """What signs each request."""

    def named(self, secret: Secret) -> tuple[str, ...]:
        """Further origins that an account's server named; they are asked at public addresses only."""
        return ()

    def fresh(self, http: "Http") -> None:  # noqa: B027 - most tokens do not expire
        """Renew what is about to expire, before a deed's first request."""

    def life(self, secret: Secret) -> Life:
        """How long a secret serves."""
        return life_of(secret)

    def deeds(self, secret: Secret) -> frozenset[str]:
        """What such an account can do beside posting: of `find`, `read`, `edit` and `withdraw`."""
        own, none = type(self), Connector
        return frozenset(
            name
            for name in ("find", "read", "edit", "withdraw")
            if getattr(own, name) is not getattr(none, name)
        )

    def lacks(self, secret: Secret) -> tuple[str, ...]:
        """What the person did not allow, in words; nothing where the network does not say what they did."""
        return lacking(self.scopes, secret)

    def refine(self, answer: "Answer") -> Verdict | None:
        """What an answer below 500 means here, where that differs from the common table; None leaves it to the table.

        A 2xx answer comes here too: some networks refuse with a 200.
        """
        return None

    def windows(self, answer: "Answer", kind: str) -> Iterable[Window]:
        """What an answer tells of rate limits; `kind` is what was asked: posts, uploads, reads or removals."""
        return read_all(self.rates, answer.headers, kind)

    def app_of(self, secret: Secret) -> str:
        """A mark of the app that speaks for the account, the same for all its accounts; empty where there is none."""
        key = secret.get("client_id") or secret.get("consumer_key") or ""
        return f"app:{hashlib.sha256(f'{self.name} {key}'.encode()).hexdigest()[:24]}" if key else ""

    @abstractmethod
    def identify(self, http: "Http") -> str:
        """The account's name as people write it. Reads only, so it also tests the connection."""

    def read_limits(self, http: "Http") -> Limits:
        """What this server takes now."""
        return self.limits

    def replay_of(self, secret: Secret) -> timedelta:
        """`replay` at an account's own server, where servers differ."""
        return self.replay

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """An account's limits for a post of that form, where forms differ."""
        return limits

    def replies(self, secret: Secret | None = None) -> bool:
        """Whether an account's post can answer another of its own; without a secret: whether some account's can.

        `publish` then posts a draft with a `reply_to` as the answer to that post.
        """
        return False

    def price(self, draft: Draft) -> Decimal:
        """What posting the draft costs, in US dollars."""
        return Decimal(0)

    def card_file(self, draft: Draft, image: bytes | None) -> tuple[str, bytes, str] | None:
        """The card as a part of a form: name, bytes, type. None without a card; Refused if it has too many bytes."""
        if draft.card is None or image is None:
            return None
        if len(image) > self.limits.image_bytes:
            raise Refused(
                f"the card has {len(image):,} bytes; {self.title} takes {self.limits.image_bytes:,}",
                "Use a card template that draws a smaller file.",
            )
        return f"card.{draft.card.mime.partition('/')[2]}", image, draft.card.mime

    @abstractmethod
    def publish(self, http: "Http", draft: Draft, image: bytes | None) -> Receipt:
        """Upload what is needed, then post once through `http.create`, as the last thing that can fail."""

    def find(self, http: "Http", draft: Draft) -> Receipt | None:
        """The draft's post if it is there, None if it is surely not; raises CannotTell otherwise."""
        raise CannotTell(f"{self.title} does not show an account its own posts")

    def read(self, http: "Http", receipt: Receipt) -> Shown | None:
        """What readers see of a post, None if it is not there. Raises CannotTell. Reads only, and costs nothing."""
        raise CannotTell(f"{self.title} does not show an account its own posts")

    def edit(self, http: "Http", receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Make the post say what the draft says. Repeating it is harmless. Raises Unsupported if none can be edited."""
        raise Unsupported(f"{self.title} cannot change a post", "Remove it there and share the story again.")

    def withdraw(self, http: "Http", receipt: Receipt) -> None:
        """Remove the post. One that is gone already is removed. Raises Unsupported if none can be removed by us."""
        raise Unsupported(f"{self.title} lets nobody remove a post from outside", "Remove it by hand there.")

    def unrecord(self, http: "Http", draft: Draft) -> None:  # noqa: B027 - most networks keep none
        """Remove the story's own record, which stands beside the draft's post. One that is gone already is removed."""

    def revoke(self, http: "Http") -> None:
        """Have the network forget the token. Refused where it is dead already; Unsupported where only a person can."""
        raise Unsupported(f"{self.title} has no request that ends an app's access", self.leave)
