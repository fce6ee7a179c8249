"""Build, check and publish one version directory (DESIGN, "Model version directory")."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from serving.contract.model import CropSpec, Evidence, ModelContract
from training.evaluation.scoring import score
from training.export.gates import check_polarity, check_reloaded
from training.export.golden_crops import GOLDEN_NAME, choose_golden, write_golden
from training.export.golden_photos import FOLDER_NAME, draw_golden_photos, write_golden_photos
from training.export.graph import save_graph
from training.export.warmup import write_warmup_requests
from training.reporting.model_card import limits_of, write_card

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from serving.repository import ModelRepository

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
    held_out_crops: NDArray[np.uint8]
    held_out_labels: NDArray[np.int_]
    """1 where depressed."""
    held_out_subjects: tuple[str, ...]
    """Whose photo each is."""
    golden_pool: NDArray[np.uint8]
    """Crops of DRAWN faces to choose golden crops from; never photos of people."""
    training: dict[str, Any] = field(default_factory=dict)
    """Recipe and figures of the run, for the card."""
    crop: CropSpec = field(default_factory=CropSpec)


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

    Raises:
        ExportRefused: a gate said no; nothing became visible.
        RepositoryError: the repository refused.
    """
    check_polarity(
        candidate.held_out_subjects,
        candidate.held_out_labels,
        score(candidate.model, candidate.held_out_crops),
        # Only a demo may be worth nothing, and only where the version then says so.
        chance_allowed=candidate.evidence is Evidence.DEMO and candidate.evaluation["knows_nothing"],
    )
    with repository.staging() as staging:
        folder, assets = staging.path, staging.path / ASSETS
        contract = _contract(candidate, repository.model_name, staging.version)
        save_graph(candidate.model, contract.to_json(), folder)
        assets.mkdir(exist_ok=True)
        (assets / "contract.json").write_text(contract.to_json(), encoding="utf-8")
        candidate.model.save(assets / "model.keras")
        golden = choose_golden(candidate.model, candidate.golden_pool)
        write_golden(candidate.model, golden, assets / GOLDEN_NAME)
        photos = draw_golden_photos(candidate.model, candidate.crop)
        write_golden_photos(photos, assets / FOLDER_NAME)
        write_warmup_requests(folder, repository.model_name, golden.crops)
        card = write_card(contract, candidate.evaluation, candidate.training, golden, photos)
        (assets / "model_card.md").write_text(card, encoding="utf-8")
        difference = check_reloaded(folder, contract, assets / GOLDEN_NAME)
        digest = repository.publish(staging)
    return Published(contract.version, digest, contract, difference)


def _contract(candidate: Candidate, model_name: str, version: int) -> ModelContract:
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
        limits=limits_of(candidate.evidence, knows_nothing=evaluation["knows_nothing"]),
        tensorflow_version=tf.__version__,
        keras_version=keras.__version__,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        model_name=model_name,
        crop=candidate.crop,
        holdout={name: float(value) for name, value in holdout.items() if value is not None},
        knows_nothing=evaluation["knows_nothing"],
    )
