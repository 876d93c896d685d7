"""The file of a version, as it was handed in or made."""

from sqlalchemy import Connection, bindparam, select

from edgemeter_server.predictors.tables import predictors


def saved(connection: Connection, predictor_id: int) -> bytes:
    return bytes(connection.execute(_SAVED, {"id": predictor_id}).scalar_one())


_SAVED = select(predictors.c.content).where(predictors.c.id == bindparam("id"))
