"""`references`: nine well-known networks in seven widths, each an architecture of one small space.

The whole network is its one operator, so that all that works for spaces works for them: campaigns,
recipes, estimates.
"""

from typing import Final

import numpy as np

from edgemeter.networks.network import Network
from edgemeter.spaces.codes import validate
from edgemeter.spaces.placing import Placing
from edgemeter.spaces.references.assembling import CLASSES, INPUT, SHUFFLENET, reference_network
from edgemeter.spaces.references.families import FAMILIES
from edgemeter.spaces.space import CodeError, Codes, Column, Context, Layer, Space

NETWORKS: Final = (*FAMILIES, SHUFFLENET)
WIDTHS: Final = (0.5, 0.75, 1.0, 1.25, 1.4, 1.5, 2.0)


class References(Space):
    name = "references"
    version = 1
    chained = True
    columns = (Column("network", NETWORKS), Column("width", tuple(map(str, WIDTHS))))

    def __init__(self) -> None:
        placing = Placing()
        context = Context(INPUT.height, INPUT.width, INPUT.channels, CLASSES, 1)
        table = [
            [placing.position(f"{network}_{width}", context, network, "network") for width in WIDTHS]
            for network in NETWORKS
        ]
        self.layers = (Layer("network", (0, 1), np.array(table, dtype=np.int32)),)
        self.placed = placing.placed

    def build(self, codes: Codes, batch: int = 1) -> Network:
        if validate(self, codes).ndim != 1:
            raise CodeError(f"one architecture is a row of 2 codes, not {codes.shape}")
        return reference_network(NETWORKS[codes[0]], WIDTHS[codes[1]], batch)

    def build_placed(self, position: int, batch: int = 1) -> Network:
        network, width = divmod(position, len(WIDTHS))
        return reference_network(NETWORKS[network], WIDTHS[width], batch)
