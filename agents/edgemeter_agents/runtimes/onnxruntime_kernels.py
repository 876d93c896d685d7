"""The kernels that ONNX Runtime runs: its optimised graph says what they are, a profiled run their sizes.

The optimised graph has the attributes, the fusions and the domains (`com.microsoft.nchwc` is the blocked
layout), but shapes only where the file states them; the trace of a run has every shape, and the times.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from edgemeter.graphs.graph import Shape
from edgemeter.kernels.kernel import Kernel
from edgemeter.kernels.onnx_sizes import OnnxSizes
from edgemeter.kernels.sizes import Operation
from edgemeter_agents.runtimes.base import Drive, Tensors
from edgemeter_agents.runtimes.driving import repeated
from edgemeter_agents.runtimes.onnxruntime_profile import Executed, executed_kernels, traced
from edgemeter_agents.runtimes.onnxruntime_results import (
    BLOCKED_DOMAIN,
    Node,
    fused_words,
    written_by,
)
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.written import Written

_DOMAIN_MARKS: Final = {BLOCKED_DOMAIN: "nchwc."}
#: Profiles cut durations to whole microseconds: half of one is missing in the mean.
_CUT_US = 0.5
#: Every drive makes more runs than these.
_WARM_UP_RUNS = 3


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
                tuple(node.output),
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


def executed_graph(
    file: Path, options: Any, feeds: Tensors, drive: Drive | None, sources: Sources
) -> list[Kernel]:
    """The kernels of `file`, whose operators `sources` has, in order of execution; without `drive` of one
    run, and without times.
    """
    with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
        options.optimized_model_filepath = str(Path(folder) / "optimised.onnx")
        trace = traced(file, options, feeds, drive or partial(repeated, 1), Path(folder))
        optimised = Optimised.read(Path(options.optimized_model_filepath))
    found = told_kernels(executed_kernels(trace, _WARM_UP_RUNS if drive else 0), optimised, sources)
    return found if drive else [replace(kernel, time_us=None) for kernel in found]


def told_kernels(executed: Sequence[Executed], optimised: Optimised, sources: Sources) -> list[Kernel]:
    """In order of execution."""
    written = dict(zip(map(id, optimised.nodes), written_by(optimised.nodes, sources), strict=True))
    return [
        _kernel(each, node, optimised.constants, written.get(id(node), Written()))
        for each, node in zip(executed, optimised.nodes_of(executed), strict=True)
    ]


def _kernel(executed: Executed, node: Node, constants: Mapping[str, Shape], written: Written) -> Kernel:
    weights = [constants[name] for name in node.inputs if name in constants]
    return OnnxSizes().kernel(
        Operation(node.type, node.attributes, weights),
        kind=_DOMAIN_MARKS.get(node.domain, "") + node.type.removeprefix("Fused"),
        name=executed.name,
        inputs=_maps(node, _shapes(executed.arguments.get("input_type_shape", ())), constants),
        outputs=_shapes(executed.arguments.get("output_type_shape", ())),
        fused=fused_words(node),
        time_us=executed.quiet_us + _CUT_US,
        results=written.results,
        layouts=written.layouts,
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
