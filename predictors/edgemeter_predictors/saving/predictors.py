"""Predictors of spaces as bytes, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import isnan
from typing import Any

import numpy as np

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.contract import Fitted, State
from edgemeter_predictors.data import InputsT
from edgemeter_predictors.judging.calibration import Calibration
from edgemeter_predictors.judging.figures import Errors
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.container import FileError, pack, unpack
from edgemeter_predictors.saving.kinds import restore


def save(predictor: Predictor[Codes], space: Space) -> bytes:
    """The file that container.py describes. Its header has `space` (name and version), `kind`, `parameters`,
    `calibration`, `errors`, `retest_error`, `networks` and `about`.
    """
    return packed(predictor, {"space": [space.name, space.version]})


def space_of(data: bytes) -> tuple[str, int]:
    """Name and version of the space that a saved predictor is of."""
    header, _ = unpack(data)
    match header.get("space"):
        case [str(name), int(version)]:
            return name, version
    raise FileError("the file does not say which space it is of")


def load(data: bytes, space: Space) -> Predictor[Codes]:
    """Raises FileError for what `save` did not write, or wrote for another space or version of it."""
    name, version = space_of(data)
    if (name, version) != (space.name, space.version):
        raise FileError(
            f"this predictor is of {name} version {version}, not of {space.name} version {space.version}"
        )
    return restored(data, lambda state: restore(space, state))


def packed(predictor: Predictor[InputsT], of: Mapping[str, Any]) -> bytes:
    """The file of any predictor; `of` says in its header what it is of."""
    state = predictor.fitted.state()
    header = {
        **of,
        "kind": state.kind,
        "parameters": dict(state.parameters),
        "calibration": {
            "multiples": predictor.calibration.multiples,
            "networks": predictor.calibration.networks,
        },
        "errors": None if predictor.errors is None else _without_nan(asdict(predictor.errors)),
        "retest_error": None if isnan(predictor.retest_error) else predictor.retest_error,
        "networks": predictor.networks,
        "about": dict(predictor.about),
    }
    return pack(header, state.arrays)


def restored(data: bytes, read: Callable[[State], Fitted[InputsT]]) -> Predictor[InputsT]:
    """The predictor in a file whose model `read` makes again. Raises FileError."""
    header, arrays = unpack(data)
    for key, array in arrays.items():
        if not np.isfinite(array).all():
            raise FileError(f"array {key} has values that are no numbers")
    try:
        return _predictor(read(State(header["kind"], header["parameters"], arrays)), header)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FileError(f"the file does not hold the predictor that it names: {error!r}") from error


def _predictor(fitted: Fitted[InputsT], header: dict[str, Any]) -> Predictor[InputsT]:
    calibration = Calibration(
        tuple(map(float, header["calibration"]["multiples"])), header["calibration"]["networks"]
    )
    judged, retest = header["errors"], header["retest_error"]
    return Predictor(
        fitted,
        calibration,
        None if judged is None else Errors(**_with_nan(judged)),
        float("nan") if retest is None else float(retest),
        int(header["networks"]),
        header["about"],
    )


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and isnan(value) else value for key, value in values.items()
    }


def _with_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in values.items()}
