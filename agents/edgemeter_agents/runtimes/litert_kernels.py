"""The kernels that LiteRT runs: its profile lists them, the interpreter's plan has their sizes.

XNNPACK fuses and splits operators, and its profile says how each kernel computes but not on what: the sizes
are those of the operator that it computes (litert_matching.py). What no partition took is one kernel each.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from edgemeter.graphs.graph import Attribute
from edgemeter.kernels.kernel import Kernel
from edgemeter.kernels.sizes import Operation
from edgemeter.kernels.tflite_sizes import TfliteSizes
from edgemeter_agents.runtimes.litert_layers import ProfileLine
from edgemeter_agents.runtimes.litert_matching import aligned
from edgemeter_agents.runtimes.litert_wiring import Wired, Wiring
from edgemeter_agents.runtimes.sources import Sources

#: Profiles cut durations to whole microseconds: half of one is missing in the mean.
_CUT_US: Final = 0.5
_NOTHING: Final = Wired("", (), ())


def told_kernels(
    lines: Sequence[ProfileLine], wiring: Wiring, sources: Sources, *, timed: bool
) -> list[Kernel]:
    """In order of execution."""
    numbers = _operators(lines, wiring)
    found = []
    for position, (line, number) in enumerate(zip(lines, numbers, strict=True)):
        operator = _NOTHING if number is None else wiring.operators[number]
        time_us = line.time_us + _CUT_US if timed else None
        if number is None or number not in numbers[:position]:
            alone = number is None or number not in numbers[position + 1 :]
            found.append(_first(line, operator, wiring, sources, time_us, alone=alone))
        else:
            found.append(_further(line, operator, wiring, time_us))
    return found


def _first(
    line: ProfileLine,
    operator: Wired,
    wiring: Wiring,
    sources: Sources,
    time_us: float | None,
    *,
    alone: bool,
) -> Kernel:
    """The first kernel of an operator multiplies and reads its weights; what is fused is one of several's."""
    operation = Operation(
        operator.type, _attributes(operator, wiring, sources), wiring.constants(operator.reads)
    )
    sizes = TfliteSizes()
    return sizes.kernel(
        operation,
        line.kind,
        f"{line.kind}:{line.index}",
        wiring.activations(operator.reads),
        wiring.activations(operator.writes),
        fused=sizes.within(operation) if alone else (),
        time_us=time_us,
        results=_results(operator, wiring),
    )


def _further(line: ProfileLine, operator: Wired, wiring: Wiring, time_us: float | None) -> Kernel:
    outputs = wiring.activations(operator.writes)
    return TfliteSizes().kernel(
        Operation(line.kind, {}),
        line.kind,
        f"{line.kind}:{line.index}",
        outputs,
        outputs,
        time_us=time_us,
        results=_results(operator, wiring),
    )


def _results(operator: Wired, wiring: Wiring) -> tuple[str, ...]:
    return tuple(wiring.names.get(tensor, "") for tensor in operator.writes)


def _operators(lines: Sequence[ProfileLine], wiring: Wiring) -> list[int | None]:
    """The operator of each line. A kernel that is matched with none is one more of the one before it."""
    found: list[int | None] = [None if line.delegated else line.index for line in lines]
    for places, partition in zip(_partitions(lines), wiring.partitions, strict=False):
        members = wiring.taken(partition)
        types = [wiring.operators[member].type for member in members]
        before = next(iter(members), None)
        for place, own in zip(places, aligned(types, [lines[each].kind for each in places]), strict=True):
            before = before if own is None else members[own]
            found[place] = before
    return [each if each is not None and each < len(wiring.operators) else None for each in found]


def _partitions(lines: Sequence[ProfileLine]) -> list[list[int]]:
    """Places of the kernels of each partition: every partition counts its own from 0."""
    found: list[list[int]] = []
    for place, line in enumerate(lines):
        if line.delegated and line.index == 0:
            found.append([])
        if line.delegated and found:
            found[-1].append(place)
    return found


def _attributes(operator: Wired, wiring: Wiring, sources: Sources) -> Mapping[str, Attribute]:
    """Those of the file's operator. None where our reader does not know it."""
    written = sources.find(wiring.names.get(operator.writes[0], "")) if operator.writes else None
    return written.attributes if written else {}
