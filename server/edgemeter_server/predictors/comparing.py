"""Two versions beside each other, on networks that neither has been fitted on."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Semaphore
from typing import Final, TypeAlias

from sqlalchemy import Connection, select

from edgemeter.measurement import Interval
from edgemeter.wire.predictors import ANY_NETWORK, ComparedNetwork, Comparison, PredictorDocument
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors import documents, snapshots
from edgemeter_server.predictors.apart import apart
from edgemeter_server.predictors.judging import Judged, JudgeError, judge_in_child
from edgemeter_server.predictors.kernels.judging import judge_files_in_child, measured_files
from edgemeter_server.predictors.known import architectures, known_to
from edgemeter_server.predictors.snapshots import Labelled
from edgemeter_server.predictors.tables import predictors
from edgemeter_server.services import Services

#: Networks that are told one by one: those on which the versions differ most.
_MOST_TOLD: Final = 50
#: Comparisons at once: each takes a processor.
_ROOM: Final = Semaphore(2)
_RETRY_S: Final = 1.0
#: Blocks. The networks that both were held against, and what came of each. Raises JudgeError.
_Judge: TypeAlias = Callable[[], tuple[Sequence[Labelled], tuple[Judged, ...]]]


async def compared(services: Services, caller: Caller, first_id: int, second_id: int) -> Comparison:
    """Raises Refusal NOT_FOUND, INVALID for versions that answer different questions, UNAVAILABLE."""
    shown = await services.database.read(
        lambda c: (documents.one(c, caller, first_id), documents.one(c, caller, second_id))
    )
    _check_comparable(*shown)
    judge = await services.database.read(lambda c: _judge(c, shown[0].space, first_id, second_id))
    if judge is None:
        return Comparison(first=shown[0], second=shown[1], networks=0)
    if not _ROOM.acquire(blocking=False):
        raise Refusal(ProblemType.UNAVAILABLE, "other predictors are being compared", retry_after_s=_RETRY_S)
    try:
        rows, judged = await apart(judge)
    except JudgeError as error:
        raise Refusal(ProblemType.INVALID, str(error)) from None
    finally:
        _ROOM.release()
    if not rows:
        return Comparison(first=shown[0], second=shown[1], networks=0)
    return _comparison(shown, rows, *judged)


def _check_comparable(first: PredictorDocument, second: PredictorDocument) -> None:
    for name in ("project", "space", "version", "target"):
        one, other = getattr(first, name), getattr(second, name)
        if one != other:
            words = f"predictor {first.id} is of {name} {one}, predictor {second.id} of {other}"
            raise Refusal(ProblemType.INVALID, f"{words}: only versions of the same are compared")


def _judge(connection: Connection, space: str, first_id: int, second_id: int) -> _Judge | None:
    """What holds both against the networks that neither was fitted on; None without such networks."""
    wanted = select(predictors).where(predictors.c.id.in_((first_id, second_id)))
    found = {row.id: row for row in connection.execute(wanted)}
    first, second = found[first_id], found[second_id]
    contents = [bytes(first.content), bytes(second.content)]
    if space == ANY_NETWORK:  # fitted on kernels of sampled networks alone
        files = measured_files(connection, first.project_id, first.target_id)
        return partial(judge_files_in_child, contents, files) if files else None
    fitted = known_to(connection, first).fitted | known_to(connection, second).fitted
    seen = architectures(connection, fitted)
    snapshot = snapshots.take(connection, first.project_id, first.builds, first.target_id)
    rows = [row for row in (*snapshot.tests, *snapshot.training) if row.text not in seen]
    return partial(_judged_architectures, space, contents, rows) if rows else None


def _judged_architectures(
    space: str, contents: Sequence[bytes], rows: Sequence[Labelled]
) -> tuple[Sequence[Labelled], tuple[Judged, ...]]:
    return rows, judge_in_child(space, contents, rows)


def _comparison(
    shown: tuple[PredictorDocument, PredictorDocument],
    rows: Sequence[Labelled],
    first: Judged,
    second: Judged,
) -> Comparison:
    networks = list(_networks(rows, first, second))
    differences = [abs(each.second_ms / each.first_ms - 1) for each in networks]
    order = sorted(range(len(networks)), key=lambda row: -differences[row])
    nearer = sum(
        abs(each.second_ms - each.measured_ms) < abs(each.first_ms - each.measured_ms) for each in networks
    )
    return Comparison(
        first=shown[0],
        second=shown[1],
        networks=len(networks),
        first_accuracy=first.accuracy,
        second_accuracy=second.accuracy,
        second_is_nearer=nearer,
        difference_percent=100 * sum(differences) / len(differences),
        differing=tuple(networks[row] for row in order[:_MOST_TOLD]),
    )


def _networks(rows: Sequence[Labelled], first: Judged, second: Judged) -> Iterator[ComparedNetwork]:
    for row, one, other in zip(rows, _answers(first), _answers(second), strict=True):
        yield ComparedNetwork(
            architecture=row.text,
            measurement_id=row.measurement_id,
            measured_ms=row.latency_ms,
            first_ms=one[0],
            first_interval=one[1],
            second_ms=other[0],
            second_interval=other[1],
        )


def _answers(judged: Judged) -> Iterator[tuple[float, Interval]]:
    for ms, low_ms, high_ms in zip(judged.predicted_ms, judged.low_ms, judged.high_ms, strict=True):
        yield ms, Interval(low_ms=low_ms, high_ms=high_ms, level=0.9)
