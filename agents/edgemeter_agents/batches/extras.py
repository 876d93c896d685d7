"""What is measured beside latency, each in runs of its own: layers, memory, sustained latency, throughput."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgemeter_agents.batches.documents import Extras
from edgemeter_agents.batches.visiting import Errand, Visitor, Wishes
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.visits.messages import Failed, Noted, Profiled, Result, Task

THROUGHPUT_S = 3.0

_TITLES: dict[Task, str] = {
    "layers": "layers",
    "memory": "peak memory",
    "sustained": "sustained latency",
    "throughput": "throughput",
    "kernels": "kernels",
}


@dataclass(frozen=True, slots=True)
class _Step:
    errand: Errand
    text: str


def extra_steps(networks: list[Network], wishes: Wishes) -> list[_Step]:
    """One visit for the layers of all networks, and one child of its own for each other figure."""
    steps = []
    if wishes.layers and networks:
        steps.append(_Step(Errand(networks, "layers"), "layers"))
    for network in networks:
        if wishes.memory:
            steps.append(_Step(Errand([network], "memory"), "peak memory"))
        if wishes.sustained_s is not None:
            errand = Errand([network], "sustained", duration_s=wishes.sustained_s)
            steps.append(_Step(errand, "sustained latency"))
        if wishes.streams is not None:
            errand = Errand([network], "throughput", duration_s=THROUGHPUT_S, streams=wishes.streams)
            steps.append(_Step(errand, "throughput"))
    return steps


def measure_extras(
    batch: Batch,
    networks: list[Network],
    wishes: Wishes,
    visitor: Visitor,
    on_step: Callable[[str], None],
) -> dict[str, Extras]:
    """By network id. What could not be had is told as a note and does not touch the latency."""
    found = {network.id: Extras() for network in networks}
    for step in extra_steps(networks, wishes):
        on_step(step.text)
        record = visitor.visit(batch, step.errand, lambda _: None)
        for result in record.results:
            found[result.job] = _with(found[result.job], step.errand, result)
    return found


def _with(extras: Extras, errand: Errand, result: Result) -> Extras:
    match result:
        case Profiled(note=str(note)):
            return replace(extras, notes=(*extras.notes, note))
        case Profiled(layers=layers):
            return replace(extras, layers=layers)
        case Noted(value=value):
            return _noted(extras, errand, value)
        case Failed(failure=failure):
            note = f"no {_TITLES[errand.task]}: {failure.message}"
            return replace(extras, notes=(*extras.notes, note))
    return extras


def _noted(extras: Extras, errand: Errand, value: float) -> Extras:
    match errand.task:
        case "memory":
            return replace(extras, peak_memory_bytes=round(value))
        case "sustained":
            return replace(extras, sustained_latency_ms=value)
        case _:
            return replace(extras, throughput_per_s=value, throughput_streams=errand.streams)
