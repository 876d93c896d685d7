"""What predictors of any file say of files, kept in memory: neither changes."""

from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from threadpoolctl import threadpool_limits

from edgemeter.failures import EdgeMeterError
from edgemeter.kernels.plugins import KernelEstimate
from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts.graphs import Stored, opened, packed_graph
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.kept import Kept
from edgemeter_server.predictors.kernels.active import ActiveKernels
from edgemeter_server.predictors.saved import saved
from edgemeter_server.services import Services

if TYPE_CHECKING:
    from edgemeter_predictors.kernels.pricing import OpenedPredictor

#: Each may take 64 MB.
_MOST_PREDICTORS: Final = 8
_MOST_PRICES: Final = 512
#: Of networks of more kernels the answer is not kept: each has a part of its own.
_MOST_KERNELS: Final = 1000


class File(NamedTuple):
    """An artifact that the caller may see."""

    id: int
    sha256: str


class _Key(NamedTuple):
    predictor: bytes
    artifact_id: int
    level: float


class KernelPrices:
    """Of this process."""

    def __init__(self) -> None:
        self._predictors: Kept[bytes, OpenedPredictor] = Kept(_MOST_PREDICTORS)
        self._prices: Kept[_Key, KernelEstimate] = Kept(_MOST_PRICES)

    def known(self, active: ActiveKernels, file: File, level: float) -> KernelEstimate | None:
        return self._prices.get(_Key(active.file_sha256, file.id, level))

    async def of(
        self,
        services: Services,
        active: ActiveKernels,
        file: File,
        level: float,
        graph: Stored | None = None,
    ) -> KernelEstimate:
        """`graph` where it has been asked for already. Raises Refusal INVALID for a file that cannot be
        predicted, UNAVAILABLE.
        """
        if (known := self.known(active, file, level)) is not None:
            return known
        content = await packed_graph(services, file.id, file.sha256, graph)
        predictor = await self._predictor(services, active)
        found = await run_in_threadpool(_priced, predictor, content, file.sha256, level)
        if len(found.kernels) <= _MOST_KERNELS:
            self._prices.put(_Key(active.file_sha256, file.id, level), found)
        return found

    async def _predictor(self, services: Services, active: ActiveKernels) -> "OpenedPredictor":
        if (known := self._predictors.get(active.file_sha256)) is None:
            content = await services.database.read(lambda c: saved(c, active.id))
            known = await run_in_threadpool(_opened, content)
            self._predictors.put(active.file_sha256, known)
        return known


def _opened(content: bytes) -> "OpenedPredictor":
    # What this imports takes as long as all else that a server needs.
    from edgemeter_predictors.kernels.pricing import KernelPricing

    # For good: on matrices of this size threads take ten times what they give, and setting it each time
    # starts them anew.
    threadpool_limits(1)
    return KernelPricing().open(content)


def _priced(predictor: "OpenedPredictor", content: bytes, sha256: str, level: float) -> KernelEstimate:
    try:
        return predictor.estimate_file(opened(content, sha256), level)
    except (EdgeMeterError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        # The predictor was proven, but rules that a stranger made up may still lead nowhere.
        raise Refusal(ProblemType.INVALID, f"{sha256[:12]} cannot be predicted: {error}") from None
