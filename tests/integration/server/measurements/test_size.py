"""What a measurement takes on disk, on both databases: tables, indexes and everything that only it needs."""

from random import Random

from sqlalchemy import Connection, text

from edgemeter_server.measurements import testing
from edgemeter_server.measurements.repository import store_many
from edgemeter_server.services import Services

BATCHES = 100
TOGETHER = 16  #: jobs that were measured together, and reported together
LIMIT = 700


async def test_bytes_of_a_measurement_with_60_samples(lab, services: Services) -> None:
    """Each measurement is of a network of its own, as in a search. What empty tables take is not counted."""
    random = Random(11)
    project = await lab.project("search")
    sha256 = [await lab.artifact(project) for _ in range(64)]

    def fill(connection: Connection, batches: int) -> dict[str, int]:
        for batch in range(batches):
            conditions = testing.conditions(random)
            documents = [
                testing.measurement(random, random.choice(sha256), conditions) for _ in range(TOGETHER)
            ]
            store_many(connection, [lab.new(connection, document) for document in documents], batch)
        return _sizes(connection)

    before = await services.database.write(lambda c: fill(c, 10))
    after = await services.database.write(lambda c: fill(c, BATCHES))
    each = {name: (after[name] - before[name]) / (BATCHES * TOGETHER) for name in after}
    assert sum(each.values()) <= LIMIT, {name: round(size) for name, size in each.items()}


_SQLITE = (
    "SELECT m.name, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name "
    "WHERE m.tbl_name LIKE 'measurement%' OR m.tbl_name = 'interned' GROUP BY 1"
)
_POSTGRESQL = (
    "SELECT relname, pg_relation_size(oid) FROM pg_class "
    "WHERE relname ~ '(measurement|interned)' AND relkind IN ('r', 'i', 't')"
)


def _sizes(connection: Connection) -> dict[str, int]:
    pages = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    return {row[0]: int(row[1]) for row in connection.execute(text(pages))}
