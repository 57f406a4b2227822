"""Posts can be held before they go out; what networks allow and what they cost is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the step."""
    op.add_column(
        "deliveries", sa.Column("held_for", sa.String(length=40), nullable=False, server_default="")
    )
    for name in ("held_at", "released_at"):
        op.add_column("deliveries", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("accounts", sa.Column("paced_until", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stories", sa.Column("old", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.String(length=300), nullable=False),
        sa.Column("section", sa.String(length=300), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    stands = sa.text("ended_at IS NULL")
    op.create_index("ix_holds_standing", "holds", ["until_at"], sqlite_where=stands, postgresql_where=stands)
    for column in (
        sa.Column("lacks", sa.Text(), nullable=False, server_default=""),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("renews", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tend_at", sa.BigInteger()),
        sa.Column("left_at", sa.BigInteger()),
    ):
        op.add_column("accounts", column)
    op.create_table(
        "notices",
        sa.Column("what", sa.String(length=150), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_notices")),
    )
    op.add_column("deliveries", sa.Column("answers", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("wanted_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE deliveries SET wanted_at = created_at")
    op.add_column("trail", sa.Column("place", sa.BigInteger(), nullable=True))
    op.add_column("trail", sa.Column("seal", sa.String(length=64), nullable=True))
    op.create_index("ix_trail_place", "trail", ["place"], unique=True)
    op.create_index(
        "ix_trail_unsealed",
        "trail",
        ["id"],
        unique=False,
        sqlite_where=sa.text("place IS NULL"),
        postgresql_where=sa.text("place IS NULL"),
    )
    op.create_table(
        "archives",
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("last", name=op.f("pk_archives")),
    )
    op.add_column("accounts", sa.Column("app", sa.String(length=40), nullable=False, server_default=""))
    op.create_table(
        "rates",
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.Column("resets_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name="pk_rates"),
    )
    op.create_table(
        "spending",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "day", name="pk_spending"),
    )
    op.create_table(
        "pulses",
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("part", "host", name=op.f("pk_pulses")),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index("ix_stories_newest", "stories", ["accepted_at", "id"], unique=False)
