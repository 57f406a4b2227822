"""The tables. Their rows are the truth; everything else in the house can be lost and made again.

Times are milliseconds since 1970 UTC. `due_at` is schedule, embargo, back-off and lease in one: a row is up for
grabs when it is past, and taking it means moving it into the future.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from syndication.models import State
from syndication.store.words import String, Text, Written

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for INTEGER keys.
_Serial = BigInteger().with_variant(Integer, "sqlite")

stories = Table(
    "stories",
    metadata,
    Column("id", String(500), primary_key=True),
    Column("url", Text, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("lane", Integer, nullable=False),  # how urgent its drawing is; the lowest first
    Column("event", Text, nullable=False),  # the newest event, as JSON
    Column("cards", Text, nullable=False),  # what was drawn for it: a JSON list
    Column("problem", Text, nullable=False),  # why it could not be drawn; empty if all is well
    Column("due_at", BigInteger),  # when it is to be drawn next; null: drawn
    Column("attempt", Integer, nullable=False),  # counts the claims; an old number has lost the story
    Column("tries", Integer, nullable=False),  # how often this revision was taken up since it was last drawn
    Column("accepted_at", BigInteger, nullable=False),
    Column(
        "template", String(100), nullable=False, server_default=""
    ),  # an operator's choice; empty: the event's
    Column(
        "run", String(300), nullable=False, server_default=""
    ),  # the archive run that has not yet drawn it anew
    Column(
        "revised", Integer, nullable=False, server_default="0"
    ),  # posts that are out are to follow its event
    Column(
        "old", Integer, nullable=False, server_default="0"
    ),  # too old to be announced when we first saw it
    Index("ix_stories_url", "url"),
    Index("ix_stories_newest", "accepted_at", "id"),
)
# Only what waits: the indexes do not grow with the archive.
_waits, _in_run = stories.c.due_at.is_not(None), stories.c.run != ""
Index("ix_stories_due", stories.c.lane, stories.c.due_at, sqlite_where=_waits, postgresql_where=_waits)
Index("ix_stories_run", stories.c.run, stories.c.due_at, sqlite_where=_in_run, postgresql_where=_in_run)

# Every picture that was ever drawn of a story: a withdrawal removes them all, but for those that another story shows.
pictures = Table(
    "pictures",
    metadata,
    Column("story", String(500), ForeignKey("stories.id"), primary_key=True),
    Column("file", String(255), primary_key=True),
    Index("ix_pictures_file", "file"),
)

# One row for each message a CMS signed: the same `webhook-id` twice is one event.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("story", String(500), nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("network", String(50), nullable=False),
    Column("server", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("limits", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # encrypted
    Column("paused", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # when its mailbox may be opened next
    Column("holder", Integer, nullable=False),  # counts the openings; an old number has lost the mailbox
    Column("paced_until", BigInteger, nullable=False, server_default="0"),  # no other late post before then
    Column("added_at", BigInteger, nullable=False),
    Column(
        "lacks", Text, nullable=False, server_default=""
    ),  # what it was not allowed; empty: nothing is missing
    Column("ends_at", BigInteger),  # when a person must let us in again; null: nothing is known of an end
    Column("renews", Integer, nullable=False, server_default="0"),  # its token is renewed without a person
    Column("tend_at", BigInteger),  # when its token is looked after next; null: it needs nothing
    Column("left_at", BigInteger),  # since when it is disconnected: its row stands for what it has posted
    # A mark of the app that speaks for it, once it told of a limit that all accounts of the app share.
    Column("app", String(40), nullable=False, server_default=""),
)

# What a person was told, or is to be, once for each time that it came about; the row goes when it is mended.
notices = Table(
    "notices",
    metadata,
    Column("what", String(150), primary_key=True),
    Column("words", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # when it is told next; never, once it was
)

# What networks told of their rate limits last, by the account's name or the mark of its app.
rates = Table(
    "rates",
    metadata,
    Column("scope", String(100), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("remaining", BigInteger, nullable=False),
    Column("most", BigInteger),  # null: the network does not say
    Column("resets_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

# What was posted and paid, by the day of the paper's own time zone. A post counts from its intent on.
spending = Table(
    "spending",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("posts", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),  # millionths of a US dollar
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("story", String(500), ForeignKey("stories.id"), nullable=False),
    Column("account", String(100), ForeignKey("accounts.name"), nullable=False),
    Column("occasion", String(200), nullable=False),
    Column("lane", Integer, nullable=False),
    Column("state", Written(20), nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # When it was to go out: its schedule, which leases and back-off do not move.
    Column("wanted_at", BigInteger, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # not sent by then: given up
    Column("intent_at", BigInteger),  # since when the network may have it; null: it surely has not
    Column("text", Text, nullable=False),  # an editor's own words, empty for the story's
    Column("draft", Text),
    Column("progress", Text, nullable=False, server_default="{}"),  # what the network made of the draft
    Column("receipt", Text),
    Column("reason", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # What is to be done to the post once it is out: edit, reply, repost, withdraw or look; empty: nothing.
    Column("deed", String(20), nullable=False, server_default=""),
    Column("deed_draft", Text),
    Column("deed_due_at", BigInteger),  # null: there is no deed
    Column("deed_tries", Integer, nullable=False, server_default="0"),
    Column("deed_words", Text, nullable=False, server_default=""),
    Column("answers", BigInteger),  # the delivery whose post it answers with a correction; null: none
    # What holds it, or what an editor released it from; empty: nothing.
    Column("held_for", String(40), nullable=False, server_default=""),
    Column("held_at", BigInteger),  # since when it is held, or was last; null: it never was
    Column(
        "released_at", BigInteger
    ),  # when an editor let it go by name: what held it before does so no more
    Index("ix_deliveries_mailbox", "account", "state", "lane", "due_at"),
    Index("ix_deliveries_due", "state", "due_at"),
    Index("ix_deliveries_expiry", "state", "expires_at"),
    Index("ix_deliveries_story", "story"),
)

# What editors have stopped, until they say otherwise. An empty choice takes in everything.
holds = Table(
    "holds",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("topic", String(300), nullable=False),
    Column("section", String(300), nullable=False),
    Column("account", String(100), nullable=False),
    Column("why", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("until_at", BigInteger, nullable=False),  # when it ends by itself
    Column("ended_at", BigInteger),  # null: it stands
)
_stands = holds.c.ended_at.is_(None)
Index("ix_holds_standing", holds.c.until_at, sqlite_where=_stands, postgresql_where=_stands)

_failed = deliveries.c.state == State.FAILED
Index(
    "ix_deliveries_failed",
    deliveries.c.state,
    deliveries.c.id,
    sqlite_where=_failed,
    postgresql_where=_failed,
)

_has_deed = deliveries.c.deed_due_at.is_not(None)
Index(
    "ix_deliveries_deed",
    *(deliveries.c[name] for name in ("state", "account", "lane", "deed_due_at")),
    sqlite_where=_has_deed,
    postgresql_where=_has_deed,
)

# What happened, in order. Rows are added, never changed.
trail = Table(
    "trail",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("story", String(500), nullable=False),
    Column("delivery", BigInteger),
    Column("attempt", Integer),
    Column("what", String(40), nullable=False),
    Column("status", Integer),  # the HTTP status of a network's answer
    Column("words", Text, nullable=False),
    # Its place in the chain and its seal, given by the sweep (seals.py); null: not yet.
    Column("place", BigInteger),
    Column("seal", String(64)),
    Index("ix_trail_story", "story", "id"),
    Index("ix_trail_place", "place", unique=True),
)
_unsealed = trail.c.place.is_(None)
Index("ix_trail_unsealed", trail.c.id, sqlite_where=_unsealed, postgresql_where=_unsealed)

# Signs of life of what runs for long.
pulses = Table(
    "pulses",
    metadata,
    Column("part", String(40), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# Files that old rows of the trail moved into, and where the chain stood behind them.
archives = Table(
    "archives",
    metadata,
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("file", Text, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),  # its rows are older than that
)

# The time as each machine's sweep noted it last, which tells when its clock was set back.
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seen_at", BigInteger, nullable=False),
)
