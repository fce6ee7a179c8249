"""What lies in a published version directory, read as the gateway and a model server read it."""

import json

import numpy as np
import pytest

from serving.contract.crop import crop_difference, make_crop
from serving.contract.errors import PhotoError
from serving.contract.face import FaceDetector
from serving.contract.model import Evidence, ModelContract
from serving.contract.profile import Profile
from serving.contract.severity import Band, band_of, severity_ppm
from serving.repository import ModelRepository
from serving.wire.tensors import to_array
from serving.wire.warmup import read_warmup
from tests.support.tiny_version import copy_tiny_repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return ModelRepository(copy_tiny_repository(tmp_path_factory.mktemp("repository") / "models"))


@pytest.fixture(scope="module")
def version(repository):
    return repository.version_path(1)


@pytest.fixture(scope="module")
def contract(version):
    return ModelContract.from_json((version / "assets.extra" / "contract.json").read_text())


@pytest.fixture(scope="module")
def golden(version):
    with np.load(version / "assets.extra" / "golden.npz") as content:
        return dict(content)


def test_every_file_of_the_design_is_there_and_digested(repository, version):
    names = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    assert {
        "saved_model.pb",
        "variables/variables.index",
        "manifest.json",
        "assets.extra/contract.json",
        "assets.extra/golden.npz",
        "assets.extra/golden_photos/expected.json",
        "assets.extra/golden_photos/crops.npz",
        "assets.extra/tf_serving_warmup_requests",
        "assets.extra/model_card.md",
        "assets.extra/model.keras",
        "assets.extra/profile.json",
    } <= names
    assert repository.verify(1) == repository.digest(1)


def test_contract_says_demo_and_what_a_result_does_not_say(contract):
    assert contract.evidence is Evidence.DEMO
    assert any("says nothing about any person" in limit for limit in contract.limits)
    assert any("never a diagnosis" in limit for limit in contract.limits)
    assert {"photos", "subjects", "accuracy", "auroc"} <= contract.holdout.keys()


def test_golden_crops_are_64_with_16_near_each_band_edge(golden):
    assert golden["crops"].shape == (64, 128, 128, 3)
    assert golden["crops"].dtype == np.uint8
    for edge in (0.7, 0.4):
        assert (np.abs(golden["p_no_depression"] - edge) < 0.05).sum() >= 16
    assert set(golden["band"]) == set(Band)
    assert set(golden["origins"]) <= {"drawn", "blended"}


def test_golden_answers_are_consistent_with_the_contracts_severity(golden):
    p = golden["p_no_depression"]
    assert golden["severity_ppm"].tolist() == [severity_ppm(value) for value in p]
    assert golden["band"].tolist() == [band_of(severity_ppm(value)) for value in p]
    np.testing.assert_allclose(1 / (1 + np.exp(-golden["logit"].astype(float))), p, atol=1e-6)


def test_golden_photos_give_their_crops_and_refusals(version, contract):
    folder = version / "assets.extra" / "golden_photos"
    expected = json.loads((folder / "expected.json").read_text())
    with np.load(folder / "crops.npz") as content:
        crops = content["crops"]
    assert (len(expected["scored"]), len(expected["refused"])) == (8, 2)
    detector = FaceDetector()
    for photo, crop in zip(expected["scored"], crops, strict=True):
        made = make_crop((folder / photo["file"]).read_bytes(), contract.crop, detector).crop
        assert crop_difference(made, crop) == (0.0, 0.0)
        assert photo["band"] == band_of(photo["severity_ppm"])
        assert photo["severity_ppm"] == severity_ppm(photo["p_no_depression"])
    for photo in expected["refused"]:
        with pytest.raises(PhotoError) as refusal:
            make_crop((folder / photo["file"]).read_bytes(), contract.crop, detector)
        assert refusal.value.code == photo["code"]


def test_golden_photos_cover_all_bands_or_say_which_is_missing(version):
    expected = json.loads((version / "assets.extra" / "golden_photos" / "expected.json").read_text())
    assert {photo["band"] for photo in expected["scored"]} | set(expected["bands_missing"]) == set(Band)


def test_warm_up_covers_every_batch_size_and_signature(version):
    records = [log.predict_log.request for log in read_warmup(version / "assets.extra" / "tf_serving_warmup_requests")]
    default = [request for request in records if request.model_spec.signature_name == "serving_default"]
    shapes = [to_array(request.inputs["crop"]).shape for request in default]
    assert shapes == [(size, 128, 128, 3) for size in (1, 2, 4, 8, 16, 32)]
    assert {request.model_spec.signature_name for request in records} == {"serving_default", "explain", "metadata"}


def test_model_card_tells_measured_figures_and_limits(version, contract):
    card = (version / "assets.extra" / "model_card.md").read_text()
    assert all(limit in card for limit in contract.limits)
    assert f"| AUROC | {contract.holdout['auroc']:.3f} |" in card


def test_contract_counts_its_held_out_subjects_by_band_and_truth(contract):
    counts = contract.band_counts
    assert counts.depressed_subjects + counts.not_depressed_subjects == contract.holdout["subjects"]
    assert set(counts.depressed) == set(counts.not_depressed) == set(Band)


def test_contract_names_precision_and_regions(contract):
    assert (contract.precision, contract.devices, contract.plain_layers) == ("float32", (), ())
    assert contract.asymmetry_regions == ("eyes", "brows", "mouth", "jaw")


def test_profile_counts_every_held_out_photo(version, contract):
    profile = Profile.from_json((version / "assets.extra" / "profile.json").read_text())
    assert profile.n_images == contract.holdout["photos"]
    assert profile.score.edges == tuple(range(100_000, 1_000_000, 100_000))
    assert set(profile.image_stats) == {"luminance", "contrast", "sharpness"}
