"""ONNX Runtime on the CPU."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.graphs.binding import bound_shape, refuse_unknown_inputs
from edgemeter.kernels.kernel import Kernel
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import (
    Drive,
    Facts,
    Format,
    LayerTime,
    MalformedModelError,
    Runtime,
    Session,
    Settings,
    Tensors,
    TensorSpec,
)
from edgemeter_agents.runtimes.onnxruntime_kernels import executed_graph
from edgemeter_agents.runtimes.onnxruntime_profile import is_heavy, profiled_kernels
from edgemeter_agents.runtimes.precisions import prevailing, tally
from edgemeter_agents.runtimes.refusals import refusal
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.tensors import checked, zeros

_WARM_UP_RUNS = 5
_SPINNING = "session.intra_op.allow_spinning"
_SILENT = 4

_UNSUPPORTED = (
    re.compile(r"Could not find an implementation for (?P<type>\S+)\(\d+\) node with name '(?P<name>[^']*)'"),
    re.compile(r"Failed to find kernel for (?P<type>[^\s(]+)\(\d+\)(?: \(node:? ?'?(?P<name>[^')]*))?"),
    re.compile(r'In Node, \("(?P<name>[^"]*)", (?P<type>[^,]+), .*(?:No Op registered|No opset import)'),
    re.compile(r"(?:[^\s:]+:)?(?P<type>[^\s:(]+)\(-?\d+\) is not a registered function/op"),
)

_DTYPES = {"float": "float32", "double": "float64", "string": "object"} | {
    name: name
    for name in (
        *("float16", "bool", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64"),
    )
}


class OnnxRuntime(Runtime):
    """Runs the file as a plain `InferenceSession.run` loop does, with every setting said aloud."""

    name = "onnxruntime"
    formats = frozenset({Format.ONNX})
    precisions = frozenset({Precision.FP32, Precision.INT8})
    extra = "agent-onnxruntime"
    distributions = ("onnxruntime", "onnxruntime-gpu")

    def load(self) -> str:
        # Read at import only. Without it a telemetry thread starts, writes to the user's cache
        # folder, and makes every later fork hang when it ends.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        return str(onnxruntime.__version__)

    def prepare(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> Session:
        self.load()
        _refuse_precision(settings.precision, self.precisions)
        return OnnxRuntimeSession(file, settings, shapes)

    def profile(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        runs: int,
    ) -> Sequence[LayerTime]:
        session = OnnxRuntimeSession(file, settings, shapes)
        session.bind(inputs)
        return session.kernels(runs, _WARM_UP_RUNS, Sources.of(file, shapes))

    def kernels(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        drive: Drive | None,
    ) -> Sequence[Kernel]:
        self.load()
        return executed_graph(file, _options(settings), inputs, drive, Sources.of(file, shapes))


class OnnxRuntimeSession(Session):
    """One InferenceSession and the feeds of its runs."""

    def __init__(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._file, self._settings = file, settings
        self._session = _opened(file, _options(settings), shapes)
        arguments = self._session.get_inputs()
        refuse_unknown_inputs(shapes, [argument.name for argument in arguments])
        self._inputs = tuple(
            TensorSpec(arg.name, bound_shape(arg.name, _dimensions(arg), shapes.get(arg.name)), _dtype(arg))
            for arg in arguments
        )
        self._feeds: dict[str, NDArray[np.generic]] = {}
        self._results: list[NDArray[np.generic]] = []

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        return self._inputs

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        return tuple(
            TensorSpec(arg.name, tuple(d if isinstance(d, int) else 0 for d in _dimensions(arg)), _dtype(arg))
            for arg in self._session.get_outputs()
        )

    def bind(self, inputs: Tensors) -> None:
        names = [spec.name for spec in self._inputs]
        self._feeds = dict(zip(names, checked(self._inputs, inputs), strict=True))

    def run(self) -> None:
        self._results = self._session.run(None, self._feeds)

    def read(self) -> dict[str, NDArray[np.generic]]:
        names = [spec.name for spec in self.outputs]
        return {name: np.array(value) for name, value in zip(names, self._results, strict=True)}

    def facts(self) -> Facts:
        """Read from one profiled run of a second session: only there does the engine tell its kernels."""
        kernels = self.kernels(runs=1, warm_up_runs=0, sources=Sources(()))
        heavy = [kernel.precision for kernel in kernels if is_heavy(kernel.kind)]
        options = self._session.get_session_options()
        return Facts(
            runtime=OnnxRuntime.name,
            version=OnnxRuntime().load(),
            precision_executed=prevailing(heavy),
            threads=options.intra_op_num_threads,
            placement=_placement(kernels),
            details={
                "heavy operators": tally(heavy),
                "threads between operators": str(options.inter_op_num_threads),
                "execution mode": options.execution_mode.name,
                "graph optimisation": options.graph_optimization_level.name,
                "spinning": options.get_session_config_entry(_SPINNING),
            },
        )

    def kernels(self, runs: int, warm_up_runs: int, sources: Sources) -> list[LayerTime]:
        options = _options(self._settings)
        feeds = self._feeds or zeros(self._inputs)
        return profiled_kernels(self._file, options, feeds, runs, warm_up_runs, sources)

    def close(self) -> None:
        self._session = None
        self._feeds, self._results = {}, []


def _options(settings: Settings) -> Any:
    import onnxruntime as engine

    options = engine.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.execution_mode = engine.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = engine.GraphOptimizationLevel.ORT_ENABLE_ALL
    # What a plain loop does. It matters from two threads on: they wait for work without sleeping.
    options.add_session_config_entry(_SPINNING, "1")
    options.log_severity_level = _SILENT
    return options


def _opened(file: Path, options: Any, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    import onnxruntime as engine
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    refused = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NoModel)
    try:
        return engine.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except (*refused, state.NotImplemented) as error:
        raise refusal(error, _UNSUPPORTED, file, shapes) from None


def _placement(kernels: Sequence[LayerTime]) -> dict[str, int]:
    processors = [kernel.processor for kernel in kernels]
    return {processor: processors.count(processor) for processor in sorted(set(processors))}


def _dimensions(argument: Any) -> list[int | str]:
    return [size if isinstance(size, int) else size or "?" for size in argument.shape]


def _dtype(argument: Any) -> np.dtype[np.generic]:
    match = re.fullmatch(r"tensor\((\w+)\)", argument.type)
    if match is None or match[1] not in _DTYPES:
        raise MalformedModelError(f"{argument.name!r} is of type {argument.type}, which cannot be measured")
    return np.dtype(_DTYPES[match[1]])


def _refuse_precision(precision: Precision, known: frozenset[Precision]) -> None:
    if precision not in known:
        raise ValueError(f"onnxruntime on CPU cannot be told to use {precision}: it runs files as they are")
