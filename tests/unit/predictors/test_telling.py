"""Rules of fusion, learnt from engines whose rules are known."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter.graphs.graph import Attribute, Cost, Graph, Operator, Tensor
from edgemeter.kernels.kernel import KernelGraph
from edgemeter.kernels.wiring import Wiring
from edgemeter_predictors.kernels.telling.contexts import Context
from edgemeter_predictors.kernels.telling.evidence import Evidence, equal, outcomes
from edgemeter_predictors.kernels.telling.learning import learn
from edgemeter_predictors.kernels.telling.outcomes import Join, Outcome, Own, Pass, Share
from edgemeter_predictors.kernels.telling.relays import Relays
from edgemeter_predictors.kernels.telling.rules import Rules
from edgemeter_predictors.kernels.telling.teller import Teller, TellingError, told

BLOCK = 8
RELAYS = Relays(("ToBlocks", "FromBlocks"), {("", "block"): 0, ("block", ""): 1})
LAYING = Rules((), {}, {}, RELAYS, {"block": BLOCK})


def engine(context: Context) -> tuple[Outcome, None]:
    """Blocks convolutions of four channels or more, fuses activations and sums into those that nobody else
    reads, keeps pools in the layout they find, and splits a hard swish in two where it cannot fuse it.
    """
    node, drafts = context.node, context.drafts
    before = [drafts.layout(tensor) for tensor in node.maps]
    writers = [drafts.writer(tensor) for tensor in node.maps]
    alone = [len(drafts.wiring.readers[tensor.name]) == 1 for tensor in node.maps]
    fits = [w is not None and "Conv" in w.begun.kind and only for w, only in zip(writers, alone, strict=True)]
    match node.kind:
        case "Identity":
            return Pass(), None
        case "Conv":
            wide = (node.maps[0].shape or ())[1] >= 4
            return (Own("b.Conv", ("block", "block")) if wide else Own("Conv")), None
        case "Relu" | "HardSwish" if fits[0]:
            return Join(0, node.kind), None
        case "HardSwish":
            return Own("HardSigmoid", (before[0], before[0]), (("Mul", 2),)), None
        case "Add" if fits[1] and before == ["block", "block"] and writers[1] is not writers[0]:
            return Join(1, "Add"), None
        case "Split" if drafts.twin(node):
            return Share(), None
        case "MaxPool" | "Relu":
            return Own(node.kind, (before[0], before[0])), None
        case kind:
            return Own(kind), None


class Drawn:
    """A network of random operators, most of which read what came last."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.operators: list[Operator] = []
        self.tensors = {"input": Tensor("input", (1, random.choice((2, 3, 8, 12, 20)), 8, 8), "float32")}
        self.last = "input"

    def graph(self, length: int) -> Graph:
        for _ in range(length):
            self.last = self._grow(self.random.choice(KINDS))
        used = {name for operator in self.operators for name in operator.inputs}
        ends = tuple(name for each in self.operators for name in each.outputs if name not in used)
        return Graph("onnx", "", {"": 17}, ("input",), ends, tuple(self.operators), self.tensors, 0, None)

    def _grow(self, kind: str) -> str:
        shape = self.tensors[self.last].shape or ()
        if kind == "Conv":
            return self._conv(self.last, self.random.choice((2, 4, 8, 12, 20)))
        if kind == "Add":
            other = self._conv(self.last, shape[1])
            return self._operator("Add", [self.last, other], shape)
        if kind == "Split":
            halves = [self._operator("Split", [self.last], (1, shape[1] // 2, *shape[2:])) for _ in range(2)]
            return self._operator("Concat", halves, (1, shape[1] // 2 * 2, *shape[2:]))
        return self._operator(kind, [self.last], shape)

    def _conv(self, source: str, channels: int) -> str:
        shape = self.tensors[source].shape or ()
        weights = f"w{len(self.tensors)}"
        filters = (channels, shape[1], 3, 3)
        self.tensors[weights] = Tensor(weights, filters, "float32", constant=True)
        return self._operator("Conv", [source, weights], (1, channels, *shape[2:]), kernel_shape=(3, 3))

    def _operator(self, kind: str, inputs: list[str], shape: tuple[int, ...], **attributes: Attribute) -> str:
        name = f"t{len(self.tensors)}"
        self.tensors[name] = Tensor(name, shape, "float32")
        cost = Cost(1000 if kind == "Conv" else 0, 0 if kind == "Identity" else 10, 0, 0, 0)
        self.operators.append(Operator(kind, "", name, tuple(inputs), (name,), attributes, "float32", cost))
        return name


KINDS = ("Conv", "Conv", "Conv", "Relu", "Relu", "HardSwish", "Add", "MaxPool", "Identity", "Split")


def evidence(random: Random, length: int) -> Evidence:
    graph = Drawn(random).graph(length)
    return Evidence(graph, told(Wiring.of(graph), LAYING, engine).graph)


@pytest.fixture(scope="module")
def teller() -> Teller:
    random = Random(0)
    rules, explained = learn([evidence(random, random.randint(2, 10)) for _ in range(150)])
    assert explained == 150
    return Teller("onnx", rules, explained, 0.0)


@given(st.randoms(use_true_random=False), st.integers(1, 8))
@settings(max_examples=25)
def test_what_became_of_each_operator_follows_from_the_kernels(random: Random, length: int) -> None:
    shown = evidence(random, length)
    found = outcomes(shown)
    again = told(Wiring.of(shown.graph), LAYING, lambda context: (found[context.position], None)).graph
    assert equal(again.kernels, shown.kernels.kernels) == len(again.kernels) == len(shown.kernels.kernels)


@given(st.integers(1, 10**6), st.integers(1, 12))
@settings(max_examples=50)
def test_networks_never_seen_are_told_as_the_engine_runs_them(teller: Teller, seed: int, length: int) -> None:
    shown = evidence(Random(seed), length)
    found = teller.tell(Wiring.of(shown.graph))
    assert found.graph == shown.kernels
    assert set(found.doubts) <= {None}


def test_layouts_and_their_blocks_are_found(teller: Teller) -> None:
    for layouts in (("", "block"), ("block", ""), ("", "other")):
        known = RELAYS.kind(layouts, (1, 8, 4, 4), 1)
        assert teller.rules.relays.kind(layouts, (1, 8, 4, 4), 1) == known
    assert teller.rules.blocks == LAYING.blocks


def test_rules_are_json_and_back(teller: Teller) -> None:
    again = Teller.of(json.loads(json.dumps(teller.document())))
    assert again == teller
    assert Teller.of(teller.document() | {"version": 99}) is None
    for bad in ({"version": 1}, teller.document() | {"rules": {"outcomes": [], "trees": {"Conv": 0}}}):
        with pytest.raises((KeyError, ValueError, TypeError)):
            Teller.of(bad)


def test_an_operator_that_no_network_had_is_a_kernel_of_its_own_and_doubted(teller: Teller) -> None:
    drawn = Drawn(Random(1))
    drawn.last = drawn._operator("LRN", ["input"], drawn.tensors["input"].shape or ())
    found = teller.tell(Wiring.of(drawn.graph(1)))
    assert found.graph.kernels[0].kind == "LRN"
    assert found.doubts[0] == "LRN"


def test_an_operator_in_a_context_that_no_network_had_is_named(teller: Teller) -> None:
    graph = Drawn(Random(2)).graph(3)
    halves = {name: replace(each, dtype="float16") for name, each in graph.tensors.items()}
    found = teller.tell(Wiring.of(replace(graph, tensors=halves)))
    assert found.doubts[0] == f"{graph.operators[0].type} (input: float16 of rank 4)"


def test_what_cannot_be_told_is_refused_in_words(teller: Teller) -> None:
    graph = Drawn(Random(3)).graph(2)
    with pytest.raises(TellingError, match="tflite"):
        teller.tell(Wiring.of(replace(graph, format="tflite")))
    unknown = {name: replace(each, shape=None) for name, each in graph.tensors.items()}
    with pytest.raises(TellingError, match="shape of 'input'"):
        teller.tell(Wiring.of(replace(graph, tensors=unknown)))


def test_kernels_that_do_not_follow_from_the_operators_teach_nothing() -> None:
    random = Random(5)
    shown = [evidence(random, 4) for _ in range(5)]
    strange = [
        replace(each, kernels=KernelGraph(tuple(replace(k, results=()) for k in each.kernels.kernels)))
        for each in shown
    ]
    assert learn(strange)[1] == 0
