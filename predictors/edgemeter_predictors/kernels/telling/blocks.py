"""Channels of maps, and the blocks that layouts put them into."""

from math import gcd, prod
from typing import Final

from edgemeter.graphs.graph import Shape

#: No layout has larger ones.
_LARGEST: Final = 64


def channels(shape: Shape, axis: int) -> int:
    return shape[axis] if len(shape) > 1 else prod(shape)


def largest_block(channels: int) -> float:
    """That all of them fill."""
    return float(gcd(channels, _LARGEST))


def filled(channels: int, block: int) -> int:
    """With what fills the last block up."""
    return -(-channels // block) * block
