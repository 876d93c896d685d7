"""The frame of SPOS (arXiv:1904.00420) that several spaces share: stem, stages that halve the size, tail."""

from typing import Final

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.space import Context

INPUT: Final = 224
STEM: Final = 16
REPEATS: Final = (4, 4, 8, 4)  #: layers of each stage; the first has stride 2
LAYERS: Final = sum(REPEATS)
CHANNELS: Final = (64, 160, 320, 640)
LAST: Final = 1024
CLASSES: Final = 1000


def stem_context() -> Context:
    return Context(INPUT, INPUT, 3, STEM, 2)


def layer_contexts(channels: tuple[int, ...] = CHANNELS) -> list[Context]:
    """The contexts of the layers between stem and tail, with `channels` out of each stage."""
    contexts, size, before = [], INPUT // 2, STEM
    for layers, out in zip(REPEATS, channels, strict=True):
        contexts.append(Context(size, size, before, out, 2))
        size, before = size // 2, out
        contexts += (layers - 1) * [Context(size, size, out, out, 1)]
    return contexts


def tail_context(channels: int = CHANNELS[-1]) -> Context:
    size = INPUT // 2 >> len(REPEATS)
    return Context(size, size, channels, CLASSES, 1)


def stage_of(context: Context) -> str:
    """The shape that goes out, as `56x56x64`."""
    return f"{context.height // context.stride}x{context.width // context.stride}x{context.channels_out}"


def append_frame(builder: Builder, source: int, operator: str, context: Context) -> int:
    """`stem`, a convolution 3x3; or `tail`: 1x1 to 1024, the mean, and the classes."""
    if operator == "stem":
        return builder.conv(source, context.channels_out, 3, context.stride, activation=Activation.RELU)
    last = builder.conv(source, LAST, activation=Activation.RELU)
    return builder.dense(builder.global_average(last), context.channels_out)
