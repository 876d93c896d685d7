"""Measuring from a benchmark: the same code as `edgemeter measure`, without its printing."""

import sys
from collections.abc import Sequence
from pathlib import Path

from edgemeter.graphs.reading import read_graph
from edgemeter.measurement import Latency, Measurement
from edgemeter.protocols import MeasuringProtocol
from edgemeter.targets import TargetSelector
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.lab import Lab
from edgemeter_agents.batches.offers import installed_offers
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.batches.reading import network_of
from edgemeter_agents.batches.report import Order, measure_order
from edgemeter_agents.batches.visiting import Wishes

#: Real networks nobody here wrote, beside the checkout where there are any.
REAL_NETWORKS = Path(__file__).resolve().parents[2] / "shared" / "models"


class Quiet:
    """Tells nothing of the way."""

    def total(self, steps: int) -> None: ...

    def step(self, text: str) -> None: ...


def measure_files(
    files: Sequence[Path],
    selector: str,
    protocol: MeasuringProtocol,
    store: AnchorStore,
    *,
    priority: PriorityWish = PriorityWish.AUTO,
    seed: int = 0,
) -> tuple[Measurement, ...]:
    """One measurement for each file, in their order, on the one target that fits."""
    # Our own files: they need no limited child to be read in.
    networks = [network_of(str(n), file, read_graph(file), {}) for n, file in enumerate(files)]
    order = Order(networks, [TargetSelector.parse(selector)], protocol, Wishes(seed=seed, priority=priority))
    report = measure_order(order, installed_offers(), Quiet(), _note, Lab.of_this_machine(), store)
    return report.measurements


def latencies(measurements: Sequence[Measurement]) -> list[Latency]:
    """All of them; exits where one is missing, since no figure may silently stand for fewer networks."""
    failed = [m for m in measurements if m.latency is None]
    if failed:
        reasons = {f"{m.network.name}: {m.failure.message if m.failure else ''}" for m in failed}
        sys.exit(f"could not be measured: {'; '.join(sorted(reasons))}")
    return [m.latency for m in measurements if m.latency is not None]


def _note(text: str) -> None:
    print(text, file=sys.stderr)
