"""The kernel model on a made-up engine, whose every kernel's time is known."""

from dataclasses import replace
from math import prod

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from edgemeter.kernels.campaign import Campaign, Heading, Row
from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter.kernels.wiring import Wiring
from edgemeter.spaces.hurricane import Hurricane
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import DataError
from edgemeter_predictors.judging.calibrating import calibrate
from edgemeter_predictors.kernels.data import KernelData
from edgemeter_predictors.kernels.features import LOADS, SIZES, described, handed_over, regressor_of
from edgemeter_predictors.kernels.model import FittedKernels, KernelModel
from edgemeter_predictors.kernels.pricing import KernelPricing, PricingError
from edgemeter_predictors.kernels.regressor import fit_regressor
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.container import FileError
from edgemeter_predictors.saving.kernel_predictors import load_kernels, save_kernels
from edgemeter_predictors.saving.predictors import load

HEADING = Heading("board.cpu.engine-1.0.fp32.t1.b1", "1.0.0", "survey 1", 0)
_PER_NETWORK_US, _PER_KERNEL_US = 8.0, 0.6


def convolution(rng: np.random.Generator) -> Kernel:
    side, taken, given, window = rng.choice([7, 14, 28]), *rng.integers(1, 12, 2) * 8, rng.choice([1, 3])
    shapes = [(1, int(channels), int(side), int(side)) for channels in (taken, given)]
    macs = int(prod(shapes[1]) * taken * window**2)
    return Kernel(
        "Conv",
        "c",
        (shapes[0],),
        (shapes[1],),
        int(taken * given * window**2),
        (int(taken), int(given)),
        (int(window), int(window)),
        fused=("Relu",) if rng.random() < 0.5 else (),
        macs=macs,
    )


def light(rng: np.random.Generator, kind: str) -> Kernel:
    shape = (1, int(rng.integers(1, 12) * 8), *[int(rng.choice([7, 14, 28]))] * 2)
    return Kernel(
        kind, kind.lower(), (shape,) * (1 + (kind == "Add")), (shape,), channels=(shape[1], shape[1])
    )


def true_us(kernel: Kernel) -> float:
    """Convolutions of few channels are slow; everything else moves data."""
    speed = 20_000 * kernel.channels[0] / (kernel.channels[0] + 16)
    return 1.0 + kernel.macs / speed + (kernel.read + kernel.written) / 4_000


def graph(rng: np.random.Generator, *more: str, noise: float = 0.02) -> KernelGraph:
    drawn = [convolution(rng) for _ in range(rng.integers(1, 7))]
    drawn += [light(rng, kind) for kind in (*rng.choice(["Add", "Relu"], rng.integers(1, 4)), *more)]
    scatter = 1 + noise * rng.standard_normal(len(drawn))
    times = [true_us(kernel) * factor for kernel, factor in zip(drawn, scatter, strict=True)]
    return KernelGraph(tuple(replace(k, time_us=float(t)) for k, t in zip(drawn, times, strict=True)))


def latency_ms(graph: KernelGraph) -> float:
    return 1e-3 * (sum(true_us(k) + _PER_KERNEL_US for k in graph.kernels) + _PER_NETWORK_US)


def data(rows: int, seed: int, noise: float = 0.02) -> KernelData:
    rng = np.random.default_rng(seed)
    graphs = tuple(graph(rng, noise=noise) for _ in range(rows))
    measured = np.array([latency_ms(each) for each in graphs]) * (1 + noise * rng.standard_normal(rows))
    return KernelData(graphs, measured, np.arange(rows) // 20)


def campaign(rows: KernelData, **changes: object) -> Campaign:
    pairs = enumerate(zip(rows.graphs, rows.latency_ms.tolist(), strict=True))
    made = [Row(str(n), 0, value, value, True, (), each, (0.5, 5.0)) for n, (each, value) in pairs]
    return Campaign(HEADING, tuple(replace(row, **changes) for row in made))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def predictor() -> Predictor[tuple[KernelGraph, ...]]:
    with threadpool_limits(1):
        fitted, held_out = KernelModel().fit_and_hold_out(data(45, 1), 3, 0)
    return Predictor(fitted, calibrate(held_out), None, float("nan"), 45)  # type: ignore[arg-type]


@pytest.fixture
def fitted(predictor: Predictor[tuple[KernelGraph, ...]]) -> FittedKernels:
    assert isinstance(predictor.fitted, FittedKernels)
    return predictor.fitted


def test_networks_it_has_not_seen_are_the_sum_of_their_kernels_and_an_overhead(
    predictor: Predictor[tuple[KernelGraph, ...]],
) -> None:
    asked = data(200, 2, noise=0.0)
    prediction = predictor.predict(asked.graphs)
    error = np.abs(prediction.mean_ms / asked.latency_ms - 1)
    assert error.mean() < 0.05
    interval = predictor.interval(prediction)
    inside = (interval.low_ms <= asked.latency_ms) & (asked.latency_ms <= interval.high_ms)
    assert inside.mean() > 0.8


def test_a_kernel_without_data_is_named_guessed_and_widens_the_interval(fitted: FittedKernels) -> None:
    plain = graph(np.random.default_rng(3))
    strange = light(np.random.default_rng(4), "LRN")
    both = KernelGraph((*plain.kernels, strange))
    assert fitted.prices.of(plain).guessed == ()
    assert fitted.prices.of(both).guessed == ("LRN",)
    assert fitted.prices.of(both).time_ms[-1] > 0
    without, with_it = fitted.predict([plain]), fitted.predict([both])
    assert with_it.mean_ms[0] > without.mean_ms[0]
    assert with_it.std_ms[0] > without.std_ms[0]


def test_a_network_of_unknown_kernels_alone_has_an_answer(fitted: FittedKernels) -> None:
    alone = KernelGraph((light(np.random.default_rng(4), "LRN"),))
    prediction = fitted.predict([alone])
    assert 0 < prediction.mean_ms[0] < np.inf
    assert 0 < prediction.std_ms[0] < np.inf


def test_a_regressor_knows_where_it_has_no_data() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.uniform(0, 4, (60, 2))
    loads = np.ones((60, 1))
    regressor = fit_regressor(loads, sizes, 50 * np.exp(np.sin(2 * sizes[:, 0])))
    time_us, near = regressor.predict(loads[:5], sizes[:5])
    np.testing.assert_allclose(time_us, 50 * np.exp(np.sin(2 * sizes[:5, 0])), rtol=0.1)
    _, far = regressor.predict(loads[:5], sizes[:5] + 100)
    assert (far > 3 * near).all()
    assert (np.abs(regressor.predict(loads[:1], sizes[:1] + 100)[0] / regressor.roofline) < 1.5).all()


def test_parts_and_kernels_sum_to_the_mean(fitted: FittedKernels) -> None:
    asked = data(5, 7).graphs
    parts, mean = fitted.parts(asked), fitted.predict(asked).mean_ms
    np.testing.assert_allclose(parts.layers_ms.sum(axis=1) + parts.rest_ms, mean)
    np.testing.assert_allclose(
        [fitted.prices.of(each).time_ms.sum() for each in asked], parts.layers_ms.sum(axis=1)
    )
    assert fitted.predict([]).mean_ms.shape == (0,)


def test_the_latency_has_the_last_word_on_what_its_kernels_take() -> None:
    rows = data(40, 5, noise=0.0)
    slow = tuple(
        KernelGraph(tuple(replace(k, time_us=1.3 * (k.time_us or 0)) for k in each.kernels))
        for each in rows.graphs[:10]
    )
    times = replace(rows, graphs=(*slow, *rows.graphs[10:])).unprofiled().times_us
    for each, graph_ in zip(times[:10], rows.graphs[:10], strict=True):
        assert each.sum() == pytest.approx(sum(true_us(k) for k in graph_.kernels), rel=0.15)


def test_what_profiling_adds_to_each_kernel_is_taken_out() -> None:
    rows = data(60, 5, noise=0.0)
    profiled = tuple(
        KernelGraph(tuple(replace(k, time_us=3.0 + (k.time_us or 0)) for k in each.kernels))
        for each in rows.graphs
    )
    times = replace(rows, graphs=profiled).unprofiled().times_us
    for each, graph_ in zip(times, rows.graphs, strict=True):
        np.testing.assert_allclose(each, [true_us(k) + _PER_KERNEL_US for k in graph_.kernels], rtol=0.1)


def test_what_handing_over_takes_is_no_kernels() -> None:
    rows = data(60, 5, noise=0.0)
    given, gives = 0.002, 0.005  # microseconds for an element
    ends = handed_over(rows.graphs)
    slow = replace(rows, latency_ms=rows.latency_ms + 1e-3 * ends @ (given, gives))
    found = slow.unprofiled()
    np.testing.assert_allclose(found.handover_us, (given, gives), rtol=0.05)
    for each, graph_ in zip(found.times_us, rows.graphs, strict=True):
        assert each.sum() == pytest.approx(sum(k.time_us or 0.0 for k in graph_.kernels), rel=0.15)
    with threadpool_limits(1):
        fitted = KernelModel().fit(slow)
    np.testing.assert_allclose(
        fitted.prices.of(rows.graphs[0]).handover_us, ends[0] @ (given, gives), rtol=0.1
    )
    parts, mean = fitted.parts(rows.graphs), fitted.predict(rows.graphs).mean_ms
    np.testing.assert_allclose(parts.layers_ms.sum(axis=1) + parts.rest_ms, mean)


def test_what_is_saved_is_the_whole_predictor(predictor: Predictor[tuple[KernelGraph, ...]]) -> None:
    asked = data(20, 6).graphs
    again = load_kernels(save_kernels(predictor))  # type: ignore[arg-type]
    for name in ("mean_ms", "std_ms"):
        np.testing.assert_array_equal(
            getattr(again.predict(asked), name), getattr(predictor.predict(asked), name)
        )
    assert again.calibration == predictor.calibration
    assert again.fitted.explanation == predictor.fitted.explanation


def test_files_that_are_no_kernel_predictors_are_refused(
    predictor: Predictor[tuple[KernelGraph, ...]],
) -> None:
    whole = save_kernels(predictor)  # type: ignore[arg-type]
    for bad in (b"", whole[:-1], whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]):
        with pytest.raises(PricingError):
            KernelPricing().open(bad)
    with pytest.raises(FileError, match="does not say which space"):
        load(whole, Hurricane())


def test_too_little_is_refused_and_says_what_became_of_the_campaign() -> None:
    with pytest.raises(NotApplicable, match="20 measured networks"):
        KernelModel().fit(data(19, 1))
    invalid = campaign(data(30, 1), valid=False, reasons=("contended",))
    with pytest.raises(PricingError, match="30 in the campaign 30 are contended"):
        KernelPricing().fit(invalid)
    with pytest.raises(PricingError, match="there are 0"):
        KernelPricing().fit(Campaign(HEADING, ()))


def test_times_are_needed_and_latencies_are_positive() -> None:
    rows = data(3, 1)
    with pytest.raises(DataError, match="profiled"):
        replace(rows, graphs=(KernelGraph(()), *rows.graphs[1:]))
    with pytest.raises(DataError, match="positive"):
        replace(rows, latency_ms=np.zeros(3))
    with pytest.raises(DataError, match="2 batches"):
        replace(rows, batch=np.zeros(2, np.intp))


def test_a_batch_that_was_slow_does_not_slow_down_its_kernels() -> None:
    rows = data(60, 11, noise=0.01)
    slow = np.where(rows.batch == 1, 1.2, 1.0)
    true_ms = np.array([latency_ms(each) for each in rows.graphs])
    even = replace(rows, latency_ms=rows.latency_ms * slow).corrected(true_ms)
    ratio = even.latency_ms / true_ms
    assert ratio[rows.batch == 1].mean() / ratio[rows.batch == 0].mean() == pytest.approx(1.0, abs=0.06)


def test_a_campaign_becomes_a_predictor_that_answers_and_is_judged() -> None:
    opened = KernelPricing().open(KernelPricing().fit(campaign(data(30, 8))))
    asked = data(12, 9, noise=0.0)
    estimates = [opened.estimate(each) for each in asked.graphs]
    for each in estimates:
        assert each.low_ms < each.latency_ms < each.high_ms
        assert sum(part.latency_ms for part in each.kernels) + each.rest_ms == pytest.approx(each.latency_ms)
    summary = KernelPricing().judge(estimates, asked.latency_ms.tolist())
    assert summary["mape_percent"] < 8
    assert summary["spearman"] > 0.95
    assert opened.about["networks"] == 30
    assert opened.about["held_out_mape_percent"] > 0
    with pytest.raises(PricingError, match="no kernel"):
        opened.estimate(KernelGraph(()))
    assert opened.tells is None
    nothing = Wiring("onnx", {}, (), ())
    with pytest.raises(PricingError, match="of 0 networks with graphs in the campaign"):
        opened.estimate_file(nothing)


def test_networks_to_judge_by_are_not_learnt_from_and_calibrate_the_interval() -> None:
    learnt, judges = campaign(data(30, 8)).rows, campaign(data(16, 12), judging=True).rows
    slow = [replace(row, network=f"j{n}", raw_ms=3 * (row.raw_ms or 0)) for n, row in enumerate(judges)]
    both = KernelPricing().open(KernelPricing().fit(Campaign(HEADING, (*learnt, *slow))))
    assert (both.about["networks"], both.about["networks_to_judge_by"]) == (30, 16)
    assert both.about["held_out_mape_percent"] > 50
    alone = KernelPricing().open(KernelPricing().fit(Campaign(HEADING, learnt)))
    asked = data(1, 9).graphs[0]
    assert both.estimate(asked).latency_ms == pytest.approx(alone.estimate(asked).latency_ms)
    assert both.estimate(asked).high_ms > 1.5 * alone.estimate(asked).high_ms


def test_a_network_that_was_measured_twice_counts_with_both_and_says_what_sessions_differ_by() -> None:
    learnt, judges = campaign(data(30, 8)).rows, campaign(data(16, 12), judging=True).rows
    first = tuple(replace(row, network=f"j{n}") for n, row in enumerate(judges))
    slow = tuple(replace(row, batch=1, raw_ms=1.3 * (row.raw_ms or 0)) for row in first)
    once, twice = (
        KernelPricing().open(KernelPricing().fit(Campaign(HEADING, (*learnt, *rows))))
        for rows in (first, first + slow)
    )
    assert twice.about["networks_to_judge_by"] == once.about["networks_to_judge_by"] == 16
    assert twice.about["networks_left_out"] == 0
    assert np.isnan(once.retest_error)
    assert "retest_error_percent" not in once.about
    # Each lies by half of log(1.3) from its mean, with one degree of freedom.
    assert twice.retest_error == pytest.approx(np.log(1.3) / np.sqrt(2))
    asked = data(1, 9).graphs[0]
    assert twice.estimate(asked).latency_ms == pytest.approx(once.estimate(asked).latency_ms)
    assert twice.estimate(asked).high_ms > 1.1 * once.estimate(asked).high_ms


def test_few_networks_to_judge_by_are_no_more_for_being_measured_twice() -> None:
    learnt, judges = campaign(data(30, 8)).rows, campaign(data(8, 12), judging=True).rows
    rows = [replace(row, network=f"j{n}", raw_ms=3 * (row.raw_ms or 0)) for n, row in enumerate(judges)]
    opened = KernelPricing().open(KernelPricing().fit(Campaign(HEADING, (*learnt, *rows, *rows))))
    assert opened.about["held_out_mape_percent"] < 20


def test_the_kernel_that_writes_the_result_is_marked() -> None:
    whole = graph(np.random.default_rng(3))
    assert described(whole)[1][:, SIZES.index("result")].tolist() == [0.0] * (len(whole.kernels) - 1) + [1.0]


def test_convolutions_are_told_apart_by_how_they_are_computed() -> None:
    base = Kernel("Conv", "c", ((1, 32, 8, 8),), ((1, 32, 8, 8),), channels=(32, 32), window=(3, 3))
    assert regressor_of(base) == "Conv dense"
    assert regressor_of(replace(base, window=(1, 1))) == "Conv 1x1"
    assert regressor_of(replace(base, groups=32)) == "Conv depthwise"
    assert regressor_of(replace(base, groups=4)) == "Conv grouped"
    assert regressor_of(replace(base, channels=(3, 32))) == "Conv of an image"
    assert regressor_of(replace(base, kind="Gemm")) == "Gemm"


def test_what_multiplies_nothing_works_row_by_row() -> None:
    softmax = Kernel("Softmax", "s", ((1, 4300, 2),), ((1, 4300, 2),))
    product = Kernel("Gemm", "g", ((1, 14, 14, 32),), ((1, 14, 14, 64),), macs=401_408)
    unshaped = Kernel("Shape", "n", (), ((4,),))
    found = described(KernelGraph((softmax, product, unshaped)))[0]
    assert found[:, LOADS.index("rows")].tolist() == [4300.0, 0.0, 0.0]


def test_products_are_told_apart_by_whether_their_weights_serve_one_row() -> None:
    rows = Kernel("Gemm", "g", ((1, 14, 14, 32),), ((1, 14, 14, 64),), channels=(32, 64), macs=401_408)
    one = replace(rows, inputs=((1, 32),), outputs=((1, 64),), macs=2_048)
    assert [regressor_of(each) for each in (rows, one)] == ["Gemm", "Gemm of one row"]
