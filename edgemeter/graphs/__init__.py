"""Reads ONNX and TFLite files into one graph with its costs."""

from edgemeter.graphs.graph import Cost, Graph, Operator, Tensor
from edgemeter.graphs.hashing import structural_hash
from edgemeter.graphs.limits import Limits, MalformedFileError, ShapeError
from edgemeter.graphs.reading import read_graph
from edgemeter.graphs.survey import flops_survey, parameters_survey

__all__ = [
    "Cost",
    "Graph",
    "Limits",
    "MalformedFileError",
    "Operator",
    "ShapeError",
    "Tensor",
    "flops_survey",
    "parameters_survey",
    "read_graph",
    "structural_hash",
]
