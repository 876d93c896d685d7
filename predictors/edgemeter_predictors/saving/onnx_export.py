"""An additive model as an ONNX network, for whoever has ONNX Runtime and nothing else.

Input `codes`, uint8 (n, columns); output `latency_ms`, double (n,). Every code must be one of its
column's: ONNX has no way to complain. The interval is not in the file; it needs the extra `onnx` to be
written.
"""

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Space
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.saving.predictors import load
from edgemeter_predictors.terms import offsets

_OPSET, _IR_VERSION = 17, 8


def saved_as_onnx(data: bytes, space: Space) -> bytes:
    """Of a saved predictor. Raises FileError as `load`, NotApplicable for what is no sum of tables."""
    fitted = load(data, space).fitted
    if not isinstance(fitted, Additive):
        raise NotApplicable(f"{fitted.model} is no sum of tables, and cannot be written as ONNX")
    return to_onnx(fitted)


def to_onnx(fitted: Additive) -> bytes:
    """Raises NotApplicable for a model that prunes dead decisions: no table knows which are dead."""
    from onnx import TensorProto, helper, numpy_helper

    if fitted.pruned:
        raise NotApplicable("a model of pruned codes cannot be written as ONNX; save it as a predictor")
    constants = {
        "strides": _strides(fitted),
        "starts": offsets(fitted.terms)[:-1].astype(np.int64),
        "entries_ms": fitted.entries_ms,
        "rest_ms": np.array([fitted.rest_ms]),
        "layers": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["codes"], ["wide"], to=TensorProto.INT64),
        helper.make_node("MatMul", ["wide", "strides"], ["within"]),
        helper.make_node("Add", ["within", "starts"], ["index"]),
        helper.make_node("Gather", ["entries_ms", "index"], ["parts_ms"]),
        helper.make_node("ReduceSum", ["parts_ms", "layers"], ["sum_ms"], keepdims=0),
        helper.make_node("Add", ["sum_ms", "rest_ms"], ["latency_ms"]),
    ]
    columns = len(fitted.space.columns)
    graph = helper.make_graph(
        nodes,
        f"{fitted.space.name}_{fitted.model}",
        [helper.make_tensor_value_info("codes", TensorProto.UINT8, ["n", columns])],
        [helper.make_tensor_value_info("latency_ms", TensorProto.DOUBLE, ["n"])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="edgemeter")
    helper.set_model_props(
        model, {"space": fitted.space.name, "space_version": str(fitted.space.version), "model": fitted.model}
    )
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _strides(fitted: Additive) -> NDArray[np.int64]:
    """(columns, terms): what a code moves the index of each term by."""
    strides = np.zeros((len(fitted.space.columns), len(fitted.terms)), np.int64)
    for number, term in enumerate(fitted.terms):
        step = 1
        for column, length in zip(reversed(term.columns), reversed(term.shape), strict=True):
            strides[column, number] = step
            step *= length
    return strides
