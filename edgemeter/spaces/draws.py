"""Random numbers that are the same on every machine and under every NumPy.

They are the raw output of Philox4x64-10, a published counter-based generator; no NumPy distribution, whose
streams may change between versions, stands between.
"""

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import CodeError

SEED_LIMIT = 2**128
_STREAM = 2**64  # counters of one stream before the next begins


def words(seed: int, stream: int, count: int) -> NDArray[np.uint32]:
    """`count` uniform 32-bit numbers. Streams of one seed are independent, and a longer draw begins with
    the shorter one.
    """
    if not 0 <= seed < SEED_LIMIT:
        raise CodeError(f"a seed is a whole number from 0 to 2^128 - 1, not {seed}")
    raw = np.random.Philox(key=seed, counter=stream * _STREAM).random_raw((count + 1) // 2)
    return np.asarray(raw, dtype="<u8").view("<u4")[:count].astype(np.uint32, copy=False)


def below(limit: int, numbers: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Each number's share of `limit` (at most 256): uniform to within 2^-24."""
    return ((numbers * np.uint64(limit)) >> np.uint64(32)).astype(np.uint8)
