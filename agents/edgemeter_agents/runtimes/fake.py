"""A runtime of scripted latencies and failures, for tests that want real processes and no engine.

It is not registered. Name it where a runtime is asked for: `edgemeter_agents.runtimes.fake:FakeRuntime`.
It takes a small JSON file for a network:

    {"inputs": {"x": [1, 4]}, "latencies_us": [900, 1000], "drift_per_run": 0.001,
     "failure": {"kind": "crash", "at": "run", "after_runs": 3}}

Only `inputs` is needed; a size of null is dynamic. `Network` and `Failure` have all the fields.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, cycle
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from edgemeter.graphs.binding import bound_shape, refuse_unknown_inputs
from edgemeter.kernels.kernel import Kernel
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import (
    Drive,
    Facts,
    Format,
    LayerTime,
    MalformedModelError,
    ProfileUnavailableError,
    Runtime,
    Session,
    Settings,
    Tensors,
    TensorSpec,
    UnsupportedOperatorError,
)
from edgemeter_agents.runtimes.tensors import checked

VERSION = "1.0.0"
_MIB = 1 << 20


class FailureScript(StrEnum):
    CRASH = "crash"  #: a segmentation fault
    HANG = "hang"  #: waits for ever, using no processor
    SPIN = "spin"  #: computes for ever
    EAT_MEMORY = "eat_memory"  #: takes and touches `megabytes`, once, then goes on
    RAISE = "raise"  #: the engine's own exception
    UNSUPPORTED_OPERATOR = "unsupported_operator"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Failure:
    kind: FailureScript
    at: Literal["prepare", "run"] = "run"
    after_runs: int = 0  #: runs that go well before
    megabytes: int = 256  #: of EAT_MEMORY
    operator: str = "op"  #: of UNSUPPORTED_OPERATOR


@dataclass(frozen=True, slots=True)
class FakeOperator:
    name: str
    type: str = "Conv"
    share: float = 1.0  #: of the latency


@dataclass(frozen=True, slots=True)
class Network:
    """What a file says. The latencies repeat for ever, each run longer by the drift than the one before."""

    inputs: dict[str, tuple[int | None, ...]]
    outputs: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"y": (1,)})
    latencies_us: tuple[float, ...] = (100.0,)
    first_latency_us: float | None = None  #: of the first run of a session, where it differs
    drift_per_run: float = 0.0
    prepare_us: float = 0.0
    precision: Precision = Precision.FP32  #: what it is executed in, whatever is asked
    operators: tuple[FakeOperator, ...] = (FakeOperator("op"),)
    profile: bool = True  #: False: the engine tells neither times of layers nor kernels
    exports: Precision | None = None  #: what is opened again is executed in; None: sessions export nothing
    failure: Failure | None = None

    def time_us(self, operator: FakeOperator) -> float:
        """What an operator takes in the mean of all runs."""
        mean_us = sum(self.latencies_us) / len(self.latencies_us)
        return mean_us * operator.share / sum(each.share for each in self.operators)


_NETWORK: TypeAdapter[Network] = TypeAdapter(Network)


class FakeRuntime(Runtime):
    name = "fake"
    formats = frozenset(Format)
    precisions = frozenset({Precision.FP32, Precision.INT8})
    extra = "agent-fake"

    def load(self) -> str:
        return VERSION

    def prepare(self, file: Path, settings: Settings, shapes: Mapping[str, tuple[int, ...]]) -> Session:
        if settings.precision not in self.precisions:
            raise ValueError(f"fake cannot compute in {settings.precision}")
        network = _bound(_read(file), shapes)
        _spend(network.prepare_us)
        if network.failure is not None and network.failure.at == "prepare":
            _fail(network.failure)
        return FakeSession(network, settings)

    def reopen(self, exported: Path, settings: Settings) -> Session:
        return FakeSession(_read(exported), settings)

    def profile(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        runs: int,
    ) -> Sequence[LayerTime]:
        network = _bound(_read(file), shapes)
        if not network.profile:
            raise ProfileUnavailableError("this network's script tells no times of layers")
        session = FakeSession(network, settings)
        session.bind(inputs)
        for _ in range(runs):
            session.run()
        return [
            LayerTime(op.name, op.type, network.time_us(op), network.precision, operators=(op.name,))
            for op in network.operators
        ]

    def kernels(
        self,
        file: Path,
        settings: Settings,
        shapes: Mapping[str, tuple[int, ...]],
        inputs: Tensors,
        drive: Drive | None,
    ) -> Sequence[Kernel]:
        """Every operator is a kernel from the first input to the first output."""
        network = _bound(_read(file), shapes)
        if not network.profile:
            raise ProfileUnavailableError("this network's script tells no kernels")
        session = FakeSession(network, settings)
        session.bind(inputs)
        if drive is not None:
            drive(session.run)
        ends = [tuple(spec.shape for spec in specs[:1]) for specs in (session.inputs, session.outputs)]
        times = [network.time_us(operator) if drive else None for operator in network.operators]
        return [
            Kernel(operator.type, operator.name, ends[0], ends[1], time_us=time_us)
            for operator, time_us in zip(network.operators, times, strict=True)
        ]


class FakeSession(Session):
    """Computes for as long as its script says; every output holds the sum of all inputs."""

    def __init__(self, network: Network, settings: Settings) -> None:
        self._network, self._settings = network, settings
        latencies = cycle(network.latencies_us)
        first = network.first_latency_us
        self._latencies_us = latencies if first is None else chain([first], latencies)
        self._runs = 0
        self._sum = 0.0

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        return [_spec(name, shape) for name, shape in self._network.inputs.items()]

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        return [_spec(name, shape) for name, shape in self._network.outputs.items()]

    def bind(self, inputs: Tensors) -> None:
        self._sum = sum(float(np.sum(tensor, dtype=np.float64)) for tensor in checked(self.inputs, inputs))

    def run(self) -> None:
        failure = self._network.failure
        if failure is not None and failure.at == "run" and self._runs >= failure.after_runs:
            _fail(failure)
        _spend(next(self._latencies_us) * (1 + self._network.drift_per_run) ** self._runs)
        self._runs += 1

    def read(self) -> dict[str, NDArray[np.generic]]:
        return {spec.name: np.full(spec.shape, self._sum, spec.dtype) for spec in self.outputs}

    def facts(self) -> Facts:
        return Facts(
            runtime=FakeRuntime.name,
            version=VERSION,
            precision_executed=self._network.precision,
            threads=self._settings.threads,
            placement={"cpu": len(self._network.operators)},
            details={"heavy operators": f"{self._network.precision}: {len(self._network.operators)}"},
        )

    def exported(self) -> bytes | None:
        if self._network.exports is None:
            return None
        return _NETWORK.dump_json(replace(self._network, precision=self._network.exports))


def _read(file: Path) -> Network:
    try:
        return _NETWORK.validate_python(json.loads(file.read_bytes()))
    except (ValueError, ValidationError) as error:
        raise MalformedModelError(f"not a network of the fake runtime: {error}") from None


def _bound(network: Network, shapes: Mapping[str, tuple[int, ...]]) -> Network:
    refuse_unknown_inputs(shapes, list(network.inputs))
    bound: dict[str, tuple[int | None, ...]] = {
        name: bound_shape(name, ["?" if size is None else size for size in sizes], shapes.get(name))
        for name, sizes in network.inputs.items()
    }
    return replace(network, inputs=bound)


def _spec(name: str, shape: Sequence[int | None]) -> TensorSpec:
    return TensorSpec(name, tuple(size or 0 for size in shape), np.dtype(np.float32))


def _spend(duration_us: float) -> None:
    end_ns = time.perf_counter_ns() + duration_us * 1e3
    while time.perf_counter_ns() < end_ns:
        pass


def _fail(failure: Failure) -> None:
    _FAILURES[failure.kind](failure)


def _crash(_: Failure) -> None:
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang(_: Failure) -> None:
    threading.Event().wait()


def _spin(_: Failure) -> None:
    while True:
        pass


def _eat_memory(failure: Failure) -> None:
    if not _EATEN:
        _EATEN.extend(bytearray(b"\x01" * _MIB) for _ in range(failure.megabytes))


def _raise(_: Failure) -> None:
    raise RuntimeError("the fake engine failed as its script says")


def _refuse_operator(failure: Failure) -> None:
    raise UnsupportedOperatorError("FakeOp", failure.operator, "no kernel for FakeOp")


def _refuse_file(_: Failure) -> None:
    raise MalformedModelError("the fake engine refuses this file as its script says")


_EATEN: list[bytearray] = []
_FAILURES: Mapping[FailureScript, Callable[[Failure], None]] = {
    FailureScript.CRASH: _crash,
    FailureScript.HANG: _hang,
    FailureScript.SPIN: _spin,
    FailureScript.EAT_MEMORY: _eat_memory,
    FailureScript.RAISE: _raise,
    FailureScript.UNSUPPORTED_OPERATOR: _refuse_operator,
    FailureScript.MALFORMED: _refuse_file,
}
