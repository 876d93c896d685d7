"""Versions of predictors of any file in the tables: beside those of spaces, under a reserved name."""

from functools import cache
from typing import Final

from edgemeter.wire.predictors import ANY_NETWORK

MODEL: Final = "kernel"


@cache
def builds() -> str:
    """Where a space has its name and version: what reads kernels otherwise is not asked."""
    # What this imports takes as long as all else that a server needs.
    from edgemeter_predictors.saving.kernel_predictors import FEATURES_VERSION

    return f"{ANY_NETWORK}/{FEATURES_VERSION}"
