"""The squeeze-and-excite of HURRICANE: reduction 4, and x ReLU6(x + 3) / 6 in place of the sigmoid."""

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation

REDUCTION = 4


def hswish_gate(builder: Builder, source: int) -> int:
    """The source, each channel times its gate."""
    channels = builder.map(source).channels
    gate = builder.conv(builder.global_average(source), -(-channels // REDUCTION), activation=Activation.RELU)
    gate = builder.conv(gate, channels, activation=Activation.HSWISH)
    return builder.scale(source, gate)
