"""`contract.json`: what is written can be read back, and what cannot be trusted is refused."""

from __future__ import annotations

import dataclasses
import json

import pytest

from serving.contract.band_counts import BandCounts
from serving.contract.errors import ContractInvalid
from serving.contract.model import (
    CONTRACT_SCHEMA,
    PREPROCESSING_VERSION,
    Calibration,
    CropSpec,
    Evidence,
    ModelContract,
    Tolerances,
)
from serving.contract.severity import ROUNDING_RULE

CONTRACT = ModelContract(
    version=3,
    architecture="twin",
    evidence=Evidence.RESEARCH,
    training_data="drawn faces, seed 0",
    limits=("one", "two"),
    tensorflow_version="2.21.0",
    keras_version="3.15.0",
    created="2026-11-22T00:00:00Z",
    crop=CropSpec(kind="whole", size=96),
    calibration=Calibration(method="temperature", temperature=1.7),
    tolerances=Tolerances(bfloat16=0.01),
    holdout={"auroc": 0.9, "n_photos": 400.0},
    knows_nothing=True,
    band_counts=BandCounts({"none": 3.5, "mild": 6.5, "high": 10.0}, {"none": 30.0, "mild": 8.0, "high": 2.0}, 20, 40),
)
COUNTS = json.loads(CONTRACT.to_json())["band_counts"]


def changed(text: str, **changes: object) -> str:
    return json.dumps(json.loads(text) | changes)


def without(text: str, name: str) -> str:
    return json.dumps({key: value for key, value in json.loads(text).items() if key != name})


def test_a_contract_survives_being_written_and_read() -> None:
    assert ModelContract.from_json(CONTRACT.to_json()) == CONTRACT


def test_equal_contracts_have_equal_bytes() -> None:
    assert CONTRACT.to_json() == ModelContract.from_json(CONTRACT.to_json()).to_json()
    assert CONTRACT.to_json().endswith("}\n")


def test_a_contract_states_polarity_rounding_and_crop() -> None:
    content = json.loads(CONTRACT.to_json())
    assert content["positive_class"] == "no_depression"
    assert content["severity_rounding"] == ROUNDING_RULE
    assert content["crop"]["preprocessing_version"] == PREPROCESSING_VERSION
    assert content["schema"] == CONTRACT_SCHEMA


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        changed(CONTRACT.to_json(), schema="symmetra.contract/2"),
        without(CONTRACT.to_json(), "schema"),
        without(CONTRACT.to_json(), "version"),
        without(CONTRACT.to_json(), "crop"),
        changed(CONTRACT.to_json(), surprise=1),
        changed(CONTRACT.to_json(), version="three"),
        changed(CONTRACT.to_json(), version=0),
        changed(CONTRACT.to_json(), evidence="proven"),
        changed(CONTRACT.to_json(), crop={"kind": "aligned", "surprise": 1}),
        changed(CONTRACT.to_json(), crop={"kind": "oval"}),
        changed(CONTRACT.to_json(), crop=None),
        changed(CONTRACT.to_json(), limits=7),
        changed(CONTRACT.to_json(), limits="one"),
        changed(CONTRACT.to_json(), limits=[1]),
        changed(CONTRACT.to_json(), version=True),
        changed(CONTRACT.to_json(), version=1.5),
        changed(CONTRACT.to_json(), architecture=7),
        changed(CONTRACT.to_json(), input_tensor=None),
        changed(CONTRACT.to_json(), knows_nothing="no"),
        changed(CONTRACT.to_json(), holdout=[]),
        changed(CONTRACT.to_json(), holdout={"auroc": "high"}),
        changed(CONTRACT.to_json(), holdout={"auroc": float("nan")}),
        changed(CONTRACT.to_json(), crop={"preprocessing_version": 1}),
        changed(CONTRACT.to_json(), crop={"size": True}),
        changed(CONTRACT.to_json(), calibration={"method": "guess"}),
        changed(CONTRACT.to_json(), calibration={"temperature": "1"}),
        changed(CONTRACT.to_json(), tolerances={"bfloat16": None}),
        changed(CONTRACT.to_json(), positive_class="depression"),
        changed(CONTRACT.to_json(), severity_rounding="up"),
        changed(CONTRACT.to_json(), band_counts=[]),
        changed(CONTRACT.to_json(), band_counts={}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"surprise": 1}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"depressed_subjects": 21}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"depressed_subjects": 20.0}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"depressed": {"none": 20.0}}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"depressed": ["none", "mild", "high"]}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"depressed": {"none": 21.0, "mild": -1.0, "high": 0.0}}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"depressed": {"none": "20", "mild": 0.0, "high": 0.0}}),
        changed(CONTRACT.to_json(), band_counts=COUNTS | {"thresholds": {"none_max_ppm": 2, "mild_max_ppm": 1}}),
    ],
)
def test_a_contract_that_cannot_be_trusted_is_refused(text: str) -> None:
    with pytest.raises(ContractInvalid):
        ModelContract.from_json(text)


def test_a_contract_of_an_earlier_release_has_no_counts_and_keeps_its_bytes() -> None:
    earlier = without(CONTRACT.to_json(), "band_counts")
    contract = ModelContract.from_json(earlier)
    assert contract.band_counts is None
    assert json.loads(contract.to_json()) == json.loads(earlier)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "oval"},
        {"size": 0},
        {"size": 128.5},
        {"size": -1},
        {"inter_eye_fraction": 0},
        {"inter_eye_fraction": 1},
        {"eye_line_fraction": 0},
        {"eye_line_fraction": 1.5},
        {"inter_eye_fraction": float("nan")},
    ],
)
def test_a_crop_that_cannot_be_made_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ContractInvalid):
        CropSpec(**changes)


def test_crops_that_differ_in_anything_are_different() -> None:
    assert CropSpec() == CropSpec()
    for change in ({"size": 64}, {"kind": "whole"}, {"eye_line_fraction": 0.4}, {"preprocessing_version": "crop-0"}):
        assert dataclasses.replace(CropSpec(), **change) != CropSpec()


@pytest.mark.parametrize(("precision", "devices"), [("bfloat16", ()), ("float32", ("a processor",))])
def test_a_bfloat16_graph_names_its_devices_and_a_float32_graph_none(precision: str, devices: tuple[str, ...]) -> None:
    contract = dataclasses.replace(CONTRACT, precision=precision, devices=devices)  # type: ignore[arg-type]
    with pytest.raises(ContractInvalid, match="name the devices of a bfloat16 graph"):
        ModelContract.from_json(contract.to_json())


def test_a_fingerprint_is_the_same_for_equal_fields_and_for_no_others() -> None:
    assert CropSpec().fingerprint == CropSpec().fingerprint
    assert Calibration().fingerprint != Calibration("temperature", 1.5).fingerprint
    for change in ({"size": 64}, {"kind": "whole"}, {"preprocessing_version": "crop-0"}):
        assert dataclasses.replace(CropSpec(), **change).fingerprint != CropSpec().fingerprint
