"""installation."""

from sqlalchemy import CheckConstraint, Column, Integer, Table

from edgemeter_server.database.metadata import Microseconds, metadata

#: One row. `epoch` grows with every restore of a backup, so that leases of before are not taken for new ones.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("created_us", Microseconds, nullable=False),
)
