"""What a target's runtime may leave of an architecture: readings of its codes, one of which fits."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from edgemeter.spaces.space import Codes, Space

AS_WRITTEN: Final = "as written"


def views(space: Space, codes: Codes) -> Mapping[str, Codes]:
    """`codes` as written and as `Space.compiled` knows them, each that differs from those before it."""
    distinct: dict[str, Codes] = {AS_WRITTEN: codes}
    for name, left in space.compiled(codes).items():
        if not any(np.array_equal(left, other) for other in distinct.values()):
            distinct[name] = left
    return distinct


def view(space: Space, codes: Codes, name: str) -> Codes:
    """One of `views` by its name, whether or not it differs for these codes."""
    return codes if name == AS_WRITTEN else space.compiled(codes)[name]
