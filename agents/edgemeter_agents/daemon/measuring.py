"""The worker's part of measuring: from jobs to outcomes, whatever happens on the way."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.graphs.reading import read_graph
from edgemeter.measurement import MeasurementReport
from edgemeter.targets import Target, TargetSelector
from edgemeter.wire.agents import Measured, NotMeasured
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.offers import Offer, device_slug, installed_offers
from edgemeter_agents.batches.reading import network_of, read_network
from edgemeter_agents.batches.report import Order, measure_order
from edgemeter_agents.batches.visiting import Wishes
from edgemeter_agents.batches.work import Network
from edgemeter_agents.conditions.device import read_device
from edgemeter_agents.conditions.lock import machine_lock
from edgemeter_agents.conditions.processors import NotEnoughProcessorsError, read_topology
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.daemon.held import not_measured
from edgemeter_agents.daemon.worker_messages import Done, JobOutcome, MeasureJobs, WorkerJob
from edgemeter_agents.visits.runner import JobLimits

#: How long another measurement on this machine may keep a batch from beginning.
LOCK_TIMEOUT_S = 60.0

Tell = Callable[[str], None]
Outcomes = dict[int, Measured | NotMeasured]


def measure_jobs(request: MeasureJobs, state: Path, tell: Tell) -> Done:
    """One outcome for each job. Nothing is raised: what goes wrong is an outcome."""
    outcomes: Outcomes = {}
    provenance: dict[str, object] = {}
    measuring_s = 0.0
    try:
        networks = _read_all(request, outcomes)
        if networks:
            began_s = time.monotonic()
            report = _measured(request, networks, state, tell)
            measuring_s = time.monotonic() - began_s
            provenance = report.provenance
            outcomes |= {
                int(network.id): Measured(measurement=measurement)
                for network, measurement in zip(networks, report.measurements, strict=True)
            }
    except FailureError as error:
        _fail_rest(request, outcomes, error.failure)
    except (LookupError, NotEnoughProcessorsError) as error:
        _fail_rest(request, outcomes, Failure(FailureKind.DEVICE_UNREADY, str(error)))
    except OSError as error:
        text = f"the device cannot start measuring: {error.strerror or type(error).__name__}"
        _fail_rest(request, outcomes, Failure(FailureKind.DEVICE_UNREADY, text))
    except Exception as error:  # noqa: BLE001  a defect ends this batch, not the agent
        _fail_rest(request, outcomes, Failure(FailureKind.INTERNAL, f"a defect: {type(error).__name__}"))
    told = tuple(
        JobOutcome(attempt_id=job.attempt_id, outcome=outcomes[job.attempt_id]) for job in request.jobs
    )
    return Done(seed=request.spec.seed, provenance=provenance, outcomes=told, measuring_s=measuring_s)


def _read_all(request: MeasureJobs, outcomes: Outcomes) -> list[Network]:
    target, formats = _offered(request.target)
    networks = []
    for job in request.jobs:
        try:
            network = _read(job)
            if network.format not in formats:
                raise _malformed(f"{target.runtime} does not read {network.format} files")
            _check_batch(network, target)
            networks.append(network)
        except FailureError as error:
            outcomes[job.attempt_id] = not_measured(error.failure, started=True)
    return networks


def _read(job: WorkerJob) -> Network:
    shapes = tuple(sorted(job.shapes.items()))
    network = _read_file(Path(job.file), job.sha256, shapes, job.own)
    return replace(
        network,
        id=str(job.attempt_id),
        own=job.own,
        document=network.document.model_copy(update={"name": job.name, "sha256": job.sha256}),
    )


@lru_cache(maxsize=256)
def _read_file(
    file: Path, sha256: str, shapes: tuple[tuple[str, tuple[int, ...]], ...], own: bool
) -> Network:
    """Read once for all jobs of the same bytes: the daemon has checked that they are.

    What was built here needs no process of its own to be read safely.
    """
    if own:
        return network_of("0", file, read_graph(file, dict(shapes)), dict(shapes), sha256=sha256)
    return read_network("0", file, dict(shapes))


def _check_batch(network: Network, target: Target) -> None:
    if network.batch != target.batch:
        raise _malformed(
            f"the network's batch is {network.batch}, the target's {target.batch}: "
            f"ask for a target of b{network.batch}, or bind the leading dimension to {target.batch}"
        )


def _offered(slug: str) -> tuple[Target, frozenset[object]]:
    """Raises LookupError for a target that this machine does not offer (any more)."""
    selector = TargetSelector.parse(slug)
    device = _device()
    for offer in _offers():
        for precision in offer.runtime.precisions:
            target = offer.target(device, precision, selector.threads or 1, selector.batch or 1)
            if target.slug == slug:
                return target, frozenset(offer.runtime.formats)
    raise LookupError(f"this device does not offer {slug}")


def _measured(request: MeasureJobs, networks: list[Network], state: Path, tell: Tell) -> MeasurementReport:
    spec = request.spec
    with machine_lock(LOCK_TIMEOUT_S, lambda _: tell("another measurement is running; waiting for it")):
        pass  # taken for each visit again: others may take their turns between
    order = Order(networks, [TargetSelector.parse(request.target)], spec.measuring_protocol(), _wishes(spec))
    return measure_order(order, _offers(), _Steps(tell), tell, store=AnchorStore(state / "anchors"))


def _wishes(spec: JobSpec) -> Wishes:
    return Wishes(
        seed=spec.seed,
        layers=spec.layers,
        memory=spec.memory,
        sustained_s=spec.sustained_s,
        streams=spec.streams,
        limits=JobLimits(run_s=spec.timeout_s, memory_bytes=spec.memory_limit_mib << 20),
    )


class _Steps:
    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def total(self, steps: int) -> None:
        pass

    def step(self, text: str) -> None:
        self._tell(text)


@lru_cache(maxsize=1)
def _offers() -> tuple[Offer, ...]:
    return tuple(installed_offers())


@lru_cache(maxsize=1)
def _device() -> str:
    roots = Roots()
    return device_slug(read_device(roots), len(read_topology(roots).processors))


def _fail_rest(request: MeasureJobs, outcomes: Outcomes, failure: Failure) -> None:
    unready = failure.kind is FailureKind.DEVICE_UNREADY
    for job in request.jobs:
        outcomes.setdefault(job.attempt_id, not_measured(failure, started=not unready))


def _malformed(text: str) -> FailureError:
    return FailureError(Failure(FailureKind.MALFORMED, text))
