"""Predictors of any network by its kernels, as bytes and back. The format is container.py's."""

from typing import Final

from edgemeter_predictors.kernels.data import Graphs
from edgemeter_predictors.kernels.model import FittedKernels
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.container import FileError, unpack
from edgemeter_predictors.saving.predictors import packed, restored

#: Features and names of regressors as this version computes them; others mean another model.
FEATURES_VERSION: Final = 5


def save_kernels(predictor: Predictor[Graphs]) -> bytes:
    """The file that container.py describes; where those of a space have `space`, its header has `kernels`,
    the version of the features.
    """
    return packed(predictor, {"kernels": FEATURES_VERSION})


def load_kernels(data: bytes) -> Predictor[Graphs]:
    """Raises FileError for what `save_kernels` did not write."""
    header, _ = unpack(data)
    version = header.get("kernels")
    if version is None:
        raise FileError(f"this predictor is of a space, {header.get('space')}, not of kernels")
    if version != FEATURES_VERSION:
        raise FileError(
            f"this predictor reads kernels by version {version}, this EdgeMeter by {FEATURES_VERSION}: "
            "fit it again with `edgemeter kernels fit`"
        )
    return restored(data, FittedKernels.restore)
