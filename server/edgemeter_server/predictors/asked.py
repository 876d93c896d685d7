"""What searches ask: of each space on each target some hundred of the architectures, the latest likeliest.

A biased reservoir (Aggarwal 2006): each row that comes takes the place of a random one, so that what was
asked long ago is forgotten at an even rate. A server keeps what it is asked in memory and adds it to the
database's sketch now and then; what it had not added when it is killed is forgotten.
"""

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Select, select

from edgemeter.spaces.space import Codes
from edgemeter_server.jobs.batches import insert_into
from edgemeter_server.predictors.tables import query_sketches
from edgemeter_server.services import Services

ROWS: Final = 256
#: Of the rows of one call: a stream of millions shall not displace all others.
_OF_ONE_CALL: Final = 16


class About(NamedTuple):
    """`builds` names the space and its version."""

    project_id: int
    target_id: int
    builds: str


class Asked:
    """What this server was asked since it last added it to the database."""

    def __init__(self) -> None:
        self._rows: dict[About, list[bytes]] = {}
        self._draw = random.Random(0)

    def note(self, about: About, rows: Sequence[bytes]) -> None:
        """Some of the architectures, evenly, each a row of a byte a code."""
        kept = self._rows.setdefault(about, [])
        for row in rows if len(rows) <= _OF_ONE_CALL else rows[_some(len(rows))]:
            _put(kept, row, self._draw)

    def note_codes(self, about: About, codes: Codes) -> None:
        """As `note`, of (n, columns)."""
        self.note(about, _rows(codes[_some(len(codes))].tobytes(), codes.shape[1]))

    def take(self) -> dict[About, list[bytes]]:
        """All of it, once."""
        taken, self._rows = self._rows, {}
        return taken


async def remember(services: Services) -> None:
    """Adds what this server was asked to the database. Called every minute."""
    if fresh := services.asked.take():
        await services.database.write(lambda c: _add(c, fresh, services.clock.now_us(c)))


def sketch(connection: Connection, about: About) -> bytes:
    """Rows of codes, one after the other."""
    return bytes(connection.execute(_sketch(about)).scalar() or b"")


def _add(connection: Connection, fresh: dict[About, list[bytes]], now_us: int) -> None:
    draw = random.Random(now_us)
    # In one order, so that servers that do so at once do not wait for each other in a circle.
    for about, rows in sorted(fresh.items()):
        content = connection.execute(_sketch(about).with_for_update()).scalar() or b""
        kept = _rows(content, len(rows[0]))
        for row in rows:
            _put(kept, row, draw)
        values = {"content": b"".join(kept), "updated_us": now_us}
        added = insert_into(connection, query_sketches).values(about._asdict() | values)
        connection.execute(added.on_conflict_do_update(index_elements=list(About._fields), set_=values))


def _some(count: int) -> slice:
    """At most as many as are noted of one call, evenly."""
    return slice(None, None, -(-count // _OF_ONE_CALL) or 1)


def _rows(content: bytes, width: int) -> list[bytes]:
    return [content[at : at + width] for at in range(0, len(content), width)]


def _put(kept: list[bytes], row: bytes, draw: random.Random) -> None:
    place = int(draw.random() * ROWS)
    if place < len(kept):
        kept[place] = row
    else:
        kept.append(row)


def _sketch(about: About) -> Select[bytes]:
    conditions = (query_sketches.c[name] == value for name, value in about._asdict().items())
    return select(query_sketches.c.content).where(*conditions)
