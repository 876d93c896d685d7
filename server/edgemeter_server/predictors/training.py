"""Fitting, in a process of its own: a snapshot and a model's name go in, a saved predictor comes out.

Importing scikit-learn and fitting take seconds of a processor, which the server's loop does not have.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import Field, ValidationError

from edgemeter import __version__
from edgemeter.failures import FailureError
from edgemeter.isolation import run_limited
from edgemeter.isolation.limits import Limits
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.text import from_text
from edgemeter.wire.base import Reply
from edgemeter.wire.predictors import Accuracy
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import DataError, OperatorTable, SpaceData
from edgemeter_server.predictors.material import FitError, Material
from edgemeter_server.predictors.snapshots import Labelled, Snapshot

if TYPE_CHECKING:
    from edgemeter_predictors.models import Model

#: A fit that takes longer is given up. Its lease is longer still.
WALL_S: Final = 480.0
_LIMITS: Final = Limits(wall_s=WALL_S, cpu_s=WALL_S, memory_bytes=4 << 30)
_PRELOAD: Final = ("edgemeter_predictors.training",)


class VersionFacts(Reply):
    """What people read of a saved predictor, as `documents.py` tells it."""

    model: str
    explanation: str
    operators: int
    networks: int
    retest_error: float | None
    cross_validated: Accuracy | None
    tested: Accuracy | None
    tested_apart: dict[str, Accuracy] = Field(default_factory=dict)
    edgemeter_version: str


class Trained(VersionFacts):
    """A saved predictor (base64) and what people read of it."""

    content: str

    @property
    def file(self) -> bytes:
        return b64decode(self.content)


def train_in_child(material: Material) -> Trained:
    """Blocks. Raises FitError."""
    try:
        sent = run_limited(f"{__name__}:train_here", material.payload, _LIMITS, _PRELOAD)
        if isinstance(sent, dict) and "refused" in sent:
            raise FitError(str(sent["refused"])[:2000])
        return Trained.model_validate(sent)
    except FailureError as error:
        raise FitError(f"the fit ended without a predictor: {error}") from error
    except ValidationError as error:
        raise FitError("the fit sent back no predictor") from error


def train_here(payload: Mapping[str, Any]) -> Any:
    """The child's part."""
    from threadpoolctl import threadpool_limits

    snapshot = Snapshot.model_validate(payload["snapshot"])
    try:
        with threadpool_limits(1):  # small matrices: more threads only wait for each other
            space = find_space(payload["space"])
            model = _model(space, payload["model"], payload["sources"])
            trained = _train(space, model, snapshot, payload["about"])
    except NotApplicable as error:
        return {"refused": f"{error}{_advice(payload)}"}
    except (DataError, CodeError) as error:
        return {"refused": str(error)}
    return trained.model_dump(mode="json")


def _advice(payload: Mapping[str, Any]) -> str:
    """`auto` is refused for nothing but too little data."""
    if payload["model"] != "auto":
        return ""
    return f". `edgemeter profile {payload['space']} --target {payload['about']['target']}` measures more"


def _model(space: Space, name: str, sources: Sequence[tuple[str, str]]) -> "Model":
    from edgemeter_predictors.models import find_model
    from edgemeter_predictors.saving.predictors import load
    from edgemeter_predictors.transferred import Source

    prior = [Source(target, load(b64decode(content), space).fitted) for target, content in sources]
    return find_model(name, prior)


def _train(space: Space, model: "Model", snapshot: Snapshot, about: Mapping[str, Any]) -> Trained:
    from edgemeter_predictors.saving.predictors import save
    from edgemeter_predictors.training import train
    from edgemeter_server.predictors.accuracies import accuracy, none_of_nan

    data = space_data(space, snapshot.training, snapshot.operators)
    predictor = train(model, data, about=about)
    tested = _tested(predictor, space, snapshot.tests)
    predictor = replace(predictor, about={**about, "tested": tested and tested.model_dump()})
    judged = predictor.errors
    return Trained(
        content=b64encode(save(predictor, space)).decode(),
        model=predictor.fitted.model,
        explanation=predictor.fitted.explanation,
        operators=len(snapshot.operators),
        networks=len(data),
        retest_error=none_of_nan(predictor.retest_error),
        cross_validated=None if judged is None else accuracy(judged),
        tested=tested,
        tested_apart=_tested_apart(predictor, space, snapshot.tests),
        edgemeter_version=__version__,
    )


def space_data(space: Space, rows: Sequence[Labelled], operators: Sequence[Labelled]) -> SpaceData:
    """Of architectures and operators as they were measured. Raises CodeError for another space's."""
    codes = np.array([from_text(space, row.text) for row in rows], np.uint8).reshape(-1, len(space.columns))
    errors = [row.relative_error for row in rows]
    return SpaceData(
        space,
        codes,
        np.array([row.latency_ms for row in rows], np.float64),
        _table(space, operators) if operators else None,
        float(np.median(errors)) if errors else float("nan"),
    )


def _table(space: Space, operators: Sequence[Labelled]) -> OperatorTable:
    return OperatorTable.of(space, ((row.text, row.latency_ms, row.relative_error) for row in operators))


def _tested(predictor: Any, space: Space, tests: Sequence[Labelled]) -> Accuracy | None:
    from edgemeter_server.predictors.accuracies import accuracy_on

    return accuracy_on(predictor, space_data(space, tests, ())) if tests else None


def _tested_apart(predictor: Any, space: Space, tests: Sequence[Labelled]) -> dict[str, Accuracy]:
    """Of each generated space: a narrow one is another population than the whole."""
    apart: dict[str, list[Labelled]] = {}
    for test in tests:
        if test.part is not None:
            apart.setdefault(test.part, []).append(test)
    judged = {part: _tested(predictor, space, rows) for part, rows in apart.items()}
    return {part: found for part, found in judged.items() if found is not None}
