"""Per-layer times of LiteRT, through the C interface of the library inside its Python package.

Python offers no profiler (ai-edge-litert 2.3). All calls go by the shared library's own versioned
symbols, and the times are read from its text summary: no structure of events is assumed.
"""

import ctypes
import re
from collections.abc import Callable, Sequence
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter_agents.runtimes.base import Drive, ProfileUnavailableError
from edgemeter_agents.runtimes.litert_layers import ProfileLine

#: Tried with these. The C interface is not promised to stay.
_KNOWN_VERSIONS: Final = frozenset({"2.2", "2.3"})
_WARM_UP_RUNS: Final = 5
_CPU: Final = 1
_WRITE: Final = 1
_HOST_MEMORY: Final = 1
#: XNNPACK may read and write that far past the end of a tensor.
_PADDING_BYTES: Final = 128
#: LiteRtElementType by numpy name.
_ELEMENT_TYPES: Final = {
    "float32": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9, "float16": 10,
    "float64": 11, "uint64": 13, "uint32": 16, "uint16": 17,
}  # fmt: skip

#: [node type] [start] [first] [avg ms] [%] [cdf%] [mem KB] [times called] [Name]
_LINE: Final = re.compile(
    r"^\s*(?P<delegated>Delegate/)?(?P<kind>\S.*?)\s+[\d.]+\s+[\d.]+\s+(?P<mean_ms>[\d.]+)\s+(?P<share>[\d.]+)%"
    r"\s+[\d.]+%\s+[\d.]+\s+\d+\s+\[(?:Delegate|Builtin)\]:(?P<index>\d+)\s*$",
    re.MULTILINE,
)


class _Layout(ctypes.Structure):
    _fields_ = (
        ("rank", ctypes.c_uint, 7),
        ("has_strides", ctypes.c_uint, 1),
        ("dimensions", ctypes.c_int32 * 8),
        ("strides", ctypes.c_uint32 * 8),
    )


class _TensorType(ctypes.Structure):
    _fields_ = (("element_type", c_int), ("layout", _Layout))


def profile_kernels(
    file: Path,
    threads: int,
    inputs: Sequence[NDArray[np.generic]],
    outputs: Sequence[NDArray[np.generic]],
    drive: Drive,
) -> list[list[ProfileLine]]:
    """Of each run that `drive` makes after a warm-up: kernels in order of execution with their times.

    inputs: what to feed, in the file's order. outputs: tensors of the size and type of the results.
    Raises ProfileUnavailableError for versions that were not tried, and where the library refuses.
    """
    package = import_module("ai_edge_litert")
    if ".".join(package.__version__.split(".")[:2]) not in _KNOWN_VERSIONS:
        raise ProfileUnavailableError(f"no per-layer times for ai-edge-litert {package.__version__}")
    library = ctypes.CDLL(str(Path(package.__file__ or "").with_name("libLiteRt.so")))
    with _Calls(library) as calls:
        profiled = _ProfiledModel(calls, file, threads)
        run = profiled.runner(inputs, outputs)
        return [kernels_of(summary) for summary in profiled.summaries(run, drive)]


def kernels_of(summary: str) -> list[ProfileLine]:
    """Reads the table in order of execution, which is the summary's first.

    Means are printed in whole microseconds but shares with three digits, so times are made from shares.
    """
    lines = list(_LINE.finditer(summary.split("Top by Computation Time")[0]))
    total_us = sum(float(line["mean_ms"]) for line in lines) * 1e3
    return [
        ProfileLine(
            line["kind"], float(line["share"]) / 100 * total_us, bool(line["delegated"]), int(line["index"])
        )
        for line in lines
    ]


class _Calls:
    """Calls into the library, with a status check each; destroys what was created in reverse order."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._created: list[tuple[str, c_void_p]] = []
        self.kept: list[object] = []  #: what the library points to

    def __call__(self, function: str, *arguments: object) -> None:
        call = getattr(self._library, function)
        call.restype = c_int
        if status := call(*arguments):
            raise ProfileUnavailableError(
                f"LiteRT's profiler does not take this network ({function}: {status})"
            )

    def create(self, function: str, *arguments: object, destroy: str) -> c_void_p:
        created = c_void_p()
        self(function, *arguments, byref(created))
        self._created.append((destroy, created))
        return created

    def __enter__(self) -> "_Calls":
        return self

    def __exit__(self, *_: object) -> None:
        for destroy, created in reversed(self._created):
            getattr(self._library, destroy)(created)


class _ProfiledModel:
    """A compiled model with its profiler on."""

    def __init__(self, calls: _Calls, file: Path, threads: int) -> None:
        self._calls = calls
        self._environment = calls.create(
            "LiteRtCreateEnvironment", c_int(0), None, destroy="LiteRtDestroyEnvironment"
        )
        model = calls.create(
            "LiteRtCreateModelFromFile", self._environment, str(file).encode(), destroy="LiteRtDestroyModel"
        )
        options = calls.create("LiteRtCreateOptions", destroy="LiteRtDestroyOptions")
        calls("LiteRtSetOptionsHardwareAccelerators", options, c_int(_CPU))
        self._set(options, "runtime_options_string", "enable_profiling = true\n")
        self._set(options, "xnnpack", f"num_threads = {threads}\n")
        self._compiled = calls.create(
            "LiteRtCreateCompiledModel",
            self._environment,
            model,
            options,
            destroy="LiteRtDestroyCompiledModel",
        )
        self._profiler = c_void_p()
        calls("LiteRtCompiledModelGetProfiler", self._compiled, byref(self._profiler))

    def runner(
        self, inputs: Sequence[NDArray[np.generic]], outputs: Sequence[NDArray[np.generic]]
    ) -> Callable[[], None]:
        for index, array in enumerate(inputs):
            self._resize(index, array)
        filled = [self._buffer(array) for array in inputs]
        written = [self._buffer(array) for array in outputs]
        for buffer, array in zip(filled, inputs, strict=True):
            memory = c_void_p()
            self._calls("LiteRtLockTensorBuffer", buffer, byref(memory), c_int(_WRITE))
            ctypes.memmove(memory, array.ctypes.data, array.nbytes)
            self._calls("LiteRtUnlockTensorBuffer", buffer)
        ins, outs = (c_void_p * len(filled))(*filled), (c_void_p * len(written))(*written)
        counted = c_size_t(len(filled)), ins, c_size_t(len(written)), outs
        return lambda: self._calls("LiteRtRunCompiledModel", self._compiled, c_size_t(0), *counted)

    def summaries(self, run: Callable[[], None], drive: Drive) -> list[str]:
        """One of each run: means over all of them would hold what other load has disturbed."""
        for _ in range(_WARM_UP_RUNS):
            run()
        found: list[str] = []

        def told() -> None:
            self._calls("LiteRtResetProfiler", self._profiler)
            self._calls("LiteRtStartProfiler", self._profiler)
            run()
            text = c_char_p()
            self._calls("LiteRtGetProfileSummary", self._profiler, self._compiled, byref(text))
            found.append((text.value or b"").decode(errors="replace"))

        drive(told)
        return found

    def _set(self, options: c_void_p, identifier: str, values: str) -> None:
        name, text = (
            ctypes.create_string_buffer(identifier.encode()),
            ctypes.create_string_buffer(values.encode()),
        )
        forget = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: None)
        self._calls.kept.extend((name, text, forget))
        opaque = c_void_p()
        self._calls("LiteRtCreateOpaqueOptions", name, text, forget, byref(opaque))
        self._calls("LiteRtAddOpaqueOptions", options, opaque)

    def _resize(self, index: int, array: NDArray[np.generic]) -> None:
        sizes = (c_int * array.ndim)(*array.shape)
        position = c_size_t(0), c_size_t(index)
        self._calls(
            "LiteRtCompiledModelResizeInputTensor", self._compiled, *position, sizes, c_size_t(array.ndim)
        )

    def _buffer(self, array: NDArray[np.generic]) -> c_void_p:
        size = c_size_t(array.nbytes + _PADDING_BYTES)
        return self._calls.create(
            "LiteRtCreateManagedTensorBuffer",
            self._environment,
            c_int(_HOST_MEMORY),
            byref(_tensor_type(array)),
            size,
            destroy="LiteRtDestroyTensorBuffer",
        )


def _tensor_type(array: NDArray[np.generic]) -> _TensorType:
    layout = _Layout(rank=array.ndim, has_strides=0)
    if array.dtype.name not in _ELEMENT_TYPES or array.ndim > len(layout.dimensions):
        raise ProfileUnavailableError(
            f"LiteRT's profiler takes no {array.ndim}-dimensional tensors of {array.dtype}"
        )
    layout.dimensions[: array.ndim] = array.shape
    return _TensorType(_ELEMENT_TYPES[array.dtype.name], layout)
