"""A version to be served in a benchmark."""

import os
import subprocess
import sys
from pathlib import Path

from serving.contract.model import MODEL_NAME
from serving.repository import ModelRepository

ROOT = Path(__file__).resolve().parents[2]


def build_version(repository: Path, arch: str, crop_kind: str = "aligned") -> tuple[int, Path]:
    """Publish and pin a version whose trunk is untrained, and return its number and its `.keras` file.

    Speed does not depend on the values of the weights; accuracy is not measured here.
    """
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.support.tiny_version_build",
        str(repository),
        arch,
        crop_kind,
    ]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    models = ModelRepository(repository, MODEL_NAME)
    version = models.pin().version
    return version, models.version_path(version) / "assets.extra" / "model.keras"
