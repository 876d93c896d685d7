"""The contract between the measuring core and an inference engine.

An adapter turns a file into a session, runs it, and tells what really ran.
It never measures: clocks, warm-up, repetition and statistics belong to
`edgemeter_agents.measuring`. It never protects itself either: it is only ever
called in a limited child process (`edgemeter_agents.visits`).

Third parties register an adapter under the entry point group
`edgemeter.runtimes` and prove it with `edgemeter_agents.testing.RuntimeContract`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.kernels.kernel import Kernel
from edgemeter.targets import Precision

Tensors = Mapping[str, NDArray[np.generic]]
#: Calls what it is given as often as it needs to measure it.
Drive = Callable[[Callable[[], None]], None]


class Format(StrEnum):
    ONNX = "onnx"
    TFLITE = "tflite"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of a runtime. Every value is set explicitly, never left to a default.

    `precision` is the arithmetic asked for: `int8` means "run the quantised file
    as it is"; a float file is never quantised by a runtime on its own.
    `cpus` are the processors that the process may use, already set by the caller
    before `prepare`; an adapter must not widen or move them.
    """

    precision: Precision = Precision.FP32
    threads: int = 1
    cpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output. `shape` is fully known: dynamic dimensions are bound in `prepare`."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


@dataclass(frozen=True, slots=True)
class LayerTime:
    """Mean time of one executed kernel in a profiled run.

    `name` is the runtime's own (after fusion), `operators` the names of the file's
    operators that it came from, as far as the runtime tells; empty when it does not.
    """

    name: str
    kind: str  #: the runtime's kernel type, e.g. "Conv" or "Convolution (NHWC, F32) IGEMM"
    time_us: float
    precision: Precision | None = None
    processor: str = "cpu"
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What really runs, read back from the runtime after `prepare`.

    `precision_executed` is the precision of most of the heavy operators (convolutions and matrix
    products) as the runtime reports it, None where it does not say or there are none; the
    count of each is in `details["heavy operators"]`.
    `placement` maps a processor ("cpu", "dsp", ...) to the number of executed operators there.
    `threads` is what the runtime says it uses. `details` holds further properties as text.
    """

    runtime: str
    version: str
    precision_executed: Precision | None
    threads: int | None
    placement: Mapping[str, int]
    details: Mapping[str, str] = field(default_factory=dict)


class UnsupportedOperatorError(Exception):
    """The runtime cannot run an operator of the file."""

    def __init__(self, operator_type: str, operator_name: str | None, reason: str) -> None:
        super().__init__(reason)
        self.operator_type = operator_type
        self.operator_name = operator_name


class MalformedModelError(Exception):
    """The runtime refuses the file as broken, or it is of a format that it does not read."""


class ProfileUnavailableError(Exception):
    """This version of the engine tells no times of its layers, or no kernels at all. The message says so to
    the user.
    """


class Session(ABC):
    """One prepared network, ready to run. Used by one thread at a time."""

    @property
    @abstractmethod
    def inputs(self) -> Sequence[TensorSpec]:
        """Inputs in the file's order, shapes as bound."""

    @property
    @abstractmethod
    def outputs(self) -> Sequence[TensorSpec]:
        """Outputs in the file's order. A dimension known only after a run is 0."""

    @abstractmethod
    def bind(self, inputs: Tensors) -> None:
        """Sets the tensors for all following runs; host memory, shapes and dtypes as in `inputs`.

        Copies where the engine needs it: `run` afterwards transfers whatever an
        application would have to transfer per invocation.
        Raises ValueError naming the tensor when a name, shape or dtype does not fit.
        """

    @abstractmethod
    def run(self) -> None:
        """One invocation, host tensors in to synchronised host tensors out. Nothing else.

        This is what is timed, so it must do no lookups, checks or allocation that the
        engine's own API does not demand.
        """

    @abstractmethod
    def read(self) -> dict[str, NDArray[np.generic]]:
        """Copies of the outputs of the last `run`, by name."""

    @abstractmethod
    def facts(self) -> Facts:
        """What the engine reports about this session. Not called inside timed blocks."""

    def exported(self) -> bytes | None:
        """What `Runtime.reopen` makes this session of again, sooner than `prepare` does.

        None where the engine has no such form. Not called inside timed blocks.
        """
        return None

    def close(self) -> None:  # noqa: B027  most engines release everything with the last reference
        """Releases engine resources. The session is not used afterwards, but may be closed again."""


class Runtime(ABC):
    """One inference engine. Construction is cheap and imports nothing of the engine."""

    name: ClassVar[str]  #: as in target slugs: "onnxruntime"
    formats: ClassVar[frozenset[Format]]
    precisions: ClassVar[frozenset[Precision]]
    extra: ClassVar[str]  #: the extra that installs the engine: "agent-onnxruntime"
    distributions: ClassVar[tuple[str, ...]]  #: that bring the engine, the preferred one first

    @abstractmethod
    def load(self) -> str:
        """Imports the engine and returns its version. Starts no threads that survive a fork badly.

        Raises ImportError where the engine is not installed.
        """

    @abstractmethod
    def prepare(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> Session:
        """Builds a session of `file`, with dynamic inputs bound to `shapes`.

        Raises UnsupportedOperatorError, MalformedModelError, ShapeError (an unbound or unknown
        input, named, with the flag that binds it), ValueError (a precision that this engine
        cannot be told to use here), or the engine's own exception for anything else.
        """

    def reopen(
        self,
        exported: Path,
        settings: Settings,
    ) -> Session:
        """The session whose `exported()` is in the file: the same inputs, outputs, kernels and facts.

        Only asked for where sessions export themselves, and never of what a stranger's network has left.
        """
        raise NotImplementedError(f"{self.name} opens nothing again")

    @abstractmethod
    def profile(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        runs: int,
    ) -> Sequence[LayerTime]:
        """Executed kernels in order with their mean time over `runs` runs after a warm-up.

        Builds its own, profiled session: profiling distorts, so its times serve as
        shares of the unprofiled latency and never as latency.
        Raises ProfileUnavailableError where the engine cannot tell, else as `prepare` and `bind`.
        """

    def kernels(
        self,
        file: Path,  # noqa: ARG002  this one and the others are for runtimes that can
        settings: Settings,  # noqa: ARG002
        shapes: Mapping[str, tuple[int, ...]],  # noqa: ARG002
        inputs: Tensors,  # noqa: ARG002
        drive: Drive | None,  # noqa: ARG002
    ) -> Sequence[Kernel]:
        """What is executed, fused as the engine fuses, from the engine's own evidence; in order.

        With `drive` each kernel has its time: `drive(run)` calls `run` for the runs of a profiled session, as
        undisturbed as it can, the first ones to warm up; the time is that of the less disturbed ones.
        Raises ProfileUnavailableError where the engine or this adapter cannot tell, else as `profile`.
        """
        raise ProfileUnavailableError(f"{self.name} does not tell the kernels that it runs")
