"""OpenVINO's CPU plug-in, for ONNX and TFLite files."""

import re
import shutil
import sys
import tempfile
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
    UnsupportedOperatorError,
)
from edgemeter_agents.runtimes.openvino_kernels import driven_kernels, origins_of
from edgemeter_agents.runtimes.openvino_layers import executed_nodes, is_heavy, layers_between
from edgemeter_agents.runtimes.precisions import prevailing, tally
from edgemeter_agents.runtimes.refusals import refusal
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.tensors import checked

_WARM_UP_RUNS = 5

#: The type that floats are computed in. A quantised file says itself where it computes in integers.
_FLOAT_TYPES = {Precision.FP32: "f32", Precision.INT8: "f32", Precision.FP16: "f16", Precision.BF16: "bf16"}

_UNSUPPORTED = (
    re.compile(r"No conversion rule found for operations: (?:[\w.]+\.)?(?P<type>\w+?)(?:-\d+)?(?=[,\s]|$)"),
    re.compile(r"Conversion is failed for: (?:[\w.]+\.)?(?P<type>\w+?)(?:-\d+)?(?=[,\s]|$)"),
    re.compile(r"No translator found for (?P<type>.+) node"),
    re.compile(r"Unsupported operation of type: (?P<type>\S+) name: (?P<name>\S+)"),
)

_READ_BACK = (
    "NUM_STREAMS",
    "INFERENCE_PRECISION_HINT",
    "PERFORMANCE_HINT",
    "EXECUTION_MODE_HINT",
    "ENABLE_CPU_PINNING",
    "ENABLE_HYPER_THREADING",
    "SCHEDULING_CORE_TYPE",
)


class OpenVino(Runtime):
    """Left alone it may choose bf16 and all processors: precision, threads and streams are always given."""

    name = "openvino"
    formats = frozenset({Format.ONNX, Format.TFLITE})
    precisions = frozenset(_FLOAT_TYPES)
    extra = "agent-openvino"
    distributions = ("openvino",)

    def __init__(self) -> None:
        self._core: Any = None

    def load(self) -> str:
        # The package reports its import over the network, from a thread and a process of its own,
        # unless this optional module is missing.
        absent = "openvino_telemetry" not in sys.modules
        if absent:
            sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        try:
            import openvino as engine
        finally:
            if absent:
                del sys.modules["openvino_telemetry"]
        return str(engine.get_version()).split("-")[0]

    def prepare(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> Session:
        return OpenVinoSession(self._compiled(file, settings, shapes, profiled=False))

    def reopen(self, exported: Path, settings: Settings) -> Session:
        configuration = self._configuration(settings, profiled=False)
        import openvino as engine

        # Of bytes OpenVINO would make a copy of its own.
        content = engine.Tensor(engine.Type.u8, [exported.stat().st_size])
        with exported.open("rb") as file:
            file.readinto(content.data)
        return OpenVinoSession(self._core.import_model(content, "CPU", configuration))

    def profile(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        runs: int,
    ) -> Sequence[LayerTime]:
        compiled = self._compiled(file, settings, shapes, profiled=True)
        session = _bound(compiled, inputs)
        for _ in range(_WARM_UP_RUNS):
            session.run()
        before = executed_nodes(compiled)
        for _ in range(runs):
            session.run()
        after = executed_nodes(compiled)
        return layers_between(before, after, _WARM_UP_RUNS, runs, Sources.of(file, shapes))

    def kernels(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        drive: Drive | None,
    ) -> Sequence[Kernel]:
        self.load()
        model = _read(file, shapes)
        compiled = self._compiled(file, settings, shapes, profiled=True, model=model)
        # Names that the reader makes up are others each time: those of this very model are asked for.
        run, sources = _bound(compiled, inputs).run, Sources.of(file, shapes)
        return driven_kernels(compiled, origins_of(model), run, drive, sources)

    def _compiled(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        profiled: bool,
        model: Any = None,
    ) -> Any:
        configuration = self._configuration(settings, profiled=profiled)
        try:
            return self._core.compile_model(model or _read(file, shapes), "CPU", configuration)
        except RuntimeError as error:
            told = refusal(error, _UNSUPPORTED, file, shapes)
            if isinstance(told, UnsupportedOperatorError):
                raise told from None
            raise

    def _configuration(self, settings: Settings, *, profiled: bool) -> dict[str, Any]:
        # Made here and not in `load`: it starts threads, which do not survive a fork.
        self.load()
        import openvino as engine

        self._core = self._core or engine.Core()
        _refuse_precision(settings.precision, self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        return {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": settings.threads,
            "INFERENCE_PRECISION_HINT": _FLOAT_TYPES[settings.precision],
            "ENABLE_CPU_PINNING": False,  # the caller has chosen the processors
            "PERF_COUNT": profiled,
        }


class OpenVinoSession(Session):
    """One infer request, whose inputs stay bound to the memory of our tensors."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._infer = self._request.infer
        self._inputs = tuple(_spec(port) for port in compiled.inputs)
        self._bound: list[Any] = []

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        return self._inputs

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        return tuple(_spec(port) for port in self._compiled.outputs)

    def bind(self, inputs: Tensors) -> None:
        import openvino as engine

        self._bound = [engine.Tensor(array, shared_memory=True) for array in checked(self._inputs, inputs)]
        for index, tensor in enumerate(self._bound):
            self._request.set_input_tensor(index, tensor)

    def run(self) -> None:
        # The results are host memory already. Not sharing them would time a copy of them, which
        # OpenVINO's own benchmark_app does not make either.
        self._infer(share_outputs=True)

    def read(self) -> dict[str, NDArray[np.generic]]:
        return {
            spec.name: np.array(self._request.get_output_tensor(index).data)
            for index, spec in enumerate(self.outputs)
        }

    def facts(self) -> Facts:
        nodes = executed_nodes(self._compiled)
        heavy = [node.precision for node in nodes if is_heavy(node.kind)]
        import openvino as engine

        return Facts(
            runtime=OpenVino.name,
            version=OpenVino().load(),
            precision_executed=prevailing(heavy),
            threads=int(self._compiled.get_property("INFERENCE_NUM_THREADS")),
            placement={"cpu": len(nodes)},
            details={
                "heavy operators": tally(heavy),
                "build": str(engine.get_version()),
                **{key: _text(self._compiled.get_property(key)) for key in _READ_BACK},
            },
        )

    def exported(self) -> bytes | None:
        """The model after all passes over its graph, into which most of the time of a quantised one goes."""
        try:
            return bytes(self._compiled.export_model().getvalue())
        except RuntimeError:  # an operator that cannot be written down
            return None

    def close(self) -> None:
        self._infer = self._request = self._compiled = None
        self._bound = []


def _bound(compiled: Any, inputs: Tensors) -> OpenVinoSession:
    session = OpenVinoSession(compiled)
    session.bind(inputs)
    return session


def _read(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """The model, by the one reader of its format: `Core.read_model` would try all that OpenVINO has."""
    with file.open("rb") as opened:
        is_tflite = opened.read(8)[4:] == b"TFL3"
    if is_tflite and file.suffix != ".tflite":
        # The reader knows its files by their names alone.
        with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
            return _read(Path(shutil.copyfile(file, Path(folder) / "network.tflite")), shapes)
    model = _converted(file, "tflite" if is_tflite else "onnx", shapes)
    if not model.outputs:
        raise MalformedModelError("the file holds no network")
    _bind_shapes(model, shapes, is_tflite)
    return model


def _converted(file: Path, framework: str, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    from openvino import frontend

    reader = frontend.FrontEndManager().load_by_framework(framework)
    refused = (frontend.GeneralFailure, frontend.OpConversionFailure, frontend.OpValidationFailure)
    try:
        return reader.convert(reader.load(str(file)))
    except (*refused, RuntimeError) as error:
        raise refusal(error, _UNSUPPORTED, file, shapes) from None


def _bind_shapes(model: Any, shapes: Mapping[str, tuple[int, ...]], is_tflite: bool) -> None:
    refuse_unknown_inputs(shapes, [_name(port) for port in model.inputs])
    bound = {}
    for port in model.inputs:
        stated = _stated(port.partial_shape)
        asked = shapes.get(_name(port))
        if is_tflite and stated and asked is None:
            stated[0] = 1 if stated[0] == "?" else stated[0]  # the batch that is stored in such a file
        bound[port] = bound_shape(_name(port), stated, asked)
    if any(port.partial_shape.is_dynamic for port in model.inputs):
        model.reshape({port: list(shape) for port, shape in bound.items()})


def _stated(shape: Any) -> list[int | str] | None:
    if shape.rank.is_dynamic:
        return None
    return [size.get_length() if size.is_static else "?" for size in shape]


def _spec(port: Any) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else 0 for size in _stated(port.partial_shape) or ())
    try:
        return TensorSpec(_name(port), shape, np.dtype(port.element_type.to_dtype()))
    except RuntimeError:
        name, kind = _name(port), port.element_type.get_type_name()
        raise MalformedModelError(f"{name!r} is of type {kind}, which cannot be measured") from None


def _name(port: Any) -> str:
    names: set[str] = port.get_names()
    return min(names) if names else str(port.get_node().get_friendly_name())


def _text(value: Any) -> str:
    if hasattr(value, "get_type_name"):
        return str(value.get_type_name())
    return str(getattr(value, "name", value))


def _refuse_precision(precision: Precision, capabilities: Sequence[str]) -> None:
    if str(precision).upper() not in capabilities:
        raise ValueError(f"openvino cannot compute in {precision} on this processor")
