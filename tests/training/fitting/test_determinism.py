"""Two processes, one seed: the same weights to the last bit (issue 3, bar 5)."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.data.shards import Shard, write_shard

pytestmark = pytest.mark.tensorflow
HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(HERE.parents[2])}


def start(script, *arguments):
    command = [sys.executable, "-W", "ignore", HERE / script, *arguments]
    return subprocess.Popen([*map(str, command)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def finish(*processes):
    said = [process.communicate(timeout=1500)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return said


def test_two_processes_train_the_same_weights(easy_store, tmp_path):
    crops = easy_store._folder
    processes = []
    for number in range(2):
        (tmp_path / f"{number}").mkdir()
        processes.append(
            start("train_small.py", crops, tmp_path / f"{number}", tmp_path / f"{number}" / "weights.npz", "--norm")
        )
    finish(*processes)
    with np.load(tmp_path / "0" / "weights.npz") as one, np.load(tmp_path / "1" / "weights.npz") as other:
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.long
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("architecture", ["twin", "paper"])
def test_two_processes_train_the_same_real_network(architecture, precision, tmp_path):
    crops = np.random.default_rng(4).integers(0, 256, (320, 128, 128, 3), dtype=np.uint8)
    write_shard(tmp_path, 0, Shard("noise", tuple(f"{number}.jpg" for number in range(320)), {}), crops)
    digests = finish(
        *(start("train_digest.py", architecture, precision, tmp_path, tmp_path / f"run{number}") for number in range(2))
    )
    assert digests[0] == digests[1]
    assert len(digests[0].strip()) == 64
