"""Idempotency-Key: a message that is sent again, because its reply was lost, does nothing again."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.batches import insert_into
from edgemeter_server.jobs.tables import idempotency_keys as keys


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A message as its token named it."""

    token_id: int
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that were made together: `count` of their project's, from `first_id`."""

    project_id: int
    first_id: int
    count: int


def find(connection: Connection, message: Repeatable, project_id: int, kept_since_us: int) -> Batch | None:
    """What the message made before. Raises Refusal IDEMPOTENCY_MISMATCH where its key was another's."""
    mine = (keys.c.token_id == message.token_id, keys.c.key == message.key)
    connection.execute(delete(keys).where(*mine, keys.c.created_us < kept_since_us))
    row = connection.execute(select(keys).where(*mine)).one_or_none()
    if row is None:
        return None
    if row.message_digest != message.digest:
        raise _mismatch()
    return Batch(project_id, row.first_request_id, row.requests)


def store(connection: Connection, message: Repeatable, batch: Batch, now_us: int) -> None:
    row = {
        "token_id": message.token_id,
        "key": message.key,
        "message_digest": message.digest,
        "first_request_id": batch.first_id,
        "requests": batch.count,
        "created_us": now_us,
    }
    stored = insert_into(connection, keys).values(row).on_conflict_do_nothing().returning(keys.c.key)
    if connection.execute(stored).first() is None:
        # An admin's token used it in another project, at this very moment.
        raise _mismatch()


def _mismatch() -> Refusal:
    return Refusal(
        ProblemType.IDEMPOTENCY_MISMATCH, "this Idempotency-Key was used for another message; make a new one"
    )
