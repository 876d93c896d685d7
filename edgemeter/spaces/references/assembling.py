"""Builds a reference network of any width from its table."""

from functools import partial
from typing import Final

from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation, Map, Network
from edgemeter.spaces.blocks.fused import fused_bottleneck
from edgemeter.spaces.blocks.inverted import Gate as BlockGate
from edgemeter.spaces.blocks.inverted import inverted_bottleneck
from edgemeter.spaces.blocks.shufflenet import shuffle_unit
from edgemeter.spaces.references.families import FAMILIES, Family, Gate, Kind, Stage
from edgemeter.spaces.space import Context

INPUT: Final = Map(224, 224, 3)
CLASSES: Final = 1000
SHUFFLENET: Final = "shufflenet_v2"
#: ShuffleNetV2's table 5: channels of the three stages and of the last convolution.
_SHUFFLENET_CHANNELS: Final = {
    0.5: (48, 96, 192, 1024),
    1.0: (116, 232, 464, 1024),
    1.5: (176, 352, 704, 1024),
    2.0: (244, 488, 976, 2048),
}


def reference_network(name: str, width: float, batch: int = 1) -> Network:
    """The network of this name with its channels times `width`."""
    builder = Builder(f"{name}_{width}", INPUT, batch)
    if name == SHUFFLENET:
        return builder.finish(_shufflenet(builder, width))
    return builder.finish(_assemble(builder, FAMILIES[name], width))


def divisible(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of `divisor`, and never less than nine tenths of `channels`: the rule of the
    MobileNets' authors.
    """
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def _assemble(builder: Builder, family: Family, width: float) -> int:
    result = builder.conv(builder.input, divisible(family.stem * width), 3, 2, activation=family.activation)
    for stage in family.stages:
        for number in range(stage.repeats):
            result = _block(builder, result, family, stage, width, stage.stride if number == 0 else 1)
    if family.last:
        least, most = family.last_widths
        last = divisible(family.last * min(max(width, least), most))
        result = builder.conv(result, last, activation=family.activation)
    result = builder.global_average(result)
    if family.head:
        head = divisible(family.head * max(1.0, width))
        result = builder.conv(result, head, activation=family.activation)
    return builder.dense(result, CLASSES)


def _block(builder: Builder, source: int, family: Family, stage: Stage, width: float, stride: int) -> int:
    here, activation = builder.map(source), stage.activation or family.activation
    channels = divisible(stage.channels * width)
    context = Context(here.height, here.width, here.channels, channels, stride)
    expanded = divisible(here.channels * stage.expansion)
    match stage.kind:
        case Kind.POINTWISE:
            return builder.conv(source, channels, activation=activation)
        case Kind.SEPARABLE:
            inner = builder.depthwise(source, stage.kernel, stride, activation)
            return builder.conv(inner, channels, activation=activation)
        case Kind.FUSED:
            return fused_bottleneck(builder, source, context, stage.kernel, expanded, activation=activation)
        case Kind.INVERTED:
            return inverted_bottleneck(
                builder,
                source,
                context,
                stage.kernel,
                expanded,
                activation=activation,
                gate=_gate(stage.gate, here.channels, expanded),
                always_expand=family.always_expand,
                residual=stage.residual,
            )


def _gate(gate: Gate, channels_in: int, expanded: int) -> BlockGate | None:
    match gate:
        case Gate.NONE:
            return None
        case Gate.INPUT:
            return partial(Builder.squeeze_excite_to, squeezed=round(channels_in / 4))
        case Gate.EXPANDED:
            return partial(Builder.squeeze_excite_to, squeezed=divisible(expanded / 4))


def _shufflenet(builder: Builder, width: float) -> int:
    *stages, last = _SHUFFLENET_CHANNELS.get(width) or _between(width)
    result = builder.conv(builder.input, 24, 3, 2, activation=Activation.RELU)
    result = builder.max_pool(result, 3, 2)
    for channels, repeats in zip(stages, (4, 8, 4), strict=True):
        for number in range(repeats):
            here = builder.map(result)
            stride = 2 if number == 0 else 1
            context = Context(here.height, here.width, here.channels, channels, stride)
            half = channels // 2
            result = shuffle_unit(builder, result, context, 3, half, projected=half)
    result = builder.conv(result, last, activation=Activation.RELU)
    return builder.dense(builder.global_average(result), CLASSES)


def _between(width: float) -> tuple[int, ...]:
    """Widths that the paper has no table for: those of 1.0 times the width, even."""
    stages = (round(channels * width / 2) * 2 for channels in _SHUFFLENET_CHANNELS[1.0][:3])
    return (*stages, 1024)
