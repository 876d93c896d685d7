"""Writes a network as TFLite: NHWC, activations fused, nothing transposed but what the network shuffles."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.graphs.tflite_schema import ACTIVATIONS, PADDINGS
from edgemeter.networks.costs import source_map
from edgemeter.networks.filters import Filters
from edgemeter.networks.fusion import fused, names
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
    Scale,
    Shuffle,
    Slice,
)
from edgemeter.networks.plan import Plan
from edgemeter.networks.quantisation import Step
from edgemeter.networks.stream import Payload
from edgemeter.networks.tflite_tables import OperatorEntry, Quantization, Tables, TensorEntry

#: Each operator's version where it computes in int8; it is 1 in floats, and for operators not named.
_INT8_VERSIONS: Final = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4,
    "ADD": 2,
    "MUL": 2,
    "MEAN": 2,
    "CONCATENATION": 2,
    "MAX_POOL_2D": 2,
    "AVERAGE_POOL_2D": 2,
    "SLICE": 2,
    "TRANSPOSE": 2,
    "RELU": 2,
    "RELU6": 2,
}
_SAME: Final = PADDINGS.index("SAME")
_SIX: Final = Step.covering(0.0, 6.0)
_ONE: Final = Step.covering(0.0, 1.0)


def write_tflite(network: Network, plan: Plan, steps: dict[int, Step] | None) -> bytes:
    """The finished flatbuffer, with a signature; int8 throughout where `steps` are given."""
    writer = _Writer(network, plan, steps)
    for position in range(len(network.nodes)):
        writer.add(position)
    outputs = [writer.tensors[output] for output in network.outputs]
    return writer.tables.serialised(network.name, [writer.tensors[-1]], outputs)


class _Writer:
    def __init__(self, network: Network, plan: Plan, steps: dict[int, Step] | None) -> None:
        self.network, self.plan, self.steps = network, plan, steps
        self.dtype = "float32" if steps is None else "int8"
        self.names, self.fused = names(network), fused(network)
        self.tables = Tables()
        self.tensors: dict[int, int] = {}
        self.tensors[-1] = self._variable(self.names[-1], self._shape(network.input), self._step(-1))

    def add(self, position: int) -> None:
        """The operators of one node; an activation that is fused came with the operation before it."""
        node, operation = self.network.nodes[position], self.network.nodes[position].operation
        if isinstance(operation, Activate) and node.inputs[0] in self.fused:
            return
        sources = [self.tensors[source] for source in node.inputs]
        match operation:
            case Convolution():
                self._convolution(position, operation, sources[0])
            case Dense():
                parameters = self._parameters(position, (1,), 0)
                self._finish("FULLY_CONNECTED", [sources[0], *parameters], position)
            case Activate(Activation.HARD_SIGMOID):
                shifted, sixth = self._shifted(position, sources[0])
                self._finish("MUL", [shifted, sixth], position)
            case Activate(Activation.HSWISH) if self.steps is not None and node.result.is_pixel:
                self._small_hard_swish(position, sources[0])
            case Activate(activation):
                code = "HARD_SWISH" if activation is Activation.HSWISH else activation.upper()
                self._finish(code, sources, position)
            case Add():
                self._sum(position, sources)
            case Scale():
                self._finish("MUL", sources, position)
            case Concatenate():
                self._finish("CONCATENATION", sources, position, axis=3)
            case Slice(start, channels):
                self._slice(position, sources[0], start, channels)
            case Shuffle(groups):
                self._shuffle(position, groups, sources[0])
            case MaxPool() | AveragePool():
                self._pool(position, operation, sources[0])
            case GlobalAverage():
                axes = self._integers(f"{self.names[position]}/axes", [1, 2])
                self._finish("MEAN", [sources[0], axes], position, keep_dims=1)

    def _convolution(self, position: int, operation: Convolution, source: int) -> None:
        kernel, stride = operation.kernel, operation.stride
        options = {"padding": _SAME, "stride_w": stride, "stride_h": stride}
        channels = source_map(self.network, self.network.nodes[position]).channels
        if 1 < operation.groups == channels:
            parameters = self._parameters(position, (kernel, kernel), 3)
            multiplier = operation.channels // channels
            code, options = "DEPTHWISE_CONV_2D", {**options, "depth_multiplier": multiplier}
        else:
            parameters = self._parameters(position, (kernel, kernel), 0)
            code = "CONV_2D"
        ones = {"dilation_w_factor": 1, "dilation_h_factor": 1}
        self._finish(code, [source, *parameters], position, **options, **ones)

    def _pool(self, position: int, operation: MaxPool | AveragePool, source: int) -> None:
        kernel, stride = operation.kernel, operation.stride
        code = "MAX_POOL_2D" if isinstance(operation, MaxPool) else "AVERAGE_POOL_2D"
        window = {"filter_width": kernel, "filter_height": kernel}
        self._finish(code, [source], position, padding=_SAME, stride_w=stride, stride_h=stride, **window)

    def _shifted(self, position: int, source: int) -> tuple[int, int]:
        """clip(source + 3, 0, 6), and the sixth to multiply it with: the form that stays in one XNNPACK
        partition.
        """
        name, shape = self.names[position], self._shape(self.network.nodes[position].result)
        shifted = self._variable(f"{name}/shift", shape, _SIX)
        clip = ACTIVATIONS.index("RELU6")
        three, sixth = self._number(f"{name}/three", 3.0), self._number(f"{name}/sixth", 1 / 6)
        self._operator("ADD", [source, three], shifted, fused_activation_function=clip)
        return shifted, sixth

    def _small_hard_swish(self, position: int, source: int) -> None:
        # XNNPACK has no HARD_SWISH in int8. On a single pixel, as in a gate, leaving the partition and
        # coming back would take longer than the operator.
        shape = self._shape(self.network.nodes[position].result)
        gate = self._variable(f"{self.names[position]}/gate", shape, _ONE)
        self._operator("MUL", self._shifted(position, source), gate)
        self._finish("MUL", [source, gate], position)

    def _sum(self, position: int, sources: Sequence[int]) -> None:
        shape, partial = self._shape(self.network.nodes[position].result), sources[0]
        step = self._step(self.fused.get(position, position))
        for number, source in enumerate(sources[1:-1]):
            result = self._variable(f"{self.names[position]}/{number}", shape, step)
            self._operator("ADD", [partial, source], result)
            partial = result
        self._finish("ADD", [partial, sources[-1]], position)

    def _slice(self, position: int, source: int, start: int, channels: int) -> None:
        here, name = self.network.nodes[position].result, self.names[position]
        begin = self._integers(f"{name}/begin", [0, 0, 0, start])
        size = self._integers(f"{name}/size", [self.network.batch, here.height, here.width, channels])
        self._finish("SLICE", [source, begin, size], position)

    def _shuffle(self, position: int, groups: int, source: int) -> None:
        here, name, step = self.network.nodes[position].result, self.names[position], self._step(position)
        pixels = (self.network.batch, here.height, here.width)
        shares = here.channels // groups
        table = self._variable(f"{name}/table", (*pixels, groups, shares), step)
        turned = self._variable(f"{name}/transposed", (*pixels, shares, groups), step)
        shape = self._integers(f"{name}/table_shape", [*pixels, groups, shares])
        self._operator("RESHAPE", [source, shape], table)
        order = self._integers(f"{name}/order", [0, 1, 2, 4, 3])
        self._operator("TRANSPOSE", [table, order], turned)
        shape = self._integers(f"{name}/shape", [*pixels, here.channels])
        self._finish("RESHAPE", [turned, shape], position)

    def _finish(self, code: str, inputs: Sequence[int], position: int, **options: int) -> None:
        """The operator that writes a node's result, with the activation that is fused to it."""
        result = self.fused.get(position, position)
        node, activation = self.network.nodes[position], self.network.nodes[result].operation
        flat = isinstance(node.operation, Dense)
        shape = (self.network.batch, node.result.channels) if flat else self._shape(node.result)
        if result != position and isinstance(activation, Activate):
            options["fused_activation_function"] = ACTIVATIONS.index(activation.activation.upper())
        self.tensors[position] = self.tensors[result] = self._variable(
            self.names[result], shape, self._step(result)
        )
        self._operator(code, inputs, self.tensors[position], **options)

    def _operator(self, code: str, inputs: Sequence[int], result: int, **options: int) -> None:
        version = 1 if self.steps is None else _INT8_VERSIONS.get(code, 1)
        self.tables.operators.append(OperatorEntry(code, version, tuple(inputs), (result,), options))

    def _parameters(self, position: int, window: tuple[int, ...], channel_axis: int) -> list[int]:
        """Weights (outputs, window, inputs), outputs last in depthwise ones, and biases."""
        trained, name = self.plan.trained[position], self.names[position]
        filters = trained.filters
        flat = isinstance(self.network.nodes[position].operation, Dense)
        shape = (filters.outputs, *(() if flat else window), filters.inputs)
        if channel_axis:
            shape = (1, *window, filters.outputs)
        step = self._step(self.network.nodes[position].inputs[0])
        if step is None:
            weights = self._weights(f"{name}/weights", filters, shape, np.dtype(np.float32), None)
            return [weights, self._constant(f"{name}/bias", trained.bias, None)]
        scales = filters.scales()
        quantization = _per_channel(scales, channel_axis)
        weights = self._weights(f"{name}/weights", filters, shape, np.dtype(np.int8), quantization)
        bias_scales = scales * step.scale
        bias = np.rint(trained.bias / bias_scales).astype(np.int32)
        return [weights, self._constant(f"{name}/bias", bias, _per_channel(bias_scales, 0))]

    def _weights(
        self,
        name: str,
        filters: Filters,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        quantization: Quantization | None,
    ) -> int:
        def blocks() -> Iterator[NDArray[Any]]:
            made = filters.blocks() if quantization is None else filters.int8_blocks()
            if shape[0] == filters.outputs:
                yield from made
            else:  # a depthwise filter: channels last
                yield np.concatenate(list(made))[:, :, 0].T

        payload = Payload(filters.count * dtype.itemsize, blocks)
        return self._stored(name, shape, dtype.name, payload, quantization)

    def _stored(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        payload: Payload,
        quantization: Quantization | None,
    ) -> int:
        self.tables.constants.append(payload)
        buffer = len(self.tables.constants)
        self.tables.tensors.append(TensorEntry(name, shape, dtype, buffer, quantization))
        return len(self.tables.tensors) - 1

    def _variable(self, name: str, shape: tuple[int, ...], step: Step | None) -> int:
        quantization = None if step is None or self.steps is None else _per_tensor(step)
        self.tables.tensors.append(TensorEntry(name, shape, self.dtype, 0, quantization))
        return len(self.tables.tensors) - 1

    def _constant(self, name: str, values: NDArray[Any], quantization: Quantization | None) -> int:
        return self._stored(name, values.shape, values.dtype.name, Payload.of(values), quantization)

    def _integers(self, name: str, values: list[int]) -> int:
        return self._constant(name, np.array(values, np.int32), None)

    def _number(self, name: str, value: float) -> int:
        if self.steps is None:
            return self._constant(name, np.array(value, np.float32), None)
        return self._constant(name, np.array(127, np.int8), _per_tensor(Step.covering(0.0, value)))

    def _step(self, position: int) -> Step | None:
        return None if self.steps is None else self.steps[position]

    def _shape(self, here: Map) -> tuple[int, ...]:
        return self.network.batch, here.height, here.width, here.channels


def _per_tensor(step: Step) -> Quantization:
    return Quantization(np.array([step.scale], np.float32), np.array([step.signed_zero_point], np.int64))


def _per_channel(scales: NDArray[np.float32], dimension: int) -> Quantization:
    return Quantization(scales, np.zeros(len(scales), np.int64), dimension)
