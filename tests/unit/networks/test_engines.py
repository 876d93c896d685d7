"""Both files of a network compute the same on all engines, in floats and in int8, and tell inputs apart."""

from collections.abc import Callable

import pytest

from benchmarks.agreement import agreement, litert
from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation, Map, Network
from edgemeter.networks.writing import write
from edgemeter.targets import Precision

RELU, RELU6, HSWISH = Activation.RELU, Activation.RELU6, Activation.HSWISH


def inverted_bottleneck(b: Builder, kernel: int, stride: int, activation: Activation, squeeze: bool) -> int:
    channels = b.map(b.input).channels
    x = b.conv(b.input, 3 * channels, activation=activation)
    x = b.depthwise(x, kernel, stride, activation)
    x = b.conv(b.squeeze_excite(x) if squeeze else x, channels)
    return b.add(b.input, x) if stride == 1 else x


def shuffle_unit(b: Builder) -> int:
    left, right = b.split(b.input)
    x = b.depthwise(b.conv(right, 16, activation=RELU), 5)
    return b.shuffle(b.concat(left, b.squeeze_excite(b.conv(x, 16, activation=RELU))))


def hswish_gate(b: Builder) -> int:
    gate = b.conv(b.conv(b.global_average(b.input), 8, activation=RELU), 32, activation=HSWISH)
    return b.conv(b.scale(b.input, gate), 32, 3)


def cell(b: Builder) -> int:
    x = b.conv(b.activate(b.input, RELU), 32, 3)
    y = b.average_pool(b.input, 3)
    z = b.conv(b.activate(b.add(x, y), RELU), 32)
    return b.add(b.input, x, y, z)


def classifier(b: Builder) -> int:
    x = b.max_pool(b.conv(b.input, 24, 3, 2, activation=RELU), 3, 2)
    x = b.conv(x, 48, 3, groups=4, activation=HSWISH)
    return b.dense(b.global_average(x), 10)


PARTS: dict[str, tuple[Map, Callable[[Builder], int]]] = {
    "bottleneck": (Map(14, 14, 32), lambda b: inverted_bottleneck(b, 3, 1, RELU6, squeeze=False)),
    "bottleneck with squeeze": (Map(15, 13, 32), lambda b: inverted_bottleneck(b, 5, 2, RELU6, squeeze=True)),
    "bottleneck with hswish": (Map(7, 7, 32), lambda b: inverted_bottleneck(b, 7, 1, HSWISH, squeeze=True)),
    "shuffle unit": (Map(14, 14, 32), shuffle_unit),
    "gate of hswish": (Map(14, 14, 32), hswish_gate),
    "cell": (Map(16, 16, 32), cell),
    "classifier": (Map(33, 32, 3), classifier),
}


def network(part: str, batch: int = 1) -> Network:
    size, build = PARTS[part]
    b = Builder(part, size, batch)
    return b.finish(build(b))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("precision", "least"), [(Precision.FP32, 0.9999), (Precision.INT8, 0.98)])
def test_engines_agree(part: str, precision: Precision, least: float) -> None:
    found = agreement(network(part), precision)
    assert found.finite
    assert found.least >= least
    assert found.alike <= 0.9


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_a_batch(precision: Precision) -> None:
    assert agreement(network("shuffle unit", batch=2), precision).least >= 0.98


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_values_that_are_cut_off_to_a_constant_do_not_become_infinite(precision: Precision) -> None:
    b = Builder("saturated", Map(8, 8, 16))
    x = b.activate(b.add(*[b.conv(b.input, 16, activation=RELU) for _ in range(12)]), RELU6)
    constant = b.finish(b.depthwise(b.conv(x, 16, 3, activation=RELU), 3))
    assert agreement(constant, precision).finite


# Not those with HARD_SWISH on larger maps: XNNPACK has it in floats only.
@pytest.mark.parametrize("part", ["bottleneck with squeeze", "gate of hswish", "shuffle unit", "cell"])
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_xnnpack_takes_the_whole_network(part: str, precision: Precision) -> None:
    engine = litert(write(network(part), "tflite", precision))
    operators = [each["op_name"] for each in engine._get_ops_details()]
    assert operators.count("DELEGATE") == 1
