"""Many different small ONNX networks, built on the spot: what the benchmarks measure."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class Recipe:
    """An inverted-bottleneck network: `blocks` blocks of `width` channels on a `size` x `size` image."""

    width: int
    size: int
    blocks: int
    kernel: int = 3
    expand: int = 4

    @property
    def name(self) -> str:
        return f"w{self.width}-s{self.size}-b{self.blocks}-k{self.kernel}-e{self.expand}"


class _Writer:
    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(seed)

    def weight(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: int | list[int]) -> str:
        name = f"t{len(self.nodes)}"
        node = helper.make_node(kind, list(inputs), [name], name=f"{kind}_{name}")
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def conv(self, x: str, c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> str:
        shape = (c_out, c_in // groups, kernel, kernel)
        scale = np.sqrt(2 / (shape[1] * kernel * kernel))
        weight = self.weight(self.random.standard_normal(shape) * scale)
        bias = self.weight(self.random.standard_normal(c_out) * 0.1)
        pads = [kernel // 2] * 4
        return self.node(
            "Conv",
            x,
            weight,
            bias,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=pads,
            group=groups,
        )

    def block(self, x: str, recipe: Recipe, stride: int) -> str:
        inner = recipe.width * recipe.expand
        y = self.node("Relu", self.conv(x, recipe.width, inner))
        y = self.node("Relu", self.conv(y, inner, inner, recipe.kernel, stride, groups=inner))
        y = self.conv(y, inner, recipe.width)
        return self.node("Add", x, y) if stride == 1 else y


def build(recipe: Recipe, folder: Path, seed: int = 0) -> Path:
    """Writes the network as ONNX, opset 17, and returns its file."""
    writer = _Writer(seed)
    x = writer.node("Relu", writer.conv("image", 3, recipe.width, 3, 2))
    for index in range(recipe.blocks):
        x = writer.block(x, recipe, stride=2 if index % 3 == 2 else 1)
    x = writer.node("Flatten", writer.node("GlobalAveragePool", x))
    weight = writer.weight(writer.random.standard_normal((recipe.width, 10)))
    y = writer.node("MatMul", x, weight)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, recipe.size, recipe.size])
    scores = helper.make_tensor_value_info(y, TensorProto.FLOAT, [1, 10])
    graph = helper.make_graph(writer.nodes, recipe.name, [image], [scores], writer.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = folder / f"{recipe.name}-{seed}.onnx"
    onnx.save(model, file)
    return file


#: 36 networks from about 0.1 to 8 ms on a PC core.
VARIED = tuple(
    Recipe(width, size, blocks, kernel)
    for width in (16, 32, 64)
    for size in (64, 112, 176)
    for blocks, kernel in ((3, 3), (5, 5), (8, 3), (10, 5))
)
