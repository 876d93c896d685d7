"""Networks of a space compared on targets: measured or predicted latencies, and what they are counted for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from edgemeter.metrics.multi_hardware import factors
from edgemeter.metrics.pareto import Rows, pareto_front
from edgemeter.wire.estimates import ArchitectureEstimate, NewEstimates
from edgemeter.wire.metrics import TIMED, ComparedNetworks, ComparedOn, Normaliser
from edgemeter_server.access.projects import project_id
from edgemeter_server.http.caller import Caller
from edgemeter_server.multi_hardware.figures import Array, Figures, counts, documents, latencies_of
from edgemeter_server.multi_hardware.normalisers import normalisers
from edgemeter_server.predictors.estimating import Question, answer, question
from edgemeter_server.services import Services


@dataclass(frozen=True, slots=True)
class Compared:
    """The networks of a question with their figures, not yet written."""

    asked: ComparedOn
    question: Question
    estimates: Sequence[ArchitectureEstimate]
    normalisers: tuple[Normaliser, ...]
    figures: Figures

    def front(self) -> Rows:
        """The rows of those that no other one dominates."""
        return pareto_front(self.figures.to_minimise(self.asked.metrics))

    def document(self, rows: Rows | None = None, candidates: int | None = None) -> ComparedNetworks:
        """Of some of the networks, or all."""
        texts = self.question.texts
        chosen = range(len(texts)) if rows is None else rows.tolist()
        return ComparedNetworks(
            level=self.asked.level,
            metrics=self.asked.metrics,
            normalisers=self.normalisers,
            candidates=len(texts) if candidates is None else candidates,
            networks=tuple(documents(self.figures, texts, self.estimates, self.asked.metrics, chosen)),
        )


def compare(
    connection: Connection,
    caller: Caller,
    services: Services,
    asked: ComparedOn,
    texts: Sequence[str],
    qualities: Sequence[float] = (),
) -> Compared:
    """Raises Refusal: NOT_FOUND for a target without a predictor or normaliser, INVALID, TOO_LARGE."""
    wanted = question(
        NewEstimates(
            project=asked.project,
            space=asked.space,
            architectures=tuple(texts),
            targets=asked.targets,
            level=asked.level,
            measured=asked.measured,
            analytic=asked.analytic,
        )
    )
    project = project_id(connection, caller, asked.project, writing=False)
    divided_by = normalisers(connection, project, asked)
    timed = bool(TIMED.intersection(asked.metrics))
    estimates = answer(connection, caller, services, wanted) if timed else []
    figures = Figures(
        latencies_of(estimates, len(asked.targets), asked.level) if timed else None,
        factors_of(divided_by),
        counts(wanted.space, wanted.codes, asked.metrics),
        np.array(qualities, np.float64),
    )
    return Compared(asked, wanted, estimates, divided_by, figures)


def factors_of(found: Sequence[Normaliser]) -> Array:
    if not found:
        return np.empty(0)
    return factors([each.latency_ms for each in found], [each.weight for each in found])
