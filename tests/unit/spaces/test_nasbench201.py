from itertools import product
from typing import Final

import numpy as np
import pytest

from edgemeter.networks.costs import network_costs
from edgemeter.spaces.nasbench201 import NasBench201
from edgemeter.spaces.published import trained_parameters
from edgemeter.spaces.size import size
from edgemeter.spaces.space import CodeError, Codes
from edgemeter.spaces.text import from_text, to_text

SPACE: Final = NasBench201()
CELLS: Final = np.array(list(product(range(5), repeat=6)), dtype=np.uint8)
ALL_3X3: Final = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


def cell(text: str) -> Codes:
    return from_text(SPACE, text)


def test_golden_numbers_of_the_benchmark() -> None:
    canonical = SPACE.canonical(CELLS)
    assert size(SPACE) == len(CELLS) == 15_625
    assert int((~canonical.any(axis=1)).sum()) == 341


def test_published_costs_of_a_cell() -> None:
    network = SPACE.build(cell(ALL_3X3))
    # The benchmark's 1.531546 M parameters and 220.119680 M multiply-adds. Ours: the two shortcuts have no
    # batch norm there (2 x (32 + 64)), and the depthwise convolution that stands for one has 64 weights more.
    assert trained_parameters(network) == 1_531_546 + 2 * (32 + 64) + 64
    assert network_costs(network).macs == 220_119_680 + 8 * 8 * 64


def test_text_is_the_benchmark_s() -> None:
    assert to_text(SPACE, cell(ALL_3X3)) == f"nasbench201@1:{ALL_3X3}"
    with pytest.raises(CodeError, match=r"reads \|op~0\|"):
        cell(ALL_3X3.replace("~2", "~1"))
    with pytest.raises(CodeError, match=r"no choice 'nor_conv_7x7'; the nearest.*'nor_conv_\dx\d'"):
        cell(ALL_3X3.replace("nor_conv_3x3~2", "nor_conv_7x7~2"))


@pytest.mark.parametrize(
    ("text", "pruned"),
    [
        (  # nothing leaves node 1
            "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
            "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
        ),
        (  # nothing comes into node 1, so nothing by it into node 2
            "|none~0|+|none~0|nor_conv_1x1~1|+|nor_conv_3x3~0|nor_conv_1x1~1|nor_conv_1x1~2|",
            "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|",
        ),
    ],
)
def test_dead_edges_are_recognised(text: str, pruned: str) -> None:
    row = cell(text)
    assert SPACE.words(SPACE.canonical(row.reshape(1, -1))[0]) == pruned
    assert SPACE.build(row) == SPACE.build(cell(pruned))


def test_a_cell_without_a_path_has_no_network() -> None:
    with pytest.raises(CodeError, match="no path leads through"):
        SPACE.build(cell("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"))


@pytest.mark.parametrize(
    ("cell", "unread", "folded"),
    [  # edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3; 0 is none, 1 a skip, 3 and 2 convolutions
        ((3, 3, 3, 1, 0, 0), (0, 0, 0, 1, 0, 0), (0, 0, 0, 1, 0, 0)),  # node 2 is read by nobody, nor is 1
        ((3, 1, 0, 1, 0, 1), (0, 1, 0, 1, 0, 1), (3, 1, 0, 1, 0, 1)),  # zeros in the weights of 0->1
        ((0, 2, 1, 1, 1, 0), (0, 0, 0, 1, 1, 0), (0, 2, 0, 1, 0, 0)),  # 1->2 adds zeros: 0->2 is alone
        ((0, 1, 3, 1, 0, 1), (0, 1, 3, 1, 0, 1), (0, 1, 3, 1, 0, 1)),  # fed zeros, still run
        ((0, 0, 0, 1, 0, 3), (0, 0, 0, 1, 0, 3), (0, 0, 0, 1, 0, 3)),
    ],
)
def test_what_compilers_leave(
    cell: tuple[int, ...], unread: tuple[int, ...], folded: tuple[int, ...]
) -> None:
    left = SPACE.compiled(np.array([cell], np.uint8))
    assert tuple(left["unread"][0]) == unread
    assert tuple(left["folded"][0]) == folded


def test_compilers_only_remove_and_keep_what_matters() -> None:
    canonical = SPACE.canonical(CELLS)
    for left in SPACE.compiled(CELLS).values():
        assert ((left == CELLS) | (left == 0)).all()
        assert np.array_equal(SPACE.canonical(left), canonical)
    assert SPACE.computes(CELLS).sum() == 15_625 - 341
