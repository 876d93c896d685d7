"""Which networks a campaign measures on a target, in which order. Pure: the same plan is the same list."""

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from edgemeter.spaces.sampling import sample
from edgemeter.spaces.size import size
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.subset import in_base, root
from edgemeter.spaces.text import to_text
from edgemeter.wire.campaigns import CampaignPlan, Purpose
from edgemeter.wire.recipes import FileKind, Recipe, RecipeKind

#: Draws that find nothing new before a space counts as exhausted.
_PATIENCE = 200
#: How skewed the operators of a wide architecture are: a power of exponential draws.
_SKEW = 3


class PlannedItem(NamedTuple):
    purpose: Purpose
    recipe: Recipe


def planned_items(
    space: Space, plan: CampaignPlan, kind: FileKind, chosen: Sequence[str] = ()
) -> list[PlannedItem]:
    """In the order of measuring. Repeats come last, so that they lie apart from what they repeat. `chosen`
    architectures take the place of as many that would be drawn to train on.

    Networks of a subset are told as those of its base, as which every agent can build them.
    """
    home = root(space)
    draw, builds = random.Random(f"{plan.seed}/order"), f"{home.name}/{home.version}"
    operators = [
        PlannedItem(Purpose.OPERATOR, kind.recipe(builds, RecipeKind.OPERATOR, space.placed[position].key))
        for position in chosen_contexts(space, plan)
    ]
    texts = chosen_architectures(space, plan.architectures + plan.test, plan.seed)
    train, test = texts[: plan.architectures], texts[plan.architectures :]
    train = list(dict.fromkeys([*chosen, *train]))[: len(train)]
    architectures = [
        PlannedItem(purpose, kind.recipe(builds, RecipeKind.ARCHITECTURE, text))
        for purpose, texts in ((Purpose.TRAIN, train), (Purpose.TEST, test))
        for text in texts
    ]
    ordered = _shuffled([operators, architectures], draw, apart=plan.budget_s is not None)
    again = draw.sample(ordered, min(len(ordered), _repeats(plan, len(ordered))))
    return ordered + [PlannedItem(Purpose.REPEAT, item.recipe) for item in again]


def chosen_contexts(space: Space, plan: CampaignPlan) -> list[int]:
    """Positions in `space.placed`: all of them, or a sample to which each operator of a stage contributes."""
    if len(space.placed) <= plan.contexts:
        return list(range(len(space.placed)))
    draw = random.Random(f"{plan.seed}/contexts")
    groups: dict[tuple[str, str], list[int]] = {}
    for position, placed in enumerate(space.placed):
        groups.setdefault((placed.operator, placed.stage), []).append(position)
    for group in groups.values():
        draw.shuffle(group)
    order = list(groups.values())
    draw.shuffle(order)
    in_turn = (position for turn in zip_longest(*order) for position in turn if position is not None)
    return sorted(position for position, _ in zip(in_turn, range(plan.contexts), strict=False))


def chosen_architectures(space: Space, count: int, seed: int) -> list[str]:
    """Up to `count` different architectures as texts of the base, uniform and wide by turns."""
    wanted = min(count, size(space))
    found: dict[str, None] = {}
    idle = 0
    for row in chain.from_iterable(zip(_uniform(space, count, seed), _wide(space, seed), strict=False)):
        if len(found) == wanted or idle == _PATIENCE:
            break
        home, same = in_base(space, row[None, :])
        codes = home.canonical(same)[0]
        text = to_text(home, codes)
        new = text not in found and _is_network(home, codes)
        idle = 0 if new else idle + 1
        if new:
            found[text] = None
    return list(found)


def _is_network(space: Space, codes: Codes) -> bool:
    try:
        space.build(codes)
    except CodeError:
        return False
    return True


def _uniform(space: Space, count: int, seed: int) -> Iterator[Codes]:
    yield from sample(space, count + _PATIENCE, seed)


def _wide(space: Space, seed: int) -> Iterator[Codes]:
    number = 0
    while True:
        draw = random.Random(f"{seed}/wide/{number}")
        # Columns of the same choices share the mix, so that one operator may fill a whole network.
        mixes = {
            choices: [draw.expovariate(1.0) ** _SKEW for _ in choices]
            for choices in sorted({column.choices for column in space.columns})
        }
        weights = {column.name: mixes[column.choices] for column in space.columns}
        yield sample(space, 1, draw.getrandbits(31), weights)[0]
        number += 1


def _shuffled(groups: Iterable[list[PlannedItem]], draw: random.Random, *, apart: bool) -> list[PlannedItem]:
    """All in one random order, so that drift hides in no group; `apart`: one group after the other."""
    parts = list(groups) if apart else [list(chain.from_iterable(groups))]
    for part in parts:
        draw.shuffle(part)
    return list(chain.from_iterable(parts))


def _repeats(plan: CampaignPlan, items: int) -> int:
    return max(1, round(plan.repeats * items)) if plan.repeats and items else 0
