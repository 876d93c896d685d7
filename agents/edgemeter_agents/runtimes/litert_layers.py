"""The execution plan of an interpreter, and what the kernels of a profile come from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import LayerTime
from edgemeter_agents.runtimes.precisions import BY_DTYPE

_DELEGATE = "DELEGATE"

#: Kernels of XNNPACK that compute an operator of the file each, by how their names begin.
_HEAVY_KERNELS = (
    (re.compile(r"Convolution .*DWConv"), frozenset({"DEPTHWISE_CONV_2D"})),
    (re.compile(r"Deconvolution"), frozenset({"TRANSPOSE_CONV"})),
    (
        re.compile(r"Convolution|Fully Connected|Batch Matrix"),
        frozenset({"CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL"}),
    ),
)
_HEAVY = frozenset().union(*(types for _, types in _HEAVY_KERNELS))
_KERNEL_TYPE = re.compile(r"\b(F32|F16|QD8|QS8|QU8|QC8)\b")
_PRECISIONS = {
    "F32": Precision.FP32,
    "F16": Precision.FP16,
    **dict.fromkeys(("QS8", "QU8", "QC8"), Precision.INT8),
}


@dataclass(frozen=True, slots=True)
class PlannedOperator:
    """One operator of the file. TFLite operators have no names: `name` is that of the first output."""

    type: str
    name: str
    dtypes: tuple[str, ...]  #: of the inputs


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """One line of a profile. `index` is the operator's, or counts within a partition where `delegated`."""

    kind: str
    time_us: float
    delegated: bool
    index: int


def mean_of(profiles: Sequence[Sequence[ProfileLine]]) -> list[ProfileLine]:
    """Of several runs of one network."""
    return [
        replace(lines[0], time_us=fmean(line.time_us for line in lines))
        for lines in zip(*profiles, strict=True)
    ]


def quiet_of(profiles: Sequence[Sequence[ProfileLine]]) -> list[ProfileLine]:
    """The mean of the faster half of each kernel's runs: what other load has not disturbed."""
    ordered = [sorted(lines, key=lambda line: line.time_us) for lines in zip(*profiles, strict=True)]
    return mean_of([*zip(*(lines[: (len(lines) + 1) // 2] for lines in ordered), strict=True)])


@dataclass(frozen=True, slots=True)
class Plan:
    """`known` is False where the interpreter of this version does not tell its plan."""

    operators: tuple[PlannedOperator, ...]
    partitions: int
    known: bool = True

    @classmethod
    def of(cls, interpreter: Any) -> "Plan":
        # Private, but the only way: unchanged from tflite-runtime 2.14 to ai-edge-litert 2.3.
        details = getattr(interpreter, "_get_ops_details", None)
        if details is None:
            return cls((), 0, known=False)
        names = {tensor["index"]: tensor["name"] for tensor in interpreter.get_tensor_details()}
        listed = details()
        return cls(
            tuple(_planned(detail, names) for detail in listed if detail["op_name"] != _DELEGATE),
            sum(detail["op_name"] == _DELEGATE for detail in listed),
        )

    def name_of(self, index: int) -> str | None:
        return self.operators[index].name if index < len(self.operators) else None

    def heavy_precisions(self) -> list[Precision | None]:
        return [_precision(operator.dtypes) for operator in self.operators if operator.type in _HEAVY]

    def layers(self, kernels: Sequence[ProfileLine]) -> list[LayerTime]:
        """Gives kernels the operators they compute, as far as that is certain.

        XNNPACK numbers its kernels itself, may split an operator into several and drops others. Its
        heavy kernels keep the order of the file, so they are matched where their numbers agree.
        """
        waiting = {types: iter(names) for types, names in self._matched(kernels).items()}
        return [
            LayerTime(
                name=f"{kernel.kind}:{kernel.index}",
                kind=kernel.kind,
                time_us=kernel.time_us,
                precision=self._precision_of(kernel),
                operators=self._origin(kernel, waiting),
            )
            for kernel in kernels
        ]

    def _matched(self, kernels: Sequence[ProfileLine]) -> dict[frozenset[str], list[str]]:
        builtin = {kernel.index for kernel in kernels if not kernel.delegated}
        matched = {}
        for _, types in _HEAVY_KERNELS:
            names = [op.name for i, op in enumerate(self.operators) if op.type in types and i not in builtin]
            if len(names) == sum(_computes(kernel) == types for kernel in kernels):
                matched[types] = names
        return matched

    def _origin(self, kernel: ProfileLine, waiting: dict[frozenset[str], Any]) -> tuple[str, ...]:
        if not kernel.delegated:
            name = self.name_of(kernel.index)
            return (name,) if name else ()
        types = _computes(kernel)
        return (next(waiting[types]),) if types in waiting else ()

    def _precision_of(self, kernel: ProfileLine) -> Precision | None:
        if kernel.delegated:
            found = _KERNEL_TYPE.search(kernel.kind)
            return _PRECISIONS.get(found[1]) if found else None
        return _precision(self.operators[kernel.index].dtypes) if kernel.index < len(self.operators) else None


def _computes(kernel: ProfileLine) -> frozenset[str]:
    if not kernel.delegated:
        return frozenset()
    return next((types for pattern, types in _HEAVY_KERNELS if pattern.match(kernel.kind)), frozenset())


def _planned(detail: dict[str, Any], names: dict[int, str]) -> PlannedOperator:
    outputs = [names.get(int(index), "") for index in detail["outputs"]]
    dtypes = tuple(np_type.__name__ for np_type in detail.get("operand_types", ()))
    return PlannedOperator(detail["op_name"], next(iter(outputs), ""), dtypes)


def _precision(dtypes: Sequence[str]) -> Precision | None:
    """None for hybrid kernels: floats in and out, but integer weights and arithmetic."""
    data, weights = (*dtypes, "", "")[:2]
    precision = BY_DTYPE.get(data)
    if precision is Precision.FP32 and weights and weights != data:
        return None
    return precision
