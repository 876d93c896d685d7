"""In which order a visit goes through its jobs."""

import random
from collections.abc import Sequence


def visit_order(jobs: Sequence[str], anchors: Sequence[str], seed: int, visit: int) -> tuple[str, ...]:
    """The anchors, the jobs shuffled, the anchors again: what drifts within a visit shows on both sides.

    Another visit has another order, the same seed the same orders.
    """
    shuffled = list(jobs)
    random.Random(f"{seed}/{visit}").shuffle(shuffled)
    return (*anchors, *shuffled, *reversed(anchors))
