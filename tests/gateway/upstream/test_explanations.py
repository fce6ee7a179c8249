import dataclasses

import numpy as np
import pytest

from gateway.errors import ExplanationMissing, ModelVersionMismatch, ModelVersionMissing, PredictorRejected
from gateway.pin import PinReader
from tests.support.gateway import VERSION, make_repository
from tests.support.upstream import CROP

REGIONS = ("eyes", "mouth")
MAP = np.linspace(-1, 1, 32 * 32, dtype=np.float32).reshape(1, 32, 32)
ASYMMETRY = np.float32([[0.25, 0.5]])


@pytest.fixture
def model(tmp_path):
    repository = make_repository(tmp_path, asymmetry_regions=REGIONS)
    return PinReader(repository, allow_demo=True, on_change=lambda _: None).current()


@pytest.fixture
def stub(stub):
    stub.explanation = {"attribution": MAP, "asymmetry": ASYMMETRY}
    return stub


def test_an_explanation_names_the_regions_that_the_contract_names(connect, stub, model, results):
    explanation = connect(stub.address).explain(model)
    assert explanation.asymmetry == {"eyes": 0.25, "mouth": 0.5}
    assert explanation.attribution.dtype == np.float32
    assert np.array_equal(explanation.attribution, MAP[0])
    assert stub.crops[0].tobytes() == CROP.tobytes()
    assert stub.asked_versions == [VERSION]
    assert results == ["ok"]


def test_a_version_without_one_is_not_asked(connect, stub, model):
    contract = dataclasses.replace(model.contract, asymmetry_regions=())
    with pytest.raises(ExplanationMissing):
        connect(stub.address).explain(dataclasses.replace(model, contract=contract))
    assert stub.calls == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"attribution": MAP[0]},
        {"attribution": MAP.astype(np.int64)},
        {"attribution": np.full_like(MAP, np.nan)},
        {"asymmetry": np.float32([[0.25]])},
        {"asymmetry": np.float32([[0.25, np.inf]])},
    ],
)
def test_an_explanation_of_another_shape_or_not_finite_is_no_answer(connect, stub, model, results, changed):
    stub.explanation |= changed
    with pytest.raises(PredictorRejected):
        connect(stub.address).explain(model)
    assert results == ["invalid_answer"]


def test_another_version_explains_nothing_about_this_one(connect, stub, model):
    stub.answering_version = VERSION + 1
    with pytest.raises(ModelVersionMismatch):
        connect(stub.address).explain(model)


def test_a_version_that_is_not_served_is_missing(connect, stub, model):
    stub.version = VERSION + 1
    with pytest.raises(ModelVersionMissing):
        connect(stub.address).explain(model)
