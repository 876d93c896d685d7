"""Which life of this installation it is: a restored backup begins a new one."""

from sqlalchemy import Connection, insert, select, update

from edgemeter_server.database.tables import installation


def ensure(connection: Connection, now_us: int) -> None:
    """The one row is there from the first start."""
    if connection.execute(select(installation.c.id)).first() is None:
        connection.execute(insert(installation).values(id=1, epoch=1, created_us=now_us))


def epoch(connection: Connection) -> int:
    """It is part of every lease's secret, so that a lease of another life fits no more."""
    return int(connection.execute(select(installation.c.epoch)).scalar_one())


def begin_epoch(connection: Connection) -> None:
    """After a restore: ids that were given out since the backup will be given out again."""
    connection.execute(update(installation).values(epoch=installation.c.epoch + 1))
