"""What measurements take on disk: their tables and indexes, and what is interned for them."""

from sqlalchemy import Connection, text

from edgemeter_server.database.opening import open_database
from edgemeter_server.settings import Settings

_SQLITE = text(
    "SELECT sum(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name "
    "WHERE m.tbl_name LIKE 'measurement%' OR m.tbl_name = 'interned'"
)
_POSTGRESQL = text(
    "SELECT sum(pg_relation_size(oid)) FROM pg_class "
    "WHERE relname ~ '(measurement|interned)' AND relkind IN ('r', 'i', 't')"
)


async def measurement_bytes(settings: Settings) -> int:
    """Of a database that no server has open."""

    def work(connection: Connection) -> int:
        pages = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
        return int(connection.execute(pages).scalar_one())

    async with open_database(settings) as opened:
        return await opened.database.read(work)
