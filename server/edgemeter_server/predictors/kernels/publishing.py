"""Publishing a predictor of any file: what was fitted elsewhere becomes the target's next version."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from edgemeter.wire.predictors import FitState, KernelCampaign
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import project_id
from edgemeter_server.devices.tables import targets
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.kernels.opening import Opened
from edgemeter_server.predictors.kernels.staleness import engines_of, revision_of, stale
from edgemeter_server.predictors.kernels.versions import MODEL, builds
from edgemeter_server.predictors.publishing import Version, add
from edgemeter_server.predictors.tables import fits
from edgemeter_server.predictors.training import VersionFacts


@dataclass(frozen=True, slots=True)
class Wanted:
    """`stale`: also where the target runs another engine than the predictor is of."""

    project: str
    target: str
    activate: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class HandedIn:
    """The saved predictor, and what it says of itself."""

    content: bytes
    opened: Opened


def check(connection: Connection, caller: Caller, wanted: Wanted) -> None:
    """What can be refused before a byte of the file has come."""
    project_id(connection, caller, wanted.project, writing=True)
    known_target(connection, wanted.target)


def publish(connection: Connection, caller: Caller, wanted: Wanted, file: HandedIn, now_us: int) -> int:
    """The new version's id. Raises Refusal INVALID for a file of another target, CONFLICT for another engine
    than the target runs, unless it is `wanted` so, and where no device offers the target.
    """
    project = project_id(connection, caller, wanted.project, writing=True)
    target = known_target(connection, wanted.target)
    about = file.opened.about
    if about.target != target.slug:
        raise Refusal(ProblemType.INVALID, f"this predictor is of {about.target}, not of {target.slug}")
    # One after the other: of two at once both would become the next version.
    mine = select(targets.c.id).where(targets.c.id == target.id)
    connection.execute(mine.with_for_update(key_share=True)).one()
    row = {
        "project_id": project,
        "token_id": caller.token_id,
        "target_id": target.id,
        "builds": builds(),
        "model": MODEL,
        "activate": wanted.activate,
        "state": FitState.DONE.value,
        "tries": 0,
        "created_us": now_us,
        "ended_us": now_us,
    }
    version = Version(
        project_id=project,
        target_id=target.id,
        revision_id=_revision(connection, target, wanted, about.engine_version),
        builds=builds(),
        fit_id=connection.execute(insert(fits).values(row).returning(fits.c.id)).scalar_one(),
        activate=wanted.activate,
        content=file.content,
        document=_document(file.opened, caller).model_dump_json(),
        snapshot_sha256=about.campaign_sha256,
    )
    return add(connection, version, now_us)


class _Document(VersionFacts):
    campaign: KernelCampaign


def _document(opened: Opened, caller: Caller) -> _Document:
    about = opened.about
    return _Document(
        model=MODEL,
        explanation=opened.explanation,
        operators=0,
        networks=about.networks,
        retest_error=opened.retest_error,
        cross_validated=None if opened.tested else opened.judged,
        tested=opened.judged if opened.tested else None,
        edgemeter_version=about.edgemeter_version,
        campaign=KernelCampaign(
            engine_version=about.engine_version,
            protocol=about.protocol,
            kernels=about.kernels,
            published_by=caller.name,
        ),
    )


def _revision(connection: Connection, target: KnownTarget, wanted: Wanted, engine_version: str) -> int:
    engines = engines_of(connection, target.id)
    why = stale(engines, engine_version)
    if why is not None and not wanted.stale:
        words = f"the predictor is stale: {why}; measure and fit it again, or publish it with `stale`"
        raise Refusal(ProblemType.CONFLICT, words)
    if (revision := revision_of(engines, engine_version)) is None:
        words = f"no approved device offers {target.slug} now: there is nothing that the predictor is of"
        raise Refusal(ProblemType.CONFLICT, words)
    return revision
