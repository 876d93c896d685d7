"""Which reader each kind of saved model has."""

from collections.abc import Callable, Mapping

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import Fitted, State
from edgemeter_predictors.gaussian.process import Process
from edgemeter_predictors.transferred import Transferred

#: `State.kind` to what makes the model again, for the space that its codes are of.
READERS: Mapping[str, Callable[[Space, State], Fitted[Codes]]] = {
    Additive.KIND: Additive.restore,
    Process.KIND: Process.restore,
    Transferred.KIND: Transferred.restore,
}
