"""Reads the graph that OpenVINO really executes, with the time of each node where it was profiled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgemeter.graphs.graph import Shape
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import LayerTime
from edgemeter_agents.runtimes.precisions import BY_DTYPE
from edgemeter_agents.runtimes.sources import Sources, label

_NOT_KERNELS = frozenset({"Input", "Const", "Output"})


@dataclass(frozen=True, slots=True)
class ExecutedNode:
    """`mean_us` is a whole number, and a mean over all inferences of the compiled model so far.

    `inputs` and `outputs` are shapes of activations, `weights` those of constants that it reads.
    """

    name: str
    kind: str  #: OpenVINO's layer type: "Convolution"
    implementation: str  #: "brgconv_avx512_1x1_I8"
    precision: Precision | None
    origins: tuple[str, ...]
    mean_us: int | None  #: None where it was not profiled, or never took a whole microsecond
    inputs: tuple[Shape, ...] = ()
    weights: tuple[Shape, ...] = ()
    outputs: tuple[Shape, ...] = ()
    reads: tuple[str, ...] = ()  #: names of the nodes that write its activations
    layout: str = ""  #: of its first result, as oneDNN writes it: "acdb"


def executed_nodes(compiled: Any) -> list[ExecutedNode]:
    """Nodes in order of execution, without constants and what was computed from them once."""
    constants: set[str] = set()
    nodes = []
    for node in compiled.get_runtime_model().get_ordered_ops():
        name = node.get_friendly_name()
        found = node.get_rt_info()
        kind = _text(found, "layerType")
        sources = [(value.get_node().get_friendly_name(), _shape(value)) for value in node.input_values()]
        if kind == "Const" or (sources and constants.issuperset(source for source, _ in sources)):
            constants.add(name)
        elif kind not in _NOT_KERNELS:
            shapes = [tuple(s for n, s in sources if (n in constants) is fixed) for fixed in (False, True)]
            outputs = tuple(map(_shape, node.outputs()))
            read = replace(
                _node(name, kind, found, (shapes[0], shapes[1], outputs)),
                reads=tuple(source for source, _ in sources if source not in constants),
                layout=_text(found, "outputLayouts").split(",")[0],
            )
            nodes.append((int(_text(found, "execOrder")), read))
    return [node for _, node in sorted(nodes, key=lambda ordered: ordered[0])]


def mean_between_us(before: int | None, after: int, warm_up_runs: int, runs: int) -> float:
    """The mean of the last `runs` runs, taken out of a mean that contains the warm-up's."""
    return max(0.0, ((warm_up_runs + runs) * after - warm_up_runs * (before or 0)) / runs)


def layers_between(
    before: Sequence[ExecutedNode],
    after: Sequence[ExecutedNode],
    warm_up_runs: int,
    runs: int,
    sources: Sources,
) -> list[LayerTime]:
    """Each with its mean of the last `runs` runs.

    OpenVINO cuts means to whole microseconds, so a layer's time is right to about one.
    """
    earlier = {node.name: node.mean_us for node in before}
    return [
        LayerTime(
            name=node.name,
            kind=f"{node.kind} {node.implementation}",
            time_us=mean_between_us(earlier[node.name], node.mean_us, warm_up_runs, runs),
            precision=node.precision,
            operators=_operators(node, sources),
        )
        for node in after
        if node.mean_us is not None
    ]


def is_heavy(kind: str) -> bool:
    return any(word in kind for word in ("Conv", "FullyConnected", "MatMul"))


def _node(name: str, kind: str, found: Any, shapes: tuple[tuple[Shape, ...], ...]) -> ExecutedNode:
    time = _text(found, "execTimeMcs")
    inputs, weights, outputs = shapes
    return ExecutedNode(
        name=name,
        kind=kind,
        implementation=_text(found, "primitiveType"),
        precision=BY_DTYPE.get(_text(found, "runtimePrecision")),
        origins=tuple(filter(None, _text(found, "originalLayersNames").split(","))),
        mean_us=int(time) if time.isdigit() else None,
        inputs=inputs,
        weights=weights,
        outputs=outputs,
    )


def _operators(node: ExecutedNode, sources: Sources) -> tuple[str, ...]:
    found = (sources.find(origin.removesuffix("/WithoutBiases")) for origin in node.origins)
    return tuple(dict.fromkeys(label(operator) for operator in found if operator is not None))


def _shape(port: Any) -> Shape:
    """Sizes known only after a run are 1."""
    described = port.get_partial_shape()
    if described.rank.is_dynamic:
        return ()
    return tuple(size.get_length() if size.is_static else 1 for size in described)


def _text(found: Any, key: str) -> str:
    if key not in found:
        return ""
    value = found[key]
    return str(value.astype(str) if hasattr(value, "astype") else value)
