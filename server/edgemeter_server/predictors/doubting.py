"""Estimates that are too uncertain become requests, and their answers the better estimates."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

from edgemeter.wire.access import Role
from edgemeter.wire.estimates import NetworkEstimate, NewEstimates
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter.wire.requests import MAX_ITEMS, NewRequests, RequestDocument, RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.campaigns.spaces import builds_of, known_space
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.ending import jobs_ended_within
from edgemeter_server.jobs.submitting import submit
from edgemeter_server.predictors.estimating import Question
from edgemeter_server.services import Services

T = TypeVar("T", bound=NetworkEstimate)
#: What measures the network of this number, of those that were asked about, on a target.
Networks: TypeAlias = Callable[[int, KnownTarget], RequestItem]
_OF_PREDICTIONS: Final = frozenset(
    ("predictor_id", "predictor_number", "basis", "parts", "rest_ms", "unknown_operators", "stale")
)


async def measure_doubtful(
    services: Services,
    caller: Caller,
    message: NewEstimates,
    networks: Networks,
    found: list[T],
    wait_s: float,
) -> list[T]:
    """The same estimates; those with a wider interval than was asked for with the request that measures
    them, and measured where that has ended well within `wait_s`.

    Raises Refusal FORBIDDEN for a viewer, QUOTA where the project has too many open jobs.
    """
    if (most := message.max_interval) is None:
        return found
    doubtful = [at for at, each in enumerate(found) if _is_doubtful(each, most)]
    if not doubtful:
        return found
    if caller.role is Role.VIEWER:
        raise Refusal(ProblemType.FORBIDDEN, "a viewer may not have anything measured")
    if len(doubtful) > MAX_ITEMS:
        words = f"{len(doubtful)} estimates are too uncertain; at most {MAX_ITEMS} are measured at once"
        raise Refusal(ProblemType.TOO_LARGE, words)
    slugs = {found[at].target for at in doubtful}
    known = await services.database.read(lambda c: {slug: known_target(c, slug) for slug in slugs})
    count = len(found) // len(message.targets)
    items = tuple(networks(at % count, known[found[at].target]) for at in doubtful)
    batch = await submit(services, caller, NewRequests(project=message.project, items=items), None)
    documents = await services.database.read(lambda c: requests.of_batch(c, batch))
    if wait_s > 0:
        open_ids = {each.job_id for each in documents if each.job_id is not None}
        await jobs_ended_within(services, open_ids, wait_s)
        documents = await services.database.read(lambda c: requests.of_batch(c, batch))
    answered = dict(zip(doubtful, documents, strict=True))
    return [_answered(each, answered.get(at)) for at, each in enumerate(found)]


def networks_of(message: NewEstimates, asked: Question | None) -> Networks:
    """What is measured of the network of a number on a target; `asked` where it is an architecture."""

    def item(number: int, target: KnownTarget) -> RequestItem:
        measured: dict[str, Any] = {"target": target.slug, "spec": JobSpec(protocol="survey")}
        if message.artifacts:
            return RequestItem(artifact=message.artifacts[number], **measured)
        if asked is not None:
            builds, text = builds_of(asked.space), asked.canonical_texts[number]
            return RequestItem(recipe=target.kind.recipe(builds, RecipeKind.ARCHITECTURE, text), **measured)
        builds, key = builds_of(known_space(message.space or "")), message.operators[number]
        return RequestItem(recipe=target.kind.recipe(builds, RecipeKind.OPERATOR, key), **measured)

    return item


def _is_doubtful(estimate: NetworkEstimate, most: float) -> bool:
    width_ms = estimate.interval.high_ms - estimate.interval.low_ms
    return estimate.source != "measured" and width_ms > most * estimate.latency_ms


def _answered(estimate: T, request: RequestDocument | None) -> T:
    if request is None:
        return estimate
    ids: dict[str, Any] = {"request_id": request.id, "job_id": request.job_id}
    measured = request.estimate
    if measured is not None and measured.validity.valid:
        ids |= {
            "latency_ms": measured.latency_ms,
            "interval": measured.interval,
            "source": "measured",
            "measurement_id": measured.measurement_id,
            **dict.fromkeys(_OF_PREDICTIONS & type(estimate).model_fields.keys()),
        }
    return estimate.model_copy(update=ids)
