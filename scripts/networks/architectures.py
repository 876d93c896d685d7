"""The networks that ship with the project. The anchors never change: their times are compared for years."""

from .layers import Activation, Network, Tensor

RELU, RELU6 = Activation.RELU, Activation.RELU6


def mobile() -> Network:
    """Inverted bottlenecks as in MobileNetV2 and V3, one with squeeze-and-excite."""
    n = Network("mobile", 128)
    x = n.convolution("stem", n.input, 16, kernel=3, stride=2, activation=RELU6)
    x = _inverted_bottleneck(n, "block1", x, 24, stride=2)
    x = _inverted_bottleneck(n, "block2", x, 24)
    x = _inverted_bottleneck(n, "block3", x, 40, kernel=5, stride=2, squeeze=True)
    x = _inverted_bottleneck(n, "block4", x, 40)
    x = _inverted_bottleneck(n, "block5", x, 56, stride=2)
    x = n.convolution("head", x, 128, activation=RELU6)
    n.dense("classes", n.mean("pool", x, flat=True), 16)
    return n


def residual() -> Network:
    """Basic residual blocks of two 3x3 convolutions, as in ResNet."""
    n = Network("residual", 96)
    x = n.convolution("stem", n.input, 16, kernel=3, stride=2, activation=RELU)
    for name, channels, stride in (
        ("block1", 16, 1),
        ("block2", 16, 1),
        ("block3", 32, 2),
        ("block4", 56, 2),
    ):
        x = _basic_block(n, name, x, channels, stride)
    n.dense("classes", n.mean("pool", x, flat=True), 16)
    return n


def anchor_light() -> Network:
    """Dense convolutions, 32 million multiply-adds. Frozen."""
    n = Network("anchor_light", 112)
    x = n.convolution("conv1", n.input, 16, kernel=3, stride=2, activation=RELU)
    x = n.convolution("conv2", x, 32, kernel=3, activation=RELU)
    x = n.convolution("conv3", x, 32, kernel=3, stride=2, activation=RELU)
    x = n.convolution("conv4", x, 32, kernel=3, activation=RELU)
    x = n.convolution("conv5", x, 64, activation=RELU)
    n.dense("classes", n.mean("pool", x, flat=True), 16)
    return n


def anchor_heavy() -> Network:
    """Dense convolutions, 356 million multiply-adds. Frozen."""
    n = Network("anchor_heavy", 160)
    x = n.convolution("conv1", n.input, 24, kernel=3, stride=2, activation=RELU)
    x = n.convolution("conv2", x, 48, kernel=3, activation=RELU)
    x = n.convolution("conv3", x, 48, kernel=3, activation=RELU)
    x = n.convolution("conv4", x, 48, kernel=3, activation=RELU)
    x = n.convolution("conv5", x, 64, activation=RELU)
    n.dense("classes", n.mean("pool", x, flat=True), 16)
    return n


ALL = (mobile, residual, anchor_light, anchor_heavy)


def _inverted_bottleneck(
    n: Network,
    name: str,
    source: Tensor,
    channels: int,
    kernel: int = 3,
    stride: int = 1,
    squeeze: bool = False,
) -> Tensor:
    x = n.convolution(f"{name}/expand", source, 4 * source.channels, activation=RELU6)
    x = n.depthwise(f"{name}/depthwise", x, kernel, stride, RELU6)
    if squeeze:
        x = _squeeze_and_excite(n, f"{name}/squeeze", x)
    x = n.convolution(f"{name}/project", x, channels)
    return n.sum(f"{name}/add", source, x) if x.size == source.size and channels == source.channels else x


def _squeeze_and_excite(n: Network, name: str, source: Tensor) -> Tensor:
    x = n.mean(f"{name}/mean", source, flat=False)
    x = n.convolution(f"{name}/reduce", x, source.channels // 4, activation=RELU)
    x = n.convolution(f"{name}/restore", x, source.channels)
    return n.gate(f"{name}/scale", source, x)


def _basic_block(n: Network, name: str, source: Tensor, channels: int, stride: int) -> Tensor:
    x = n.convolution(f"{name}/conv1", source, channels, kernel=3, stride=stride, activation=RELU)
    x = n.convolution(f"{name}/conv2", x, channels, kernel=3)
    shortcut = source if stride == 1 else n.convolution(f"{name}/shortcut", source, channels, stride=stride)
    return n.sum(f"{name}/add", shortcut, x, activation=RELU)
