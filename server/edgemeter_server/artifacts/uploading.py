"""A file's way in: received, checked, announced, stored, owned. Cut off anywhere, it may be sent again."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from edgemeter.failures import FailureError, FailureKind
from edgemeter.wire.problems import ProblemType
from edgemeter_server import faults
from edgemeter_server.artifacts.checking import Format
from edgemeter_server.artifacts.child import format_in_child
from edgemeter_server.artifacts.ownership import Arrival, Owned, announce, own
from edgemeter_server.artifacts.refusing import told_as_refusal
from edgemeter_server.artifacts.storage import CHUNK_BYTES, Draft
from edgemeter_server.http.body import in_pieces
from edgemeter_server.http.problems import Refusal
from edgemeter_server.services import Services

_RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client says that it sends. `name` is None where it gives none."""

    project_id: int
    sha256: str
    name: str | None


async def receive(services: Services, upload: Upload, body: AsyncIterable[bytes]) -> Owned:
    """Returns when the file is durable, and the project's. Size and pace of `body` are bounded by the caller.

    Raises Refusal, and whatever `body` raises; then nothing is left, or what the collection removes.
    """
    with told_as_refusal():
        async with services.storage.draft() as draft:
            await fill(draft, body)
            arrival = await _checked(draft, upload)
            announced_us = await _announce(services, arrival)
            await draft.commit()
            faults.point("upload.stored")
            owned = await _own(services, arrival, announced_us)
    faults.point("upload.owned")
    return owned


async def fill(draft: Draft, body: AsyncIterable[bytes]) -> None:
    """In pieces of some size: each costs a turn of a thread."""
    async for piece in in_pieces(body, CHUNK_BYTES):
        await draft.write(piece)


async def _checked(draft: Draft, upload: Upload) -> Arrival:
    if draft.sha256 != upload.sha256:
        came = f"the {draft.size_bytes} bytes that came have the SHA-256 {draft.sha256}"
        raise Refusal(ProblemType.DIGEST_MISMATCH, came)
    if not draft.size_bytes:
        raise Refusal(ProblemType.MALFORMED, "the file is empty")
    format_ = await _format(draft)
    name = upload.name or f"{upload.sha256[:12]}.{format_}"
    return Arrival(upload.project_id, upload.sha256, draft.size_bytes, format_, name)


async def _format(draft: Draft) -> Format:
    try:
        return await draft.inspect(format_in_child)
    except FailureError as error:
        if error.failure.kind is FailureKind.INTERNAL:
            raise _cannot_check() from error
        raise Refusal(ProblemType.MALFORMED, error.failure.message) from None
    except OSError as error:
        raise _cannot_check() from error


async def _announce(services: Services, arrival: Arrival) -> int:
    def work(connection: Connection) -> int:
        now_us = services.clock.now_us(connection)
        announce(connection, arrival, now_us)
        return now_us

    announced_us = await services.database.write(work)
    faults.point("upload.announced")
    return announced_us


async def _own(services: Services, arrival: Arrival, announced_us: int) -> Owned:
    def work(connection: Connection) -> Owned:
        now_us = services.clock.now_us(connection)
        quota_bytes = services.settings.artifact_bytes_per_project
        return own(connection, arrival, announced_us, now_us, quota_bytes)

    return await services.database.write(work)


def _cannot_check() -> Refusal:
    return Refusal(ProblemType.UNAVAILABLE, "the file cannot be checked now", retry_after_s=_RETRY_S)
