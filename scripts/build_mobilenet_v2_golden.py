"""Writes tests/data/mobilenet_v2.onnx: MobileNetV2 1.0/224 as torchvision exports it, without its weights.

All weights are external data of a file that is not shipped, so the network can be inspected
but not run: no runtime mistakes it for a trained one. Run from the repository root:

    python scripts/build_mobilenet_v2_golden.py [--folded] [OUTPUT]

`--folded` writes every batch normalisation into the convolution before it, as exporters and
runtimes do.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper, save_model

#: Sandler et al., "MobileNetV2" (2018), Table 2: expansion t, channels c, repeats n, first stride s.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
LAST_CHANNELS = 1280
CLASSES = 1000
WEIGHTS_FILE = "weights_are_not_shipped.bin"


@dataclass
class Network:
    """Nodes and weights so far. Every method returns the name of the tensor it makes."""

    folded: bool = False
    nodes: list[NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def weight(self, name: str, *shape: int) -> str:
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=WEIGHTS_FILE)
        self.weights.append(tensor)
        return name

    def node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def convolution(
        self, x: str, name: str, sizes: tuple[int, int], kernel: int = 1, stride: int = 1, group: int = 1
    ) -> str:
        """A convolution without bias, and its batch normalisation."""
        before, after = sizes
        pad = (kernel - 1) // 2
        weights = [self.weight(f"{name}.weight", after, before // group, kernel, kernel)]
        if self.folded:
            weights.append(self.weight(f"{name}.bias", after))
        y = self.node(
            "Conv",
            [x, *weights],
            name,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[pad] * 4,
            dilations=[1, 1],
            group=group,
        )
        if self.folded:
            return y
        statistics = [self.weight(f"{name}.bn.{part}", after) for part in ("weight", "bias", "mean", "var")]
        return self.node("BatchNormalization", [y, *statistics], f"{name}.bn", epsilon=1e-5)

    def relu6(self, x: str) -> str:
        return self.node("Clip", [x, "zero", "six"], f"{x}.relu6")

    def block(self, x: str, name: str, sizes: tuple[int, int], stride: int, expansion: int) -> str:
        """An inverted bottleneck."""
        before, after = sizes
        hidden = before * expansion
        y = x
        if expansion != 1:
            y = self.relu6(self.convolution(y, f"{name}.expand", (before, hidden)))
        y = self.relu6(self.convolution(y, f"{name}.depthwise", (hidden, hidden), 3, stride, group=hidden))
        y = self.convolution(y, f"{name}.project", (hidden, after))
        return self.node("Add", [x, y], f"{name}.add") if stride == 1 and before == after else y


def build(folded: bool) -> ModelProto:
    """The network, all weights external."""
    network = Network(folded)
    x = network.relu6(network.convolution("input", "stem", (3, 32), 3, 2))
    channels, index = 32, 0
    for expansion, after, repeats, first_stride in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            x = network.block(x, f"block{index}", (channels, after), stride, expansion)
            channels, index = after, index + 1
    x = network.relu6(network.convolution(x, "head", (channels, LAST_CHANNELS)))
    x = network.node("Flatten", [network.node("GlobalAveragePool", [x], "pool")], "flat")
    classifier = [
        network.weight("classifier.weight", CLASSES, LAST_CHANNELS),
        network.weight("classifier.bias", CLASSES),
    ]
    network.node("Gemm", [x, *classifier], "output", transB=1)
    return _model(network)


def _model(network: Network) -> ModelProto:
    bounds = [
        helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        for name, value in (("zero", 0.0), ("six", 6.0))
    ]
    graph = helper.make_graph(
        network.nodes,
        "mobilenet_v2",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 224, 224])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", CLASSES])],
        [*network.weights, *bounds],
    )
    opset = helper.make_opsetid("", 13)
    return helper.make_model(graph, producer_name="edgemeter", opset_imports=[opset], ir_version=8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", nargs="?", type=Path, default=Path("tests/data/mobilenet_v2.onnx"))
    parser.add_argument("--folded", action="store_true")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    save_model(build(arguments.folded), arguments.output)


if __name__ == "__main__":
    main()
