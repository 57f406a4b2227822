"""A delivery remembers how far it has come at a network that takes several requests."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the step."""
    op.add_column("deliveries", sa.Column("progress", sa.Text(), nullable=False, server_default="{}"))
