"""Calculating an old answer again: from the same photo, by the version that gave it, held against what its receipt says."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.access.secret_keys import SecretKeys
from gateway.deadline import Deadline
from gateway.errors import ModelVersionMissing
from gateway.pin import PinnedModel
from gateway.predictor import Predictor
from gateway.records.receipt import Receipt
from gateway.records.record_keys import photo_digests
from serving.contract.crop import PreparedCrop
from serving.contract.model import PREPROCESSING_VERSION, CropSpec, ModelContract
from serving.contract.policy import Policy
from serving.contract.severity import severity_ppm
from serving.repository import ModelRepository, RepositoryError

ASK_SECONDS: Final = 30.0


class ReplayImpossible(Exception):
    """The old answer cannot be calculated again; the message says why, and what to do where something can be done."""


@dataclass(frozen=True, slots=True)
class Replay:
    """An answer then and now.

    Attributes:
        then_p: p_no_depression of the receipt.
        now_p: The same, calculated now.
        then_ppm: Its severity in parts per million.
        now_ppm: The same, now.
        tolerance: In probability: how far the version's answers may be apart on two machines.
    """

    then_p: float
    now_p: float
    then_ppm: int
    now_ppm: int
    tolerance: float

    @property
    def difference(self) -> float:
        """In probability, absolute."""
        return abs(self.now_p - self.then_p)

    @property
    def is_same(self) -> bool:
        """Whether the difference is no more than two machines may differ."""
        return self.difference <= self.tolerance


def replay(
    receipt: Receipt,
    photo: bytes,
    *,
    keys: SecretKeys,
    repository: ModelRepository,
    make_crop: Callable[[bytes, CropSpec], PreparedCrop],
    predictor: Predictor,
) -> Replay:
    """Calculate an answer again.

    Args:
        receipt: Of the answer.
        photo: Its photo.
        keys: Of the records.
        repository: Where the version's directory is.
        make_crop: Finds the face.
        predictor: Asks the model server.

    Raises:
        ReplayImpossible: photo, version or release are not those of the answer, or the version is not served.
        PhotoError: no crop can be made of the photo any more.
        PredictorError: the model server gives no answer.
    """
    if not any(hmac.compare_digest(digest, receipt.photo_digest) for digest in photo_digests(keys, photo)):
        message = "this is not the photo of that answer: its bytes are others, or the key that its digest was made with is gone"
        raise ReplayImpossible(message)
    if receipt.preprocessing_version != PREPROCESSING_VERSION:
        message = (
            f"crops were made otherwise then ({receipt.preprocessing_version}; this release makes {PREPROCESSING_VERSION}): use "
            "the release of that time"
        )
        raise ReplayImpossible(message)
    contract = _contract_of(receipt, repository)
    # The policy turns scores into bands, and no score rests on it.
    model = PinnedModel(receipt.model_name, receipt.model_version, receipt.model_digest, contract, Policy())
    deadline = Deadline.after(ASK_SECONDS)
    try:
        predictor.check(model, deadline)
    except ModelVersionMissing:
        raise ReplayImpossible(how_to_serve(receipt, repository)) from None
    prepared = make_crop(photo, contract.crop)
    now_p = predictor.predict(prepared.rows, model, deadline).p_no_depression
    tolerances = contract.tolerances
    return Replay(
        then_p=receipt.p_no_depression,
        now_p=now_p,
        then_ppm=receipt.severity_ppm,
        now_ppm=severity_ppm(now_p),
        tolerance=tolerances.bfloat16 if contract.precision == "bfloat16" else tolerances.float32_across_machines,
    )


def _contract_of(receipt: Receipt, repository: ModelRepository) -> ModelContract:
    """What the version promises, where it is the one that answered."""
    version = receipt.model_version
    try:
        if repository.digest(version) != receipt.model_digest:
            message = f"version {version} in {repository.directory} is not the one that answered: its digest is another"
            raise ReplayImpossible(message)
        return repository.contract(version)
    except (RepositoryError, OSError) as error:
        message = f"version {version} cannot be read in {repository.directory}; put its directory back there: {error}"
        raise ReplayImpossible(message) from error


def how_to_serve(receipt: Receipt, repository: ModelRepository) -> str:
    """What to do where no model server serves the version any more; the live one is left alone."""
    name, version = receipt.model_name, receipt.model_version
    config = (
        f'model_config_list {{ config {{ name: "{name}" base_path: "{repository.directory.absolute()}" model_platform: "tensorflow" '
        f"model_version_policy {{ specific {{ versions: {version} }} }} }} }}"
    )
    return (
        f"that model server does not serve version {version}, which gave the answer. Start another one for it:\n"
        f"  echo '{config}' > replay.config\n"
        "  python -m serving.server --port=8510 --model_config_file=$PWD/replay.config\n"
        "(tensorflow_model_server takes the same flags), and say --server 127.0.0.1:8510"
    )
