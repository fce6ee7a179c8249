"""Kill -9 at a random moment, again and again, and what must hold after each: the campaign of issue 3, bar 4."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import psutil

from serving.repository import ModelRepository

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(PROJECT)}
EPOCH_LINE = re.compile(r"^epoch (\d+)/", re.MULTILINE)
LIMIT_SECONDS = 900.0
POLL_SECONDS = 0.01


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """`python -m training ...` in a session of its own."""
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "training", *arguments],
            cwd=PROJECT,
            env=ENVIRONMENT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def run_to_end(arguments: list[str], log: Path) -> float:
    """Run a command undisturbed; the seconds of processor time it took, those of its helpers among them."""
    used = run_until(arguments, log, float("inf"))
    assert used is not None
    return used


def run_until(arguments: list[str], log: Path, processor_seconds: float) -> float | None:
    """Run a command, and kill it and its helpers once they have used so much processor time.

    The clock is processor time: the moment lies at the same place of the work however busy the machine is.

    Returns:
        The processor time used; None where it was killed.
    """
    deadline = time.monotonic() + LIMIT_SECONDS
    process = start(arguments, log)
    used = 0.0
    try:
        watched = psutil.Process(process.pid)
        while (code := process.poll()) is None:
            used = max(used, _processor_seconds(watched))
            if used >= processor_seconds:
                return None
            assert time.monotonic() < deadline, f"{arguments} does not come to an end"
            time.sleep(POLL_SECONDS)
        assert code == 0, log.read_text(errors="replace")[-2000:]
        return used
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _processor_seconds(process: psutil.Process) -> float:
    try:
        total = sum(process.cpu_times()[:4])  # user, system, and those of children that have ended
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                total += sum(child.cpu_times()[:4])
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0
    return total


@dataclass
class Campaign:
    """What happened in one stage."""

    stage: str
    kills: int = 0
    ends: int = 0
    """How often the command came to its end, each time with the result of an undisturbed run."""
    kills_before_end: int = 1
    """So often the command is killed before it may come to its end, unless it gets there first."""
    undisturbed_seconds: float = 0.0
    """Of processor time."""
    killed_after_seconds: list[float] = field(default_factory=list)
    epochs_lost: list[int] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "kills": self.kills,
            "completions_equal_to_undisturbed": self.ends,
            "kills_before_each_completion": self.kills_before_end,
            "undisturbed_processor_seconds": round(self.undisturbed_seconds, 1),
            "killed_after_processor_seconds": [round(seconds, 2) for seconds in self.killed_after_seconds],
        }
        return found | ({"most_epochs_lost": max(self.epochs_lost, default=0)} if self.stage == "fit" else {})


def kill_again_and_again(
    campaign: Campaign,
    arguments: list[str],
    folder: Path,
    *,
    kills: int,
    check_visible: Callable[[], None],
    check_end: Callable[[], None],
    start_over: Callable[[], None],
) -> None:
    """Start the command, kill it at a random moment, look, and go on with the same command; every few kills let it end.

    Each kill is at a moment of its own, evenly drawn over the time of the undisturbed command. One that ends, before its
    kill or because it was killed often enough, is compared with the undisturbed one, and starts over.
    """
    moments = random.Random(f"kill -9 {campaign.stage}")
    log = folder / f"{campaign.stage}.log"
    trained, since_end = 0, 0
    while campaign.kills < kills or since_end:
        may_end = since_end == campaign.kills_before_end or campaign.kills == kills
        moment = float("inf") if may_end else moments.uniform(0.0, campaign.undisturbed_seconds)
        used = run_until(arguments, log, moment)
        trained = _note_epochs(campaign, log, trained)
        wait_until_nothing_runs(folder)
        check_visible()
        if used is None:
            campaign.kills, since_end = campaign.kills + 1, since_end + 1
            campaign.killed_after_seconds.append(moment)
            continue
        check_end()
        campaign.ends += 1
        start_over()
        trained, since_end = 0, 0


def _note_epochs(campaign: Campaign, log: Path, trained: int) -> int:
    """Epochs that were trained before and are trained again; the number of the last whole epoch."""
    epochs = [int(number) for number in EPOCH_LINE.findall(log.read_text(errors="replace").replace("\r", "\n"))]
    if not epochs:
        return trained
    campaign.epochs_lost.append(max(0, trained - (epochs[0] - 1)))
    assert campaign.epochs_lost[-1] <= 1, f"epochs {epochs[0]} to {trained} are trained again"
    return epochs[-1]


def wait_until_nothing_runs(folder: Path, seconds: float = 60.0) -> None:
    """Helpers of a killed command (the model server) must end by themselves."""
    deadline = time.monotonic() + seconds
    while running := [
        process.info["pid"]
        for process in psutil.process_iter(["pid", "cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
    ]:
        assert time.monotonic() < deadline, f"processes {running} outlive the command"
        time.sleep(0.2)


def check_json(folder: Path) -> None:
    """Every visible JSON file is whole; temporary ones are named as such."""
    for path in folder.rglob("*.json"):
        if not any(part.startswith("tmp-") for part in path.relative_to(folder).parts):
            json.loads(path.read_text())


def check_repository(root: Path) -> None:
    """Every visible version verifies, every decision and the history can be read."""
    repository = ModelRepository(root)
    for version in repository.versions():
        repository.verify(version)
        repository.approval(version)
    repository.history()
    if repository.directory.is_dir():
        check_json(repository.directory)


def check_arrays(folder: Path) -> None:
    """Every visible shard that says it is complete holds as many crops as it lists."""
    for description in folder.glob("shard-*.json"):
        listed = json.loads(description.read_text())["paths"]
        assert len(np.load(description.with_suffix(".npy"))) == len(listed)


def check_run(run: Path) -> None:
    """Every visible file of a run directory is whole: JSON, the two files of weights, and the lines of the history."""
    check_json(run)
    if (run / "model.keras").exists():
        read_weights(run / "model.keras")
    if (run / "best.weights.h5").exists():
        with h5py.File(run / "best.weights.h5") as file:
            file.visititems(lambda _, item: item[()] if isinstance(item, h5py.Dataset) else None)
    if (run / "history.csv").exists():
        text = (run / "history.csv").read_text()
        assert text.endswith("\n")
        assert len({line.count(",") for line in text.splitlines()}) == 1


def read_shards(folder: Path) -> dict[str, bytes]:
    """Every file of a crop folder, byte by byte."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*")) if path.suffix != ".tmp"}


def read_weights(model: Path) -> dict[str, np.ndarray]:
    """Every array of a `.keras` file."""
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(model) as archive, archive.open("model.weights.h5") as stored, h5py.File(stored) as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return arrays
