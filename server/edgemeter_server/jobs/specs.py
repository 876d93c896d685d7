"""Specs: checked before anything is written, then stored once each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter.wire.requests import RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.batches import in_batches, insert_into
from edgemeter_server.jobs.tables import specs

NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class ReadySpec:
    digest: bytes
    document: str
    protocol: str
    protocol_digest: bytes


def ready_specs(items: Sequence[RequestItem]) -> list[ReadySpec]:
    """The spec of each item. Raises Refusal INVALID, naming the item whose spec makes no sense."""
    known: dict[str, ReadySpec] = {}
    found = []
    for index, item in enumerate(items):
        document = item.spec.model_dump_json()
        if document not in known:
            known[document] = _ready(item.spec, document, index)
        found.append(known[document])
    return found


def intern(connection: Connection, wanted: Mapping[bytes, ReadySpec]) -> dict[bytes, int]:
    """The ids of specs by digest; new ones are stored."""
    found = _ids(connection, list(wanted))
    new = [spec for digest, spec in wanted.items() if digest not in found]
    if new:
        # Another request may be storing the same at this very moment.
        stored = insert_into(connection, specs).on_conflict_do_nothing()
        connection.execute(stored, [asdict(spec) for spec in sorted(new, key=lambda spec: spec.digest)])
        found |= _ids(connection, [spec.digest for spec in new])
    return found


def _ids(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    known = select(specs.c.digest, specs.c.id)
    return {
        digest: id_
        for some in in_batches(digests)
        for digest, id_ in connection.execute(known.where(specs.c.digest.in_(some)))
    }


def _ready(spec: JobSpec, document: str, index: int) -> ReadySpec:
    try:
        protocol = spec.measuring_protocol()
    except ValueError as error:
        raise _refused(str(error), index) from None
    if len(protocol.name) > NAME_LIMIT:
        raise _refused("so many settings have no name; define a protocol", index)
    return ReadySpec(bytes.fromhex(spec.digest()), document, protocol.name, bytes.fromhex(protocol.digest()))


def _refused(why: str, index: int) -> Refusal:
    return Refusal(ProblemType.INVALID, why, errors=(FieldError(pointer=f"/items/{index}/spec", detail=why),))
