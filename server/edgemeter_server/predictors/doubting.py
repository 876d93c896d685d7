"""Estimates that are too uncertain become requests, and their answers the better estimates."""

from collections.abc import Mapping, Sequence

from edgemeter.wire.access import Role
from edgemeter.wire.estimates import ArchitectureEstimate
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter.wire.requests import MAX_ITEMS, NewRequests, RequestDocument, RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.targets import known_target
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.ending import jobs_ended_within
from edgemeter_server.jobs.submitting import submit
from edgemeter_server.predictors.estimating import Question
from edgemeter_server.services import Services


async def measure_doubtful(
    services: Services, caller: Caller, asked: Question, found: list[ArchitectureEstimate], wait_s: float
) -> list[ArchitectureEstimate]:
    """The same estimates; those with a wider interval than was asked for with the request that measures
    them, and measured where that has ended well within `wait_s`.

    Raises Refusal FORBIDDEN for a viewer, QUOTA where the project has too many open jobs.
    """
    doubtful = [at for at, each in enumerate(found) if _is_doubtful(each, asked)]
    if not doubtful:
        return found
    if caller.role is Role.VIEWER:
        raise Refusal(ProblemType.FORBIDDEN, "a viewer may not have anything measured")
    if len(doubtful) > MAX_ITEMS:
        raise Refusal(
            ProblemType.TOO_LARGE,
            f"{len(doubtful)} estimates are too uncertain; at most {MAX_ITEMS} are measured at once",
        )
    items = await _items(services, asked, [found[at] for at in doubtful])
    batch = await submit(services, caller, NewRequests(project=asked.message.project, items=items), None)
    documents = await services.database.read(lambda c: requests.of_batch(c, batch))
    if wait_s > 0:
        open_ids = {each.job_id for each in documents if each.job_id is not None}
        await jobs_ended_within(services, open_ids, wait_s)
        documents = await services.database.read(lambda c: requests.of_batch(c, batch))
    answered = dict(zip(doubtful, documents, strict=True))
    return [_answered(each, answered.get(at)) for at, each in enumerate(found)]


def _is_doubtful(estimate: ArchitectureEstimate, asked: Question) -> bool:
    most = asked.message.max_interval
    width_ms = estimate.interval.high_ms - estimate.interval.low_ms
    return most is not None and estimate.source != "measured" and width_ms > most * estimate.latency_ms


async def _items(
    services: Services, asked: Question, doubtful: Sequence[ArchitectureEstimate]
) -> tuple[RequestItem, ...]:
    slugs = {each.target for each in doubtful}
    known = await services.database.read(lambda c: {slug: known_target(c, slug) for slug in slugs})
    texts: Mapping[str, str] = dict(zip(asked.texts, asked.canonical_texts, strict=True))
    builds = builds_of(asked.space)
    return tuple(
        RequestItem(
            recipe=known[each.target].kind.recipe(builds, RecipeKind.ARCHITECTURE, texts[each.architecture]),
            target=each.target,
            spec=JobSpec(protocol="survey"),
        )
        for each in doubtful
    )


def _answered(estimate: ArchitectureEstimate, request: RequestDocument | None) -> ArchitectureEstimate:
    if request is None:
        return estimate
    measured = request.estimate
    if measured is None or not measured.validity.valid:
        return estimate.model_copy(update={"request_id": request.id, "job_id": request.job_id})
    return ArchitectureEstimate(
        architecture=estimate.architecture,
        target=estimate.target,
        latency_ms=measured.latency_ms,
        interval=measured.interval,
        source="measured",
        measurement_id=measured.measurement_id,
        request_id=request.id,
        job_id=request.job_id,
    )
