"""Tells the kernels that an engine would run of a file, by rules that were learnt from its campaign."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from edgemeter.kernels.kernel import KernelGraph
from edgemeter.kernels.wiring import Wiring
from edgemeter_predictors.kernels.telling.contexts import Context
from edgemeter_predictors.kernels.telling.drafts import Drafts
from edgemeter_predictors.kernels.telling.laying import Laying, TellingError
from edgemeter_predictors.kernels.telling.outcomes import Outcome
from edgemeter_predictors.kernels.telling.rules import Rules

Decide = Callable[[Context], tuple[Outcome, str | None]]


@dataclass(frozen=True, slots=True)
class Told:
    """`doubts`: of each kernel, what about its operators the rules have never seen; None: nothing."""

    graph: KernelGraph
    doubts: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """Rules for files of one format. `networks` is how many they are learnt from; on networks that they are
    not, what is told moves the predicted latency by `deviation`, in the root mean square of logarithms.
    """

    file_format: str
    rules: Rules
    networks: int
    deviation: float

    def tell(self, wiring: Wiring) -> Told:
        """Raises TellingError for another format's file, and for unknown shapes."""
        if wiring.format != self.file_format:
            raise TellingError(f"rules of {self.file_format} files tell no kernels of a {wiring.format} file")
        return told(wiring, self.rules, self.rules.outcome)

    def document(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "format": self.file_format,
            "networks": self.networks,
            "deviation": self.deviation,
            "rules": self.rules.document(),
        }

    @staticmethod
    def of(document: Any) -> "Teller | None":
        """None for rules of a later version, which only the engine can stand in for. Raises as Rules.of."""
        if document is None or int(document["version"]) > VERSION:
            return None
        return Teller(
            str(document["format"]),
            Rules.of(document["rules"]),
            int(document["networks"]),
            float(document["deviation"]),
        )


#: Of the features and of what is made of outcomes.
VERSION: Final = 1


def told(wiring: Wiring, rules: Rules, decide: Decide) -> Told:
    """The kernels of a file where `decide` says what becomes of each operator."""
    drafts = Drafts(wiring)
    for position, node in enumerate(wiring.nodes):
        drafts.apply(position, *decide(Context(node, drafts, position)))
    kernels, doubts = Laying(rules, drafts).kernels(wiring.outputs)
    return Told(KernelGraph(tuple(kernels)), tuple(doubts))
