"""Measures batches on this machine: visits interleaved over all of them, then what was asked for beside."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

from edgemeter.isolation import Achieved, attempt_folder
from edgemeter.measurement import Measurement
from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.batches.anchor_store import AnchorKey, AnchorStore
from edgemeter_agents.batches.documents import Extras, measurement_document
from edgemeter_agents.batches.exports import Exports
from edgemeter_agents.batches.extras import extra_steps, measure_extras
from edgemeter_agents.batches.findings import judge_conditions, judge_execution
from edgemeter_agents.batches.lab import Lab, Nurseries
from edgemeter_agents.batches.plan import visit_order
from edgemeter_agents.batches.progress import Watcher
from edgemeter_agents.batches.session import BatchSession, Outcome
from edgemeter_agents.batches.visiting import Errand, Visitor, Wishes
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.measuring.anchors import AnchorSession, Drift
from edgemeter_agents.measuring.interval import batch_noise
from edgemeter_agents.measuring.summary import Summary, standard_error, summarise


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements in the order of the batches and their networks, and how their children were confined.

    `anchors` are the readings of each batch's, None where one of them could not be measured.
    """

    measurements: tuple[Measurement, ...]
    anchors: tuple[AnchorSession | None, ...]
    confinement: Achieved | None


def measure_batches(
    batches: Sequence[Batch],
    protocol: MeasuringProtocol,
    wishes: Wishes,
    lab: Lab,
    store: AnchorStore,
    watcher: Watcher,
    note: Callable[[str], None],
) -> Measured:
    """Every batch's first visit comes before any batch's second, so that visits lie apart in time.

    Raises NotEnoughProcessorsError for too many threads; all else that goes wrong is a failed measurement.
    """
    with Nurseries(protocol) as nurseries, ExitStack() as stack:
        visitor = Visitor(lab, nurseries, protocol, wishes, note)
        folders = [stack.enter_context(attempt_folder()) for _ in batches]
        runs = [
            _BatchRun(batch, protocol, wishes, visitor, store, Exports.of(batch, folder))
            for batch, folder in zip(batches, folders, strict=True)
        ]
        watcher.total(sum(run.steps for run in runs))
        for visit in count():
            unfinished = [run for run in runs if run.session.wanted()]
            if not unfinished:
                break
            for run in unfinished:
                run.visit(visit, watcher)
        measurements = tuple(m for run in runs for m in run.finish(watcher))
        anchors = tuple(run.session.anchor_session() for run in runs)
        return Measured(measurements, anchors, visitor.confinement)


class _BatchRun:
    """One batch on its way: the shell around a `BatchSession`."""

    def __init__(
        self,
        batch: Batch,
        protocol: MeasuringProtocol,
        wishes: Wishes,
        visitor: Visitor,
        store: AnchorStore,
        exports: Exports,
    ) -> None:
        self._batch = batch
        self._protocol = protocol
        self._wishes = wishes
        self._visitor = visitor
        self._store = store
        self._exports = exports
        self._key = _anchor_key(batch, protocol, visitor)
        self._history = store.load(self._key)
        self.session = BatchSession(batch, protocol, self._history)
        self._networks = {network.id: network for network in (*batch.networks, *batch.anchors)}
        self.steps = protocol.visits * len(batch.networks) + len(extra_steps(list(batch.networks), wishes))

    def visit(self, number: int, watcher: Watcher) -> None:
        anchors = [anchor.id for anchor in self._batch.anchors]
        order = visit_order(self.session.wanted(), anchors, self._wishes.seed, number)
        reopened = {id_ for id_, network in self._networks.items() if self._exports.has(network)}
        errand = Errand(
            [self._networks[job] for job in order],
            facts_of=self.session.without_facts(reopened),
            exports=self._exports,
            visit=number,
        )
        text = f"visit {number + 1}"

        def started(job: str) -> None:
            if job not in anchors:
                watcher.step(self._text(self._networks[job], text))

        self.session.record(self._visitor.visit(self._batch, errand, started))

    def finish(self, watcher: Watcher) -> list[Measurement]:
        outcomes = list(self.session.outcomes())
        measured = [outcome.network for outcome in outcomes if outcome.failure is None]
        extras = measure_extras(
            self._batch,
            measured,
            self._wishes,
            self._visitor,
            lambda text: watcher.step(f"{self._batch.target.runtime}: {text}"),
        )
        session = _Judged(self._judge_anchors(), self._noise(outcomes))
        return [self._document(outcome, session, extras.get(outcome.network.id)) for outcome in outcomes]

    def _noise(self, outcomes: Sequence[Outcome]) -> float:
        errors = [
            standard_error(outcome.visits, self._protocol, outcome.cpu_ratio)
            for outcome in outcomes
            if outcome.failure is None
        ]
        if (anchors := self.session.anchor_session()) is not None and anchors.quiet:
            errors += [anchors.light.error, anchors.heavy.error]
        return batch_noise(errors)

    def _judge_anchors(self) -> Drift | None:
        session = self.session.anchor_session()
        if session is None:
            return None
        try:
            self._store.save(self._key, self._store.load(self._key).add(session))
        except OSError as error:
            # What was measured stands; only the next session will know less.
            self._visitor.note(f"the anchors' readings could not be kept: {error.strerror}")
        return self._history.drift(session)

    def _document(self, outcome: Outcome, session: "_Judged", extras: Extras | None) -> Measurement:
        return measurement_document(
            outcome,
            None if outcome.failure else self._summary(outcome, session),
            extras or Extras(),
            target=self._batch.target,
            protocol=self._protocol,
            conditions=self._conditions(),
        )

    def _summary(self, outcome: Outcome, session: "_Judged") -> Summary:
        settings, processor = self._batch.settings, self._batch.target.processor
        execution = judge_execution(settings, processor, outcome.facts) if outcome.facts else ()
        return summarise(
            outcome.visits,
            self._protocol,
            cpu_ratio=outcome.cpu_ratio,
            drift=session.drift,
            shrinkage=self._history.shrinkage,
            spread=self._history.spread,
            noise=session.noise,
            findings=(*execution, *judge_conditions([record.change for record in self.session.records])),
        )

    def _conditions(self) -> list[dict[str, Any]]:
        return [
            {"before": record.before.document(), "change": record.change.document()}
            for record in self.session.records
        ]

    def _text(self, network: Network, what: str) -> str:
        return f"{self._batch.target.runtime}: {network.document.name}, {what}"


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a batch says as a whole."""

    drift: Drift | None
    noise: float


def _anchor_key(batch: Batch, protocol: MeasuringProtocol, visitor: Visitor) -> AnchorKey:
    light, heavy = batch.anchors
    return AnchorKey(
        target=batch.target.slug,
        runtime_version=batch.runtime_version,
        protocol_digest=protocol.digest(),
        priority=visitor.priority(batch),
        cpus=visitor.cpus(batch),
        anchors=(light.document.sha256, heavy.document.sha256),
    )
