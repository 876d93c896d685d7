"""The two sides that the commands about kernels bring together: who measures here, and who prices kernels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

from edgemeter.failures import EdgeMeterError
from edgemeter.kernels.campaign import Campaign
from edgemeter.kernels.kernel import KernelGraph
from edgemeter.kernels.wiring import Wiring

if TYPE_CHECKING:
    from edgemeter.cli.output import Progress
    from edgemeter.protocols import MeasuringProtocol
    from edgemeter.targets import Target, TargetSelector

_BENCH: Final = "edgemeter.kernel_bench"
_PRICING: Final = "edgemeter.kernel_pricing"

Shapes = Mapping[str, tuple[int, ...]]
ToldBy = Literal["engine", "rules"]


class MissingPluginError(EdgeMeterError):
    """The package of one side is not installed. Says the line that installs it."""


class SeveralTargetsError(LookupError):
    """Words that fit several targets. Says which."""


@dataclass(frozen=True, slots=True)
class MeasuredNetwork:
    """A file as measured here, with the kernels that its engine runs. `failure` says why one is missing;
    `contended`: because of other load, so that it is worth another try.
    """

    file: Path
    latency_ms: float | None = None
    raw_ms: float | None = None
    low_ms: float | None = None
    high_ms: float | None = None
    valid: bool = False
    reasons: tuple[str, ...] = ()
    graph: KernelGraph | None = None
    failure: str | None = None
    contended: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredNetworks:
    """One batch, and what its two anchors read in it (light, heavy); None where that failed."""

    networks: tuple[MeasuredNetwork, ...]
    anchors_ms: tuple[float, float] | None


class Bench(Protocol):
    """This machine. Files may be strangers': engines see them in limited children only."""

    def target(self, selector: "TargetSelector") -> "Target":
        """The one target that the words mean. Raises LookupError, with those there are, where none fits, and
        SeveralTargetsError where several do.
        """

    def engine_version(self, target: "Target") -> str: ...

    def reads(self, target: "Target", file: Path) -> bool:
        """Whether the target's engine takes files named so."""

    def kernels(self, target: "Target", file: Path, shapes: Shapes) -> KernelGraph:
        """What the engine runs of the file, without times. Raises EdgeMeterError, OSError."""

    def measure(
        self,
        target: "Target",
        files: Sequence[Path],
        protocol: "MeasuringProtocol",
        bar: "Progress",
        *,
        priority: str = "auto",
        seed: int = 0,
        profiled: bool = False,
    ) -> MeasuredNetworks:
        """Latencies of all files in one batch with its anchors, and the kernels of each, with their times
        where `profiled` says so.
        """


@dataclass(frozen=True, slots=True)
class PricedKernel:
    name: str
    kind: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class KernelEstimate:
    """`unknown_operators` are kinds of kernels that the predictor has no data for, and operators of which its
    rules have not seen the like: they are guessed, and the interval is wider for it. `kernels` and `rest_ms`
    sum to `latency_ms`. `told_by`: who said which kernels these are.
    """

    latency_ms: float
    low_ms: float
    high_ms: float
    unknown_operators: tuple[str, ...]
    kernels: tuple[PricedKernel, ...]
    rest_ms: float
    told_by: ToldBy = "engine"


class KernelPredictor(Protocol):
    """`tells` is the format of the files whose kernels it tells by rules of its own: None where it has none,
    and the engine is needed.
    """

    explanation: str
    about: Mapping[str, Any]

    @property
    def tells(self) -> str | None: ...

    def estimate(self, graph: KernelGraph, level: float = 0.9) -> KernelEstimate:
        """Of kernels that the engine has told."""

    def estimate_file(self, wiring: Wiring, level: float = 0.9) -> KernelEstimate:
        """Of a file, without the engine. Raises EdgeMeterError where its kernels cannot be told."""

    def choose(self, pool: Sequence[Wiring], matter: Sequence[Wiring], count: int) -> list[int]:
        """Numbers of at most `count` files of `pool`, in the order in which measuring them tells most about
        files such as those that `matter`. Raises EdgeMeterError where it tells no kernels.
        """


class Pricing(Protocol):
    """Fits and opens predictors, and judges them."""

    def fit(self, campaign: Campaign) -> bytes:
        """A saved predictor. Raises EdgeMeterError where the campaign is too little for one."""

    def open(self, data: bytes) -> KernelPredictor:
        """Raises EdgeMeterError for what is no kernel predictor."""

    def judge(self, estimates: Sequence[KernelEstimate], measured_ms: Sequence[float]) -> dict[str, Any]:
        """The summary fields of `edgemeter evaluate`, of one network at least."""


def find_bench() -> Bench:
    return cast("Bench", _made(_BENCH, "agent-onnxruntime"))


def find_pricing() -> Pricing:
    return cast("Pricing", _made(_PRICING, "predictors"))


def _made(group: str, extra: str) -> Any:
    points = list(entry_points(group=group))
    try:
        make: Callable[[], Any] = points[0].load()
        return make()
    except (IndexError, ImportError) as error:
        missing = getattr(error, "name", None) or f"what registers {group}"
        raise MissingPluginError(
            f"this needs {missing}, not installed here; try: pip install 'edgemeter[{extra}]'"
        ) from None
