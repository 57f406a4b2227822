"""What is to be done to a post that is out stands in its row."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the step."""
    op.add_column("stories", sa.Column("revised", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("deed", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("deed_draft", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("deed_due_at", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("deed_tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("deed_words", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "ix_deliveries_deed",
        "deliveries",
        ["state", "account", "lane", "deed_due_at"],
        unique=False,
        sqlite_where=sa.text("deed_due_at IS NOT NULL"),
        postgresql_where=sa.text("deed_due_at IS NOT NULL"),
    )
