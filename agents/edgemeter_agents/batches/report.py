"""From files and wishes to a report: what every measuring command does."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from edgemeter import __version__
from edgemeter.isolation import Achieved
from edgemeter.measurement import Measurement, MeasurementReport
from edgemeter.protocols import MeasuringProtocol
from edgemeter.targets import Precision, TargetSelector
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.lab import Lab
from edgemeter_agents.batches.measure import measure_batches
from edgemeter_agents.batches.offers import Choice, Offer, choose, device_slug
from edgemeter_agents.batches.progress import Watcher
from edgemeter_agents.batches.reading import anchor_network
from edgemeter_agents.batches.visiting import Wishes
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.conditions.device import read_device
from edgemeter_agents.conditions.provenance import read_provenance
from edgemeter_agents.networks import anchors
from edgemeter_agents.runtimes.base import Format, Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be measured, and how. `networks` have different ids."""

    networks: Sequence[Network]
    selectors: Sequence[TargetSelector]
    protocol: MeasuringProtocol
    wishes: Wishes


def measure_order(
    order: Order,
    offers: Sequence[Offer],
    watcher: Watcher,
    note: Callable[[str], None],
    lab: Lab | None = None,
    store: AnchorStore | None = None,
) -> MeasurementReport:
    """Measures every network on every target that was chosen for it.

    Measurements come in the order of the networks, and for each in that of its targets.
    Raises LookupError where a selector matches nothing, NotEnoughProcessorsError for too many threads.
    """
    lab = lab or Lab.of_this_machine()
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    device = device_slug(read_device(lab.roots), len(lab.topology.processors))
    batches = plan_batches(order, offers, device, lab)
    done = measure_batches(batches, order.protocol, order.wishes, lab, store or AnchorStore(), watcher, note)
    return MeasurementReport(
        edgemeter_version=__version__,
        started_at=started_at,
        seed=order.wishes.seed,
        provenance=_provenance(lab, offers, done.confinement),
        measurements=_in_order(order.networks, batches, done.measurements),
    )


def plan_batches(order: Order, offers: Sequence[Offer], device: str, lab: Lab) -> list[Batch]:
    """One batch for each target, with the networks that go there, in their order."""
    networks: dict[str, list[Network]] = {}
    choices: dict[str, Choice] = {}
    for network in order.networks:
        for choice in choose(network, order.selectors, offers, device):
            # ONNX and TFLite files of one target have anchors of their own format.
            key = f"{choice.target.slug}/{network.format}"
            choices[key] = choice
            networks.setdefault(key, []).append(network)
    return [_batch(choices[key], members, lab) for key, members in networks.items()]


def _batch(choice: Choice, networks: Sequence[Network], lab: Lab) -> Batch:
    target, offer = choice.target, choice.offer
    cpus = lab.cpus(target.threads).cpus
    file_format = networks[0].format or Format.ONNX
    light, heavy = anchors(file_format, anchor_precision(target.precision))
    return Batch(
        target=target,
        runtime=offer.name,
        runtime_version=offer.version,
        settings=Settings(target.precision, target.threads, cpus),
        networks=tuple(networks),
        anchors=(anchor_network("light", light), anchor_network("heavy", heavy)),
    )


def anchor_precision(precision: Precision) -> Precision:
    """Quantised targets have quantised anchors; reduced float precisions run the float ones."""
    return Precision.INT8 if precision is Precision.INT8 else Precision.FP32


def _in_order(
    networks: Sequence[Network], batches: Sequence[Batch], measurements: Sequence[Measurement]
) -> tuple[Measurement, ...]:
    ids = [network.id for batch in batches for network in batch.networks]
    by_network: dict[str, list[Measurement]] = {network.id: [] for network in networks}
    for id_, measurement in zip(ids, measurements, strict=True):
        by_network[id_].append(measurement)
    return tuple(measurement for group in by_network.values() for measurement in group)


def _provenance(lab: Lab, offers: Sequence[Offer], confinement: Achieved | None) -> dict[str, Any]:
    distributions = [name for offer in offers for name in offer.runtime.distributions]
    return {
        **read_provenance(lab.roots, distributions).document(),
        "confinement": None if confinement is None else asdict(confinement),
    }
