"""Measures networks and tells their kernels on this machine, for the commands about kernels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgemeter.cli.output import Progress
from edgemeter.failures import EdgeMeterError, FailureError, FailureKind
from edgemeter.kernels.kernel import KernelGraph
from edgemeter.kernels.plugins import MeasuredNetwork, MeasuredNetworks, SeveralTargetsError, Shapes
from edgemeter.measurement import Measurement
from edgemeter.protocols import SURVEY, MeasuringProtocol
from edgemeter.targets import Target, TargetSelector
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.lab import Lab, Nurseries
from edgemeter_agents.batches.measure import measure_batches
from edgemeter_agents.batches.offers import Offer, device_slug, installed_offers
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.batches.reading import read_network
from edgemeter_agents.batches.report import Order, plan_batches
from edgemeter_agents.batches.visiting import Errand, Visitor, Wishes
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.conditions.device import read_device
from edgemeter_agents.measuring.anchors import AnchorSession
from edgemeter_agents.runtimes.base import Format
from edgemeter_agents.visits.messages import Failed, Result, Told

_PROFILE = SURVEY.evolve(min_samples=12, min_timed_s=0.02)
_SUFFIXES = {f".{kind}": kind for kind in Format}


class KernelsError(EdgeMeterError):
    """The kernels of a file cannot be told. Says why."""


class LocalBench:
    """`edgemeter.kernels.plugins.Bench`."""

    def __init__(self) -> None:
        self._lab = Lab.of_this_machine()
        self._offers = installed_offers()
        self._device = device_slug(read_device(self._lab.roots), len(self._lab.topology.processors))

    def target(self, selector: TargetSelector) -> Target:
        targets = [
            offer.target(self._device, precision, selector.threads or 1, selector.batch or 1)
            for offer in self._offers
            for precision in sorted(offer.runtime.precisions)
        ]
        found = [target for target in targets if selector.matches(target)]
        listed = ", ".join(target.slug for target in found or targets)
        if not found:
            raise LookupError(f"no target of this machine fits; there are {listed}")
        if len(found) > 1:
            raise SeveralTargetsError(f"several targets fit: {listed}; name one of them with --target")
        return found[0]

    def engine_version(self, target: Target) -> str:
        return self._offer(target).version

    def reads(self, target: Target, file: Path) -> bool:
        return _SUFFIXES.get(file.suffix.lower()) in self._offer(target).runtime.formats

    def kernels(self, target: Target, file: Path, shapes: Shapes) -> KernelGraph:
        network = read_network("0", file, shapes)
        batch = self._batch(target, [network], Wishes(), SURVEY)
        [result] = self._tell(batch, Wishes(), _Silent(), profiled=False)
        if isinstance(result, Failed):
            raise KernelsError(f"{file.name}: {result.failure.message}")
        return _graph(result)

    def measure(
        self,
        target: Target,
        files: Sequence[Path],
        protocol: MeasuringProtocol,
        bar: Progress,
        *,
        priority: str = "auto",
        seed: int = 0,
        profiled: bool = False,
    ) -> MeasuredNetworks:
        found = {file: _read(target, str(number), file) for number, file in enumerate(files)}
        networks = [each for each in found.values() if isinstance(each, Network)]
        if not networks:
            return MeasuredNetworks(
                tuple(each for each in found.values() if isinstance(each, MeasuredNetwork)), None
            )
        wishes = Wishes(seed=seed, priority=PriorityWish(priority))
        batch = self._batch(target, networks, wishes, protocol)
        done = measure_batches([batch], protocol, wishes, self._lab, AnchorStore(), bar, bar.note)
        told = self._tell(batch, wishes, bar, profiled=profiled)
        measured = {
            network.id: _measured(network.file, measurement, result)
            for network, measurement, result in zip(networks, done.measurements, told, strict=True)
        }
        rows = (
            replace(measured[each.id], file=file) if isinstance(each, Network) else each
            for file, each in found.items()
        )
        return MeasuredNetworks(tuple(rows), _readings(done.anchors[0]))

    def _batch(
        self, target: Target, networks: Sequence[Network], wishes: Wishes, protocol: MeasuringProtocol
    ) -> Batch:
        order = Order(networks, [_selector(target)], protocol, wishes)
        [batch] = plan_batches(order, self._offers, self._device, self._lab)
        return batch

    def _tell(self, batch: Batch, wishes: Wishes, bar: Progress, *, profiled: bool) -> Sequence[Result]:
        """Kernels in a visit of their own; their times are those of more runs than a latency's visit has."""
        with Nurseries(_PROFILE) as nurseries:
            visitor = Visitor(self._lab, nurseries, _PROFILE, wishes, bar.note)
            bar.note(f"{batch.target.runtime}: asking for the kernels of {len(batch.networks)} networks")
            errand = Errand(batch.networks, "kernels", profiled=profiled)
            return visitor.visit(batch, errand, lambda _: None).results

    def _offer(self, target: Target) -> Offer:
        return next(offer for offer in self._offers if offer.name == target.runtime)


class _Silent:
    def total(self, steps: int) -> None: ...
    def step(self, text: str) -> None: ...
    def reach(self, done: int, text: str) -> None: ...
    def note(self, text: str) -> None: ...


def _selector(target: Target) -> TargetSelector:
    return TargetSelector((target.runtime,), target.precision, target.threads)


def _read(target: Target, id_: str, file: Path) -> Network | MeasuredNetwork:
    try:
        network = read_network(id_, file, {})
    except (FailureError, EdgeMeterError, OSError) as error:
        return MeasuredNetwork(file, failure=str(error))
    if network.batch != target.batch:
        return MeasuredNetwork(file, failure=f"it is of batch {network.batch}, the target of {target.batch}")
    return network


def _measured(file: Path, measurement: Measurement, result: Result) -> MeasuredNetwork:
    latency = measurement.latency
    if latency is None or isinstance(result, Failed):
        failure = measurement.failure.message if measurement.failure else ""
        told = result.failure.message if isinstance(result, Failed) else ""
        contended = measurement.failure is not None and measurement.failure.kind is FailureKind.CONTENDED
        return MeasuredNetwork(file, failure=failure or told, contended=contended)
    return MeasuredNetwork(
        file,
        latency.value_ms,
        latency.raw_ms,
        latency.interval.low_ms,
        latency.interval.high_ms,
        measurement.validity.valid,
        tuple(reason.name for reason in measurement.validity.reasons),
        _graph(result),
    )


def _readings(anchors: AnchorSession | None) -> tuple[float, float] | None:
    return None if anchors is None else (anchors.light.wall_ms, anchors.heavy.wall_ms)


def _graph(result: Result) -> KernelGraph:
    if not isinstance(result, Told):
        raise KernelsError("the network's process told something else than kernels")
    return KernelGraph(result.kernels)
