"""Stories can be drawn anew in bulk; what is given up is found by its own index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the step."""
    op.add_column("stories", sa.Column("template", sa.String(length=100), nullable=False, server_default=""))
    op.add_column("stories", sa.Column("run", sa.String(length=300), nullable=False, server_default=""))
    op.create_index(
        "ix_stories_run",
        "stories",
        ["run", "due_at"],
        unique=False,
        sqlite_where=sa.text("run != ''"),
        postgresql_where=sa.text("run != ''"),
    )
    op.create_index("ix_deliveries_expiry", "deliveries", ["state", "expires_at"], unique=False)
