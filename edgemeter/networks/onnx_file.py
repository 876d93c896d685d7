"""Writes a network as ONNX: NCHW, activations as nodes of their own; int8 as QDQ."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.costs import source_map
from edgemeter.networks.filters import Filters
from edgemeter.networks.fusion import fused, names, same_padding
from edgemeter.networks.network import (
    Activate,
    Activation,
    Add,
    AveragePool,
    Concatenate,
    Convolution,
    Dense,
    GlobalAverage,
    Map,
    MaxPool,
    Network,
    Node,
    Scale,
    Shuffle,
    Slice,
)
from edgemeter.networks.onnx_wire import Initializer, serialised
from edgemeter.networks.plan import Plan, Trained
from edgemeter.networks.quantisation import Step
from edgemeter.networks.stream import Payload

#: The first with HardSwish; older runtimes and converters take it, too.
OPSET: Final = 14
IR_VERSION: Final = 7
_SIX: Final = Step.covering(0.0, 6.0)


def write_onnx(network: Network, plan: Plan, steps: dict[int, Step] | None) -> bytes:
    """The serialised model; quantised where `steps` are given. Inputs and outputs are floats."""
    writer = _Writer(network, plan, steps)
    for position in range(len(network.nodes)):
        writer.add(position)
    return serialised(writer.model(), writer.initializers)


class _Writer:
    def __init__(self, network: Network, plan: Plan, steps: dict[int, Step] | None) -> None:
        from onnx import helper

        self.network, self.plan, self.steps = network, plan, steps
        self.helper = helper
        self.names, self.fused = names(network), fused(network)
        self.nodes: list[Any] = []
        self.initializers: list[Initializer] = []
        self.read: dict[int, str] = {}  #: what operators read of each position
        self.read[-1] = self._between(-1, self.names[-1], self.names[-1])

    def model(self) -> Any:
        """The model without its initializers."""
        helper, network = self.helper, self.network
        graph = helper.make_graph(
            self.nodes,
            network.name,
            [self._value(self.names[-1], network.input, flat=False)],
            [
                self._value(
                    self.names[output],
                    network.nodes[output].result,
                    flat=isinstance(network.nodes[output].operation, Dense),
                )
                for output in network.outputs
            ],
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="edgemeter"
        )

    def add(self, position: int) -> None:
        """The operators of one node."""
        node, name = self.network.nodes[position], self.names[position]
        sources = [self.read[source] for source in node.inputs]
        raw = self._raw_name(position)
        match node.operation:
            case Convolution():
                self._convolution(position, node.operation, sources[0], raw)
            case Dense():
                self._dense(position, sources[0], raw)
            case Activate(activation):
                self._activate(position, activation, sources[0], raw)
            case Add():
                self._sum(position, sources, raw)
            case Scale():
                self._node("Mul", sources, raw, name)
            case Concatenate():
                self._node("Concat", sources, raw, name, axis=1)
            case Slice(start, channels):
                bounds = [
                    self._integers(f"{name}/{word}", [value])
                    for word, value in (("start", start), ("end", start + channels), ("axis", 1))
                ]
                self._node("Slice", [*sources, *bounds], raw, name)
            case Shuffle(groups):
                self._shuffle(position, groups, sources[0], raw)
            case MaxPool() | AveragePool():
                self._pool(position, node.operation, sources[0], raw)
            case GlobalAverage():
                self._node("GlobalAveragePool", sources, raw, name)
        self.read[position] = raw if position in self.fused else self._between(position, raw, name)

    def _raw_name(self, position: int) -> str:
        name = self.names[position]
        return name if self.steps is None or position in self.fused else f"{name}/float"

    def _convolution(self, position: int, operation: Convolution, source: str, raw: str) -> None:
        node, name = self.network.nodes[position], self.names[position]
        trained = self.plan.trained[position]
        window = (trained.filters.inputs, operation.kernel, operation.kernel)
        self._node(
            "Conv",
            [source, *self._parameters(name, trained, window, node.inputs[0])],
            raw,
            name,
            group=operation.groups,
            **self._window(node, operation.kernel, operation.stride),
        )

    def _window(self, node: Node, kernel: int, stride: int) -> dict[str, list[int]]:
        source = source_map(self.network, node)
        top, bottom = same_padding(source.height, kernel, stride)
        left, right = same_padding(source.width, kernel, stride)
        return {
            "kernel_shape": [kernel, kernel],
            "strides": [stride, stride],
            "pads": [top, left, bottom, right],
        }

    def _pool(self, position: int, operation: MaxPool | AveragePool, source: str, raw: str) -> None:
        attributes: dict[str, Any] = self._window(
            self.network.nodes[position], operation.kernel, operation.stride
        )
        if isinstance(operation, AveragePool):
            attributes["count_include_pad"] = 0
        self._node(type(operation).__name__, [source], raw, self.names[position], **attributes)

    def _dense(self, position: int, source: str, raw: str) -> None:
        node, name = self.network.nodes[position], self.names[position]
        trained = self.plan.trained[position]
        flat = self._then("Flatten", [source], f"{name}/flat", self._step(node.inputs[0]))
        parameters = self._parameters(name, trained, (trained.filters.inputs,), node.inputs[0])
        self._node("Gemm", [flat, *parameters], raw, name, transB=1)

    def _activate(self, position: int, activation: Activation, source: str, raw: str) -> None:
        name = self.names[position]
        match activation:
            case Activation.RELU:
                self._node("Relu", [source], raw, name)
            case Activation.RELU6:
                self._clip(source, raw, name)
            case Activation.HSWISH:
                self._node("HardSwish", [source], raw, name)
            case Activation.HARD_SIGMOID:
                # Not HardSigmoid: this form stays whole in engines that split the other off.
                shifted = self._node("Add", [source, self._number(f"{name}/three", 3.0)], f"{name}/shift")
                clipped = self._clip(shifted, f"{name}/clip", f"{name}/clip")
                clipped = self._quantised(clipped, f"{name}/clip", _SIX)
                self._node("Mul", [clipped, self._number(f"{name}/sixth", 1 / 6)], raw, name)

    def _clip(self, source: str, result: str, name: str) -> str:
        bounds = [
            self._constant(f"{name}/{word}", np.array(value, np.float32))
            for word, value in (("least", 0.0), ("most", 6.0))
        ]
        return self._node("Clip", [source, *bounds], result, name)

    def _sum(self, position: int, sources: list[str], raw: str) -> None:
        name, partial = self.names[position], sources[0]
        for number, source in enumerate(sources[1:-1]):
            partial = self._then("Add", [partial, source], f"{name}/{number}", self._step(position))
        self._node("Add", [partial, sources[-1]], raw, name)

    def _shuffle(self, position: int, groups: int, source: str, raw: str) -> None:
        node, name, step = self.network.nodes[position], self.names[position], self._step(position)
        here, batch = node.result, self.network.batch
        table = [batch, groups, here.channels // groups, here.height, here.width]
        shape = self._integers(f"{name}/table_shape", table)
        parts = self._then("Reshape", [source, shape], f"{name}/table", step)
        parts = self._then("Transpose", [parts], f"{name}/transposed", step, perm=[0, 2, 1, 3, 4])
        shape = self._integers(f"{name}/shape", [batch, here.channels, here.height, here.width])
        self._node("Reshape", [parts, shape], raw, name)

    def _parameters(self, name: str, trained: Trained, window: tuple[int, ...], source: int) -> list[str]:
        shape = (trained.filters.outputs, *window)
        step = self._step(source)
        if step is None:
            weights = self._weights(f"{name}/weights", trained.filters, shape, np.dtype(np.float32))
            return [weights, self._constant(f"{name}/bias", trained.bias)]
        scales = trained.filters.scales()
        weights = self._weights(f"{name}/weights", trained.filters, shape, np.dtype(np.int8))
        bias_scales = scales * step.scale
        bias = self._constant(f"{name}/bias", np.rint(trained.bias / bias_scales).astype(np.int32))
        return [self._channelwise(weights, scales, np.int8), self._channelwise(bias, bias_scales, np.int32)]

    def _channelwise(self, stored: str, scales: NDArray[np.float32], dtype: type) -> str:
        zeros: NDArray[Any] = np.zeros(len(scales), dtype)
        inputs = [stored, self._constant(f"{stored}_scale", scales), self._constant(f"{stored}_zero", zeros)]
        return self._node("DequantizeLinear", inputs, f"{stored}_real", axis=0)

    def _weights(self, name: str, filters: Filters, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
        def blocks() -> Iterator[NDArray[Any]]:
            for block in filters.blocks() if dtype == np.float32 else filters.int8_blocks():
                yield block if filters.taps == 1 else block.transpose(0, 2, 1)

        payload = Payload(filters.count * dtype.itemsize, blocks)
        self.initializers.append(Initializer(name, shape, dtype, payload))
        return name

    def _step(self, position: int) -> Step | None:
        return None if self.steps is None else self.steps[position]

    def _then(
        self, operator: str, inputs: Sequence[str], name: str, step: Step | None, **attributes: Any
    ) -> str:
        """An operator within a node, and its result as the next reads it."""
        return self._quantised(self._node(operator, inputs, name, **attributes), name, step)

    def _between(self, position: int, raw: str, name: str) -> str:
        """What others read of a node. The result of an output keeps the output's name."""
        step = self._step(position)
        if step is None:
            return raw
        result = name if position in self.network.outputs else f"{name}/real"
        return self._quantised(raw, name, step, result)

    def _quantised(self, source: str, name: str, step: Step | None, result: str | None = None) -> str:
        if step is None or self.steps is None:
            return source
        parameters = [
            self._constant(f"{name}/scale", np.array(step.scale)),
            self._constant(f"{name}/zero", np.array(step.zero_point, np.uint8)),
        ]
        stored = self._node("QuantizeLinear", [source, *parameters], f"{name}/stored")
        return self._node("DequantizeLinear", [stored, *parameters], result or f"{name}/real", f"{name}/real")

    def _number(self, name: str, value: float) -> str:
        """A constant factor or summand."""
        if self.steps is None:
            return self._constant(name, np.array(value, np.float32))
        step = Step.covering(0.0, value)
        stored = self._constant(name, np.array(255, np.uint8))
        parameters = [
            self._constant(f"{name}/scale", np.array(step.scale)),
            self._constant(f"{name}/zero", np.array(0, np.uint8)),
        ]
        return self._node("DequantizeLinear", [stored, *parameters], f"{name}/real")

    def _value(self, name: str, map_: Map, flat: bool) -> Any:
        shape = [self.network.batch, map_.channels, map_.height, map_.width][: 2 if flat else 4]
        return self.helper.make_tensor_value_info(name, 1, shape)

    def _node(
        self, operator: str, inputs: Sequence[str], result: str, name: str | None = None, **attributes: Any
    ) -> str:
        self.nodes.append(
            self.helper.make_node(operator, inputs, [result], name=name or result, **attributes)
        )
        return result

    def _integers(self, name: str, values: list[int]) -> str:
        return self._constant(name, np.array(values, np.int64))

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        self.initializers.append(Initializer(name, values.shape, values.dtype, Payload.of(values)))
        return name
