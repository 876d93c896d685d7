"""How a database differs from the models, as Alembic sees it."""

import re
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from edgemeter_server.database.catalogue import metadata


def _of_the_models(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """All but the partitions, which come and go with the months."""
    return not (kind == "table" and reflected and bool(re.match(r"measurement_samples_", name or "")))


@pytest.fixture(scope="session")
def differences() -> Callable[[Connection], list[object]]:
    """None of them is the answer that is wanted."""

    def work(connection: Connection) -> list[object]:
        options = {"compare_type": True, "include_object": _of_the_models}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    return work
