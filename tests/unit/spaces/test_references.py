"""Exact integers of public implementations: timm 1.0.31, torchvision 0.28.0 and pytorchcv 0.0.74.

They were counted there with forward hooks (convolutions and fully connected layers) and `numel`.
"""

import pytest

from edgemeter.networks.costs import network_costs
from edgemeter.networks.network import Add
from edgemeter.spaces.published import trained_parameters
from edgemeter.spaces.references.assembling import divisible, reference_network
from edgemeter.spaces.references.references import NETWORKS, References


@pytest.mark.parametrize(
    ("name", "width", "macs", "parameters"),
    [
        ("mobilenet_v1", 1.0, 568_740_352, 4_231_976),  # timm, pytorchcv
        ("mobilenet_v1", 1.25, 879_516_800, 6_270_840),  # timm
        ("mobilenet_v2", 0.5, 97_131_840, 1_968_680),  # timm, torchvision
        ("mobilenet_v2", 0.75, 209_069_792, 2_636_424),  # timm, torchvision
        ("mobilenet_v2", 1.0, 300_774_272, 3_504_872),  # timm, torchvision
        ("mobilenet_v2", 1.4, 582_195_824, 6_108_776),  # timm, torchvision
        ("mobilenet_v3_large", 0.75, 154_560_624, 3_993_528),  # timm
        ("mobilenet_v3_large", 1.0, 216_589_760, 5_483_032),  # timm, torchvision
        ("mobilenet_v3_minimalistic", 1.0, 209_136_704, 3_924_288),  # timm
        ("mnasnet_a1", 0.5, 103_162_992, 2_082_006),  # timm
        ("mnasnet_a1", 0.75, 223_448_480, 2_912_278),  # timm
        ("mnasnet_a1", 1.0, 311_579_072, 3_887_038),  # timm, pytorchcv
        ("mnasnet_a1", 1.4, 586_317_952, 6_105_992),  # timm
        ("proxyless_mobile", 1.0, 320_427_584, 4_080_512),  # pytorchcv
        ("mobilenet_edgetpu", 1.0, 990_669_184, 4_091_432),  # timm
        ("fbnet_c", 1.0, 384_960_160, 5_572_200),  # timm, pytorchcv
        ("shufflenet_v2", 0.5, 40_476_448, 1_366_792),  # torchvision
        ("shufflenet_v2", 1.0, 144_907_992, 2_278_604),  # torchvision, pytorchcv
        ("shufflenet_v2", 1.5, 295_759_392, 3_503_624),  # torchvision
        ("shufflenet_v2", 2.0, 583_253_464, 7_393_996),  # torchvision
    ],
)
def test_costs_are_those_of_public_implementations(
    name: str, width: float, macs: int, parameters: int
) -> None:
    network = reference_network(name, width)
    assert (network_costs(network).macs, trained_parameters(network)) == (macs, parameters)


def test_one_block_of_mobilenet_edgetpu_has_no_shortcut() -> None:
    nodes = reference_network("mobilenet_edgetpu", 1.0).nodes
    assert sum(isinstance(node.operation, Add) for node in nodes) == 3 + 3 + 3 + 3 + 3


@pytest.mark.parametrize(
    ("channels", "expected"), [(8 * 1.5, 16), (16 * 0.75, 16), (24 * 0.75, 24), (4, 8), (90, 88), (22.9, 24)]
)
def test_channels_are_multiples_of_8_and_lose_at_most_a_tenth(channels: float, expected: int) -> None:
    assert divisible(channels) == expected


def test_nine_networks() -> None:
    assert len(NETWORKS) == 9
    assert References().placed[0].operator == "mobilenet_v1_0.5"
