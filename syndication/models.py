"""The values that travel through the house. All are frozen; all travel as JSON where they must.

Times are aware datetimes everywhere in Python, and milliseconds since 1970 in the store.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

# Scripts written from right to left, as the language subtags that use them by default (CLDR 47,
# characterOrder); an explicit script subtag wins.
_RTL_LANGUAGES = frozenset("ar arc ckb dv fa glk he iw ks lrc mzn nqo pnb ps sd syr ug ur yi".split())
_RTL_SCRIPTS = frozenset("adlm arab hebr mand mend nkoo rohg samr syrc thaa".split())


def is_rtl(language: str) -> bool:
    """Whether a BCP 47 language tag is written from right to left."""
    first, *rest = language.lower().replace("_", "-").split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    return script in _RTL_SCRIPTS if script else first in _RTL_LANGUAGES


class Frozen(BaseModel):
    """A value: unknown fields are faults, and nothing changes after it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class Kind(StrEnum):
    """What happened to the story in the CMS."""

    PUBLISH = "publish"
    UPDATE = "update"
    WITHDRAW = "withdraw"


class Priority(StrEnum):
    """How urgent a story is. Its position is its lane: a lower lane is served first."""

    BREAKING = "breaking"
    NORMAL = "normal"
    EVERGREEN = "evergreen"

    @property
    def lane(self) -> int:
        """0 for breaking, 1 for normal, 2 for evergreen."""
        return list(Priority).index(self)


class Lanes(NamedTuple):
    """The lanes that a worker serves, from the first to the last."""

    first: int
    last: int


EVERY = Lanes(0, 99)
NEWS = Lanes(Priority.BREAKING.lane, Priority.NORMAL.lane)
BULK = Lanes(Priority.EVERGREEN.lane, EVERY.last)
"""What may wait for a quiet moment: evergreen stories, and the archive drawn anew, whose lane is after theirs."""


Share = Annotated[float, Field(ge=0, le=1)]
WebUrl = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$", max_length=2000)]


class Image(Frozen):
    """The story's lead photo, or a portrait: a file beside the event, or a URL to fetch. Exactly one of the two."""

    path: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        None, description="A file, relative to the event's own file. Not allowed in events sent over HTTP."
    )
    url: WebUrl | None = Field(
        None, description="Where to fetch the photo; read with limits, never from inside."
    )
    alt: str = Field("", max_length=5000, description="What the photo shows, for those who cannot see it.")
    caption: str = Field("", max_length=5000)
    credit: str = Field("", max_length=300)
    focal: tuple[Share, Share] | None = Field(
        None, description="The point a crop keeps: shares of width and height from the top left."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("exactly one of path and url")
        return self


Line = Annotated[str, Field(max_length=300)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]


class CardData(Frozen):
    """What a card may show that is not the story's text: which card it is, and what that card is about."""

    template: str = Field(
        "", max_length=100, description="The card's template; the config's choice if empty."
    )
    live: bool = Field(False, description="Whether it is going on now; false again when it has ended.")
    note: Literal["updated", "corrected"] | None = Field(None, description="Told beside the date.")
    number: str = Field("", max_length=20, description="The number that the story is about: `1 in 7`.")
    facts: tuple[Line, ...] = Field((), max_length=5, description="The points of a list, in order.")
    source: Line = Field("", description="Where the number or the facts come from.")
    role: Line = Field("", description="Who it is that is quoted or writes: `harbour master`.")
    portrait: Image | None = Field(
        None, description="A photo of them, where the story's own shows something else."
    )
    seconds: int | None = Field(None, ge=1, le=360_000, description="How long the video or audio runs.")
    pictures: int | None = Field(None, ge=1, le=9999, description="How many pictures the gallery has.")


class PublishEvent(Frozen):
    """What a CMS says when a story is published, changed or withdrawn."""

    id: str = Field("", max_length=500, description="The story's identity in the CMS; the URL if empty.")
    kind: Kind = Kind.PUBLISH
    revision: int = Field(
        1, ge=0, le=2**53, description="Counts up with each change; older ones are ignored."
    )
    url: WebUrl = Field(description="The story's canonical address.")
    headline: Annotated[str, Field(min_length=1, max_length=500)]
    summary: str = Field("", max_length=5000, description="The dek: what a post says.")
    body: str = Field("", max_length=1_000_000, description="HTML; used where there is no summary.")
    section: Line = ""
    desk: Line = Field("", description="The desk that publishes it; accounts may go by it.")
    kicker: Line = Field("", description="The few words above the headline; the section if empty.")
    byline: tuple[Line, ...] = ()
    language: Language = Field("en", description="BCP 47; decides fonts, direction and the form of dates.")
    image: Image | None = None
    card: CardData = Field(
        CardData.model_construct(), description="What the card shows beside the story's words."
    )
    published: AwareDatetime
    modified: AwareDatetime | None = None
    tags: tuple[Line, ...] = ()
    priority: Priority = Priority.NORMAL
    embargo: AwareDatetime | None = Field(None, description="Nothing is drawn or sent before this time.")
    expires: AwareDatetime | None = Field(None, description="What could not be sent by then is dropped.")
    overrides: dict[str, Annotated[str, Field(min_length=1, max_length=70_000)]] = Field(
        default_factory=dict, description="The post's own text, by network or account name."
    )

    @model_validator(mode="before")
    @classmethod
    def _lenient_forms(cls, data: object) -> object:
        if isinstance(data, dict):
            data = dict(data)
            if isinstance(data.get("byline"), str):
                data["byline"] = [data["byline"]] if data["byline"].strip() else []
            if not data.get("id"):
                data["id"] = data.get("url", "")
        return data

    @property
    def version(self) -> tuple[int, datetime]:
        """What orders two events of one story: the revision, then the time of the change."""
        return self.revision, self.modified or self.published

    def with_files(self, photo: str | None, portrait: str | None) -> Self:
        """The event with other paths for its photo and its portrait; None leaves a path as it is."""
        image, card = self.image, self.card
        if image and photo:
            image = image.model_copy(update={"path": photo})
        if card.portrait and portrait:
            card = card.model_copy(update={"portrait": card.portrait.model_copy(update={"path": portrait})})
        return self.model_copy(update={"image": image, "card": card})

    @property
    def rtl(self) -> bool:
        """Whether the story is written from right to left."""
        return is_rtl(self.language)


class Card(Frozen):
    """One drawn picture. `file` is its name in the card folder and carries the content hash."""

    template: str = Field(description="Empty for a clean crop of the photo, which has no words on it.")
    width: int
    height: int
    file: str
    sha256: str
    size: int
    mime: Literal["image/jpeg", "image/png"] = "image/jpeg"
    alt: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether it is a crop of the photo alone, for search engines."""
        return not self.template


Unit = Literal["grapheme", "character", "utf16", "byte", "weighted", "emoji-bytes"]
"""What a network counts a text in.

Characters are code points; `weighted` is X's count; `emoji-bytes` is Threads': characters, emoji as UTF-8 bytes.
"""

POST_FIELDS = ("headline", "summary", "kicker", "section", "byline", "mentions", "link", "hashtags")
"""What an account's own text of a post is made of."""

Form = Literal["crawled", "made", "image"]
"""How a post carries the card: the network reads the page's tags, we make the link card, or it is attached."""


class Limits(Frozen):
    """What a network, or one server of it, takes. `text` is in `unit`s; `text_bytes` bounds its UTF-8 besides."""

    text: int
    unit: Unit = "grapheme"
    text_bytes: int | None = None
    link_cost: int | None = Field(
        None, description="What any URL counts, whatever its length; None: as it is."
    )
    link_in_text: bool = Field(description="Whether the post's link stands in its text, or in a link card.")
    alt: int = Field(description="Characters; 0 where there is no field for it.")
    image_bytes: int
    hashtags: int = Field(0, description="How many a post may carry; 0 where they mean nothing.")


OCCASION = "publish"
"""The occasion of a story's first posts."""

BY_HAND = "by hand"
"""The version of a receipt that an editor gave: where the post is, but not what the network calls it."""


class Receipt(Frozen):
    """What a network answered: the post's id there, its public URL, and what an edit will need."""

    id: str
    url: str
    version: str = ""


class StoryRecord(Frozen):
    """What a record of the story itself says besides what its post says, where a network keeps such records."""

    story: str = Field(description="Hex SHA-256 of the story's id.")
    paper: str
    site: WebUrl = Field(description="The paper's address, without a slash at its end.")
    path: str = Field(description="The story's address from there on.")
    published: AwareDatetime
    modified: AwareDatetime | None


class Draft(Frozen):
    """A post, frozen before its first try: every retry sends the same, byte for byte."""

    key: str = Field(description="Idempotency key, hex SHA-256 of story, account and occasion.")
    text: str
    link: str
    title: str
    description: str
    language: str
    card: Card | None
    alt: str
    created: AwareDatetime
    form: Form | None = Field(
        None, description="How the post carries the card; None: the network's usual way."
    )
    image_url: str = Field("", description="The card's public address, where it has one.")
    tags: tuple[str, ...] = Field((), description="The story's, for networks that have a field for them.")
    reply_to: Receipt | None = Field(None, description="The post that this one answers with a correction.")
    record: StoryRecord | None = Field(None, description="Of the record beside it, where there is to be one.")


class State(StrEnum):
    """Where a delivery stands."""

    PLANNED = "planned"  # the row is written; its card and text are not made yet
    READY = "ready"  # frozen; goes out when due
    HELD = "held"  # stopped before it went out, until an editor releases or drops it
    SENDING = "sending"  # the intent is committed; the network may or may not have it
    SENT = "sent"  # the network has it, once
    UNKNOWN = "unknown"  # the answer was lost; being settled, or waiting for an editor
    FAILED = "failed"  # the network refused it, for the reason given
    CANCELLED = "cancelled"  # it was taken back before anything went out
    WITHDRAWN = "withdrawn"  # it was posted and has been removed


# Which states may follow which. A cancelled story that is published again may still go out, as it never did.
MOVES: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.READY, State.HELD, State.CANCELLED, State.FAILED}),
    State.READY: frozenset(
        {State.SENDING, State.PLANNED, State.HELD, State.UNKNOWN, State.CANCELLED, State.FAILED}
    ),
    State.HELD: frozenset({State.PLANNED, State.CANCELLED, State.FAILED}),
    State.SENDING: frozenset({State.SENT, State.READY, State.UNKNOWN, State.FAILED}),
    State.UNKNOWN: frozenset({State.SENT, State.READY, State.FAILED, State.CANCELLED}),
    State.SENT: frozenset({State.WITHDRAWN}),
    State.FAILED: frozenset({State.READY, State.PLANNED, State.SENT, State.CANCELLED}),
    State.CANCELLED: frozenset({State.PLANNED}),
    State.WITHDRAWN: frozenset(),
}


class Deed(StrEnum):
    """What is to be done to a post that is out. Of several the newest counts."""

    EDIT = "edit"  # it is to say what the story says now
    REPLY = "reply"  # it stays, and is to be answered by a post that says what the story says now
    REPOST = "repost"  # it is to be removed, and posted again once it surely is gone
    WITHDRAW = "withdraw"  # it is to be removed
    LOOK = "look"  # it is to be read back; any other deed takes its place, and it takes the place of none


class Window(NamedTuple):
    """What a network said of one of its rate limits: how much is left, of how much, and when it begins anew.

    `app`: shared by all accounts of the app that asked. A `limit` of None was not told.
    """

    name: str
    remaining: int
    limit: int | None
    seconds: float
    app: bool = False


class Pending(Frozen):
    """A deed that a post waits for. It is done once the network surely has the post."""

    deed: Deed
    draft: Draft | None = Field(description="What the post is to say; None where it is to be gone.")
    due: AwareDatetime | None = Field(description="When it is tried next; None: an editor does it by hand.")
    tries: int
    words: str = Field(description="What is to change, or why it was not done; or what is left to an editor.")


class Account(Frozen):
    """One connected account; its row is also the mailbox that its deliveries wait in. Holds no secret."""

    name: str
    network: str
    server: str
    handle: str
    limits: Limits
    paused: str = Field("", description="Why nothing is sent: what a person must mend. Empty: all is well.")
    lacks: str = Field(
        "", description="What it was not allowed, in words. Empty: nothing is known to be missing."
    )
    ends: AwareDatetime | None = Field(
        None, description="When a person must connect it again; None: no end is known."
    )
    renews: bool = Field(False, description="Whether its token is renewed without a person.")
    left: bool = Field(False, description="Disconnected: it stands for what it has posted.")


class Delivery(Frozen):
    """One post of one story to one account."""

    id: int
    key: str
    story: str
    account: str
    occasion: str
    lane: int
    state: State
    due: AwareDatetime | None = Field(description="When it is taken up next; None: not by itself.")
    attempt: int
    draft: Draft | None
    text: str
    receipt: Receipt | None
    reason: str
    pending: Pending | None = None
    held_for: str = Field("", description="What holds it, or what an editor released it from by name.")
    released: AwareDatetime | None = Field(None, description="When an editor released it by name.")
    answers: int | None = Field(None, description="The number of the post that it answers with a correction.")
