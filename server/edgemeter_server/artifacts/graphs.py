"""Graphs of files, for predictions: stored when the file came, or read now from one of before."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from edgemeter.failures import FailureError
from edgemeter.kernels.wiring import Wiring
from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts import features
from edgemeter_server.artifacts.packing import unpacked
from edgemeter_server.artifacts.tables import artifact_graphs
from edgemeter_server.http.problems import Refusal
from edgemeter_server.services import Services

_RETRY_S = 5.0


class Stored(NamedTuple):
    """`content` as packing.py has it; None: `refused` says why."""

    content: bytes | None
    refused: str | None


def stored_graph(connection: Connection, artifact_id: int) -> Stored | None:
    """None of a file of before."""
    row = connection.execute(_STORED, {"artifact": artifact_id}).one_or_none()
    return None if row is None else Stored(row.content and bytes(row.content), row.refused)


async def packed_graph(
    services: Services, artifact_id: int, sha256: str, stored: Stored | None = None
) -> bytes:
    """Of a file that the caller may see, asked for where it is not `stored` already. Raises Refusal INVALID
    for a file without one, UNAVAILABLE.
    """
    stored = stored or await services.database.read(lambda c: stored_graph(c, artifact_id))
    if stored is None:
        found = await features.read_now(services, artifact_id, sha256)
        if found is None:
            raise Refusal(ProblemType.UNAVAILABLE, "the file cannot be read now", retry_after_s=_RETRY_S)
        stored = Stored(None, found) if isinstance(found, str) else Stored(found.graph, found.no_graph)
    if stored.content is None:
        raise Refusal(ProblemType.INVALID, f"{sha256[:12]} cannot be predicted: {stored.refused}")
    return stored.content


def opened(content: bytes, sha256: str) -> Wiring:
    """Blocks for milliseconds. Raises Refusal INVALID for what is damaged."""
    try:
        return unpacked(content)
    except FailureError as error:
        raise Refusal(ProblemType.INVALID, f"{sha256[:12]} cannot be predicted: {error}") from None


_STORED = select(artifact_graphs.c.content, artifact_graphs.c.refused).where(
    artifact_graphs.c.artifact_id == bindparam("artifact")
)
