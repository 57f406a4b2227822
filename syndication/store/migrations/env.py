"""Alembic's way in: it always gets the connection whose transaction it works in."""

from alembic import context

from syndication.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
