"""Which pictures were drawn of which story is found by an index, and outlives the trail's move into files."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_AT_ONCE = 500
_LONGEST = 255


def upgrade() -> None:
    """Make the step."""
    made = op.create_table(
        "pictures",
        sa.Column("story", sa.String(length=500), nullable=False),
        sa.Column("file", sa.String(length=_LONGEST), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["stories.id"], name=op.f("fk_pictures_story")),
        sa.PrimaryKeyConstraint("story", "file", name=op.f("pk_pictures")),
    )
    op.create_index("ix_pictures_file", "pictures", ["file"])
    failed = sa.text("state = 'failed'")
    op.create_index(
        "ix_deliveries_failed", "deliveries", ["state", "id"], sqlite_where=failed, postgresql_where=failed
    )
    tx = op.get_bind()
    for few in _stories(tx):
        if rows := [{"story": story, "file": file} for story, file in sorted(_pictures(tx, few))]:
            tx.execute(sa.insert(made), rows)


def _stories(tx: sa.Connection) -> Iterator[dict[str, str]]:
    """The stories' cards as JSON by id, some hundred at a time."""
    stories = sa.table("stories", sa.column("id"), sa.column("cards"))
    last = ""
    while few := dict(
        tx.execute(
            sa.select(stories.c.id, stories.c.cards)
            .where(stories.c.id > last)
            .order_by(stories.c.id)
            .limit(_AT_ONCE)
        ).all()
    ):
        yield few
        last = list(few)[-1]  # by the database's own order


def _pictures(tx: sa.Connection, few: dict[str, str]) -> set[tuple[str, str]]:
    """What these stories show by now, and what their steps in the trail say was drawn of them."""
    trail = sa.table("trail", *(sa.column(name) for name in ("story", "what", "words")))
    drawn = sa.select(trail.c.story, trail.c.words).where(trail.c.story.in_(few), trail.c.what == "drawn")
    named = {(story, card["file"]) for story, cards in few.items() for card in json.loads(cards)}
    named |= {(story, file) for story, words in tx.execute(drawn) for file in words.split(", ")}
    return {(story, file) for story, file in named if file and len(file) <= _LONGEST}
