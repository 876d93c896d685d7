"""MobileNetV2's inverted bottleneck (arXiv:1801.04381)."""

from collections.abc import Callable

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.space import Context

Gate = Callable[[Builder, int], int]


def inverted_bottleneck(
    builder: Builder,
    source: int,
    context: Context,
    kernel: int,
    expanded: int,
    *,
    activation: Activation = Activation.RELU6,
    gate: Gate | None = None,
    always_expand: bool = False,
    residual: bool = True,
) -> int:
    """1x1 to `expanded` channels (left out where they are those that go in, unless `always_expand`),
    depthwise, `gate`, 1x1 without activation; where nothing changes its shape, and `residual`, a shortcut.
    """
    inner = source
    if always_expand or expanded != context.channels_in:
        inner = builder.conv(inner, expanded, activation=activation)
    inner = builder.depthwise(inner, kernel, context.stride, activation)
    if gate is not None:
        inner = gate(builder, inner)
    result = builder.conv(inner, context.channels_out)
    return shortcut(builder, source, result, context) if residual else result


def shortcut(builder: Builder, source: int, result: int, context: Context) -> int:
    """`result`, with `source` added where their shapes are the same."""
    same = context.stride == 1 and context.channels_in == context.channels_out
    return builder.add(source, result) if same else result
