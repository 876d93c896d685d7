"""installation: the one row that says which life of the database this is."""

from sqlalchemy import CheckConstraint, Column, Integer, Table

from edgemeter_server.database.metadata import Microseconds, metadata

#: `epoch` grows with every restore of a backup, so that leases of before are not taken for new ones.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("created_us", Microseconds, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
