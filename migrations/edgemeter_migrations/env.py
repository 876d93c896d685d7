"""Runs the migrations on the connection that `edgemeter_server.database.upgrading` hands over.

That one begins and commits: a whole upgrade is one transaction, on SQLite too.
"""

from alembic import context
from sqlalchemy import Connection, MetaData

from edgemeter_server.database.metadata import NAMING


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=MetaData(naming_convention=NAMING),
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    context.run_migrations()


run(context.config.attributes["connection"])
