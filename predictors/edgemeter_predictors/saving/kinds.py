"""Which reader each kind of saved model has."""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Final

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.contract import Fitted, State

#: `State.kind` to what makes the model again, (space, state) to Fitted; imported only when one is read,
#: so that evaluating a lookup table needs numpy alone.
READERS: Final[Mapping[str, str]] = {
    "additive": "edgemeter_predictors.additive:Additive.restore",
    "gaussian_process": "edgemeter_predictors.gaussian.process:Process.restore",
    "transfer": "edgemeter_predictors.transferred:Transferred.restore",
}


def restore(space: Space, state: State) -> Fitted[Codes]:
    """Raises ValueError for a kind that is not known here."""
    if state.kind not in READERS:
        raise ValueError(f"models of kind {state.kind!r} are not known here; there are {', '.join(READERS)}")
    fitted: Fitted[Codes] = resolve_name(READERS[state.kind])(space, state)
    return fitted
