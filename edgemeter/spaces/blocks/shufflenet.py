"""ShuffleNetV2's unit (arXiv:1807.11164, figure 3) and the Xception-like one that SPOS adds to it
(arXiv:1904.00420).

With stride 1 and equal channels, half of the channels pass and a branch works on the others; otherwise a
projection and the branch both see everything. Both results are concatenated and shuffled.
"""

from collections.abc import Callable

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.blocks.gating import hswish_gate
from edgemeter.spaces.space import Context

Branch = Callable[[int, int], int]  #: from a node, to as many channels


def shuffle_unit(
    builder: Builder,
    source: int,
    context: Context,
    kernel: int,
    middle: int,
    *,
    projected: int | None = None,
    gated: bool = False,
) -> int:
    """The branch is 1x1 to `middle` channels, depthwise, 1x1. See `_unit` for `projected` and `gated`."""

    def branch(start: int, channels: int) -> int:
        inner = builder.conv(start, middle, activation=Activation.RELU)
        inner = builder.depthwise(inner, kernel, context.stride)
        return builder.conv(inner, channels, activation=Activation.RELU)

    return _unit(builder, source, context, kernel, branch, projected, gated)


def xception_unit(
    builder: Builder,
    source: int,
    context: Context,
    middle: int,
    *,
    projected: int | None = None,
    gated: bool = False,
) -> int:
    """The branch is three times depthwise 3x3 and 1x1, the first with the stride."""

    def branch(start: int, channels: int) -> int:
        inner = start
        for stride, width in ((context.stride, middle), (1, middle), (1, channels)):
            inner = builder.depthwise(inner, 3, stride)
            inner = builder.conv(inner, width, activation=Activation.RELU)
        return inner

    return _unit(builder, source, context, 3, branch, projected, gated)


def _unit(
    builder: Builder,
    source: int,
    context: Context,
    kernel: int,
    branch: Branch,
    projected: int | None,
    gated: bool,
) -> int:
    """`projected` channels (those that go in, where not said) come from the projection, the rest from the
    branch. `gated` puts a squeeze-and-excite at the branch's end.
    """
    if context.stride == 1 and context.channels_in == context.channels_out:
        kept, worked = builder.split(source)
        share = context.channels_out // 2
    else:
        share = context.channels_in if projected is None else projected
        kept, worked = _projection(builder, source, context, kernel, share), source
    result = branch(worked, context.channels_out - share)
    if gated:
        result = hswish_gate(builder, result)
    return builder.shuffle(builder.concat(kept, result))


def _projection(builder: Builder, source: int, context: Context, kernel: int, channels: int) -> int:
    inner = builder.depthwise(source, kernel, context.stride)
    return builder.conv(inner, channels, activation=Activation.RELU)
