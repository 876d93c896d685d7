"""Estimates where there is no predictor: by what any network that is measured on the target takes there."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Row, func, or_, select

from edgemeter.measurement import Interval
from edgemeter.spaces.costs import architecture_cost
from edgemeter.spaces.registry import UnknownSpaceError, find_space
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.text import from_text
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter.wire.estimates import ArchitectureEstimate, ArtifactEstimate
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter_predictors.analytic import FEWEST, Analytic, fit_analytic
from edgemeter_predictors.contract import NotApplicable
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.targets import KnownTarget, current_revisions
from edgemeter_server.http.problems import Refusal
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes

#: The newest so many networks tell enough, and each is left out once.
_MOST: Final = 200
_FIRST_NETWORKS: Final = ("mobilenet_v1", "mobilenet_v2", "mnasnet_a1", "fbnet_c", "shufflenet_v2")

#: Multiply-adds and parameters of an invocation, and its latency in milliseconds.
Known = tuple[float, float, float]


def analytic_estimates(
    connection: Connection,
    project: int,
    target: KnownTarget,
    space: Space,
    codes: Codes,
    texts: Sequence[str],
    level: float,
) -> Iterator[ArchitectureEstimate]:
    """One for each of the architectures. Raises Refusal NOT_FOUND where too little is measured."""
    fitted = _fitted(connection, project, target)
    macs, parameters = (
        architecture_cost(space, codes, name).astype(np.float64) for name in ("macs", "parameters")
    )
    latency_ms = fitted.latency_ms(target.kind.batch * macs, parameters)
    interval = fitted.interval(latency_ms, level)
    basis = _basis(fitted, target)
    for row, text in enumerate(texts):
        yield ArchitectureEstimate(
            architecture=text, **_document(target, float(latency_ms[row]), interval, row, level, basis)
        )


def analytic_file(
    connection: Connection,
    project: int,
    target: KnownTarget,
    sha256: str,
    features: GraphFeatures | None,
    level: float,
) -> ArtifactEstimate:
    """Raises Refusal NOT_FOUND where too little is measured, or the file's costs are not known."""
    if features is None or not features.macs or features.parameters is None:
        words = f"the multiply-adds of {sha256[:12]} are not known, or not yet: `edgemeter inspect` says why"
        raise Refusal(ProblemType.NOT_FOUND, words)
    fitted = _fitted(connection, project, target)
    macs, parameters = np.array([float(features.macs)]), np.array([float(features.parameters)])
    latency_ms = fitted.latency_ms(macs, parameters)
    interval = fitted.interval(latency_ms, level)
    document = _document(target, float(latency_ms[0]), interval, 0, level, _basis(fitted, target))
    return ArtifactEstimate(artifact=sha256, **document)


def _document(
    target: KnownTarget, latency_ms: float, interval: Any, row: int, level: float, basis: str
) -> dict[str, Any]:
    low_ms, high_ms = float(interval.low_ms[row]), float(interval.high_ms[row])
    return {
        "target": target.slug,
        "latency_ms": latency_ms,
        "interval": Interval(low_ms=low_ms, high_ms=high_ms, level=level),
        "source": "analytic",
        "basis": basis,
    }


def _fitted(connection: Connection, project: int, target: KnownTarget) -> Analytic:
    known = known_networks(connection, project, target)
    try:
        fitted = fit_analytic(*np.array(known, np.float64).reshape(-1, 3).T)
    except NotApplicable as error:
        raise _too_little(target, str(error)) from None
    return fitted


def known_networks(connection: Connection, project: int, target: KnownTarget) -> list[Known]:
    """Files and architectures whose costs are known, by the newest valid measurement of each."""
    found: list[Known] = []
    built: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_rows(connection, project, target)):
        if row.builds is not None:
            built[row.builds].append(row)
            continue
        features = GraphFeatures.model_validate(json.loads(row.features))
        if features.macs and features.parameters is not None:
            found.append((features.macs, features.parameters, row.latency_ms))
    return found + [each for builds, rows in built.items() for each in _of_space(builds, rows)]


def _rows(connection: Connection, project: int, target: KnownTarget) -> Any:
    newest = (
        select(func.max(measurements.c.id))
        .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
        .outerjoin(recipes, recipes.c.artifact_id == measurements.c.artifact_id)
        .where(
            measurements.c.target_id == target.id,
            measurements.c.revision_id.in_(current_revisions(connection, target.id)),
            measurements.c.valid,
            measurements.c.accepted,
            in_project(project),
            or_(recipes.c.kind == RecipeKind.ARCHITECTURE.value, artifacts.c.features.is_not(None)),
        )
        .group_by(measurements.c.artifact_id)
        .order_by(func.max(measurements.c.id).desc())
        .limit(_MOST)
    )
    columns = (recipes.c.builds, recipes.c.text, recipes.c.batch)
    return (
        select(measurements.c.latency_ms, artifacts.c.features, *columns)
        .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
        .outerjoin(recipes, recipes.c.artifact_id == measurements.c.artifact_id)
        .where(measurements.c.id.in_(newest))
        .order_by(measurements.c.id)
    )


def _of_space(builds: str, rows: Sequence[Row[Any]]) -> Iterator[Known]:
    """None of a space that is not installed, or not in that version: nothing tells their costs."""
    try:
        space = find_space(builds.rpartition("/")[0])
        if builds_of(space) != builds:
            return
        codes = np.array([from_text(space, row.text) for row in rows], np.uint8)
    except (UnknownSpaceError, CodeError):
        return
    macs, parameters = (architecture_cost(space, codes, name) for name in ("macs", "parameters"))
    for row, network_macs, weights in zip(rows, macs.tolist(), parameters.tolist(), strict=True):
        yield network_macs * row.batch, weights, row.latency_ms


def _basis(fitted: Analytic, target: KnownTarget) -> str:
    return (
        f"no predictor: by multiply-adds and parameters, as {fitted.networks} networks measured on"
        f" {target.slug} tell; one sigma of the interval is a factor of {np.exp(fitted.deviation):.2f}"
    )


def _too_little(target: KnownTarget, why: str) -> Refusal:
    networks = " ".join(f"references@1:{name},1.0" for name in _FIRST_NETWORKS[:FEWEST])
    return Refusal(
        ProblemType.NOT_FOUND,
        f"{why} on {target.slug}: `edgemeter submit {networks} --target {target.slug} --wait` measures some",
    )
