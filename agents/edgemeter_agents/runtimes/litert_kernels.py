"""The kernels that LiteRT runs: its profile lists them, the interpreter's plan has their sizes.

XNNPACK fuses and splits operators, and its profile says how each kernel computes but not on what: the sizes
are those of the operator that it computes (litert_matching.py). What no partition took is one kernel each.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Final

from edgemeter.graphs.graph import Attribute, Shape
from edgemeter.kernels.kernel import Kernel
from edgemeter_agents.runtimes.litert_layers import ProfileLine
from edgemeter_agents.runtimes.litert_matching import aligned
from edgemeter_agents.runtimes.litert_wiring import Wired, Wiring, elements
from edgemeter_agents.runtimes.sources import Sources

#: Profiles cut durations to whole microseconds: half of one is missing in the mean.
_CUT_US: Final = 0.5
_CONVOLUTIONS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
_PRODUCTS: Final = frozenset({"FULLY_CONNECTED", "BATCH_MATMUL"})
_NOTHING: Final = Wired("", (), ())


def told_kernels(
    lines: Sequence[ProfileLine], wiring: Wiring, sources: Sources, *, timed: bool
) -> list[Kernel]:
    """In order of execution."""
    numbers = _operators(lines, wiring)
    found = []
    for position, (line, number) in enumerate(zip(lines, numbers, strict=True)):
        first = number is not None and number not in numbers[:position]
        alone = number is None or number not in numbers[position + 1 :]
        operator = _NOTHING if number is None else wiring.operators[number]
        attributes = _attributes(operator, wiring, sources) if first else {}
        fused = _fused(attributes) if alone else ()
        time_us = line.time_us + _CUT_US if timed else None
        found.append(_kernel(line, operator, wiring, attributes, fused, time_us, first))
    return found


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


def _kernel(
    line: ProfileLine,
    operator: Wired,
    wiring: Wiring,
    attributes: Mapping[str, Attribute],
    fused: tuple[str, ...],
    time_us: float | None,
    first: bool,
) -> Kernel:
    """Only the first kernel of an operator multiplies and reads its weights."""
    inputs, outputs = wiring.activations(operator.reads), wiring.activations(operator.writes)
    weights = wiring.constants(operator.reads) if first else ()
    return Kernel(
        kind=line.kind,
        name=f"{line.kind}:{line.index}",
        inputs=inputs if first else outputs,
        outputs=outputs,
        weights=elements(weights),
        channels=(_last(inputs if first else outputs), _last(outputs)),
        window=_window(operator.type, weights, attributes),
        stride=_pair(attributes, "stride_h", "stride_w"),
        groups=_groups(operator.type, inputs, weights),
        fused=fused,
        macs=_macs(operator.type, inputs, outputs, weights) if first else 0,
        time_us=time_us,
    )


def _last(shapes: Sequence[Shape]) -> int:
    return shapes[0][-1] if shapes and shapes[0] else 1


def _window(kind: str, weights: Sequence[Shape], attributes: Mapping[str, Attribute]) -> tuple[int, int]:
    if filters := _filters(kind, weights):
        return filters[1], filters[2]
    return _pair(attributes, "filter_height", "filter_width")


def _filters(kind: str, weights: Sequence[Shape]) -> Shape | None:
    """(outputs, height, width, inputs) of a convolution; a depthwise one has 1, height, width, outputs."""
    return next((each for each in weights if len(each) == 4), None) if kind in _CONVOLUTIONS else None


def _pair(attributes: Mapping[str, Attribute], *names: str) -> tuple[int, int]:
    first, second = (max(1, int(_number(attributes.get(name, 1)))) for name in names)
    return first, second


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 1


def _groups(kind: str, inputs: Sequence[Shape], weights: Sequence[Shape]) -> int:
    filters = _filters(kind, weights)
    if filters is None or kind == "TRANSPOSE_CONV":
        return 1
    each = 1 if kind == "DEPTHWISE_CONV_2D" else filters[3]
    return max(1, _last(inputs) // max(each, 1))


def _fused(attributes: Mapping[str, Attribute]) -> tuple[str, ...]:
    activation = str(attributes.get("fused_activation_function", "NONE"))
    return () if activation == "NONE" else (activation.capitalize(),)


def _macs(kind: str, inputs: Sequence[Shape], outputs: Sequence[Shape], weights: Sequence[Shape]) -> int:
    filters = _filters(kind, weights)
    if kind == "TRANSPOSE_CONV" and filters:
        return elements(inputs[-1:]) * prod(filters[:3])
    if filters:
        return elements(outputs) * prod(filters[1:] if kind == "CONV_2D" else filters[1:3])
    return elements(outputs) * _last(inputs) if kind in _PRODUCTS else 0
