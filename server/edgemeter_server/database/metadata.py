"""The one catalogue of tables, with names for every constraint so that migrations can speak of them.

Instants are `BIGINT` microseconds since 1970 in UTC (`_us`): narrow, exact, and the same on every database.
"""

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy.types import TypeEngine

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
}

metadata = MetaData(naming_convention=NAMING)

#: SQLite gives row ids only to a primary key of type INTEGER, which there has 64 bits as well.
Key: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
Microseconds = BigInteger
