"""Whether the files of one network compute the same on ONNX Runtime, OpenVINO and LiteRT."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.network import Map, Network
from edgemeter.networks.writing import write
from edgemeter.targets import Precision

Floats = NDArray[np.float32]
INPUTS = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """`least` is the lowest centred cosine of any two engines; `alike` the raw cosine of the outputs of two
    different inputs on ONNX Runtime, the median of all pairs.
    """

    least: float
    alike: float
    finite: bool


def agreement(network: Network, precision: Precision) -> Agreement:
    """Runs both files of `network` on all three engines."""
    inputs = pictures(network.input, network.batch)
    onnx, tflite = write(network, "onnx", precision), write(network, "tflite", precision)
    results = [on_onnxruntime(onnx, inputs), on_openvino(onnx, inputs), on_litert(tflite, inputs)]
    pairs = combinations(results, 2)
    return Agreement(
        min(centred_cosine(one, other) for one, other in pairs),
        float(np.median(raw_cosines(results[0]))),
        all(bool(np.isfinite(result).all()) for result in results),
    )


def pictures(size: Map, batch: int = 1, count: int = INPUTS, seed: int = 5) -> Floats:
    """(count, batch, height, width, channels) in [-1, 1]: a colour cast, coarse patches and fine noise."""
    random = np.random.default_rng(seed)
    shape = (count * batch, size.height, size.width, size.channels)
    patches = random.uniform(-1, 1, (shape[0], 4, 4, shape[3]))
    for axis in (1, 2):
        patches = patches.repeat(-(-shape[axis] // 4), axis)
    patches = patches[:, : shape[1], : shape[2]]
    cast = random.uniform(-1, 1, (shape[0], 1, 1, shape[3]))
    made = 0.3 * cast + 0.5 * patches + 0.2 * random.uniform(-1, 1, shape)
    return made.astype(np.float32).reshape(count, batch, *shape[1:])


def centred_cosine(left: Floats, right: Floats) -> float:
    """Of what differs between the inputs: a constant answer would score nothing."""
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    return float((left * right).sum() / (np.linalg.norm(left) * np.linalg.norm(right)))


def raw_cosines(outputs: Floats) -> list[float]:
    """Of the outputs of every two inputs."""
    rows = outputs.reshape(len(outputs), -1).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [float(one @ other) for one, other in combinations(rows, 2)]


def on_onnxruntime(file: bytes, inputs: Floats) -> Floats:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return np.stack([session.run(None, {"input": each})[0] for each in _channels_first(inputs)])


def on_openvino(file: bytes, inputs: Floats) -> Floats:
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1"}
    compiled = core.compile_model(core.read_model(file), "CPU", settings)
    return np.stack([np.array(compiled({"input": each})[0]) for each in _channels_first(inputs)])


def on_litert(file: bytes, inputs: Floats) -> Floats:
    engine = litert(file)
    (source,), (result,) = engine.get_input_details(), engine.get_output_details()
    outputs = []
    for each in inputs:
        engine.set_tensor(source["index"], _stored(each, source))
        engine.invoke()
        values = _real(engine.get_tensor(result["index"]), result)
        outputs.append(values.transpose(0, 3, 1, 2) if values.ndim == 4 else values)
    return np.stack(outputs)


def litert(file: bytes) -> Any:
    """An interpreter, its tensors allocated."""
    from ai_edge_litert.interpreter import Interpreter

    engine = Interpreter(model_content=file, num_threads=1)
    engine.allocate_tensors()
    return engine


def _channels_first(inputs: Floats) -> Sequence[Floats]:
    return [np.ascontiguousarray(each.transpose(0, 3, 1, 2)) for each in inputs]


def _stored(values: Floats, tensor: dict[str, Any]) -> NDArray[Any]:
    if tensor["dtype"] is np.float32:
        return values
    scale, zero = tensor["quantization"]
    stored: NDArray[Any] = np.clip(np.rint(values / scale) + zero, -128, 127).astype(tensor["dtype"])
    return stored


def _real(values: NDArray[Any], tensor: dict[str, Any]) -> Floats:
    scale, zero = (1, 0) if tensor["dtype"] is np.float32 else tensor["quantization"]
    real: Floats = ((values.astype(np.float32) - zero) * scale).astype(np.float32)
    return real
