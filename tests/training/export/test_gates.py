"""Planted faults: each is caught, with a sentence, and nothing becomes visible."""

import dataclasses

import numpy as np
import pytest

from serving.contract.model import ModelContract
from serving.contract.severity import band_of, severity_ppm
from serving.repository import ModelRepository
from tests.support.tiny_version import tiny_repository
from training.errors import ExportRefused, ParityBroken, PolarityReversed, PrecisionRefused
from training.evaluation.ranking import auroc
from training.export.gates import (
    answer_in_fresh_process,
    check_answers,
    check_explanations,
    check_polarity,
    check_probabilities,
)

LABELS = np.array([0, 0, 1, 1])
SUBJECTS = ("a", "b", "c", "d")
MANY_LABELS = np.arange(80) % 2
MANY_SUBJECTS = tuple(f"s{number}" for number in range(80))


def test_right_polarity_passes():
    check_polarity(SUBJECTS, LABELS, np.array([0.9, 0.6, 0.7, 0.2], np.float32))


@pytest.mark.parametrize("p", [[0.2, 0.7, 0.6, 0.9], [0.5, 0.5, 0.5, 0.5]])
def test_reversed_or_constant_model_is_refused(p):
    with pytest.raises(PolarityReversed, match="polarity is reversed, or the model learned nothing"):
        check_polarity(SUBJECTS, LABELS, np.array(p, np.float32))


def test_polarity_cannot_be_told_from_one_label():
    with pytest.raises(PolarityReversed, match="all of one label"):
        check_polarity(SUBJECTS[:3], np.zeros(3, int), np.array([0.1, 0.2, 0.3], np.float32))


def answers_with_skill(skill):
    """p_no_depression of 80 photos; negative skill is a reversed model."""
    noise = np.random.default_rng(5).normal(size=len(MANY_LABELS))
    noise -= np.where(MANY_LABELS == 1, noise[MANY_LABELS == 1].mean(), noise[MANY_LABELS == 0].mean())
    return (1 / (1 + np.exp(-noise - skill * (0.5 - MANY_LABELS)))).astype(np.float32)


def test_model_at_chance_passes_only_where_the_version_says_that_it_knows_nothing():
    p = answers_with_skill(-0.2)
    assert 0.4 < auroc(MANY_LABELS, 1.0 - p) < 0.5
    check_polarity(MANY_SUBJECTS, MANY_LABELS, p, chance_allowed=True)
    with pytest.raises(PolarityReversed):
        check_polarity(MANY_SUBJECTS, MANY_LABELS, p)


@pytest.mark.parametrize("chance_allowed", [True, False])
def test_flipped_polarity_is_refused_whatever_the_version_says(chance_allowed):
    check_polarity(MANY_SUBJECTS, MANY_LABELS, answers_with_skill(1.0), chance_allowed=chance_allowed)
    with pytest.raises(PolarityReversed, match="polarity is reversed"):
        check_polarity(MANY_SUBJECTS, MANY_LABELS, answers_with_skill(-1.0), chance_allowed=chance_allowed)


@pytest.fixture(scope="module")
def version():
    return ModelRepository(tiny_repository()).version_path(1)


@pytest.fixture(scope="module")
def contract(version):
    return ModelContract.from_json((version / "assets.extra" / "contract.json").read_text())


@pytest.fixture(scope="module")
def golden(version):
    with np.load(version / "assets.extra" / "golden.npz") as content:
        return dict(content)


@pytest.fixture(scope="module")
def answers(version, golden):
    return answer_in_fresh_process(version, golden["crops"])


@pytest.mark.tensorflow
def test_graph_reloaded_without_keras_answers_as_recorded(answers, golden, contract):
    assert check_answers(answers, golden, contract) <= contract.tolerances.float32_same_machine


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"p_no_depression": 3.5e-5}, "the exported graph differs from Keras by 3"),
        ({"p_alone": -3e-5}, "asked about one crop, differs from Keras by 3"),
        ({"p_no_depression": np.nan}, "differs from Keras by nan"),
        ({"logit": 0.015}, "logit of the exported graph differs from Keras by 1"),
    ],
)
def test_answer_that_differs_is_refused(answers, golden, contract, change, said):
    ((name, by),) = change.items()
    changed = answers[name].copy()
    changed[0] += by
    with pytest.raises(ParityBroken, match=said):
        check_answers(answers | {name: changed}, golden, contract)


@pytest.mark.tensorflow
def test_bfloat16_that_moves_a_golden_crop_too_far_is_refused(golden, contract):
    contract = dataclasses.replace(contract, precision="bfloat16", devices=("a processor",))
    near = golden["p_no_depression"] + np.float32(0.0002)
    # Another band is another fault: crops so near to an edge are left out.
    kept = [str(band_of(severity_ppm(p))) == band for p, band in zip(near, golden["band"], strict=True)]
    golden, moved = {name: values[kept] for name, values in golden.items()}, near[kept]
    logit = np.log(moved / (1 - moved))
    check_probabilities({"p_no_depression": moved, "logit": logit}, golden, contract, "the graph")
    for change in (0.006, np.nan):
        with pytest.raises(PrecisionRefused, match="export in float32"):
            check_probabilities({"p_no_depression": moved + np.float32(change), "logit": logit}, golden, contract, "x")


@pytest.mark.tensorflow
def test_explanation_that_differs_is_refused(answers, contract):
    check_explanations(answers, answers, contract, "the graph")
    for name in ("attribution", "asymmetry"):
        changed = answers | {name: answers[name] * np.float32(1.01)}
        with pytest.raises(ParityBroken, match=f"the {name} of the graph differs"):
            check_explanations(changed, answers, contract, "the graph")


@pytest.mark.tensorflow
def test_golden_band_that_differs_is_refused(answers, golden, contract):
    bands = golden["band"].copy()
    bands[0] = "mild" if bands[0] == "high" else "high"
    with pytest.raises(ParityBroken, match="another band"):
        check_answers(answers, golden | {"band": bands}, contract)


@pytest.mark.tensorflow
def test_metadata_of_another_contract_is_refused(answers, golden, contract):
    with pytest.raises(ParityBroken, match="metadata"):
        check_answers(answers, golden, dataclasses.replace(contract, architecture="paper"))


@pytest.mark.tensorflow
def test_damaged_graph_is_refused_with_the_reason(golden, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a graph")
    with pytest.raises(ExportRefused, match=r"fresh process: .*saved_model"):
        answer_in_fresh_process(tmp_path, golden["crops"])
