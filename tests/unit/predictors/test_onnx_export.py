import numpy as np
import pytest

from edgemeter_predictors.additive import Additive
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.gaussian_process import GaussianProcess
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.saving.onnx_export import saved_as_onnx, to_onnx
from edgemeter_predictors.saving.predictors import save
from edgemeter_predictors.training import train
from tests.unit.predictors import blocks

runtime = pytest.importorskip("onnxruntime")
MODELS = (Lut(), Linear(), BayesianRidge(), BayesianRidge("pairs"), Hierarchical())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model))
def test_onnx_runtime_predicts_the_same(model: Lut | Linear | BayesianRidge | Hierarchical) -> None:
    fitted: Additive = model.fit(blocks.data(120))
    data = to_onnx(fitted)
    assert data == to_onnx(fitted)
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    codes = np.ascontiguousarray(blocks.sample(200, seed=9))
    (latency_ms,) = session.run(["latency_ms"], {"codes": codes})
    np.testing.assert_allclose(latency_ms, fitted.predict(codes).mean_ms, rtol=1e-12)


def test_pruned_codes_cannot_be_written() -> None:
    with pytest.raises(NotApplicable, match="pruned"):
        to_onnx(BayesianRidge(pruned=True).fit(blocks.data(60)))


def test_what_is_no_sum_of_tables_is_told() -> None:
    saved = save(train(GaussianProcess(), blocks.data(20)), blocks.SPACE)
    with pytest.raises(NotApplicable, match="gaussian_process is no sum of tables"):
        saved_as_onnx(saved, blocks.SPACE)
