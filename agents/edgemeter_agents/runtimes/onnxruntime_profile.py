"""Runs a profiled ONNX Runtime session and reads the kernels from its trace."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import LayerTime, Tensors
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
    import onnxruntime as engine

    with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = engine.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        for _ in range(warm_up_runs + runs):
            session.run(None, dict(feeds))
        trace = json.loads(Path(session.end_profiling()).read_bytes())
    return kernels_of(trace, warm_up_runs, sources)


def kernels_of(trace: Sequence[dict[str, Any]], warm_up_runs: int, sources: Sources) -> list[LayerTime]:
    """Reads a trace: every run's kernels come before the `model_run` event that ends it."""
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
    runs = finished_runs - warm_up_runs
    return [
        _layer(name, arguments[name, index], sum(times) / runs, sources)
        for (name, index), times in durations.items()
    ]


def is_heavy(kind: str) -> bool:
    return any(word in kind for word in ("Conv", "Gemm", "MatMul"))


def _layer(name: str, kernel: dict[str, Any], time_us: float, sources: Sources) -> LayerTime:
    kind = kernel["op_name"]
    return LayerTime(
        name=name,
        kind=kind,
        time_us=time_us,
        precision=_precision(kind, kernel.get("input_type_shape", [])),
        processor=kernel["provider"].removesuffix("ExecutionProvider").lower(),
        operators=sources.fused(_ADDED.sub("", name), kind),
    )


def _precision(kind: str, inputs: Sequence[dict[str, Any]]) -> Precision | None:
    if "Integer" in kind or kind.startswith("DynamicQuantize"):
        return Precision.INT8  # reads floats, and computes with integers
    dtype = next(iter(inputs[0]), "") if inputs else ""
    return BY_DTYPE.get(dtype)
