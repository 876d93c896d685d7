"""How long operators of a space take in their contexts: measured, or guessed from those that are."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from statistics import NormalDist

import numpy as np
from sqlalchemy import Connection

from edgemeter.measurement import Interval
from edgemeter.spaces.space import Space
from edgemeter.wire.campaigns import LatencyRow
from edgemeter.wire.estimates import NewEstimates, OperatorEstimate
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import OperatorTable
from edgemeter_predictors.filling import filled
from edgemeter_server.access.projects import project_id
from edgemeter_server.campaigns.latencies import operator_table
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.predictors.measured import MEASURED_LEVEL


def check_operators(space: Space, message: NewEstimates) -> None:
    """Raises Refusal INVALID, naming the keys that are none of the space's."""
    known = {placed.key for placed in space.placed}
    errors = [
        FieldError(pointer=f"/operators/{at}", detail=_unknown(space, known, key))
        for at, key in enumerate(message.operators)
        if key not in known
    ]
    if errors:
        first = f"{errors[0].pointer}: {errors[0].detail}"
        raise Refusal(ProblemType.INVALID, first, errors=tuple(errors[:20]))


def operator_estimates(
    connection: Connection, caller: Caller, space: Space, message: NewEstimates
) -> list[OperatorEstimate]:
    """Raises Refusal NOT_FOUND where too few operators are measured to guess another."""
    project = project_id(connection, caller, message.project, writing=False)
    found: list[OperatorEstimate] = []
    for slug in message.targets:
        target = known_target(connection, slug)
        table = operator_table(connection, builds_of(space), target.id, in_project(project))
        found += _on_target(space, message, target, {row.text: row for row in table})
    return found


def _on_target(
    space: Space, message: NewEstimates, target: KnownTarget, table: Mapping[str, LatencyRow]
) -> list[OperatorEstimate]:
    wanted = message.measured and message.level == MEASURED_LEVEL
    known = {key: _of_measurement(target, table[key]) for key in message.operators if wanted and key in table}
    rest = {key for key in message.operators if key not in known}
    others = [row for key, row in table.items() if key not in rest]
    guessed = {each.operator: each for each in _guessed(space, message.level, target, rest, others)}
    return [known.get(key) or guessed[key] for key in message.operators]


def _guessed(
    space: Space, level: float, target: KnownTarget, keys: Iterable[str], others: list[LatencyRow]
) -> Iterator[OperatorEstimate]:
    """As if these had not been measured, whether or not they were."""
    if not keys:
        return
    rows = ((row.text, row.latency_ms, row.relative_error) for row in others)
    try:
        table = filled(space, OperatorTable.of(space, rows)).table
    except NotApplicable as error:
        words = f"{error}; `edgemeter profile {space.name} --target {target.slug}` measures them"
        raise Refusal(ProblemType.NOT_FOUND, words) from None
    positions = {placed.key: position for position, placed in enumerate(space.placed)}
    quantile = NormalDist().inv_cdf(0.5 + level / 2)
    for key in keys:
        latency_ms = float(table.latency_ms[positions[key]])
        factor = float(np.exp(quantile * table.relative_error[positions[key]]))
        yield OperatorEstimate(
            operator=key,
            target=target.slug,
            latency_ms=latency_ms,
            interval=Interval(low_ms=latency_ms / factor, high_ms=latency_ms * factor, level=level),
            source="predicted",
            basis=f"{len(others)} measured operators of {space.name} that are more or less like it",
        )


def _of_measurement(target: KnownTarget, row: LatencyRow) -> OperatorEstimate:
    return OperatorEstimate(
        operator=row.text,
        target=target.slug,
        latency_ms=row.latency_ms,
        interval=Interval(low_ms=row.low_ms, high_ms=row.high_ms, level=MEASURED_LEVEL),
        source="measured",
        measurement_id=row.measurement_id,
    )


def _unknown(space: Space, known: Iterable[str], key: str) -> str:
    near = get_close_matches(key, known, n=1, cutoff=0)
    return f"{space.name} has no operator {key!r}; the nearest is {near[0]!r}"
