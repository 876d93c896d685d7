"""How large the runs are. EDGEMETER_BENCH_DIVISOR makes them smaller, for a quick look."""

import os

_DIVISOR = int(os.environ.get("EDGEMETER_BENCH_DIVISOR", "1"))

AGENTS = 32
TOGETHER = 16  #: jobs of a claim, and of a report
CLAIM_S = 10.0


def scaled(count: int) -> int:
    return max(1, count // _DIVISOR)
