from typing import Final

from edgemeter.networks.costs import network_costs
from edgemeter.spaces.codes import codes_of
from edgemeter.spaces.costs import architecture_costs
from edgemeter.spaces.counting import contexts
from edgemeter.spaces.published import trained_parameters
from edgemeter.spaces.size import size
from edgemeter.spaces.spos import Spos

SPACE: Final = Spos()
OPERATORS: Final = (0, 0, 3, 1, 1, 1, 0, 0, 2, 0, 2, 1, 1, 0, 2, 0, 2, 1, 3, 2)
FACTORS: Final = (6, 5, 3, 5, 2, 6, 3, 4, 2, 5, 7, 5, 4, 6, 7, 4, 4, 5, 4, 3)
PUBLISHED: Final = codes_of(SPACE, [*OPERATORS, *FACTORS])


def test_the_published_network() -> None:
    network = SPACE.build(PUBLISHED)
    assert network_costs(network).macs == 327_857_920
    assert trained_parameters(network, classifier_bias=False) == 3_432_579
    # Folded, each of the 12,772 channels keeps one of its batch norm's two; the classifier has a bias.
    assert network_costs(network).parameters == 3_432_579 - 12_772 + 1000
    table = architecture_costs(SPACE, PUBLISHED.reshape(1, -1))
    assert (table.macs.tolist(), table.parameters.tolist()) == ([327_857_920], [3_420_807])


def test_size_and_contexts() -> None:
    assert size(SPACE) == 4**20 * 8**20
    assert len(contexts(SPACE)) == 8
    assert len(SPACE.placed) == 8 * 4 * 8 + 2
