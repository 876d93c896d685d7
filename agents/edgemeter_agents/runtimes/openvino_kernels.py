"""The kernels that OpenVINO runs: its runtime model says what they are, the model as read their windows.

The runtime model has the implementation that was chosen ("brgconv_avx512_1x1_f32"), shapes and the layers
of the file that were fused, but no attributes; those are the model's that was compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from edgemeter.kernels.kernel import Kernel
from edgemeter_agents.runtimes.base import Drive
from edgemeter_agents.runtimes.openvino_layers import ExecutedNode, executed_nodes, mean_between_us
from edgemeter_agents.runtimes.openvino_results import only_renames, written_by
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.written import Written

_WARM_UP_RUNS: Final = 3
#: Both a run's duration and the mean of them are cut to whole microseconds: half of one is missing each time.
_CUT_US: Final = 0.5
_CONVOLUTIONS: Final = frozenset({"Convolution", "Deconvolution"})
_PRODUCTS: Final = frozenset({"FullyConnected", "MatMul"})
#: What a convolution takes in with its weights: none is left of it in the kernel.
_FOLDED: Final = frozenset({"Add", "Multiply", "Subtract", "BatchNormInference", "FakeQuantize", "Constant"})
#: Rank of a grouped convolution's weights: groups, channels out and in of each, height, width.
_GROUPED_RANK: Final = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """A layer of the model as it was read. `window` and `stride` are None where it has none."""

    type: str
    window: tuple[int, int] | None = None
    stride: tuple[int, int] | None = None


def origins_of(model: Any) -> dict[str, Origin]:
    """By name."""
    return {operation.get_friendly_name(): _origin(operation) for operation in model.get_ordered_ops()}


def driven_kernels(
    compiled: Any,
    origins: Mapping[str, Origin],
    run: Callable[[], None],
    drive: Drive | None,
    sources: Sources,
) -> list[Kernel]:
    """In order of execution; without `drive` of one run, and without times."""
    run()
    first = executed_nodes(compiled)
    runs = 0

    def counted() -> None:
        nonlocal runs
        run()
        runs += 1

    if drive is None:
        return told_kernels(first, origins, [None] * len(first), sources)
    for _ in range(_WARM_UP_RUNS - 1):
        run()
    before = {node.name: node.mean_us for node in executed_nodes(compiled)}
    drive(counted)
    times = [_time_us(node, before, runs) for node in executed_nodes(compiled)]
    return told_kernels(first, origins, times, sources)


def told_kernels(
    nodes: Sequence[ExecutedNode],
    origins: Mapping[str, Origin],
    times_us: Sequence[float | None],
    sources: Sources,
) -> list[Kernel]:
    """Those of `nodes` that are executed. The nodes are told as the first run has left them: later means
    may hide that a short one was executed at all.
    """
    written = written_by(nodes, sources)
    timed = zip(nodes, times_us, strict=True)
    return [
        _kernel(node, origins, time_us, written[node.name])
        for node, time_us in timed
        if not only_renames(node)
    ]


def _time_us(node: ExecutedNode, before: Mapping[str, int | None], runs: int) -> float:
    if node.mean_us is None:
        return _CUT_US
    return 2 * _CUT_US + mean_between_us(before[node.name], node.mean_us, _WARM_UP_RUNS, max(runs, 1))


def _kernel(
    node: ExecutedNode, origins: Mapping[str, Origin], time_us: float | None, written: Written
) -> Kernel:
    layers = [origins[name] for name in node.origins if name in origins]
    channels, groups = _channels(node), _groups(node)
    window = _window(node, layers)
    return Kernel(
        kind=f"{node.kind} {node.implementation}",
        name=node.name,
        inputs=node.inputs,
        outputs=node.outputs,
        weights=sum(map(prod, node.weights)),
        channels=channels,
        window=window,
        stride=_stride(node, layers),
        groups=groups,
        fused=_fused(node, layers),
        macs=_macs(node, channels, window, groups),
        time_us=time_us,
        results=written.results,
        layouts=written.layouts,
    )


def _channels(node: ExecutedNode) -> tuple[int, int]:
    axis = -1 if node.kind in _PRODUCTS else 1
    first = [shapes[0] if shapes else () for shapes in (node.inputs, node.outputs)]
    taken, given = (shape[axis] if len(shape) > 1 else prod(shape) for shape in first)
    return taken, given


def _groups(node: ExecutedNode) -> int:
    grouped = node.kind in _CONVOLUTIONS and node.weights and len(node.weights[0]) == _GROUPED_RANK
    return node.weights[0][0] if grouped else 1


def _window(node: ExecutedNode, layers: Sequence[Origin]) -> tuple[int, int]:
    if node.kind in _CONVOLUTIONS and node.weights and len(node.weights[0]) >= 4:
        return node.weights[0][-2], node.weights[0][-1]
    return next((layer.window for layer in layers if layer.window), (1, 1))


def _stride(node: ExecutedNode, layers: Sequence[Origin]) -> tuple[int, int]:
    """Of a convolution that a pass has renamed: from its maps."""
    stated = next((layer.stride for layer in layers if layer.stride), None)
    if stated is not None or node.kind not in _CONVOLUTIONS or not (node.inputs and node.outputs):
        return stated or (1, 1)
    taken, given = node.inputs[0][-2:], node.outputs[0][-2:]
    height, width = (max(1, round(a / max(b, 1))) for a, b in zip(taken, given, strict=True))
    return height, width


def _fused(node: ExecutedNode, layers: Sequence[Origin]) -> tuple[str, ...]:
    """A second map into a convolution or a product is added to its result."""
    main = node.kind in _CONVOLUTIONS or node.kind in _PRODUCTS
    added = ("Add",) if main and len(node.inputs) > 1 and node.weights else ()
    if not main:
        return added
    own = {"Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul"}
    return (*added, *(layer.type for layer in layers if layer.type not in _FOLDED | own))


def _macs(node: ExecutedNode, channels: tuple[int, int], window: tuple[int, int], groups: int) -> int:
    if not node.outputs or not (node.kind in _CONVOLUTIONS or node.kind in _PRODUCTS):
        return 0
    return prod(node.outputs[0]) * (channels[0] // max(groups, 1)) * prod(window)


def _origin(operation: Any) -> Origin:
    attributes = operation.get_attributes()
    window, stride = (_pair(attributes.get(key)) for key in ("kernel", "strides"))
    return Origin(operation.get_type_name(), window, stride)


def _pair(values: Sequence[int] | None) -> tuple[int, int] | None:
    if not values:
        return None
    return (int(values[0]), int(values[1])) if len(values) > 1 else (int(values[0]), 1)
