"""What the items of a request name, found for all of them at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter.wire.requests import RequestItem
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.devices.tables import targets
from edgemeter_server.devices.targets import current_revisions
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.measurements.tables import measurements

_MAX_ERRORS = 20


class JobKey(NamedTuple):
    """What makes two jobs the same."""

    artifact_id: int
    target_id: int
    spec_id: int


class Found(NamedTuple):
    """The rows that an item names."""

    artifact_id: int
    target_id: int


def found(connection: Connection, project_id: int, items: Sequence[RequestItem]) -> list[Found]:
    """Raises Refusal NOT_FOUND for what the project does not have, INVALID for a wrong format."""
    files = _artifacts(connection, project_id, {item.address for item in items})
    places = _targets(connection, {item.target for item in items})
    _check_known(items, files, places)
    _check_formats(items, files, places)
    return [Found(files[item.address].id, places[item.target].id) for item in items]


def answers(connection: Connection, keys: Collection[JobKey]) -> dict[JobKey, int]:
    """The newest valid measurement of a current revision, of those that have one."""
    groups: dict[tuple[int, int], list[int]] = {}
    for key in keys:
        groups.setdefault((key.target_id, key.spec_id), []).append(key.artifact_id)
    current = {target_id: current_revisions(connection, target_id) for target_id, _ in groups}
    return {
        JobKey(artifact_id, *group): measurement_id
        for group, artifact_ids in groups.items()
        for some in in_batches(artifact_ids)
        for artifact_id, measurement_id in connection.execute(_newest(*group, some, current[group[0]]))
    }


def _newest(target_id: int, spec_id: int, artifact_ids: Sequence[int], revisions: Collection[int]) -> Any:
    return (
        select(measurements.c.artifact_id, func.max(measurements.c.id))
        .where(
            measurements.c.artifact_id.in_(artifact_ids),
            measurements.c.target_id == target_id,
            measurements.c.spec_id == spec_id,
            measurements.c.revision_id.in_(revisions),
            measurements.c.accepted,
            measurements.c.valid,
        )
        .group_by(measurements.c.artifact_id)
    )


def _artifacts(connection: Connection, project_id: int, digests: Collection[str]) -> dict[str, Row[Any]]:
    owned: Select[Any] = (
        select(artifacts.c.sha256, artifacts.c.id, artifacts.c.format)
        .join(project_artifacts, project_artifacts.c.artifact_id == artifacts.c.id)
        .where(project_artifacts.c.project_id == project_id)
    )
    wanted = [bytes.fromhex(digest) for digest in digests]
    return {
        row.sha256.hex(): row
        for some in in_batches(wanted)
        for row in connection.execute(owned.where(artifacts.c.sha256.in_(some)))
    }


def _targets(connection: Connection, slugs: Collection[str]) -> dict[str, Row[Any]]:
    known: Select[Any] = select(targets.c.slug, targets.c.id, targets.c.formats)
    return {
        row.slug: row
        for some in in_batches(list(slugs))
        for row in connection.execute(known.where(targets.c.slug.in_(some)))
    }


def _check_known(
    items: Sequence[RequestItem], files: Mapping[str, object], places: Mapping[str, object]
) -> None:
    errors = [
        FieldError(pointer=f"/items/{index}/{name}", detail="there is none, or it is not yours")
        for index, item in enumerate(items)
        for name, known in (("artifact", item.address in files), ("target", item.target in places))
        if not known
    ]
    _raise(ProblemType.NOT_FOUND, "an artifact or target is absent or not yours", errors)


def _check_formats(
    items: Sequence[RequestItem], files: Mapping[str, Row[Any]], places: Mapping[str, Row[Any]]
) -> None:
    errors = [
        FieldError(pointer=f"/items/{index}/target", detail=f"it measures {formats} files, not {format_}")
        for index, item in enumerate(items)
        if (format_ := files[item.address].format) not in (formats := places[item.target].formats).split(",")
    ]
    _raise(ProblemType.INVALID, "a target does not measure files of that format", errors)


def _raise(kind: ProblemType, what: str, errors: Sequence[FieldError]) -> None:
    if errors:
        more = f" ({len(errors)} places)" if len(errors) > 1 else ""
        raise Refusal(kind, f"{errors[0].pointer}: {what}{more}", errors=tuple(errors[:_MAX_ERRORS]))
