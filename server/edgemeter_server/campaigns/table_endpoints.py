"""The routes of what is known of a space on a target."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query
from sqlalchemy import ColumnElement, Connection

from edgemeter.wire.base import Slug
from edgemeter.wire.campaigns import Capabilities, LatencyRow, LatencyTable
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.repository import visible_to
from edgemeter_server.campaigns import latencies
from edgemeter_server.campaigns.capabilities import capabilities
from edgemeter_server.campaigns.spaces import builds_of, known_space
from edgemeter_server.devices.targets import target_id
from edgemeter_server.http.caller import Caller, Viewer
from edgemeter_server.http.routes import Router
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1/targets", tags=["campaigns"])

TargetSlug = Annotated[Slug, Path()]
SpaceName = Annotated[Slug, Query(description="The name of a search space")]
InProject = Annotated[Slug | None, Query(description="Only of networks that this project asked for")]
Reading = Callable[[Connection, str, int, ColumnElement[bool]], list[LatencyRow]]


@router.get("/{slug}/operators")
async def get_operators(
    services: ServicesOf, caller: Viewer, slug: TargetSlug, space: SpaceName, project: InProject = None
) -> LatencyTable:
    """The operators of a space on this target: the newest valid measurement of each."""
    return await _table(services, caller, slug, space, project, latencies.operator_table)


@router.get("/{slug}/architectures")
async def get_architectures(
    services: ServicesOf, caller: Viewer, slug: TargetSlug, space: SpaceName, project: InProject = None
) -> LatencyTable:
    """The architectures of a space on this target, and whether they are to train on or to judge by."""
    return await _table(services, caller, slug, space, project, latencies.architecture_labels)


@router.get("/{slug}/capabilities")
async def get_capabilities(
    services: ServicesOf, caller: Viewer, slug: TargetSlug, space: SpaceName
) -> Capabilities:
    """Which operators this target runs on its own processor, as far as they were measured."""
    found = known_space(space)
    return await services.database.read(
        lambda c: capabilities(c, found, target_id(c, slug), slug, visible_to(caller))
    )


async def _table(
    services: Services, caller: Caller, slug: str, space: str, project: str | None, reading: Reading
) -> LatencyTable:
    found = known_space(space)

    def work(connection: Connection) -> list[LatencyRow]:
        seen = visible_to(caller)
        if project is not None:
            seen &= in_project(project_id(connection, caller, project, writing=False))
        return reading(connection, builds_of(found), target_id(connection, slug), seen)

    rows = await services.database.read(work)
    return LatencyTable(target=slug, space=found.name, version=found.version, rows=tuple(rows))
