"""Two whole runs with the same seed: identical weights, and identical numbers in the report (issue 3, bar 5)."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

pytestmark = [pytest.mark.tensorflow, pytest.mark.long]
PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(PROJECT)}
PHOTOS, EPOCHS = 120, 2
LIMIT_SECONDS = 1500
CLOCK = {"training_seconds", "photos_per_second", "written"}
"""Entries of the report that say how long it took, or when: all that may differ."""
FILES = ("split.json", "history.csv", "calibration.json", "evaluation.json", "confusion.png", "curves.png")


def command(*words):
    program = [sys.executable, "-W", "ignore", "-m", "training", *map(str, words)]
    return subprocess.Popen(program, cwd=PROJECT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(*processes):
    try:
        for process in processes:
            said = process.communicate(timeout=LIMIT_SECONDS)[0]
            assert process.returncode == 0, said[-2000:].decode()
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    out = tmp_path_factory.mktemp("same-twice") / "faces"
    finish(command("synthesize", f"--out={out}", f"--photos={PHOTOS}", "--photos-per-subject=2", "--quiet"))
    return out


def read_arrays(model):
    arrays = {}
    with zipfile.ZipFile(model) as archive, archive.open("model.weights.h5") as stored, h5py.File(stored) as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return arrays


def leaves(found, path=()):
    """Every value of a report with the way to it, those of the clock left out."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name not in CLOCK:
                yield from leaves(value, (*path, name))
    elif isinstance(found, list):
        for place, value in enumerate(found):
            yield from leaves(value, (*path, place))
    else:
        yield path, found


@pytest.mark.parametrize("architecture", ["twin", "paper"])
def test_two_whole_runs_give_the_same_weights_and_every_number_of_the_report(architecture, faces, tmp_path):
    runs = [tmp_path / "one", tmp_path / "other"]
    finish(
        *(
            command(
                "fit", f"--data={faces}", f"--crops={run}-crops", f"--out={run}", f"--arch={architecture}",
                f"--epochs={EPOCHS}", "--seed=5",
            )
            for run in runs
        )
    )  # fmt: skip
    finish(*(command("report", f"--run={run}") for run in runs))

    one, other = (read_arrays(run / "model.keras") for run in runs)
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype
        assert np.array_equal(one[name].view(np.uint8), other[name].view(np.uint8)), name
    for name in FILES:
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name

    reports = [dict(leaves(json.loads((run / "report.json").read_text()))) for run in runs]
    assert reports[0].keys() == reports[1].keys()
    different = [path for path in reports[0] if reports[0][path] != reports[1][path]]
    assert not different
    assert any(path[0] == "probes" for path in reports[0]), "probes and baselines are among the numbers"
    assert len(reports[0]) > 500
