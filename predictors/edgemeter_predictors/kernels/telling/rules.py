"""Rules of fusion as data: for each type of operator a tree of questions that ends in an outcome."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

from edgemeter_predictors.kernels.telling.contexts import ALWAYS, Context, Feature, feature
from edgemeter_predictors.kernels.telling.outcomes import Join, Outcome, Own, Pass, Share
from edgemeter_predictors.kernels.telling.relays import Relays
from edgemeter_predictors.kernels.telling.trees import Tree, tree_of

#: A tree whose questions are functions.
_Asked = int | tuple[str, Feature, str | float, "_Asked", "_Asked"]

_OUTCOMES: Final = {"own": Own, "join": Join, "share": Share, "pass": Pass}
#: What no rule that was learnt comes near, and a file that nobody has learnt cannot do harm with: kernels of
#: one operator, their inputs, an operator's inputs; channels of a block.
_MOST: Final = 64
_LARGEST_BLOCK: Final = 1024
_NAMES: Final = {outcome: name for name, outcome in _OUTCOMES.items()}


@dataclass(frozen=True)
class Rules:
    """`trees` by the operators' families; `seen` has the texts that each feature had in the networks that
    they are learnt from, by family. `relays` lay tensors out anew. `blocks`: channels fill whole blocks of
    so many in a layout.
    """

    outcomes: tuple[Outcome, ...]
    trees: Mapping[str, Tree]
    seen: Mapping[str, Mapping[str, frozenset[str]]]
    relays: Relays
    blocks: Mapping[str, int]

    def outcome(self, context: Context) -> tuple[Outcome, str | None]:
        """And what about the operator is strange to the rules, None where nothing is."""
        kind, family = context.node.kind, context.node.work.family
        tree = self._asked.get(family)
        if tree is None:
            return Own(kind), kind
        seen = self.seen[family]
        strange = None if _ALWAYS(context) in seen[ALWAYS] else ALWAYS
        while not isinstance(tree, int):
            name, ask, test, yes, no = tree
            value = ask(context)
            if isinstance(test, str):
                if value not in seen[name]:
                    strange = strange or name
                tree = yes if value == test else no
            else:
                tree = yes if float(value) <= test else no
        doubt = f"{kind} ({strange}: {feature(strange)(context) or 'none'})" if strange else None
        return self.outcomes[tree], doubt

    @cached_property
    def _asked(self) -> Mapping[str, _Asked]:
        return {kind: _with_features(tree) for kind, tree in self.trees.items()}

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "outcomes": [{"as": _NAMES[type(each)], **asdict(each)} for each in self.outcomes],
            "trees": dict(self.trees),
            "seen": {
                kind: {name: sorted(texts) for name, texts in each.items()}
                for kind, each in self.seen.items()
            },
            "relays": self.relays.document(),
            "blocks": dict(self.blocks),
        }

    @staticmethod
    def of(document: Mapping[str, Any]) -> "Rules":
        """Raises ValueError, KeyError or TypeError for what is no such document."""
        outcomes = tuple(map(_outcome, document["outcomes"]))
        rules = Rules(
            outcomes,
            {str(kind): tree_of(tree, len(outcomes)) for kind, tree in document["trees"].items()},
            {
                kind: {name: frozenset(map(str, texts)) for name, texts in each.items()}
                for kind, each in document["seen"].items()
            },
            Relays.of(document["relays"]),
            {str(layout): _within(block, 1, _LARGEST_BLOCK) for layout, block in document["blocks"].items()},
        )
        for kind, tree in rules._asked.items():
            _check(tree, rules.seen[kind])
        return rules


_ALWAYS: Final = feature(ALWAYS)


def _check(tree: _Asked, seen: Mapping[str, frozenset[str]]) -> None:
    """Raises ValueError where a text is asked for whose texts nobody has noted."""
    if ALWAYS not in seen:
        raise ValueError("the rules do not say which inputs they have seen")
    if not isinstance(tree, int):
        name, _, test, yes, no = tree
        if isinstance(test, str) and name not in seen:
            raise ValueError(f"the rules do not say what they have seen of {name!r}")
        _check(yes, seen)
        _check(no, seen)


def _with_features(tree: Tree) -> _Asked:
    if isinstance(tree, int):
        return tree
    name, test, yes, no = tree
    return name, feature(name), test, _with_features(yes), _with_features(no)


def _within(value: Any, least: int, most: int) -> int:
    if not least <= int(value) <= most:
        raise ValueError(f"{value!r} is not within {least} and {most}")
    return int(value)


def _outcome(document: Mapping[str, Any]) -> Outcome:
    values = dict(document)
    kind = _OUTCOMES[values.pop("as")]
    if kind is Own:
        before, after = values["layouts"]
        listed = values["more"][:_MOST]
        more = tuple((str(each), _within(inputs, 0, _MOST)) for each, inputs in listed)
        return Own(str(values["kind"]), (str(before), str(after)), more)
    if kind is Share:
        return Share()
    place = _within(values["place"], 0, _MOST)
    return Pass(place) if kind is Pass else Join(place, str(values["word"]))
