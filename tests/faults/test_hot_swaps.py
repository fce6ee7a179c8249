"""A new version takes over while callers call: no call fails, memory stays, and nobody waits much longer (issue 4, bar 3)."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.support.model_server_process import ModelServerProcess
from tests.support.steady_load import Call, SteadyLoad, percentile_milliseconds
from tests.support.tiny_version import tiny_repository

pytestmark = pytest.mark.tensorflow
PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "serving" / "results" / "hot_swaps.json"
CROPS = np.random.default_rng(1).integers(0, 256, (1, 128, 128, 3), np.uint8)
CALLERS = 4
SETTLED_SWAPS = 10
SWAPS_FOR_CAMPAIGN = int(os.environ.get("SYMMETRA_SWAPS", "200"))
MIB = 2**20


def publish(source: Path, base: Path, number: int) -> None:
    """Let a version appear in one moment, as `serving.repository` does."""
    shutil.copytree(source, base / f"tmp-{number}")
    (base / f"tmp-{number}").rename(base / str(number))


def swap_again_and_again(source: Path, folder: Path, swaps: int, answers_between: int = 200) -> dict[str, object]:
    """Serve version 1, then replace it so often while callers call; what they saw, and the server's memory."""
    base = folder / "depression_severity"
    base.mkdir(parents=True)
    publish(source, base, 1)
    flags = ["--model_name=depression_severity", f"--model_base_path={base}", "--file_system_poll_wait_seconds=1"]
    memory: list[int] = []
    quiet: list[Call] = []
    swapping: list[Call] = []
    took: list[float] = []
    with (
        ModelServerProcess(*flags) as server,
        SteadyLoad(server.port, "depression_severity", {"crop": CROPS}, CALLERS) as load,
    ):
        resident = psutil.Process(server.process.pid)
        load.wait_for_answers(50)
        for number in range(2, swaps + 2):
            before = time.monotonic()
            load.wait_for_answers(answers_between)
            began = time.monotonic()
            publish(source, base, number)
            ended = load.wait_for_version(number)
            shutil.rmtree(base / str(number - 1))
            calls = load.calls
            quiet += [call for call in calls if before <= call.began and call.began + call.seconds <= began]
            swapping += [call for call in calls if call.began <= ended and began <= call.began + call.seconds]
            took.append(ended - began)
            memory.append(resident.memory_info().rss)
        load.wait_for_answers(answers_between)
        calls = load.calls
    return {
        "swaps": swaps,
        "callers": CALLERS,
        "calls": len(calls),
        "failed_calls": dict(load.failures()),
        "versions_that_answered": len({call.version for call in calls if call.version}),
        "swap_seconds": {"median": float(np.median(took)), "largest": max(took)},
        "p99_milliseconds": {
            "between_swaps": percentile_milliseconds(quiet, 99),
            "during_swaps": percentile_milliseconds(swapping, 99),
        },
        "p50_milliseconds": {
            "between_swaps": percentile_milliseconds(quiet, 50),
            "during_swaps": percentile_milliseconds(swapping, 50),
        },
        "resident_mib": [round(value / MIB, 1) for value in memory],
    }


def test_a_few_swaps_under_load_fail_no_call_and_every_version_answers(tmp_path):
    source = tiny_repository() / "depression_severity" / "1"
    found = swap_again_and_again(source, tmp_path, swaps=2, answers_between=40)
    assert found["failed_calls"] == {}
    assert found["versions_that_answered"] == 3


@pytest.mark.long
def test_two_hundred_swaps_under_load(tmp_path):
    """With a version named by SYMMETRA_VERSION (a directory), else the tests' tiny one."""
    named = os.environ.get("SYMMETRA_VERSION")
    source = Path(named) if named else tiny_repository() / "depression_severity" / "1"
    found = swap_again_and_again(source, tmp_path, SWAPS_FOR_CAMPAIGN)
    memory = found["resident_mib"]
    found["memory_growth"] = memory[-1] / memory[SETTLED_SWAPS - 1]
    found["p99_ratio"] = found["p99_milliseconds"]["during_swaps"] / found["p99_milliseconds"]["between_swaps"]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found["failed_calls"] == {}
    assert found["versions_that_answered"] == SWAPS_FOR_CAMPAIGN + 1
    assert found["memory_growth"] <= 1.1
    assert found["p99_ratio"] <= 2
