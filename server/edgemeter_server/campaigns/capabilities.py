"""Which operators a target runs on its own processor: from what its runtime said when they were measured."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from edgemeter.failures import FailureKind
from edgemeter.spaces.space import Space
from edgemeter.spaces.support import by_operator
from edgemeter.wire.campaigns import Capabilities, OperatorSupport, Support
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.targets import current_revisions
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.measurements.codec import read_detail
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes

#: Remarks of a measurement that tell of another processor or precision, the worst first.
_SHOWN = {
    "fallback_full": Support.NONE,
    "fallback_partial": Support.PARTIAL,
    "precision_differs": Support.PARTIAL,
    "placement_unknown": Support.UNKNOWN,
}


def capabilities(
    connection: Connection, space: Space, target_id: int, slug: str, seen: ColumnElement[bool]
) -> Capabilities:
    """`seen` is a condition on `artifacts`."""
    shown = _shown(connection, builds_of(space), target_id, seen)
    contexts = tuple(_support(placed.key, placed.operator, shown.get(placed.key)) for placed in space.placed)
    return Capabilities(
        target=slug,
        space=space.name,
        version=space.version,
        operators=by_operator(contexts),
        contexts=contexts,
    )


def _shown(
    connection: Connection, builds: str, target_id: int, seen: ColumnElement[bool]
) -> Mapping[str, Row[Any]]:
    """By key, the newest measurement that decided on its job, valid or not."""
    newest = (
        select(func.max(measurements.c.id))
        .select_from(recipes)
        .join(artifacts, artifacts.c.id == recipes.c.artifact_id)
        .join(measurements, measurements.c.artifact_id == recipes.c.artifact_id)
        .where(
            recipes.c.builds == builds,
            recipes.c.kind == RecipeKind.OPERATOR.value,
            measurements.c.target_id == target_id,
            measurements.c.revision_id.in_(current_revisions(connection, target_id)),
            measurements.c.accepted,
            seen,
        )
        .group_by(measurements.c.artifact_id)
    )
    rows: Select[Any] = (
        select(measurements.c.id, measurements.c.detail, recipes.c.text, artifacts.c.sha256)
        .join(recipes, recipes.c.artifact_id == measurements.c.artifact_id)
        .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
    )
    ids = connection.execute(newest).scalars().all()
    return {
        row.text: row
        for some in in_batches(ids)
        for row in connection.execute(rows.where(measurements.c.id.in_(some)))
    }


def _support(key: str, operator: str, row: Row[Any] | None) -> OperatorSupport:
    if row is None:
        return OperatorSupport(key=key, operator=operator, support=Support.UNKNOWN, evidence="not measured")
    support, evidence = judged(read_detail(row.detail, row.sha256))
    return OperatorSupport(
        key=key, operator=operator, support=support, evidence=evidence, measurement_id=row.id
    )


def judged(detail: Mapping[str, Any]) -> tuple[Support, str]:
    """What a measurement's document shows, and in which words."""
    if failure := detail["failure"]:
        unsupported = failure["kind"] == FailureKind.UNSUPPORTED_OP
        return Support.NONE if unsupported else Support.UNKNOWN, f"{failure['kind']}: {failure['message']}"
    remarks = {each["name"]: each for each in (*detail["validity"]["reasons"], *detail["validity"]["flags"])}
    for name, support in _SHOWN.items():
        if name in remarks:
            return support, remarks[name]["detail"] or remarks[name]["text"]
    placement = detail["execution"].get("placement") or {}
    if not placement:
        return Support.UNKNOWN, "the runtime does not tell where operators ran"
    return Support.FULL, ", ".join(f"{count} on {name}" for name, count in sorted(placement.items()))
