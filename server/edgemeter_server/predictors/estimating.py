"""Answers to how long architectures take: measured where they were, predicted where they were not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, select

from edgemeter.measurement import Interval
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.estimates import MOST_ESTIMATES, ArchitectureEstimate, LayerPart, NewEstimates
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.access.projects import project_id
from edgemeter_server.campaigns.newest import newest
from edgemeter_server.campaigns.spaces import builds_of, known_space
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.asked import About
from edgemeter_server.predictors.loaded import Active
from edgemeter_server.recipes.tables import recipes
from edgemeter_server.services import Services

_MEASURED_LEVEL = 0.9  #: of the intervals that measurements are stored with


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, checked: the space, the codes (n, columns), and each as text in its one form."""

    message: NewEstimates
    space: Space
    codes: Codes
    texts: tuple[str, ...]


def question(message: NewEstimates) -> Question:
    """Raises Refusal INVALID, naming the architectures that are none."""
    if len(message.architectures) * len(message.targets) > MOST_ESTIMATES:
        raise Refusal(ProblemType.TOO_LARGE, f"at most {MOST_ESTIMATES} estimates at once; ask in parts")
    space = known_space(message.space)
    rows, errors = [], []
    for index, text in enumerate(message.architectures):
        try:
            rows.append(from_text(space, text))
        except CodeError as error:
            errors.append(FieldError(pointer=f"/architectures/{index}", detail=str(error)))
    if errors:
        raise Refusal(
            ProblemType.INVALID, f"{errors[0].pointer}: {errors[0].detail}", errors=tuple(errors[:20])
        )
    codes = np.array(rows, np.uint8)
    return Question(message, space, codes, tuple(to_text(space, row) for row in codes))


def answer(
    connection: Connection, caller: Caller, services: Services, asked: Question
) -> list[ArchitectureEstimate]:
    """Raises Refusal NOT_FOUND for a target without a predictor."""
    project = project_id(connection, caller, asked.message.project, writing=False)
    found: list[ArchitectureEstimate] = []
    for target in asked.message.targets:
        active = services.loaded.active(connection, project, asked.space, target)
        services.asked.note(About(project, active.target_id, builds_of(asked.space)), asked.codes)
        known = _measured(connection, project, asked, active) if _wants_measured(asked) else {}
        found += _answers(asked, active, known)
    return found


def _wants_measured(asked: Question) -> bool:
    return asked.message.measured and asked.message.level == _MEASURED_LEVEL


def _answers(
    asked: Question, active: Active, known: Mapping[str, ArchitectureEstimate]
) -> Iterator[ArchitectureEstimate]:
    for text, predicted in zip(asked.texts, _predicted(asked, active), strict=True):
        yield known.get(text, predicted)


def _predicted(asked: Question, active: Active) -> Iterator[ArchitectureEstimate]:
    prediction = active.predictor.predict(asked.codes)
    interval = active.predictor.interval(prediction, asked.message.level)
    parts = _parts(asked, active) if asked.message.parts else None
    for row, text in enumerate(asked.texts):
        yield ArchitectureEstimate(
            architecture=text,
            target=active.target,
            latency_ms=float(prediction.mean_ms[row]),
            interval=Interval(
                low_ms=float(interval.low_ms[row]),
                high_ms=float(interval.high_ms[row]),
                level=asked.message.level,
            ),
            source="predicted",
            predictor_id=active.id,
            **next(parts) if parts else {},
        )


def _parts(asked: Question, active: Active) -> Iterator[dict[str, Any]]:
    parts = active.predictor.fitted.parts(asked.codes)
    names = [layer.name for layer in islice(asked.space.layers, parts.layers_ms.shape[1])]
    for layers_ms, rest_ms in zip(parts.layers_ms, parts.rest_ms, strict=True):
        layers = (
            LayerPart(layer=name, latency_ms=float(ms)) for name, ms in zip(names, layers_ms, strict=True)
        )
        yield {"parts": tuple(layers), "rest_ms": float(rest_ms)}


def _measured(
    connection: Connection, project: int, asked: Question, active: Active
) -> dict[str, ArchitectureEstimate]:
    """The newest valid measurement of each architecture that has one, by its text."""
    return {
        row.text: _of_measurement(row.text, active.target, row)
        for some in in_batches(sorted(set(asked.texts)))
        for row in connection.execute(_rows(connection, project, asked, active, some))
    }


def _rows(
    connection: Connection, project: int, asked: Question, active: Active, texts: Sequence[str]
) -> Select[Any]:
    among = recipes.c.text.in_(texts)
    builds, kind = builds_of(asked.space), RecipeKind.ARCHITECTURE
    ids = newest(connection, builds, kind, active.target_id, among, in_project(project))
    m = measurements.c
    return (
        select(recipes.c.text, m.id, m.latency_ms, m.low_ms, m.high_ms)
        .join(measurements, m.artifact_id == recipes.c.artifact_id)
        .where(among, m.id.in_(ids))
        .order_by(m.id)  # of one architecture in two formats the newest stays
    )


def _of_measurement(text: str, target: str, row: Row[Any]) -> ArchitectureEstimate:
    return ArchitectureEstimate(
        architecture=text,
        target=target,
        latency_ms=row.latency_ms,
        interval=Interval(low_ms=row.low_ms, high_ms=row.high_ms, level=_MEASURED_LEVEL),
        source="measured",
        measurement_id=row.id,
    )
