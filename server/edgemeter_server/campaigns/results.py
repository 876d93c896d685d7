"""All that a campaign measured, network by network: what is exported."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select

from edgemeter.measurement import FailureDocument
from edgemeter.wire.campaigns import CampaignResult, Purpose
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.progress import answered
from edgemeter_server.campaigns.tables import campaign_items, campaign_targets
from edgemeter_server.devices.tables import devices, target_revisions
from edgemeter_server.instants import instant_or_none
from edgemeter_server.jobs.tables import jobs, specs
from edgemeter_server.measurements.codec import read_detail
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes

_COLUMNS = (
    campaign_items.c.campaign_target_id,
    campaign_items.c.position,
    campaign_items.c.purpose,
    campaign_targets.c.slug.label("target"),
    recipes.c.kind,
    recipes.c.text,
    recipes.c.file_sha256,
    artifacts.c.sha256,
    jobs.c.failure,
    measurements.c.id.label("measurement_id"),
    measurements.c.latency_ms,
    measurements.c.low_ms,
    measurements.c.high_ms,
    measurements.c.valid,
    measurements.c.detail,
    measurements.c.created_us,
    target_revisions.c.number.label("revision"),
    devices.c.slug.label("device"),
    specs.c.protocol,
)


def results(
    connection: Connection, campaign_id: int, after: tuple[int, int], limit: int
) -> list[tuple[tuple[int, int], CampaignResult]]:
    """By target, then in the order of measuring, each with its place: those that come after `after`."""
    target, position = after
    page: Select[Any] = (
        answered()
        .with_only_columns(*_COLUMNS)
        .join(campaign_targets, campaign_targets.c.id == campaign_items.c.campaign_target_id)
        .join(recipes, recipes.c.artifact_id == campaign_items.c.artifact_id)
        .join(artifacts, artifacts.c.id == campaign_items.c.artifact_id)
        .outerjoin(specs, specs.c.id == measurements.c.spec_id)
        .outerjoin(target_revisions, target_revisions.c.id == measurements.c.revision_id)
        .outerjoin(devices, devices.c.id == measurements.c.device_id)
        .where(
            campaign_targets.c.campaign_id == campaign_id,
            (campaign_items.c.campaign_target_id > target)
            | ((campaign_items.c.campaign_target_id == target) & (campaign_items.c.position > position)),
        )
        .order_by(campaign_items.c.campaign_target_id, campaign_items.c.position)
        .limit(limit)
    )
    rows: Sequence[Row[Any]] = connection.execute(page).all()
    return [((row.campaign_target_id, row.position), _result(row)) for row in rows]


def _result(row: Row[Any]) -> CampaignResult:
    detail = read_detail(row.detail, row.sha256) if row.latency_ms is not None else None
    failure = None if row.failure is None else FailureDocument.model_validate_json(row.failure)
    built = row.file_sha256
    return CampaignResult(
        target=row.target,
        position=row.position,
        purpose=Purpose(row.purpose),
        kind=RecipeKind(row.kind),
        text=row.text,
        recipe_sha256=row.sha256.hex(),
        file_sha256=None if built is None else built.hex(),
        latency_ms=row.latency_ms,
        low_ms=row.low_ms,
        high_ms=row.high_ms,
        level=None if detail is None else detail["latency"]["interval"]["level"],
        samples=None if detail is None else detail["latency"]["samples"],
        valid=row.valid,
        failure_kind=None if failure is None else failure.kind,
        measurement_id=row.measurement_id,
        protocol=row.protocol,
        revision=row.revision,
        device=row.device,
        measured_at=instant_or_none(row.created_us),
    )
