"""Profiles, and versions that are published with one or without."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from monitoring.profile import PROFILE_PATH
from serving.contract.model import MODEL_NAME
from serving.contract.profile import SCORE_EDGES_PPM, Histogram, Profile, Reliability
from serving.repository import Pin
from serving.repository.manifest import write_manifest
from tests.support.gateway import VERSION, make_contract

if TYPE_CHECKING:
    from serving.repository import ModelRepository

PHOTOS = 1000
SEVERITY_COUNTS = (180, 150, 120, 100, 90, 90, 80, 70, 60, 60)
DECILES = {
    "luminance": tuple(60.0 + 15 * step for step in range(9)),
    "contrast": tuple(20.0 + 3 * step for step in range(9)),
    "sharpness": tuple(0.2 + 0.05 * step for step in range(9)),
    "face_fraction": tuple(0.15 + 0.04 * step for step in range(9)),
}


def make_profile(version: int = VERSION, **changes) -> Profile:
    """A profile of a thousand photos, a hundred of them in each tenth of each measure."""
    fields = {
        "model_version": version,
        "created": "2026-11-22T09:00:00Z",
        "split": "test",
        "n_images": PHOTOS,
        "n_subjects": 400,
        "temperature": 1.0,
        "thresholds_ppm": (300_000, 600_000),
        "preprocessing_version": make_contract().crop.preprocessing_version,
        "score": Histogram(tuple(float(edge) for edge in SCORE_EDGES_PPM[1:-1]), SEVERITY_COUNTS),
        "bands": {"none": 450, "mild": 280, "high": 270},
        "image_stats": {name: Histogram(edges, (PHOTOS // 10,) * 10) for name, edges in DECILES.items()},
        "reliability": Reliability((0.3, 0.7), (0.3, 0.7), (500, 500)),
        "brier": 0.2,
        "ece": 0.01,
        "prevalence": 0.45,
        "limits": ("Drawn faces.",),
    }
    return Profile(**(fields | changes))


def publish(repository: ModelRepository, version: int = VERSION, profile: str | None = None) -> str:
    """Publish a version that holds a contract and, where its text is given, a profile; pin it, and return its digest."""
    directory = repository.directory / str(version)
    shutil.rmtree(directory, ignore_errors=True)
    (directory / PROFILE_PATH).parent.mkdir(parents=True)
    contract = make_contract(version=version)
    (directory / "assets.extra" / "contract.json").write_text(contract.to_json())
    if profile is not None:
        (directory / PROFILE_PATH).write_text(profile)
    digest = write_manifest(directory)
    path = repository.directory / "pin.json"
    temporary = path.with_suffix(".new")
    temporary.write_text(Pin(MODEL_NAME, version, digest, contract).to_json())
    temporary.replace(path)
    return digest


def publish_with_profile(repository: ModelRepository, version: int = VERSION, **changes) -> str:
    """The same with `make_profile`."""
    return publish(repository, version, make_profile(version, **changes).to_json())


def without_stat(name: str) -> dict[str, Histogram]:
    """The measures of `make_profile` but for one."""
    stats = make_profile().image_stats
    return {each: histogram for each, histogram in stats.items() if each != name}
