"""Whole versions of a toy model that a real server loads in a fraction of a second: contract, golden crops, approval.

Its p_no_depression is a sigmoid of how bright a crop is. `save_toy_models` needs TensorFlow and runs as a process of its own;
everything else works with the folders that it left.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from serving.contract.model import PREPROCESSING_VERSION, CropSpec
from serving.contract.severity import band_of, severity_ppm
from serving.repository import ModelRepository, Staging, Statement
from serving.wire.golden_check import GOLDEN_PATH
from tests.support.toy_contract import toy_contract

PROJECT = Path(__file__).resolve().parents[2]
TOY_SIZE = 8
SLOPES = {"right": 8.0, "other": 6.0, "reversed": -8.0}
CROPS = np.stack([np.full((TOY_SIZE, TOY_SIZE, 3), level, np.uint8) for level in range(20, 240, 11)])


def p_of(crops: np.ndarray, kind: str = "right") -> np.ndarray:
    """What the toy answers, float64."""
    brightness = crops.astype(np.float64).mean(axis=(1, 2, 3)) / 255.0
    return 1.0 / (1.0 + np.exp(-SLOPES[kind] * (brightness - 0.5)))


def toy_saved_models() -> Path:
    """One SavedModel per kind of `SLOPES`, made once per machine and state of this file. Never write into it."""
    fingerprint = hashlib.sha256(Path(__file__).read_bytes() + version("tensorflow-cpu").encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"symmetra-toys-{os.getuid()}-{fingerprint}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
            program = [sys.executable, "-W", "ignore", "-m", "tests.support.toy_versions", str(folder)]
            subprocess.run(program, cwd=PROJECT, env=environment, check=True, capture_output=True)
            (folder / "done").touch()
    return folder


def publish_toy(
    repository: ModelRepository, kind: str = "right", *, golden: str = "right", approve: bool = True
) -> int:
    """Publish the next version.

    Args:
        repository: Where to.
        kind: Which of the SavedModels; "broken" is one that no server can load.
        golden: The kind whose answers the golden crops hold.
        approve: Whether it may go live.
    """
    with repository.staging() as staging:
        shutil.copytree(toy_saved_models() / ("right" if kind == "broken" else kind), staging.path, dirs_exist_ok=True)
        if kind == "broken":
            (staging.path / "saved_model.pb").write_bytes(b"no graph")
        _write_extras(staging, repository.model_name, golden, CropSpec(size=TOY_SIZE))
        repository.publish(staging)
    if approve:
        repository.approve(staging.version, Statement("a test", "it is a toy", {}))
    return staging.version


def publish_small(
    repository: ModelRepository, golden: str | None = "right", *, preprocessing_version: str = PREPROCESSING_VERSION
) -> int:
    """Publish and approve a version of a few bytes that only a stub can serve."""
    with repository.staging() as staging:
        (staging.path / "saved_model.pb").write_bytes(b"graph %d" % staging.version)
        crop = CropSpec(size=TOY_SIZE, preprocessing_version=preprocessing_version)
        _write_extras(staging, repository.model_name, golden, crop)
        repository.publish(staging)
    repository.approve(staging.version, Statement("a test", "it is a toy", {}))
    return staging.version


def _write_extras(staging: Staging, model_name: str, golden: str | None, crop: CropSpec) -> None:
    contract = toy_contract(staging.version, model_name, crop=crop)
    path = staging.path / GOLDEN_PATH
    path.parent.mkdir(exist_ok=True)
    if golden is not None:
        p = p_of(CROPS, golden)
        np.savez(path, crops=CROPS, p_no_depression=p, band=np.array([str(band_of(severity_ppm(one))) for one in p]))
    (path.parent / "contract.json").write_text(contract.to_json())


def save_toy_models(folder: Path) -> None:
    """Write the SavedModels."""
    import tensorflow as tf  # noqa: PLC0415 - only in the process that builds

    for kind, slope in SLOPES.items():
        toy = tf.Module()
        toy.slope = tf.Variable(slope)

        @tf.function(input_signature=[tf.TensorSpec([None, TOY_SIZE, TOY_SIZE, 3], tf.uint8, name="crop")])
        def answer(crop, toy=toy):
            logit = toy.slope * (tf.reduce_mean(tf.cast(crop, tf.float32), [1, 2, 3]) / 255.0 - 0.5)
            return {"logit": logit[:, None], "p_no_depression": tf.sigmoid(logit)[:, None]}

        tf.saved_model.save(toy, str(folder / kind), signatures={"serving_default": answer})


if __name__ == "__main__":
    save_toy_models(Path(sys.argv[1]))
