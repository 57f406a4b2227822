"""How the tables came to be: one file a step, run by Alembic in one transaction when a store is opened."""

from pathlib import Path

from sqlalchemy import Connection

HEAD = "0006"


def upgrade(tx: Connection, step: str = HEAD) -> None:
    """Bring the tables to a step inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = tx
    command.upgrade(config, step)
