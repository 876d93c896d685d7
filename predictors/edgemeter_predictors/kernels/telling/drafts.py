"""The kernels of a network while its operators are gone through: which have begun, and what they take in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from edgemeter.kernels.wiring import Activation, Likeness, Node, Wiring
from edgemeter_predictors.kernels.telling.outcomes import Join, Outcome, Own, Pass, Share


class Read(NamedTuple):
    """What a kernel reads: the tensor as the operator sees it, whose memory it is, in which layout."""

    tensor: Activation
    source: str
    layout: str


@dataclass(slots=True, eq=False)
class Draft:
    """A kernel that has begun with the operator `node` and may still grow. `last` is the operator that it
    computes last; `doubt` says what nobody has seen of its operators.
    """

    node: Node
    begun: Own
    reads: list[Read]
    results: tuple[Activation, ...]
    last: int
    fused: list[str] = field(default_factory=list)
    doubt: str | None = None


class Drafts:
    """Grows with `apply`, operator by operator in the file's order."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.all: list[Draft] = []
        self._writers: dict[str, Draft] = {}
        self._first_of: dict[Likeness, Draft] = {}
        self._sources: dict[str, Activation] = {}  #: of what is another's memory

    def writer(self, tensor: Activation) -> Draft | None:
        """The kernel that writes it so far; None: it is an input of the network."""
        return self._writers.get(self._sources.get(tensor.name, tensor).name)

    def source(self, tensor: Activation) -> Activation:
        return self._sources.get(tensor.name, tensor)

    def result(self, name: str) -> Activation:
        """What is written for a result of the network."""
        return self.source(self.wiring.activations[name])

    def layout(self, tensor: Activation) -> str:
        writer = self.writer(tensor)
        return writer.begun.layouts[1] if writer else ""

    def twin(self, node: Node) -> Draft | None:
        """The first kernel of an operator of the same type that reads the same."""
        return self._first_of.get(node.likeness)

    def apply(self, position: int, outcome: Outcome, doubt: str | None = None) -> None:
        """An outcome that cannot be is taken for a kernel of its own."""
        node = self.wiring.nodes[position]
        draft = None
        if isinstance(outcome, Pass) and outcome.place < len(node.maps):
            source = self.source(node.maps[outcome.place])
            self._sources.update(dict.fromkeys((tensor.name for tensor in node.results), source))
            return
        if isinstance(outcome, Join) and outcome.place < len(node.maps):
            draft = self._joined(node, outcome)
        elif isinstance(outcome, Share):
            draft = self._shared(node)
        if draft is None:
            begun = outcome if isinstance(outcome, Own) else Own(node.kind)
            draft = Draft(node, begun, self._reads(node.maps, begun.layouts[0]), node.results, position)
            self.all.append(draft)
            self._first_of.setdefault(node.likeness, draft)
        draft.last, draft.doubt = position, draft.doubt or doubt
        for tensor in node.results:
            self._writers[tensor.name] = draft

    def _joined(self, node: Node, outcome: Join) -> Draft | None:
        draft = self.writer(node.maps[outcome.place])
        if draft is None:
            return None
        others = [each for each in node.maps if self.writer(each) is not draft]
        draft.reads += self._reads(others, draft.begun.layouts[1])
        draft.results = node.results
        if outcome.word:
            draft.fused.append(outcome.word)
        return draft

    def _shared(self, node: Node) -> Draft | None:
        draft = self.twin(node)
        if draft is not None:
            draft.results = (*draft.results, *node.results)
        return draft

    def _reads(self, maps: Sequence[Activation], layout: str) -> list[Read]:
        return [self._read(tensor, layout) for tensor in maps]

    def _read(self, tensor: Activation, layout: str) -> Read:
        """What was only renamed is read in its new shape; what was left out (a padding) as it was before."""
        source = self.source(tensor)
        return Read(tensor if tensor.elements == source.elements else source, source.name, layout)
