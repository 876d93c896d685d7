"""Texts that many measurements have in common, kept once each.

No cache in the process says which id a text has: ids of a transaction that failed are given out again, and
deletion takes rows away. One look-up for each batch of reports costs less than a wrong provenance.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from edgemeter_server.measurements.codec import DICTIONARY
from edgemeter_server.measurements.compression import compress, decompress
from edgemeter_server.measurements.tables import interned, measurements

_VERSION = b"\x01"
_INSERT = {
    name: dialect.insert(interned).on_conflict_do_nothing().returning(interned.c.digest, interned.c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
#: The weakest lock on PostgreSQL, which a foreign key takes as well: nobody removes the row meanwhile.
_FIND = (
    select(interned.c.digest, interned.c.id)
    .where(interned.c.digest.in_(bindparam("digests", expanding=True)))
    .with_for_update(read=True, key_share=True)
)


def intern(connection: Connection, texts: Collection[bytes]) -> Mapping[bytes, int]:
    """The ids of `texts`, in rows that stay until this transaction ends."""
    # In one order everywhere, so that two transactions never wait for each other.
    wanted = dict(sorted((hashlib.sha256(text).digest(), text) for text in texts))
    ids = _ids(connection, wanted)
    if missing := {digest: text for digest, text in wanted.items() if digest not in ids}:
        ids |= _inserted(connection, missing)
    if others := [digest for digest in wanted if digest not in ids]:  # inserted by others, at this moment
        ids |= _ids(connection, others)
    return {text: ids[digest] for digest, text in wanted.items()}


def read(content: bytes) -> bytes:
    """The text of a row's `content`. Raises ValueError for damage."""
    if content[:1] != _VERSION:
        raise ValueError("an interned text of an unknown version")
    return decompress(content[1:], DICTIONARY)


def collect(connection: Connection, ids: Iterable[int]) -> None:
    """Removes those of `ids` that no measurement refers to, nor is about to."""
    idle = select(interned.c.id).where(interned.c.id.in_(set(ids)))
    free = connection.execute(idle.with_for_update(skip_locked=True)).scalars().all()
    referring = exists().where(
        or_(measurements.c.context_id == interned.c.id, measurements.c.batch_id == interned.c.id)
    )
    connection.execute(delete(interned).where(interned.c.id.in_(free), ~referring))


def _ids(connection: Connection, digests: Collection[bytes]) -> dict[bytes, int]:
    return {row.digest: row.id for row in connection.execute(_FIND, {"digests": list(digests)})}


def _inserted(connection: Connection, texts: Mapping[bytes, bytes]) -> dict[bytes, int]:
    rows = [
        {"digest": digest, "content": _VERSION + compress(text, DICTIONARY)} for digest, text in texts.items()
    ]
    new = connection.execute(_INSERT[connection.dialect.name], rows)
    return {row.digest: row.id for row in new}
