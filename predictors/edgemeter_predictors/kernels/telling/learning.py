"""Learns rules of fusion from networks whose kernels an engine has told: a tree for each type of operator."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edgemeter.graphs.graph import Shape
from edgemeter.kernels.wiring import Wiring, sizes_of
from edgemeter_predictors.kernels.telling.blocks import filled
from edgemeter_predictors.kernels.telling.contexts import (
    ALWAYS,
    FEATURES,
    Context,
    attribute_features,
    feature,
)
from edgemeter_predictors.kernels.telling.evidence import Evidence, equal, outcomes, split
from edgemeter_predictors.kernels.telling.laying import TellingError
from edgemeter_predictors.kernels.telling.outcomes import Outcome
from edgemeter_predictors.kernels.telling.relays import Layouts, Relays
from edgemeter_predictors.kernels.telling.rules import Rules
from edgemeter_predictors.kernels.telling.teller import told
from edgemeter_predictors.kernels.telling.trees import Tree, Value, grown, recognised

_BLOCKS: Final = (64, 32, 16, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One operator of a network: what a rule may ask about it, and what became of it."""

    values: Mapping[str, Value]
    outcome: Outcome


def learn(networks: Sequence[Evidence]) -> tuple[Rules, int]:
    """And of how many networks. A network whose kernels do not follow from what became of its operators, as
    far as that is known, is left out.
    """
    laying = Rules((), {}, {}, _relays(networks), _blocks(networks))
    seen: dict[str, list[_Seen]] = {}
    explained = 0
    for network in networks:
        found, sound = _replayed(network, laying)
        explained += sound
        for kind, each in found if sound else ():
            seen.setdefault(kind, []).append(each)
    known = tuple(dict.fromkeys(each.outcome for rows in seen.values() for each in rows))
    numbers = {outcome: number for number, outcome in enumerate(known)}
    trees = {
        kind: grown([row.values for row in rows], [numbers[row.outcome] for row in rows])
        for kind, rows in sorted(seen.items())
    }
    texts = {kind: _texts(rows, trees[kind]) for kind, rows in sorted(seen.items())}
    return Rules(known, trees, texts, laying.relays, laying.blocks), explained


def _replayed(network: Evidence, laying: Rules) -> tuple[list[tuple[str, _Seen]], bool]:
    known = outcomes(network)
    found: list[tuple[str, _Seen]] = []

    def decide(context: Context) -> tuple[Outcome, None]:
        outcome = known[context.position]
        names = (*FEATURES, *attribute_features(context.node))
        values = {name: feature(name)(context) for name in names}
        found.append((context.node.work.family, _Seen(values, outcome)))
        return outcome, None

    try:
        replayed, real = told(Wiring.of(network.graph), laying, decide).graph.kernels, network.kernels.kernels
    except TellingError:
        return [], False
    return found, equal(replayed, real) == len(replayed) == len(real)


def _relays(networks: Sequence[Evidence]) -> Relays:
    """By the shapes of the file's tensors that they lay out anew."""
    seen: list[tuple[Layouts, Shape, str]] = []
    axis = 1
    for network in networks:
        axis = sizes_of(network.graph.format).channel_axis
        for kernel in split(network)[1]:
            tensor = network.graph.tensors.get(next(iter(kernel.results), ""))
            if tensor is not None and tensor.shape is not None:
                seen.append((kernel.layouts, tensor.shape, kernel.kind))
    return Relays.learnt(seen, axis)


def _blocks(networks: Iterable[Evidence]) -> dict[str, int]:
    """The largest block that explains how many channels maps have in each layout."""
    pairs: dict[str, set[tuple[int, int]]] = {}
    for network in networks:
        for layout, stated, laid in _laid(network):
            pairs.setdefault(layout, set()).add((stated, laid))
    return {layout: _block(found) for layout, found in sorted(pairs.items())}


def _laid(network: Evidence) -> Iterable[tuple[str, int, int]]:
    tensors, axis = network.graph.tensors, sizes_of(network.graph.format).channel_axis
    for kernel in split(network)[0]:
        tensor = tensors.get(next(iter(kernel.results), ""))
        shape = kernel.outputs[0] if kernel.outputs else ()
        stated = (tensor.shape or ()) if tensor is not None else ()
        if kernel.layouts[1] and len(stated) == len(shape) > 1:
            yield kernel.layouts[1], stated[axis], shape[axis]


def _block(pairs: Iterable[tuple[int, int]]) -> int:
    found = list(pairs)
    fitting = (block for block in _BLOCKS if all(filled(a, block) == b for a, b in found))
    return next(fitting, 1)


def _texts(rows: Sequence[_Seen], tree: Tree) -> dict[str, frozenset[str]]:
    """Of what the tree asks for. An attribute that is left out is an empty text."""
    return {
        name: frozenset(str(row.values.get(name, "")) for row in rows) for name in (ALWAYS, *recognised(tree))
    }
