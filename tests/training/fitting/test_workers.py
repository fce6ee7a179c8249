"""The same training over several replicas: two processes by TF_CONFIG, two devices of one process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from serving.local.ports import find_free_port

pytestmark = pytest.mark.tensorflow
SCRIPT = Path(__file__).with_name("train_small.py")
ROOT = SCRIPT.parents[3]
DEADLINE_SECONDS = 240.0


@pytest.fixture(scope="module")
def start(easy_store):
    """Starts one training in a process of its own; what is left of them is ended with the module."""
    crops = easy_store._folder
    processes = []

    def begin(folder, *options, workers=(), index=0, timeout_seconds=60):
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": str(ROOT),
            "SYMMETRA_WORKER_TIMEOUT_SECONDS": str(timeout_seconds),
        }
        if workers:
            cluster = {"cluster": {"worker": list(workers)}, "task": {"type": "worker", "index": index}}
            environment["TF_CONFIG"] = json.dumps(cluster)
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-W", "ignore", SCRIPT, crops, folder / f"run{index}", folder / f"{index}.npz"]
        (folder / f"run{index}").mkdir(exist_ok=True)
        processes.append(
            subprocess.Popen([*map(str, command), *options], env=environment, stderr=subprocess.PIPE, text=True)
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def two_addresses():
    return [f"127.0.0.1:{find_free_port()}" for _ in range(2)]


def finish(*processes):
    said = [process.communicate(timeout=DEADLINE_SECONDS)[1] for process in processes]
    return [process.returncode for process in processes], said


def weights(folder, index=0):
    with np.load(folder / f"{index}.npz") as arrays:
        return [arrays[name] for name in arrays.files]


def history(folder, index=0):
    return json.loads((folder / f"{index}.json").read_text())


@pytest.fixture(scope="module")
def trained(start, tmp_path_factory):
    """Alone, by two workers, on two devices: the same recipe on the same crops, at the same time."""
    folder = tmp_path_factory.mktemp("replicas")
    addresses = two_addresses()
    processes = [
        start(folder / "alone"),
        *(start(folder / "workers", workers=addresses, index=index) for index in range(2)),
        start(folder / "mirrored", "--mirrored"),
    ]
    codes, said = finish(*processes)
    assert codes == [0, 0, 0, 0], said
    return folder


def test_two_workers_end_with_the_same_weights(trained):
    for one, other in zip(weights(trained / "workers", 0), weights(trained / "workers", 1), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["workers", "mirrored"])
def test_replicas_learn_what_one_process_learns(trained, kind):
    for one, other in zip(weights(trained / "alone"), weights(trained / kind), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
    alone, together = history(trained / "alone"), history(trained / kind)
    assert together.keys() == alone.keys()
    for name in ("val_loss", "val_accuracy", "learning_rate"):
        np.testing.assert_allclose(together[name], alone[name], rtol=1e-4)
    np.testing.assert_allclose(together["loss"], alone["loss"], rtol=0.05)


def test_training_moved_the_weights_at_all(trained):
    assert history(trained / "alone")["val_loss"][-1] < 0.97 * history(trained / "alone")["val_loss"][0]


def test_only_the_chief_writes_its_run_directory(trained):
    written = {path.name for path in (trained / "workers" / "run0").iterdir()}
    assert {"model.keras", "best.weights.h5", "history.csv", "checkpoint"} <= written
    assert list((trained / "workers" / "run1").iterdir()) == []


@pytest.fixture
def killed(start, tmp_path):
    """Two workers, the second of which was killed in the second epoch; and what the chief said of it."""
    addresses = two_addresses()
    chief, other = (
        start(tmp_path, "--norm", *options, workers=addresses, index=index)
        for index, options in enumerate(([], ["--die-in-epoch", "2"]))
    )
    codes, said = finish(chief, other)
    assert codes == [1, -signal.SIGKILL]
    return tmp_path, said[0]


def test_worker_that_is_killed_ends_the_other_with_advice(killed):
    folder, said = killed
    assert "another worker of this training is gone" in said
    assert "start all workers again" in said
    assert [path.name for path in (folder / "run0" / "checkpoint").iterdir()] == ["epoch-0001"]


@pytest.mark.long
def test_workers_started_again_go_on_after_the_last_whole_epoch(start, killed):
    folder, _ = killed
    addresses = two_addresses()
    codes, said = finish(*(start(folder, "--norm", workers=addresses, index=index) for index in range(2)))
    assert codes == [0, 0], said
    for one, two in zip(weights(folder, 0), weights(folder, 1), strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(history(folder)["loss"]) == 3


def test_worker_whose_chief_never_comes_gives_up_with_a_sentence(start, tmp_path):
    alone = start(tmp_path / "waiting", workers=two_addresses(), index=1, timeout_seconds=8)
    codes, said = finish(alone)
    assert codes == [1]
    assert "if they do not all come within 8 seconds" in said[0]
