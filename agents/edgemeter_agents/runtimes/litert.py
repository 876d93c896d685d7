"""LiteRT (TensorFlow Lite) with XNNPACK on the CPU."""

import importlib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
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
    ProfileUnavailableError,
    Runtime,
    Session,
    Settings,
    Tensors,
    TensorSpec,
    UnsupportedOperatorError,
)
from edgemeter_agents.runtimes.driving import repeated
from edgemeter_agents.runtimes.litert_kernels import told_kernels
from edgemeter_agents.runtimes.litert_layers import Plan, ProfileLine, mean_of, quiet_of
from edgemeter_agents.runtimes.litert_profile import profile_kernels
from edgemeter_agents.runtimes.litert_wiring import Wiring
from edgemeter_agents.runtimes.precisions import prevailing, tally
from edgemeter_agents.runtimes.refusals import refusal
from edgemeter_agents.runtimes.sources import Sources
from edgemeter_agents.runtimes.tensors import checked

#: The package of today, and the one that old boards still have; both hold the same Interpreter.
_PACKAGES = ("ai_edge_litert", "tflite_runtime")

_UNSUPPORTED = (
    re.compile(r"unresolved custom op: (?P<type>.+?)\.(?:\s|$)"),
    re.compile(r"Didn't find op for builtin opcode '(?P<type>[^']*)' version"),
    re.compile(r"Op builtin_code out of range: (?P<type>\d+)"),
    re.compile(r"Node number \d+ \((?P<type>[^)]*)\) failed to prepare"),
)
_NODE = re.compile(r"Node number (\d+) \(")


class LiteRt(Runtime):
    """Runs the Interpreter, and with it XNNPACK, on a given number of threads."""

    name = "litert"
    formats = frozenset({Format.TFLITE})
    precisions = frozenset({Precision.FP32, Precision.INT8})
    extra = "agent-litert"
    distributions = ("ai-edge-litert", "tflite-runtime")

    def load(self) -> str:
        _interpreter_module()
        return str(importlib.import_module(_package_name()).__version__)

    def prepare(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> Session:
        if settings.precision not in self.precisions:
            raise ValueError(f"litert cannot be told to use {settings.precision}: it runs files as they are")
        return LiteRtSession(file, settings, shapes)

    def profile(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        runs: int,
    ) -> Sequence[LayerTime]:
        session, profiles = self._profiled(file, settings, shapes, inputs, partial(repeated, runs))
        return session.plan().layers(mean_of(profiles))

    def kernels(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        drive: Drive | None,
    ) -> Sequence[Kernel]:
        session, profiles = self._profiled(file, settings, shapes, inputs, drive or partial(repeated, 1))
        lines = quiet_of(profiles)
        return told_kernels(lines, session.wiring(), Sources.of(file, shapes), timed=drive is not None)

    def _profiled(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        drive: Drive,
    ) -> "tuple[LiteRtSession, list[list[ProfileLine]]]":
        if _package_name() != "ai_edge_litert":
            raise ProfileUnavailableError(
                "tflite-runtime tells no times of its layers: install ai-edge-litert"
            )
        session = LiteRtSession(file, settings, shapes)
        session.bind(inputs)
        tensors = session.input_tensors(), session.output_tensors()
        return session, profile_kernels(file, settings.threads, *tensors, drive)


class LiteRtSession(Session):
    """One interpreter. A run copies the inputs in and the outputs out, as an application must.

    That is also what litert-benchmark's times hold: its runs hand buffers over, at about the same cost.
    """

    def __init__(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> None:
        threads_before = _process_threads()
        self._interpreter = _opened(file, settings.threads, shapes)
        self._threads = None if threads_before is None else 1 + (_process_threads() or 0) - threads_before
        self._inputs = tuple(_spec(detail) for detail in self._interpreter.get_input_details())
        outputs = self._interpreter.get_output_details()
        self._outputs = tuple(_output_spec(detail) for detail in outputs)
        self._output_indices = [detail["index"] for detail in outputs]
        self._bound: list[tuple[int, NDArray[np.generic]]] = []
        self._results: list[NDArray[np.generic]] = []

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        return self._inputs

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        return self._outputs

    def bind(self, inputs: Tensors) -> None:
        indices = [detail["index"] for detail in self._interpreter.get_input_details()]
        self._bound = list(zip(indices, checked(self._inputs, inputs), strict=True))

    def run(self) -> None:
        interpreter = self._interpreter
        for index, tensor in self._bound:
            interpreter.set_tensor(index, tensor)
        interpreter.invoke()
        self._results = [interpreter.get_tensor(index) for index in self._output_indices]

    def read(self) -> dict[str, NDArray[np.generic]]:
        names = [spec.name for spec in self._outputs]
        return {name: np.array(value) for name, value in zip(names, self._results, strict=True)}

    def input_tensors(self) -> list[NDArray[np.generic]]:
        return [tensor for _, tensor in self._bound]

    def output_tensors(self) -> list[NDArray[np.generic]]:
        """Of the bound inputs. Only a run tells the size of every output."""
        self.run()
        return self._results

    def plan(self) -> Plan:
        return Plan.of(self._interpreter)

    def wiring(self) -> Wiring:
        return Wiring.of(self._interpreter)

    def facts(self) -> Facts:
        """`threads` are the interpreter's own and the one that calls it, as the kernel counts them."""
        plan = self.plan()
        heavy = plan.heavy_precisions()
        return Facts(
            runtime=LiteRt.name,
            version=LiteRt().load(),
            precision_executed=prevailing(heavy),
            threads=self._threads,
            placement={"cpu": len(plan.operators)} if plan.known else {},
            details={
                "heavy operators": tally(heavy),
                "package": _package_name().replace("_", "-"),
                "XNNPACK partitions": str(plan.partitions) if plan.known else "unknown",
            },
        )

    def close(self) -> None:
        self._interpreter = None
        self._bound, self._results = [], []


def _interpreter_module() -> ModuleType:
    return importlib.import_module(f"{_package_name()}.interpreter")


def _package_name() -> str:
    for package in _PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError:
            continue
        return package
    raise ImportError("neither ai-edge-litert nor tflite-runtime is installed")


def _opened(file: Path, threads: int, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    engine = _interpreter_module()
    try:
        interpreter = engine.Interpreter(model_path=str(file), num_threads=threads)
    except ValueError as error:
        raise refusal(error, _UNSUPPORTED, file, shapes) from None
    _bind_shapes(interpreter, shapes)
    try:
        interpreter.allocate_tensors()
    except RuntimeError as error:
        told = refusal(error, _UNSUPPORTED, file, shapes)
        node = _NODE.search(str(error))
        if node and isinstance(told, UnsupportedOperatorError):
            told.operator_name = Plan.of(interpreter).name_of(int(node[1]))
        raise told from None
    return interpreter


def _bind_shapes(interpreter: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    details = interpreter.get_input_details()
    refuse_unknown_inputs(shapes, [detail["name"] for detail in details])
    for detail in details:
        stored = tuple(int(size) for size in detail["shape"])
        stated = tuple("?" if size == -1 else int(size) for size in detail["shape_signature"]) or stored
        asked = shapes.get(detail["name"])
        if asked is None and stated[1:] == stored[1:]:
            asked = stored  # only the batch is open, and the file holds one too
        shape = bound_shape(detail["name"], stated, asked)
        if shape != stored:
            interpreter.resize_tensor_input(detail["index"], shape)


def _spec(detail: Mapping[str, Any]) -> TensorSpec:
    return TensorSpec(detail["name"], tuple(int(size) for size in detail["shape"]), np.dtype(detail["dtype"]))


def _output_spec(detail: Mapping[str, Any]) -> TensorSpec:
    sizes = detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
    return TensorSpec(detail["name"], tuple(max(0, int(size)) for size in sizes), np.dtype(detail["dtype"]))


def _process_threads() -> int | None:
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return None
