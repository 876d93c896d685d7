"""What is known of a space on a target: its table of operators, and the latencies of its architectures.

Only what may train a predictor: valid, accepted, of the target's current revisions, the newest of each
network; and nothing that was imported.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from edgemeter.wire.campaigns import CampaignPlan, LatencyRow, Purpose
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.newest import newest
from edgemeter_server.campaigns.tables import campaign_items, campaign_targets, campaigns
from edgemeter_server.instants import instant
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.measurements.codec import read_detail
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes


def operator_table(
    connection: Connection, builds: str, target_id: int, seen: ColumnElement[bool] | None = None
) -> list[LatencyRow]:
    """The operators of `builds` ("hurricane/1") in their contexts; `text` is the key, in alphabetical order.

    `seen` is a condition on `artifacts`, such as `visible_to(caller)` or those of one project.
    """
    return _rows(connection, builds, RecipeKind.OPERATOR, target_id, seen)


def architecture_labels(
    connection: Connection, builds: str, target_id: int, seen: ColumnElement[bool] | None = None
) -> list[LatencyRow]:
    """Architectures with the purpose for which a campaign measured them: `train` where campaigns differ."""
    rows = _rows(connection, builds, RecipeKind.ARCHITECTURE, target_id, seen)
    purposes = _purposes(connection, builds, target_id)
    return [row.model_copy(update={"purpose": purposes.get(row.text)}) for row in rows]


def parts_of_tests(connection: Connection, builds: str, target_id: int) -> dict[str, str]:
    """The generated space, by name, of each architecture that a campaign of one measured as a test."""
    asked = (
        select(recipes.c.text, campaigns.c.plan)
        .select_from(campaign_items)
        .join(campaign_targets, campaign_targets.c.id == campaign_items.c.campaign_target_id)
        .join(campaigns, campaigns.c.id == campaign_targets.c.campaign_id)
        .join(recipes, recipes.c.artifact_id == campaign_items.c.artifact_id)
        .where(
            campaign_targets.c.target_id == target_id,
            recipes.c.builds == builds,
            campaign_items.c.purpose == Purpose.TEST.value,
        )
    )
    rows = connection.execute(asked).all()
    parts = {plan: CampaignPlan.model_validate_json(plan).part for plan in {row.plan for row in rows}}
    found = ((row.text, parts[row.plan]) for row in rows)
    return {text: part.name for text, part in found if part is not None}


def _rows(
    connection: Connection,
    builds: str,
    kind: RecipeKind,
    target_id: int,
    seen: ColumnElement[bool] | None,
) -> list[LatencyRow]:
    conditions = () if seen is None else (seen,)
    ids = connection.execute(newest(connection, builds, kind, target_id, *conditions)).scalars()
    rows: Select[Any] = (
        select(
            measurements.c.id,
            recipes.c.text,
            measurements.c.latency_ms,
            measurements.c.low_ms,
            measurements.c.high_ms,
            measurements.c.detail,
            measurements.c.created_us,
            artifacts.c.sha256,
        )
        .join(recipes, recipes.c.artifact_id == measurements.c.artifact_id)
        .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
    )
    found = [
        LatencyRow(
            text=row.text,
            latency_ms=row.latency_ms,
            low_ms=row.low_ms,
            high_ms=row.high_ms,
            samples=read_detail(row.detail, row.sha256)["latency"]["samples"],
            measurement_id=row.id,
            measured_at=instant(row.created_us),
        )
        for some in in_batches(list(ids))
        for row in connection.execute(rows.where(measurements.c.id.in_(some)))
    ]
    return sorted(found, key=lambda row: row.text)


def _purposes(connection: Connection, builds: str, target_id: int) -> dict[str, Purpose]:
    """By architecture. What any campaign trained on is no test."""
    asked = (
        select(recipes.c.text, func.max(campaign_items.c.purpose))
        .select_from(campaign_items)
        .join(campaign_targets, campaign_targets.c.id == campaign_items.c.campaign_target_id)
        .join(recipes, recipes.c.artifact_id == campaign_items.c.artifact_id)
        .where(
            campaign_targets.c.target_id == target_id,
            recipes.c.builds == builds,
            # In the alphabet "train" comes after "test".
            campaign_items.c.purpose.in_((Purpose.TEST.value, Purpose.TRAIN.value)),
        )
        .group_by(recipes.c.text)
    )
    return {text: Purpose(purpose) for text, purpose in connection.execute(asked)}
