"""A saved predictor that somebody hands in, opened and proven in a child: it is a stranger's file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, ValidationError

from edgemeter.failures import FailureError, FailureKind
from edgemeter.isolation import run_limited
from edgemeter.isolation.limits import Limits
from edgemeter.wire.base import Label, Reply, Sha256, Slug, Text
from edgemeter.wire.predictors import Accuracy
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal

_WALL_S: Final = 30.0
_LIMITS: Final = Limits(wall_s=_WALL_S, cpu_s=_WALL_S, memory_bytes=1 << 30)
_PRELOAD: Final = ("edgemeter_predictors.kernels.proving",)
_RETRY_S: Final = 5.0
_Count = Annotated[int, Field(ge=0, le=2**31)]


class About(Reply):
    """What the predictor says of where it comes from."""

    target: Slug
    engine_version: Label
    protocol: Label
    networks: _Count
    networks_to_judge_by: _Count
    kernels: _Count
    campaign_sha256: Sha256
    edgemeter_version: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Opened(Reply):
    """`version` is that of how it reads kernels; `judged` is of networks that the campaign measured to judge
    by where `tested`, else of sampled ones held out.
    """

    version: int
    explanation: Text
    about: About
    judged: Accuracy | None
    tested: bool
    retest_error: float | None


def open_in_child(file: Path) -> Opened:
    """Blocks. Raises Refusal INVALID for what is no predictor that can be asked, UNAVAILABLE."""
    try:
        sent = run_limited(f"{__name__}:open_here", {}, _LIMITS, _PRELOAD, {"file": file})
        if isinstance(sent, dict) and "refused" in sent:
            raise Refusal(ProblemType.INVALID, str(sent["refused"])[:1000])
        return Opened.model_validate(sent)
    except FailureError as error:
        if error.failure.kind is FailureKind.INTERNAL:
            words = "the predictor cannot be opened now"
            raise Refusal(ProblemType.UNAVAILABLE, words, retry_after_s=_RETRY_S) from error
        raise Refusal(ProblemType.INVALID, f"the predictor cannot be opened: {error}") from None
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        words = (
            f"the predictor does not say what it is of ({place}): fit it again with `edgemeter kernels fit`"
        )
        raise Refusal(ProblemType.INVALID, words) from None


def open_here(payload: Mapping[str, Any]) -> Any:
    """The child's part."""
    from threadpoolctl import threadpool_limits

    from edgemeter_predictors.kernels.pricing import FEWEST_JUDGES
    from edgemeter_predictors.kernels.proving import prove
    from edgemeter_predictors.saving.container import FileError
    from edgemeter_predictors.saving.kernel_predictors import FEATURES_VERSION, load_kernels
    from edgemeter_server.predictors.accuracies import accuracy, none_of_nan

    try:
        predictor = load_kernels(Path(payload["file"]).read_bytes())
        with threadpool_limits(1):
            prove(predictor)
    except FileError as error:
        return {"refused": str(error)}
    about = dict(predictor.about)
    judges = about.get("networks_to_judge_by")
    return {
        "version": FEATURES_VERSION,
        "explanation": predictor.fitted.explanation,
        "about": about,
        "judged": None if predictor.errors is None else accuracy(predictor.errors).model_dump(mode="json"),
        "tested": isinstance(judges, int) and judges >= FEWEST_JUDGES,
        "retest_error": none_of_nan(predictor.retest_error),
    }
