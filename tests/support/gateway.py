"""Parts for tests of the gateway: a repository with a pin, fakes for what is slow, and an app made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from gateway.app import create_app
from gateway.deadline import Deadline
from gateway.errors import ExplanationMissing
from gateway.observing import gateway_metrics
from gateway.pin import PinnedModel
from gateway.predictor import Explanation, Scores
from gateway.records.assembly import RECORDS_EXTENSION
from gateway.settings import Settings
from serving.contract.crop import PreparedCrop, StageSeconds, add_copies
from serving.contract.model import MODEL_NAME, CropSpec, Evidence, ModelContract
from serving.contract.policy import Policy
from serving.contract.quality import Quality
from serving.repository import ModelRepository, Pin

VERSION = 3
DIGEST = "ab" * 32
LIMITS = ("Learned from drawn faces only.", "Frontal faces in even light.")


def make_contract(**changes) -> ModelContract:
    fields = {
        "version": VERSION,
        "architecture": "paper",
        "evidence": Evidence.DEMO,
        "training_data": "drawn faces",
        "limits": LIMITS,
        "tensorflow_version": "2.21.0",
        "keras_version": "3.15.1",
        "created": "2026-11-22T09:00:00Z",
        "holdout": {"auroc": 0.86, "accuracy": 0.78},
    }
    return ModelContract(**(fields | changes))


def make_repository(root: Path, **changes) -> ModelRepository:
    """A repository with a pin and no files behind it: all that a gateway ever reads."""
    repository = ModelRepository(root)
    repository.directory.mkdir(parents=True, exist_ok=True)
    write_pin(repository, make_contract(**changes))
    return repository


def write_pin(repository: ModelRepository, contract: ModelContract) -> None:
    path = repository.directory / "pin.json"
    temporary = path.with_suffix(".new")
    temporary.write_text(Pin(MODEL_NAME, contract.version, DIGEST, contract).to_json())
    temporary.replace(path)


def write_policy(repository: ModelRepository, policy: Policy) -> None:
    (repository.directory / "policy.json").write_text(policy.to_json())


def make_prepared_crop(size: int = 128) -> PreparedCrop:
    measures = dict.fromkeys(Quality.__dataclass_fields__, 0.5)
    return PreparedCrop(
        crop=np.zeros((size, size, 3), np.uint8),
        quality=Quality(**measures),
        timings=StageSeconds(decode=0.001, face=0.002),
        photo_format="jpeg",
        width_pixels=640,
        height_pixels=480,
    )


class FakeCrops:
    """Every photo has a face, unless told otherwise; remembers what it was given."""

    def __init__(self) -> None:
        self.photos: list[bytes] = []
        self.error: Exception | None = None
        self.crop: np.ndarray | None = None
        """That every photo gives; a black one unless told otherwise."""

    def make(self, photo: bytes, spec: CropSpec, _deadline: Deadline, *, with_copies: bool = False) -> PreparedCrop:
        self.photos.append(photo)
        if self.error is not None:
            raise self.error
        prepared = make_prepared_crop(spec.size)
        if self.crop is not None:
            prepared = replace(prepared, crop=self.crop)
        return add_copies(prepared) if with_copies else prepared


class FakePredictor:
    """Answers with one probability, or raises."""

    def __init__(self, p_no_depression: float = 0.5) -> None:
        self.p_no_depression = p_no_depression
        self.jittered_p: tuple[float, ...] | None = None
        """Of the jittered copies, where they are asked about; as of the crop unless told otherwise."""
        self.rows: list[int] = []
        """How many crops each call asked about."""
        self.error: Exception | None = None
        self.away: Exception | None = None

    def predict(self, crops: np.ndarray, model: PinnedModel, _deadline: Deadline) -> Scores:
        self.rows.append(len(crops))
        if self.error is not None:
            raise self.error
        p = float(self.p_no_depression)
        jittered_p = self.jittered_p if self.jittered_p is not None else (p,) * (len(crops) - 1)
        return Scores(p, model.version, jittered_p)

    def explain(self, _crop: np.ndarray, model: PinnedModel, _deadline: Deadline) -> Explanation:
        if self.error is not None:
            raise self.error
        if not model.contract.asymmetry_regions:
            raise ExplanationMissing
        regions = model.contract.asymmetry_regions
        return Explanation(np.full((32, 32), 0.25, np.float32), dict.fromkeys(regions, 0.125))

    def require_reachable(self) -> None:
        if self.away is not None:
            raise self.away

    def check(self, _model: PinnedModel, _deadline: Deadline) -> None:
        if self.error is not None:
            raise self.error


class FakeGateway:
    """An app whose model and crops are fakes, with everything a test looks at."""

    def __init__(self, folder: Path, *, contract: dict | None = None, shadow=None, spans=None, **settings) -> None:
        self.repository = make_repository(folder / "models", **(contract or {}))
        self.settings = Settings(model_repository=folder / "models", **settings)
        self.crops = FakeCrops()
        self.predictor = FakePredictor()
        self.registry = CollectorRegistry()
        self.metrics = gateway_metrics(self.registry)
        self.app = create_app(
            self.settings,
            repository=self.repository,
            predictor=self.predictor,
            crops=self.crops,
            metrics=self.metrics,
            shadow=shadow,
            spans=spans,
        )
        self.client = self.app.test_client()

    def close(self) -> None:
        """Let go of the records; what comes after it fails."""
        records = self.app.extensions[RECORDS_EXTENSION]
        if records is not None:
            records.close()

    def screen(self, photo: bytes = b"photo", content_type: str = "image/jpeg", **options):
        return self.client.post("/v1/screenings", data=photo, content_type=content_type, **options)

    def metric(self, name: str, **labels: str) -> float:
        value = self.registry.get_sample_value(name, labels)
        assert value is not None, (name, labels)
        return value

    def exposition(self) -> str:
        return generate_latest(self.registry).decode()


def multipart(*parts: tuple[str, str | None, bytes], boundary: str = "BoUnDaRy") -> tuple[bytes, str]:
    """A multipart body from (name, file name or None, content), and its content type."""
    body = b""
    for name, filename, content in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
        body += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
