"""What a server has measured of a space on a target, as arrays; and what its predictor says of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes, Space
from edgemeter.spaces.text import from_text
from edgemeter.wire.campaigns import LatencyRow, Purpose
from edgemeter_predictors.data import OperatorTable, SpaceData

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.predictors import PredictorDocument

Array = NDArray[np.float64]


class Foreseen(NamedTuple):
    """n measured architectures, (n, columns) and (n,), with the predictor's 90 % intervals."""

    codes: Codes
    measured_ms: Array
    predicted_ms: Array
    low_ms: Array
    high_ms: Array
    layers_ms: Array  #: (n, layers)


def active_predictor(client: "Client", space: str, target: str, project: str | None) -> "PredictorDocument":
    """Raises ClientError where none answers, as downloading it does."""
    from edgemeter.client.errors import ClientError

    for document in client.predictors(space=space, target=target, active=True, project=project):
        return document
    raise ClientError(f"there is no predictor of {space} on {target}; `edgemeter fit` makes one")


def foreseen(
    client: "Client", space: Space, target: str, project: str | None, *, all_networks: bool
) -> Foreseen:
    """Those that the predictor has not been fitted on: a campaign's tests, and what was measured since. With
    `all_networks` the others too, on which it looks better than it is.
    """
    from edgemeter_predictors.saving.predictors import load

    document = active_predictor(client, space.name, target, project)
    predictor = load(client.predictor_content(document.id), space)
    rows = [
        row
        for row in client.architecture_table(target, space.name, project=project).rows
        if all_networks or row.purpose is Purpose.TEST or row.measured_at > document.created_at
    ]
    codes = codes_of(space, rows)
    prediction = predictor.predict(codes)
    interval = predictor.interval(prediction, 0.9)
    parts = predictor.fitted.parts(codes)
    return Foreseen(
        codes, _latencies(rows), prediction.mean_ms, interval.low_ms, interval.high_ms, parts.layers_ms
    )


def space_data(client: "Client", space: Space, target: str, project: str | None) -> SpaceData:
    """All that a fit would be made of."""
    rows = client.architecture_table(target, space.name, project=project).rows
    operators = client.operator_table(target, space.name, project=project).rows
    keyed = ((row.text, row.latency_ms, row.relative_error) for row in operators)
    table = OperatorTable.of(space, keyed) if operators else None
    retest = float(np.median([row.relative_error for row in rows])) if rows else float("nan")
    return SpaceData(space, codes_of(space, rows), _latencies(rows), table, retest)


def codes_of(space: Space, rows: Sequence[LatencyRow]) -> Codes:
    return np.array([from_text(space, row.text) for row in rows], np.uint8).reshape(-1, len(space.columns))


def _latencies(rows: Sequence[LatencyRow]) -> Array:
    return np.array([row.latency_ms for row in rows], np.float64)
