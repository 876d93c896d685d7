"""DARTS's separable convolution (arXiv:1806.09055): depthwise and 1x1, twice."""

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation
from edgemeter.spaces.space import Context


def twice_separable(builder: Builder, source: int, context: Context, kernel: int) -> int:
    """The first half has the stride and keeps the channels; the second gives those that go out."""
    inner = source
    for stride, channels in ((context.stride, context.channels_in), (1, context.channels_out)):
        inner = builder.depthwise(inner, kernel, stride)
        inner = builder.conv(inner, channels, activation=Activation.RELU)
    return inner
