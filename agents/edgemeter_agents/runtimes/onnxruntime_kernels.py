"""The kernels that ONNX Runtime runs: its optimised graph says what they are, a profiled run their sizes.

The optimised graph has the attributes, the fusions and the domains (`com.microsoft.nchwc` is the blocked
layout), but shapes only where the file states them; the trace of a run has every shape, and the times.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

from edgemeter.graphs.graph import Shape
from edgemeter.kernels.kernel import Kernel
from edgemeter_agents.runtimes.base import Drive, Tensors
from edgemeter_agents.runtimes.driving import repeated
from edgemeter_agents.runtimes.onnxruntime_profile import Executed, executed_kernels, traced

_DOMAIN_MARKS = {"com.microsoft.nchwc": "nchwc."}
_CONVOLUTIONS = frozenset({"Conv", "FusedConv", "NhwcFusedConv", "QLinearConv", "ConvInteger"})
_PRODUCTS = frozenset({"Gemm", "FusedGemm", "MatMul", "FusedMatMul"})
#: Where a convolution takes a map to add to its result.
_SUM_POSITION = 3
#: Profiles cut durations to whole microseconds: half of one is missing in the mean.
_CUT_US = 0.5
#: Every drive makes more runs than these.
_WARM_UP_RUNS = 3


@dataclass(frozen=True, slots=True)
class Node:
    """What the optimised graph says of one kernel."""

    name: str
    type: str
    domain: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Optimised:
    """The optimised graph: its nodes in the order in which they are run, and its constants by name."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Shape]

    @classmethod
    def read(cls, file: Path) -> "Optimised":
        import onnx

        graph = onnx.load(str(file), load_external_data=False).graph
        nodes = tuple(
            Node(
                node.name,
                node.op_type,
                node.domain,
                tuple(node.input),
                {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute},
            )
            for node in graph.node
        )
        return cls(nodes, {tensor.name: tuple(tensor.dims) for tensor in graph.initializer})

    def nodes_of(self, executed: Sequence[Executed]) -> list[Node]:
        """The node of each kernel. By position where types agree all along: names may be missing; else by
        name; and a kernel that the graph does not have is known by its type alone.
        """
        if [node.type for node in self.nodes] == [each.kind for each in executed]:
            return list(self.nodes)
        named = {node.name: node for node in self.nodes if node.name}
        return [named.get(each.name) or Node(each.name, each.kind, "", (), {}) for each in executed]


def executed_graph(file: Path, options: Any, feeds: Tensors, drive: Drive | None) -> list[Kernel]:
    """The kernels of `file` in order of execution; without `drive` of one run, and without times."""
    with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
        options.optimized_model_filepath = str(Path(folder) / "optimised.onnx")
        trace = traced(file, options, feeds, drive or partial(repeated, 1), Path(folder))
        optimised = Optimised.read(Path(options.optimized_model_filepath))
    found = told_kernels(executed_kernels(trace, _WARM_UP_RUNS if drive else 0), optimised)
    return found if drive else [replace(kernel, time_us=None) for kernel in found]


def told_kernels(executed: Sequence[Executed], optimised: Optimised) -> list[Kernel]:
    """In order of execution."""
    nodes = optimised.nodes_of(executed)
    return [_kernel(each, node, optimised.constants) for each, node in zip(executed, nodes, strict=True)]


def _kernel(executed: Executed, node: Node, constants: Mapping[str, Shape]) -> Kernel:
    weights = [constants[name] for name in node.inputs if name in constants]
    maps = _maps(node, _shapes(executed.arguments.get("input_type_shape", ())), constants)
    outputs = _shapes(executed.arguments.get("output_type_shape", ()))
    channels = _channels(node.type, maps, outputs)
    window = _window(node, weights)
    groups = int(node.attributes.get("group", 1))
    return Kernel(
        kind=_DOMAIN_MARKS.get(node.domain, "") + node.type.removeprefix("Fused"),
        name=executed.name,
        inputs=maps,
        outputs=outputs,
        weights=sum(map(prod, weights)),
        channels=channels,
        window=window,
        stride=_pair(node.attributes.get("strides")),
        groups=groups,
        fused=_fused(node),
        macs=_macs(node.type, outputs, channels, window, groups),
        time_us=executed.quiet_us + _CUT_US,
    )


def _maps(node: Node, shapes: Sequence[Shape], constants: Mapping[str, Shape]) -> tuple[Shape, ...]:
    """Those of `shapes` that are activations. A trace leaves constants out that the kernel has packed."""
    left, found = list(shapes), []
    for name in filter(None, node.inputs):
        if not left:
            break
        if name not in constants:
            found.append(left.pop(0))
        elif left[0] == constants[name]:
            left.pop(0)
    return tuple(found or shapes[:1])


def _shapes(described: Sequence[Mapping[str, Sequence[int]]]) -> tuple[Shape, ...]:
    """Of a trace's list of {type: shape}."""
    return tuple(tuple(map(int, shape)) for each in described for shape in each.values())


def _channels(kind: str, maps: Sequence[Shape], outputs: Sequence[Shape]) -> tuple[int, int]:
    axis = -1 if kind in _PRODUCTS else 1
    first = [shapes[0] if shapes else () for shapes in (maps, outputs)]
    taken, given = (shape[axis] if len(shape) > 1 else prod(shape) for shape in first)
    return taken, given


def _window(node: Node, weights: Sequence[Shape]) -> tuple[int, int]:
    if "kernel_shape" in node.attributes:
        return _pair(node.attributes["kernel_shape"])
    if node.type in _CONVOLUTIONS and weights and len(weights[0]) == 4:
        return weights[0][2], weights[0][3]
    return 1, 1


def _pair(values: Sequence[int] | None) -> tuple[int, int]:
    sizes = [int(value) for value in values or (1, 1)]
    return (sizes[0], sizes[1]) if len(sizes) > 1 else (sizes[0], 1)


def _fused(node: Node) -> tuple[str, ...]:
    found = []
    if node.type in _CONVOLUTIONS and len(node.inputs) > _SUM_POSITION and node.inputs[_SUM_POSITION]:
        found.append("Add")
    activation = node.attributes.get("activation", b"")
    if activation:
        found.append(activation.decode() if isinstance(activation, bytes) else str(activation))
    return tuple(found)


def _macs(
    kind: str, outputs: Sequence[Shape], channels: tuple[int, int], window: tuple[int, int], groups: int
) -> int:
    if not outputs or not (kind in _CONVOLUTIONS or kind in _PRODUCTS):
        return 0
    return prod(outputs[0]) * (channels[0] // max(groups, 1)) * prod(window)
