"""The precision that a file asks of a runtime."""

from collections import Counter
from typing import Final

from edgemeter.graphs.graph import Graph
from edgemeter.targets import Precision

_INT8: Final = frozenset({"int8", "uint8"})


def own_precision(graph: Graph) -> Precision:
    """int8 where most multiply-adds are of 8-bit integers; where there are none, where most operators are."""
    heavy = [operator for operator in graph.operators if operator.cost.macs] or graph.operators
    shares: Counter[bool] = Counter()
    for operator in heavy:
        shares[operator.dtype in _INT8] += operator.cost.macs or 1
    return Precision.INT8 if shares[True] > shares[False] else Precision.FP32
