"""Answers to how long architectures take: measured where they were, predicted where they were not."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Connection

from edgemeter.measurement import Interval
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.estimates import MOST_ESTIMATES, ArchitectureEstimate, LayerPart, NewEstimates
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.access.projects import project_id
from edgemeter_server.campaigns.spaces import builds_of, known_space
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.analytic import analytic_estimates
from edgemeter_server.predictors.asked import About
from edgemeter_server.predictors.loaded import Active, how_to_fit
from edgemeter_server.predictors.measured import MEASURED_LEVEL, Measured, newest_measurements
from edgemeter_server.services import Services


@dataclass(frozen=True)
class Question:
    """What was asked, checked: the space, the codes (n, columns), and each as text."""

    message: NewEstimates
    space: Space
    codes: Codes
    texts: tuple[str, ...]

    @cached_property
    def canonical_texts(self) -> tuple[str, ...]:
        """Of each the text by which its network is known: that of all which build the same."""
        return tuple(to_text(self.space, row) for row in self.space.canonical(self.codes))


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
    """Raises Refusal NOT_FOUND for a target without a predictor, or without data for an analytic estimate."""
    project = project_id(connection, caller, asked.message.project, writing=False)
    found: list[ArchitectureEstimate] = []
    for target in asked.message.targets:
        found += _on_target(connection, project, services, asked, known_target(connection, target))
    return found


def _on_target(
    connection: Connection, project: int, services: Services, asked: Question, target: KnownTarget
) -> list[ArchitectureEstimate]:
    services.asked.note(About(project, target.id, builds_of(asked.space)), asked.codes)
    known = _measured(connection, project, asked, target) if _wants_measured(asked) else {}
    if known.keys() >= set(asked.texts):
        return [known[text] for text in asked.texts]
    active = services.loaded.find(connection, project, asked.space, target)
    if active is not None:
        estimates = _predicted(asked, active)
    elif asked.message.analytic:
        estimates = analytic_estimates(
            connection, project, target, asked.space, asked.codes, asked.texts, asked.message.level
        )
    else:
        hint = f"{how_to_fit(asked.space, target.slug)}; `analytic` (`--analytic`) asks for a rough estimate"
        raise Refusal(ProblemType.NOT_FOUND, hint)
    return [known.get(text, other) for text, other in zip(asked.texts, estimates, strict=True)]


def _wants_measured(asked: Question) -> bool:
    return asked.message.measured and asked.message.level == MEASURED_LEVEL


def _predicted(asked: Question, active: Active) -> Iterator[ArchitectureEstimate]:
    prediction = active.predictor.predict(asked.codes)
    interval = active.predictor.interval(prediction, asked.message.level)
    parts = _parts(asked, active) if asked.message.parts else None
    for row, text in enumerate(asked.texts):
        yield ArchitectureEstimate(
            architecture=text,
            target=active.target.slug,
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
    connection: Connection, project: int, asked: Question, target: KnownTarget
) -> dict[str, ArchitectureEstimate]:
    """Of each architecture that has been measured, by its text."""
    builds = builds_of(asked.space)
    recipes = (
        target.kind.recipe(builds, RecipeKind.ARCHITECTURE, text).sha256() for text in asked.canonical_texts
    )
    digests = dict(zip(asked.texts, map(bytes.fromhex, recipes), strict=True))
    known = newest_measurements(connection, project, target.id, set(digests.values()))
    return {
        text: _of_measurement(text, target.slug, known[digest])
        for text, digest in digests.items()
        if digest in known
    }


def _of_measurement(text: str, target: str, measured: Measured) -> ArchitectureEstimate:
    return ArchitectureEstimate(
        architecture=text,
        target=target,
        latency_ms=measured.latency_ms,
        interval=Interval(low_ms=measured.low_ms, high_ms=measured.high_ms, level=MEASURED_LEVEL),
        source="measured",
        measurement_id=measured.id,
    )
