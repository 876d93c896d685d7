"""Estimates that are too uncertain become requests: the answer tells which to wait for."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from edgemeter.spaces.space import Space
from edgemeter.spaces.text import canonical_text
from edgemeter.targets import target_of
from edgemeter.wire.access import Role
from edgemeter.wire.estimates import ArchitectureEstimate
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import FileKind, RecipeKind
from edgemeter.wire.requests import NewRequests, RequestItem
from edgemeter.wire.specs import JobSpec
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.tables import targets
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import requests
from edgemeter_server.jobs.submitting import submit
from edgemeter_server.predictors.estimating import Question
from edgemeter_server.services import Services


async def measure_doubtful(
    services: Services, caller: Caller, asked: Question, found: list[ArchitectureEstimate]
) -> list[ArchitectureEstimate]:
    """The same estimates; those with a wider interval than was asked for with the request that measures them.

    Raises Refusal FORBIDDEN for a viewer, QUOTA where the project has too many open jobs.
    """
    doubtful = {at: each for at, each in enumerate(found) if _is_doubtful(each, asked)}
    if not doubtful:
        return found
    if caller.role is Role.VIEWER:
        raise Refusal(ProblemType.FORBIDDEN, "a viewer may not have anything measured")
    kinds = await services.database.read(lambda c: _kinds(c, {each.target for each in doubtful.values()}))
    items = [_item(asked.space, kinds[each.target], each) for each in doubtful.values()]
    message = NewRequests(project=asked.message.project, items=tuple(items))
    batch = await submit(services, caller, message, None)
    documents = await services.database.read(lambda c: requests.of_batch(c, batch))
    ids = dict(zip(doubtful, (document.id for document in documents), strict=True))
    return [
        each.model_copy(update={"request_id": ids[at]}) if at in ids else each
        for at, each in enumerate(found)
    ]


def _is_doubtful(estimate: ArchitectureEstimate, asked: Question) -> bool:
    above = asked.message.measure_above
    width_ms = estimate.interval.high_ms - estimate.interval.low_ms
    return above is not None and estimate.source == "predicted" and width_ms > above * estimate.latency_ms


def _item(space: Space, kind: FileKind, estimate: ArchitectureEstimate) -> RequestItem:
    text = canonical_text(space, estimate.architecture)
    recipe = kind.recipe(builds_of(space), RecipeKind.ARCHITECTURE, text)
    return RequestItem(recipe=recipe, target=estimate.target, spec=JobSpec(protocol="survey"))


def _kinds(connection: Connection, slugs: Iterable[str]) -> dict[str, FileKind]:
    """What networks of each target are written as."""
    known = select(targets.c.slug, targets.c.formats).where(targets.c.slug.in_(sorted(slugs)))
    kinds = {}
    for slug, formats in connection.execute(known):
        if (target := target_of(slug)) is not None:
            kinds[slug] = FileKind.of(target, formats.split(","))
    return kinds
