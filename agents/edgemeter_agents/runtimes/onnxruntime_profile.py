"""Runs a profiled ONNX Runtime session and reads the kernels from its trace."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import Drive, LayerTime, Tensors
from edgemeter_agents.runtimes.driving import repeated
from edgemeter_agents.runtimes.precisions import BY_DTYPE
from edgemeter_agents.runtimes.sources import Sources

_KERNEL = "_kernel_time"
#: Their time contains that of the kernels they run, which have events of their own.
_CONTAINERS = frozenset({"If", "Loop", "Scan"})
#: What optimisers add to the name of the operator or tensor that a new kernel stands for.
_ADDED = re.compile(r"^fused |(?:_nchwc|_nhwc|_token_\d+)+$")


def profiled_kernels(
    file: Path, options: Any, feeds: Tensors, runs: int, warm_up_runs: int, sources: Sources
) -> list[LayerTime]:
    """Kernels in order of execution, with their mean over `runs` runs."""
    with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
        trace = traced(file, options, feeds, partial(repeated, warm_up_runs + runs), Path(folder))
    return kernels_of(trace, warm_up_runs, sources)


def traced(file: Path, options: Any, feeds: Tensors, drive: Drive, folder: Path) -> list[dict[str, Any]]:
    """The trace of the runs that `drive` makes of a new session. What the engine writes goes to `folder`."""
    import onnxruntime as engine

    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    session = engine.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    drive(lambda: session.run(None, dict(feeds)))
    trace: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_bytes())
    return trace


@dataclass(frozen=True, slots=True)
class Executed:
    """One kernel of a trace: what ONNX Runtime says of it, and what each counted run of it took."""

    name: str
    arguments: Mapping[str, Any]
    durations_us: Sequence[int]

    @property
    def kind(self) -> str:
        return str(self.arguments["op_name"])

    @property
    def quiet_us(self) -> float:
        """The mean of the faster half of its runs: what other load has not disturbed."""
        faster = sorted(self.durations_us)[: (len(self.durations_us) + 1) // 2]
        return sum(faster) / len(faster)


def executed_kernels(trace: Sequence[dict[str, Any]], warm_up_runs: int) -> list[Executed]:
    """In order of execution. Every run's kernels come before the `model_run` event that ends it."""
    durations: dict[tuple[str, str], list[int]] = {}
    arguments: dict[tuple[str, str], dict[str, Any]] = {}
    finished_runs = 0
    for event in trace:
        if event["name"] == "model_run":
            finished_runs += 1
        elif event["name"].endswith(_KERNEL) and finished_runs >= warm_up_runs:
            kernel = event["args"]
            if kernel["op_name"] not in _CONTAINERS:
                key = event["name"].removesuffix(_KERNEL), kernel["node_index"]
                durations.setdefault(key, []).append(event["dur"])
                arguments[key] = kernel
    return [Executed(key[0], arguments[key], times) for key, times in durations.items()]


def kernels_of(trace: Sequence[dict[str, Any]], warm_up_runs: int, sources: Sources) -> list[LayerTime]:
    """Kernels with their means over all runs after the warm-up."""
    runs = sum(event["name"] == "model_run" for event in trace) - warm_up_runs
    return [
        _layer(kernel.name, kernel.arguments, sum(kernel.durations_us) / runs, sources)
        for kernel in executed_kernels(trace, warm_up_runs)
    ]


def stands_for(name: str) -> str:
    """The operator or tensor of the file that a node of the optimised graph is called after."""
    return _ADDED.sub("", name)


def is_heavy(kind: str) -> bool:
    return any(word in kind for word in ("Conv", "Gemm", "MatMul"))


def _layer(name: str, kernel: Mapping[str, Any], time_us: float, sources: Sources) -> LayerTime:
    kind = kernel["op_name"]
    return LayerTime(
        name=name,
        kind=kind,
        time_us=time_us,
        precision=_precision(kind, kernel.get("input_type_shape", [])),
        processor=kernel["provider"].removesuffix("ExecutionProvider").lower(),
        operators=sources.fused(stands_for(name), kind),
    )


def _precision(kind: str, inputs: Sequence[dict[str, Any]]) -> Precision | None:
    if "Integer" in kind or kind.startswith("DynamicQuantize"):
        return Precision.INT8  # reads floats, and computes with integers
    dtype = next(iter(inputs[0]), "") if inputs else ""
    return BY_DTYPE.get(dtype)
