"""Which architectures a campaign measures next, where a predictor can tell what it knows least.

Chosen in a process of its own: greedy selection takes seconds of a processor.
"""

from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter, ValidationError

from edgemeter.failures import FailureError
from edgemeter.isolation import run_limited
from edgemeter.isolation.limits import Limits
from edgemeter.spaces.space import Codes, Space
from edgemeter.spaces.subset import Subset, root
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.campaigns import CampaignPlan
from edgemeter.wire.recipes import CodeText
from edgemeter_server.campaigns.planning import chosen_architectures
from edgemeter_server.campaigns.spaces import planned_space

_WALL_S: Final = 45.0
_LIMITS: Final = Limits(wall_s=_WALL_S, cpu_s=_WALL_S, memory_bytes=2 << 30)
_PRELOAD: Final = ("edgemeter_predictors.selection", "edgemeter_predictors.saving.predictors")
#: Greedy choices: later ones gain little over a random draw.
_MOST_CHOSEN: Final = 100
#: Architectures that it chooses among, for each that is chosen, and at least.
_POOL, _FEWEST_IN_POOL = 4, 500

_TEXTS: Final = TypeAdapter(tuple[CodeText, ...])


class ChooseError(Exception):
    """Nothing could be chosen, and why."""


def choose_in_child(
    plan: CampaignPlan, content: bytes, measured: Collection[str], asked: bytes = b""
) -> tuple[str, ...]:
    """Architectures to train on, as texts, none of those `measured` or of the plan's tests: at most as many
    as are planned. `asked` are rows of codes, see asked.py: half of what matters is to know those better.
    Blocks. Raises ChooseError, also for a saved predictor that cannot tell.
    """
    payload = {
        "plan": plan.model_dump(mode="json"),
        "content": b64encode(content).decode(),
        "measured": sorted(measured),
        "asked": b64encode(asked).decode(),
    }
    try:
        sent = run_limited(f"{__name__}:choose_here", payload, _LIMITS, _PRELOAD)
        if isinstance(sent, dict):
            raise ChooseError(str(sent.get("refused"))[:2000])
        return _TEXTS.validate_python(sent)
    except (FailureError, ValidationError) as error:
        raise ChooseError(str(error)) from error


def choose_here(payload: Mapping[str, Any]) -> Any:
    """The child's part."""
    from threadpoolctl import threadpool_limits

    plan = CampaignPlan.model_validate(payload["plan"])
    with threadpool_limits(1):
        return _chosen(
            plan,
            b64decode(payload["content"]),
            frozenset(payload["measured"]),
            b64decode(payload["asked"]),
        )


def _chosen(plan: CampaignPlan, content: bytes, measured: frozenset[str], asked: bytes) -> Any:
    from edgemeter_predictors.joint import TellsJointly
    from edgemeter_predictors.saving.predictors import load
    from edgemeter_predictors.selection import select

    space = planned_space(plan)
    home = root(space)
    fitted = load(content, home).fitted
    if not isinstance(fitted, TellsJointly):
        return {"refused": f"a predictor of the model {fitted.model} does not tell what it knows least"}
    count = min(plan.architectures, _MOST_CHOSEN)
    tests = chosen_architectures(space, plan.architectures + plan.test, plan.seed)[plan.architectures :]
    known = measured.union(tests)
    drawn = chosen_architectures(space, max(_POOL * count, _FEWEST_IN_POOL) + len(known), plan.seed)
    wanted = _wanted(space, np.frombuffer(asked, np.uint8).reshape(-1, len(home.columns)))
    pool = [text for text in dict.fromkeys([*drawn, *wanted]) if text not in known]
    if not pool:
        return []
    codes = _codes(home, pool)
    # As many of all as of what was asked: a search that moves on shall not find the predictor blind there.
    matter = np.concatenate([_codes(home, wanted), codes[: len(wanted)]]) if wanted else None
    return [pool[row] for row in select(fitted, codes, count, matter).rows]


def _wanted(space: Space, asked: Codes) -> list[str]:
    """Those architectures that the plan's space has, as texts of its base."""
    home = root(space)
    held = asked[space.holds(asked)] if isinstance(space, Subset) and len(asked) else asked
    return [to_text(home, row) for row in home.canonical(held)]


def _codes(space: Space, texts: Sequence[str]) -> Codes:
    return np.array([from_text(space, text) for text in texts], np.uint8)
