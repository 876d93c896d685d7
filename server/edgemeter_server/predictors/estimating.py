"""Answers to how long architectures take: measured where they were, predicted where they were not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from edgemeter.measurement import Interval
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.text import known_text, read, to_text
from edgemeter.wire.estimates import MOST_ESTIMATES, ArchitectureEstimate, LayerPart, NewEstimates
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.campaigns.spaces import known_space
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.analytic import analytic_estimates
from edgemeter_server.predictors.loaded import Active, how_to_fit
from edgemeter_server.predictors.measured import MEASURED_LEVEL, Measured, newest_measurements
from edgemeter_server.predictors.standing import Standing
from edgemeter_server.services import Services

_FEW: Final = 64  #: architectures that the loop itself reads and predicts: a turn of a thread costs more


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, checked: the space, the codes (n, columns), each as text, and the text by which its
    network is known, that of all which build the same.
    """

    message: NewEstimates
    space: Space
    codes: Codes
    texts: tuple[str, ...]
    canonical_texts: tuple[str, ...]


def question(message: NewEstimates) -> Question:
    """Raises Refusal INVALID, naming the architectures that are none."""
    if len(message.architectures) * len(message.targets) > MOST_ESTIMATES:
        raise Refusal(ProblemType.TOO_LARGE, f"at most {MOST_ESTIMATES} estimates at once; ask in parts")
    space = known_space(message.space or "")
    found, errors = [], []
    for index, asked in enumerate(message.architectures):
        try:
            found.append(read(space, asked) if isinstance(asked, str) else _read_codes(space, asked))
        except CodeError as error:
            errors.append(FieldError(pointer=f"/architectures/{index}", detail=str(error)))
    if errors:
        raise Refusal(
            ProblemType.INVALID, f"{errors[0].pointer}: {errors[0].detail}", errors=tuple(errors[:20])
        )
    rows, texts = zip(*found, strict=True)
    codes = np.array(rows, np.uint8)
    return Question(message, space, codes, texts, _canonical(space, codes, texts))


def _canonical(space: Space, codes: Codes, texts: tuple[str, ...]) -> tuple[str, ...]:
    canonical = space.canonical(codes)
    return texts if canonical is codes else tuple(known_text(space, row) for row in canonical)


async def considered(message: NewEstimates) -> Question:
    """As `question`; of many architectures not in the event loop, which they would hold up."""
    if len(message.architectures) <= _FEW:
        return question(message)
    return await run_in_threadpool(question, message)


async def answers(services: Services, caller: Caller, asked: Question) -> list[ArchitectureEstimate]:
    """As `answer`, without the database where all that it would tell is in memory."""
    found: list[ArchitectureEstimate] = []
    for slug in asked.message.targets:
        project, space = asked.message.project, asked.space
        standing = await services.standings.of(services.database, caller, project, space, slug)
        services.asked.note(standing.about, asked.codes)
        active = standing.active
        if active is None or _likely_measured(asked, standing):
            found += await services.database.read(partial(_on_target, asked, standing))
        elif active.evaluator.quick and len(asked.codes) <= _FEW:
            found += _predicted(asked, active)
        else:
            found += await run_in_threadpool(_all_predicted, asked, active)
    return found


def _read_codes(space: Space, codes: Sequence[int]) -> tuple[Sequence[int], str]:
    return codes, to_text(space, np.array(codes, np.uint8))


def answer(
    connection: Connection, caller: Caller, services: Services, asked: Question
) -> list[ArchitectureEstimate]:
    """Raises Refusal NOT_FOUND for a target without a predictor, or without data for an analytic estimate."""
    found: list[ArchitectureEstimate] = []
    for slug in asked.message.targets:
        standing = services.standings.read(connection, caller, asked.message.project, asked.space, slug)
        services.asked.note(standing.about, asked.codes)
        found += _on_target(asked, standing, connection)
    return found


def _on_target(asked: Question, standing: Standing, connection: Connection) -> list[ArchitectureEstimate]:
    target, project = standing.target, standing.about.project_id
    known = _measured(connection, asked, standing) if _wants_measured(asked) else {}
    if known.keys() >= set(asked.texts):
        return [known[text] for text in asked.texts]
    if standing.active is not None:
        estimates = _predicted(asked, standing.active)
    elif asked.message.analytic:
        estimates = analytic_estimates(
            connection, project, target, asked.space, asked.codes, asked.texts, asked.message.level
        )
    else:
        hint = f"{how_to_fit(asked.space, target.slug)}; `analytic` (`--analytic`) asks for a rough estimate"
        raise Refusal(ProblemType.NOT_FOUND, hint)
    return [known.get(text, other) for text, other in zip(asked.texts, estimates, strict=True)]


def _all_predicted(asked: Question, active: Active) -> list[ArchitectureEstimate]:
    return list(_predicted(asked, active))


def _wants_measured(asked: Question) -> bool:
    return asked.message.measured and asked.message.level == MEASURED_LEVEL


def _predicted(asked: Question, active: Active) -> Iterator[ArchitectureEstimate]:
    level = asked.message.level
    rows = active.evaluator.rows_ms(asked.codes, level)
    parts = _parts(asked, active) if asked.message.parts else None
    for text, (latency_ms, low_ms, high_ms) in zip(asked.texts, rows, strict=True):
        yield ArchitectureEstimate(
            architecture=text,
            target=active.target.slug,
            latency_ms=latency_ms,
            interval=Interval(low_ms=low_ms, high_ms=high_ms, level=level),
            source="predicted",
            predictor_id=active.id,
            predictor_number=active.number,
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


def _likely_measured(asked: Question, standing: Standing) -> bool:
    if not _wants_measured(asked):
        return False
    return bool(standing.likely_measured(standing.addresses(asked.canonical_texts)))


def _measured(connection: Connection, asked: Question, standing: Standing) -> dict[str, ArchitectureEstimate]:
    """Of each architecture that has been measured, by its text."""
    target = standing.target
    digests = dict(zip(asked.texts, standing.addresses(asked.canonical_texts), strict=True))
    known = newest_measurements(connection, standing.about.project_id, target.id, set(digests.values()))
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
