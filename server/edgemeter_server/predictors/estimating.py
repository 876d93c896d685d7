"""Answers to how long architectures take: measured where they were, predicted where they were not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from edgemeter.measurement import Interval
from edgemeter.spaces.codes import stacked
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

P = ParamSpec("P")
T = TypeVar("T")
_FEW: Final = 64  #: architectures that the loop itself reads and predicts: a turn of a thread costs more


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, checked: the space, the architectures as rows of a byte a code, each as text, and the
    text by which its network is known, that of all which build the same.
    """

    message: NewEstimates
    space: Space
    rows: tuple[bytes, ...]
    texts: tuple[str, ...]
    canonical_texts: tuple[str, ...]

    @property
    def codes(self) -> Codes:
        """(n, columns)."""
        return stacked(self.space, self.rows)


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
    return Question(message, space, rows, texts, _canonical(space, rows, texts))


def _canonical(space: Space, rows: Sequence[bytes], texts: tuple[str, ...]) -> tuple[str, ...]:
    if space.written_once:
        return texts
    return tuple(known_text(space, row) for row in space.canonical(stacked(space, rows)))


async def considered(message: NewEstimates) -> Question:
    """As `question`; of many architectures not in the event loop."""
    return await _done(len(message.architectures) <= _FEW, question, message)


async def answers(services: Services, caller: Caller, asked: Question) -> list[ArchitectureEstimate]:
    """As `answer`, without the database where all that it would tell is in memory."""
    found: list[ArchitectureEstimate] = []
    project, space, few = asked.message.project, asked.space, len(asked.rows) <= _FEW
    for slug in asked.message.targets:
        standing = await services.standings.of(services.database, caller, project, space, slug)
        services.asked.note(standing.about, asked.rows)
        active = standing.active
        if active is None or await _done(few, _likely_measured, asked, standing):
            found += await services.database.read(partial(_on_target, asked, standing))
        else:
            found += await _done(few and active.evaluator.quick, _predicted, asked, active)
    return found


async def _done(here: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In the event loop, or in a thread where that would be held up."""
    return work(*args, **kwargs) if here else await run_in_threadpool(work, *args, **kwargs)


def _read_codes(space: Space, codes: Sequence[int]) -> tuple[bytes, str]:
    row = bytes(codes)
    return row, to_text(space, np.frombuffer(row, np.uint8))


def answer(
    connection: Connection, caller: Caller, services: Services, asked: Question
) -> list[ArchitectureEstimate]:
    """Raises Refusal NOT_FOUND for a target without a predictor, or without data for an analytic estimate."""
    found: list[ArchitectureEstimate] = []
    for slug in asked.message.targets:
        standing = services.standings.read(connection, caller, asked.message.project, asked.space, slug)
        services.asked.note(standing.about, asked.rows)
        found += _on_target(asked, standing, connection)
    return found


def _on_target(asked: Question, standing: Standing, connection: Connection) -> list[ArchitectureEstimate]:
    target, project = standing.target, standing.about.project_id
    known = _measured(connection, asked, standing) if _wants_measured(asked) else {}
    if known.keys() >= set(asked.texts):
        return [known[text] for text in asked.texts]
    estimates: Iterable[ArchitectureEstimate]
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


def _wants_measured(asked: Question) -> bool:
    return asked.message.measured and asked.message.level == MEASURED_LEVEL


def _predicted(asked: Question, active: Active) -> list[ArchitectureEstimate]:
    level = asked.message.level
    rows = active.evaluator.rows_ms(asked.space, asked.rows, level)
    parts = _parts(asked, active) if asked.message.parts else None
    return [
        ArchitectureEstimate(
            architecture=text,
            target=active.target.slug,
            latency_ms=latency_ms,
            interval=Interval(low_ms=low_ms, high_ms=high_ms, level=level),
            source="predicted",
            predictor_id=active.id,
            predictor_number=active.number,
            **next(parts) if parts else {},
        )
        for text, (latency_ms, low_ms, high_ms) in zip(asked.texts, rows, strict=True)
    ]


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
