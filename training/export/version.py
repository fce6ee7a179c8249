"""Build, check and publish one version directory (DESIGN, "Model version directory")."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from serving.contract.model import (
    ATTRIBUTION_TENSOR,
    EXPLAIN_SIGNATURE,
    Calibration,
    CropSpec,
    Evidence,
    ModelContract,
)
from serving.contract.profile import PROFILE_NAME
from serving.contract.regions import regions_of
from training.evaluation.band_rule import count_subjects
from training.evaluation.scoring import score
from training.export.device import describe_device
from training.export.gates import (
    answer_in_fresh_process,
    check_answers,
    check_explanations,
    check_polarity,
    check_probabilities,
)
from training.export.golden_crops import CLEAR, CLEAR_BFLOAT16, GOLDEN_NAME, choose_golden, write_golden
from training.export.golden_photos import FOLDER_NAME, draw_golden_photos, write_golden_photos
from training.export.graph import ServedModel
from training.export.network_reading import read_network
from training.export.profile import make_profile
from training.export.served import answer_through_server
from training.export.soundness import check_explanation
from training.export.warmup import write_warmup_requests
from training.export.witnesses import check_witnesses, draw_witnesses
from training.polarity import DEPRESSED
from training.reporting.model_card import limits_of, write_card

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from serving.repository import ModelRepository
    from training.export.inference_graph import Precision

    Arrays = dict[str, NDArray[Any]]

ASSETS = "assets.extra"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained model and what is known of it."""

    model: keras.Model
    architecture: str
    evidence: Evidence
    training_data: str
    """A sentence for contract and card."""
    evaluation: dict[str, Any]
    """`training.evaluation.evaluate.measure` on the held-out test split."""
    held_out_p: NDArray[np.float32]
    """p_no_depression of the held-out photos, by the Keras model, [n]."""
    held_out_labels: NDArray[np.int_]
    """1 where depressed."""
    held_out_subjects: tuple[str, ...]
    """Whose photo each is."""
    golden_pool: NDArray[np.uint8]
    """Crops of DRAWN faces to choose golden crops from; never photos of people."""
    held_out_quality: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Measure of the crop -> its value for each held-out photo, [n] (`CropStore.quality`); goes into the profile."""
    calibration: Calibration = field(default_factory=Calibration)
    """What was done to the last layer of the model."""
    precision: Precision = "float32"
    """Of the served graph."""
    training: dict[str, Any] = field(default_factory=dict)
    """Recipe and figures of the run, for the card."""
    crop: CropSpec = field(default_factory=CropSpec)
    probes: Mapping[str, Any] | None = None
    """What `training report` measured on this model, for the card; None where it has not run."""
    baselines: Mapping[str, Any] | None = None
    """Likewise."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became visible."""

    version: int
    digest: str
    contract: ModelContract
    largest_p_difference: float
    """Of the exported graph in a fresh process against Keras, over the golden crops."""


def publish_version(candidate: Candidate, repository: ModelRepository) -> Published:
    """Export, pass every gate, and publish under the next free number.

    What an export that was killed left behind is removed first; nobody could see it.

    Raises:
        ExportRefused: a gate said no; nothing became visible.
        RepositoryError: the repository refused.
    """
    if repository.directory.is_dir():
        repository.remove_abandoned()
    # Only a demo may be worth nothing, and only where the version then says so.
    chance_allowed = candidate.evidence is Evidence.DEMO and candidate.evaluation["knows_nothing"]
    check_polarity(
        candidate.held_out_subjects, candidate.held_out_labels, candidate.held_out_p, chance_allowed=chance_allowed
    )
    if candidate.evidence is Evidence.DEMO:
        witnesses, severe = draw_witnesses(candidate.crop)
        check_witnesses(score(candidate.model, witnesses), severe, chance_allowed=chance_allowed)
    network, regions = read_network(candidate.model), regions_of(candidate.crop)
    with repository.staging() as staging:
        folder, assets = staging.path, staging.path / ASSETS
        contract = _contract(candidate, repository.model_name, staging.version, network.plain_steps)
        graph = ServedModel(network, regions, candidate.precision, contract.to_json())
        graph.save(folder)
        assets.mkdir(exist_ok=True)
        (assets / "contract.json").write_text(contract.to_json(), encoding="utf-8")
        candidate.model.save(assets / "model.keras")
        clear = CLEAR if candidate.precision == "float32" else CLEAR_BFLOAT16
        golden = choose_golden(candidate.model, candidate.golden_pool, clear)
        write_golden(candidate.model, golden, assets / GOLDEN_NAME)
        photos = draw_golden_photos(candidate.model, candidate.crop)
        write_golden_photos(photos, assets / FOLDER_NAME)
        write_warmup_requests(folder, repository.model_name, golden.crops)
        profile = make_profile(
            contract,
            candidate.held_out_subjects,
            candidate.held_out_labels,
            candidate.held_out_p,
            candidate.held_out_quality,
        )
        (assets / PROFILE_NAME).write_text(profile.to_json(), encoding="utf-8")
        card = write_card(
            contract,
            candidate.evaluation,
            candidate.training,
            (str(golden), str(photos)),
            probes=candidate.probes,
            baselines=candidate.baselines,
        )
        (assets / "model_card.md").write_text(card, encoding="utf-8")
        explanation = {name: tensor.numpy() for name, tensor in graph.explain(golden.crops).items()}
        check_explanation(network, regions, golden.crops, explanation[ATTRIBUTION_TENSOR])
        difference = check_three_ways(folder, contract, assets / GOLDEN_NAME, explanation)
        digest = repository.publish(staging)
    return Published(contract.version, digest, contract, difference)


def check_three_ways(folder: Path, contract: ModelContract, golden_path: Path, explanation: Arrays) -> float:
    """Keras (the golden answers) = the graph reloaded without Keras = the graph in a model server.

    Args:
        folder: The version being written.
        contract: Of the version.
        golden_path: Golden crops with Keras' answers.
        explanation: Of the golden crops, by the graph before it was saved.

    Returns:
        Largest difference in probability.

    Raises:
        ExportRefused: it cannot be loaded, or one of the three answers otherwise.
    """
    with np.load(golden_path) as content:
        golden = dict(content)
    reloaded = answer_in_fresh_process(folder, golden["crops"])
    served = answer_through_server(folder, contract.model_name, golden["crops"])
    check_explanations(reloaded, explanation, contract, "the exported graph")
    check_explanations(served[EXPLAIN_SIGNATURE], explanation, contract, "the model server")
    return max(
        check_answers(reloaded, golden, contract),
        *(check_probabilities(answers, golden, contract, "the model server") for answers in served.values()),
    )


def _contract(candidate: Candidate, model_name: str, version: int, plain_layers: tuple[str, ...]) -> ModelContract:
    evaluation = candidate.evaluation
    low, high = evaluation["intervals_95"]["accuracy"]
    holdout = {
        "photos": evaluation["photos"],
        "subjects": evaluation["subjects"],
        "accuracy": evaluation["accuracy"],
        "accuracy_low": low,
        "accuracy_high": high,
        "auroc": evaluation["auroc"],
        "bayes_accuracy": evaluation["bayes_accuracy"],
        "share_of_bayes": evaluation["share_of_bayes"],
        "band_flips_mirrored": evaluation["band_flips_mirrored"],
    }
    return ModelContract(
        version=version,
        architecture=candidate.architecture,
        evidence=candidate.evidence,
        training_data=candidate.training_data,
        limits=limits_of(
            candidate.evidence,
            knows_nothing=evaluation["knows_nothing"],
            subjects_known=evaluation.get("subjects_known", True),
        ),
        tensorflow_version=tf.__version__,
        keras_version=keras.__version__,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        model_name=model_name,
        crop=candidate.crop,
        holdout={name: float(value) for name, value in holdout.items() if value is not None},
        knows_nothing=evaluation["knows_nothing"],
        band_counts=count_subjects(
            candidate.held_out_subjects, candidate.held_out_labels == DEPRESSED, candidate.held_out_p
        ),
        calibration=candidate.calibration,
        precision=candidate.precision,
        devices=(describe_device(),) if candidate.precision == "bfloat16" else (),
        plain_layers=plain_layers,
        asymmetry_regions=tuple(region.name for region in regions_of(candidate.crop)),
    )
