"""Predictors and estimates, each operation written once for both clients."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from edgemeter.client.asking import ask
from edgemeter.client.errors import ClientError
from edgemeter.client.generated import (
    AnySpace,
    Architecture,
    PartPredictor,
    named,
    texts_of,
    texts_or_codes,
)
from edgemeter.client.listing import every, written
from edgemeter.client.naming import listed
from edgemeter.client.project import home_project
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, FileBody, Steps, Stream, work
from edgemeter.wire.base import Page, Reply
from edgemeter.wire.estimates import (
    ArchitectureEstimate,
    ArtifactEstimate,
    NewEstimates,
    OperatorEstimate,
)
from edgemeter.wire.predictors import (
    ANY_NETWORK,
    MAX_FIT_WAIT_S,
    Comparison,
    FitDocument,
    FitState,
    NewFit,
    PredictorDocument,
)
from edgemeter.wire.requests import MAX_REQUEST_WAIT_S

if TYPE_CHECKING:
    from edgemeter.spaces.space import Codes

T = TypeVar("T", bound=Reply)
#: What reads saved predictors: the package of predictors brings it, where it is installed.
READERS = "edgemeter.predictor_files"
#: The server loads both and predicts, in a process that it starts for that.
_COMPARING_S = 60.0
_OPEN = (FitState.WAITING, FitState.RUNNING)


class LocalPredictor(Protocol):
    """A predictor in this process: `edgemeter_predictors.predictor.Predictor`."""

    def predict(self, inputs: "Codes") -> Any:
        """`mean_ms` and `std_ms`, (n,) each, of n architectures."""

    def interval(self, prediction: Any, level: float = 0.9) -> Any:
        """`low_ms` and `high_ms`, (n,) each."""


class FitFailedError(ClientError):
    """There is no predictor; the message says why."""


def fit(
    space: AnySpace,
    target: str,
    *,
    model: str = "auto",
    sources: Sequence[str] | None = None,
    activate: bool = True,
    project: str | None = None,
) -> Steps[PredictorDocument]:
    """Fits a new version of a predictor from what is measured, and waits for it. Raises FitFailedError.

    Of a generated space it is that of the space it was made of. `sources` are targets whose predictors are
    prior; None leaves it to the server, which takes all there are where little is measured.
    """
    home = yield from home_project(project)
    message = NewFit(
        project=home,
        space=named(space).name,
        target=target,
        model=model,
        sources=None if sources is None else tuple(sources),
        activate=activate,
    )
    # Sent again it would be told of itself: a conflict.
    call = Call(
        method="POST", path="/v1/predictors", message=message, repeatable=False, read=reader(FitDocument)
    )
    document = yield from ask(call)
    while document.state in _OPEN:
        document = yield from fit_status(document.id, wait_s=MAX_FIT_WAIT_S / 2)
    if document.predictor_id is None:
        raise FitFailedError(document.failure or "the fit ended without a predictor")
    return (yield from predictor_document(document.predictor_id))


def publish_kernels(
    file: str | PathLike[str],
    target: str,
    *,
    activate: bool = True,
    stale: bool = False,
    project: str | None = None,
) -> Steps[PredictorDocument]:
    """Hands in a predictor of any file that `edgemeter kernels fit` has saved: the target's next version.

    Refused where the target runs another engine than it is of, but with `stale`. Raises ClientError where
    the file cannot be read, else as every operation.
    """
    home, path = (yield from home_project(project)), Path(file)
    size_bytes = yield from work(lambda: _size_bytes(path))
    query = written({"target": target, "project": home, "activate": activate, "stale": stale})
    call = Call(
        method="POST",
        path="/v1/predictors/kernels",
        query=query,
        body=FileBody(path, size_bytes),
        # Sent again it would be another version.
        repeatable=False,
        longer_s=_COMPARING_S,
        read=reader(PredictorDocument),
    )
    return (yield from ask(call))


def fit_status(fit_id: int, *, wait_s: float = 0.0) -> Steps[FitDocument]:
    """One fit; with `wait_s` up to so many seconds later, or as soon as it has ended."""
    query = written({"wait": wait_s})
    path = f"/v1/fits/{int(fit_id)}"
    call = Call(method="GET", path=path, query=query, read=reader(FitDocument), longer_s=wait_s)
    return (yield from ask(call))


def predictors(
    *,
    space: AnySpace | None = None,
    target: str | None = None,
    active: bool | None = None,
    project: str | None = None,
) -> Stream[PredictorDocument]:
    """Published versions, newest first."""
    name = None if space is None else named(space).name
    query = {"space": name, "target": target, "active": active, "project": project}
    return every("/v1/predictors", Page[PredictorDocument], query)


def predictor_document(predictor_id: int) -> Steps[PredictorDocument]:
    """What a version was fitted on, and how far it errs."""
    path = f"/v1/predictors/{int(predictor_id)}"
    return (yield from ask(Call(method="GET", path=path, read=reader(PredictorDocument))))


def activate_predictor(predictor_id: int) -> Steps[PredictorDocument]:
    """This version answers from now on. Activating an older one rolls back."""
    path = f"/v1/predictors/{int(predictor_id)}/activate"
    return (yield from ask(Call(method="POST", path=path, read=reader(PredictorDocument))))


def compare_predictors(predictor_id: int, other_id: int) -> Steps[Comparison]:
    """Two versions of one space on one target, on networks that neither was fitted on."""
    path = f"/v1/predictors/{int(predictor_id)}/comparison/{int(other_id)}"
    call = Call(method="GET", path=path, longer_s=_COMPARING_S, read=reader(Comparison))
    return (yield from ask(call))


def predictor_content(predictor_id: int) -> Steps[bytes]:
    """The saved predictor, as `edgemeter_predictors.saving` reads it."""
    path = f"/v1/predictors/{int(predictor_id)}/content"
    return (yield from ask(Call(method="GET", path=path, read=bytes)))


def predictor_onnx(predictor_id: int) -> Steps[bytes]:
    """A version's mean as an ONNX network: `codes` (n, columns) in, `latency_ms` (n,) out, without intervals.

    Needs `edgemeter[predictors,onnx]`. Raises ClientError for a version that is no sum of tables.
    """
    from edgemeter.spaces.registry import find_space

    write: Callable[[bytes, Any], bytes] = _of_files("onnx")
    document = yield from predictor_document(predictor_id)
    if document.space == ANY_NETWORK:
        raise ClientError("a predictor of any file cannot be written as ONNX")
    content = yield from predictor_content(predictor_id)
    try:
        return write(content, find_space(document.space))
    except ValueError as error:
        raise ClientError(str(error)) from error
    except ImportError:
        raise ClientError("ONNX files are written by `onnx`; pip install 'edgemeter[onnx]'") from None


def predictor(space: AnySpace, target: str, *, project: str | None = None) -> Steps[LocalPredictor]:
    """The active predictor, downloaded once, to be asked in this process: millions of times a second.

    It takes arrays of codes (n, columns), as `edgemeter.spaces` makes them. Needs `edgemeter[predictors]`.
    """
    from edgemeter.spaces.registry import find_space

    load, asked = _reader(), named(space)
    home = yield from home_project(project)
    query = written({"space": asked.name, "target": target, "active": True, "project": home, "limit": 1})
    call = Call(method="GET", path="/v1/predictors", query=query, read=reader(Page[PredictorDocument]))
    page = yield from ask(call)
    if not page.items:
        raise ClientError(f"there is no predictor of {asked.name} on {target}; `edgemeter fit` makes one")
    content = yield from predictor_content(page.items[0].id)
    if asked.part is not None:
        return PartPredictor(asked.part, load(content, asked.part.base))
    return load(content, find_space(asked.name))


def estimates(
    space: AnySpace,
    architectures: "Sequence[Architecture] | Codes",
    targets: str | Sequence[str],
    *,
    level: float = 0.9,
    parts: bool = False,
    measured: bool = True,
    analytic: bool = False,
    max_interval: float | None = None,
    wait_s: float = 0.0,
    project: str | None = None,
) -> Steps[tuple[ArchitectureEstimate, ...]]:
    """How long architectures take: measured where they were, predicted where they were not.

    They are texts, or codes as `edgemeter.spaces` makes them: rows of numbers, or an array (n, columns).

    With `analytic`, a target without a predictor has rough estimates: `source` and `basis` say so.

    With `max_interval`, what is predicted with a wider interval than that share of it is measured too. With
    `wait_s`, the answer comes when all of that has ended, or after so many seconds, a minute at most; `wait`
    of the `request_id`s waits longer.
    """
    home, asked = (yield from home_project(project)), named(space)
    texts = () if asked.part is None else texts_of(asked.part, architectures)
    message = NewEstimates(
        project=home,
        space=asked.name,
        architectures=texts_or_codes(architectures) if asked.part is None else asked.asked(texts),
        targets=listed(targets),
        level=level,
        parts=parts,
        measured=measured,
        analytic=analytic,
        max_interval=max_interval,
    )
    found = (yield from _asked(message, wait_s, _Architectures)).estimates
    if asked.part is None:
        return found
    pairs = zip(found, asked.written(texts) * len(message.targets), strict=True)
    return tuple(each.model_copy(update={"architecture": text}) for each, text in pairs)


def operator_estimates(
    space: AnySpace,
    operators: Sequence[str],
    targets: str | Sequence[str],
    *,
    level: float = 0.9,
    measured: bool = True,
    max_interval: float | None = None,
    wait_s: float = 0.0,
    project: str | None = None,
) -> Steps[tuple[OperatorEstimate, ...]]:
    """How long operators of a space take in their contexts, by their keys (`space.placed[n].key`).

    Measured where they were, else guessed from the others. `max_interval` and `wait_s` are as in `estimates`.
    """
    message = NewEstimates(
        project=(yield from home_project(project)),
        space=named(space).name,
        operators=tuple(operators),
        targets=listed(targets),
        level=level,
        measured=measured,
        max_interval=max_interval,
    )
    return (yield from _asked(message, wait_s, _Operators)).estimates


def artifact_estimates(
    artifacts: Sequence[str],
    targets: str | Sequence[str],
    *,
    level: float = 0.9,
    parts: bool = False,
    measured: bool = True,
    analytic: bool = False,
    max_interval: float | None = None,
    wait_s: float = 0.0,
    project: str | None = None,
) -> Steps[tuple[ArtifactEstimate, ...]]:
    """How long files take that were handed in, by their sha256: measured where they were, else predicted by
    their kernels; `parts` are those. Without a predictor of files there, and with `analytic`, roughly.
    `max_interval` and `wait_s` are those of `estimates`.
    """
    message = NewEstimates(
        project=(yield from home_project(project)),
        artifacts=tuple(artifacts),
        targets=listed(targets),
        level=level,
        parts=parts,
        measured=measured,
        analytic=analytic,
        max_interval=max_interval,
    )
    return (yield from _asked(message, wait_s, _Artifacts)).estimates


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise ClientError(f"{path.name}: cannot be read: {error.strerror}") from None


class _Architectures(Reply):
    estimates: tuple[ArchitectureEstimate, ...]


class _Operators(Reply):
    estimates: tuple[OperatorEstimate, ...]


class _Artifacts(Reply):
    estimates: tuple[ArtifactEstimate, ...]


def _asked(message: NewEstimates, wait_s: float, reply: type[T]) -> Steps[T]:
    wait_s = min(wait_s, MAX_REQUEST_WAIT_S)
    # Asking twice measures once: what is under way is shared.
    call = Call(
        method="POST",
        path="/v1/estimates",
        query=written({"wait": wait_s}) if wait_s else {},
        message=message,
        longer_s=wait_s,
        read=reader(reply),
    )
    return (yield from ask(call))


def _reader() -> Callable[[bytes, Any], LocalPredictor]:
    read: Callable[[bytes, Any], LocalPredictor] = _of_files("predictor")
    return read


def _of_files(name: str) -> Any:
    try:
        for point in entry_points(group=READERS, name=name):
            return point.load()
    except ImportError:
        pass
    raise ClientError("saved predictors need the package of predictors; pip install 'edgemeter[predictors]'")
