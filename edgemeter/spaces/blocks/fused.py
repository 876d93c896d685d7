"""The fused inverted bottleneck of MobileNet-EdgeTPU (arXiv:2003.02838)."""

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.blocks.inverted import shortcut
from edgemeter.spaces.space import Context


def fused_bottleneck(
    builder: Builder,
    source: int,
    context: Context,
    kernel: int,
    expanded: int,
    *,
    activation: Activation = Activation.RELU,
) -> int:
    """One dense convolution to `expanded` channels in place of 1x1 and depthwise, then 1x1; a shortcut where
    nothing changes its shape.
    """
    inner = builder.conv(source, expanded, kernel, context.stride, activation=activation)
    return shortcut(builder, source, builder.conv(inner, context.channels_out), context)
