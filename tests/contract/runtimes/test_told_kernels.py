"""Rules learnt from networks whose kernels an engine has told: what they tell of others that it runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgemeter.graphs.reading import read_graph
from edgemeter.kernels.files import CampaignFile, campaign_files
from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter.kernels.wiring import Wiring
from edgemeter.networks.building import Builder
from edgemeter.networks.network import Activation, Map
from edgemeter.networks.writing import FileFormat, write
from edgemeter.targets import Precision
from edgemeter_agents.runtimes.base import Runtime, Settings
from edgemeter_agents.runtimes.registry import resolve
from edgemeter_predictors.kernels.telling.evidence import Evidence, comparable
from edgemeter_predictors.kernels.telling.learning import learn
from edgemeter_predictors.kernels.telling.teller import Teller

#: The engine's package, its adapter, the format of its campaigns, and what share of their networks rules have
#: to explain: OpenVINO moves strides of 1x1 convolutions to what comes before, which no outcome says.
ENGINES = (
    ("onnxruntime", "edgemeter_agents.runtimes.onnxruntime:OnnxRuntime", "onnx", 1.0),
    ("openvino", "edgemeter_agents.runtimes.openvino:OpenVino", "onnx", 0.8),
    ("ai_edge_litert", "edgemeter_agents.runtimes.litert:LiteRt", "tflite", 1.0),
)
#: Files of at most so many bytes: sessions of larger ones take time that adds nothing here.
SMALL = 150_000
NETWORKS = 20


class Engine:
    """An engine with the rules that some of its campaign's networks teach."""

    def __init__(self, runtime: Runtime, file_format: FileFormat, least: float, folder: Path) -> None:
        self.runtime, self.format, self.folder = runtime, file_format, folder
        self.shown = [self.evidence(file.content()) for file in _files(file_format)]
        rules, explained = learn(self.shown)
        assert explained >= least * len(self.shown), "kernels do not follow from their networks' operators"
        self.explained = explained
        self.teller = Teller(file_format, rules, explained, 0.0)

    def evidence(self, content: bytes) -> Evidence:
        path = self.folder / f"network.{self.format}"
        path.write_bytes(content)
        graph = read_graph(path)
        inputs = {name: np.zeros(graph.tensors[name].shape or (), np.float32) for name in graph.inputs}
        kernels = self.runtime.kernels(path, Settings(), {}, inputs, None)
        return Evidence(graph, KernelGraph(tuple(kernels)))


@pytest.fixture(scope="module", params=ENGINES, ids=lambda each: each[0])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    package, adapter, file_format, least = request.param
    pytest.importorskip(package)
    return Engine(resolve(adapter), file_format, least, tmp_path_factory.mktemp("campaign"))


def _files(file_format: FileFormat) -> Iterator[CampaignFile]:
    drawn = (file for file in campaign_files(0, 200, file_format, Precision.FP32) if not file.judging)
    small = (file for file in drawn if len(file.content()) <= SMALL)
    yield from (file for _, file in zip(range(NETWORKS), small, strict=False))


def kernels(graph: KernelGraph) -> list[Kernel]:
    return sorted(map(comparable, graph.kernels), key=repr)


def test_what_was_learnt_from_is_told_again(engine: Engine) -> None:
    told = [
        kernels(engine.teller.tell(Wiring.of(each.graph)).graph) == kernels(each.kernels)
        for each in engine.shown
    ]
    assert sum(told) >= engine.explained


def mobile(builder: Builder) -> int:
    inner = builder.conv(builder.input, 24, 3, 2, activation=Activation.RELU)
    inner = builder.depthwise(builder.conv(inner, 48, activation=Activation.RELU6), 3, 1, Activation.RELU6)
    return builder.conv(inner, 24)


def residual(builder: Builder) -> int:
    first = builder.conv(builder.input, 32, 3, activation=Activation.RELU)
    inner = builder.conv(builder.conv(first, 32, 3, activation=Activation.RELU), 32, 3)
    return builder.activate(builder.add(first, inner), Activation.RELU)


def pooled(builder: Builder) -> int:
    inner = builder.conv(builder.input, 40, 3, 2, activation=Activation.RELU)
    return builder.conv(builder.max_pool(inner, 3, 2), 48, activation=Activation.RELU)


@pytest.mark.parametrize("build", [mobile, residual, pooled])
def test_networks_that_it_has_not_seen_are_told_as_the_engine_runs_them(
    engine: Engine, build: Callable[[Builder], int]
) -> None:
    builder = Builder("unseen", Map(48, 48, 3))
    network = builder.finish(build(builder))
    real = engine.evidence(write(network, engine.format, Precision.FP32))
    found = engine.teller.tell(Wiring.of(real.graph))
    assert kernels(found.graph) == kernels(real.kernels)
    assert found.graph.weights == pytest.approx(real.kernels.weights, rel=0.01)
