"""Posts can be held before they go out."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the step."""
    op.add_column(
        "deliveries", sa.Column("held_for", sa.String(length=40), nullable=False, server_default="")
    )
