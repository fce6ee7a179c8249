"""`promote` killed with SIGKILL at each of its steps, while a caller asks for whatever version is pinned (issue 4, bar 3).

The long campaign kills SYMMETRA_KILLS times (20) at each moment and writes serving/results/promote_kills.json; a short one
kills once at each.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from serving.repository import ModelRepository
from serving.repository.history import Action
from serving.repository.promotion import Step, write_first_config
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import CallError
from tests.support.model_server_process import ModelServerProcess
from tests.support.promoting import journal, served
from tests.support.toy_versions import CROPS, p_of, publish_toy

PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "serving" / "results" / "promote_kills.json"
RANDOM = "any moment"
MOMENTS = [*map(str, Step), "record", RANDOM]
LANES = 3
"""Repositories with a server each that are worked on at once: most of a promotion is waiting."""
COMMAND_SECONDS = 120.0
UNDISTURBED_SECONDS = 2.5
"""About, from the end of the imports; the moments at random are drawn from so many seconds."""


@dataclass
class Caller:
    """Asks for the pinned version again and again, as a gateway does, and compares what comes back."""

    repository: ModelRepository
    address: str
    answers: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self):
        crop, expected = CROPS[:1], p_of(CROPS[:1])
        with open_channel(self.address) as channel:
            client = ModelServerClient(channel)
            while not self.stopping.wait(0.002):
                version = self.repository.pin().version
                try:
                    answer = client.predict(self.repository.model_name, version, {"crop": crop}, 20.0)
                except CallError as error:
                    self.failures.append(f"version {version}: {error}")
                    continue
                p = answer.outputs["p_no_depression"].reshape(-1)
                if answer.version != version or np.abs(p - expected).max() > 1e-3:
                    self.failures.append(f"version {version}: answered by {answer.version} with {p}")
                self.answers[answer.version] = self.answers.get(answer.version, 0) + 1


@dataclass
class Lane:
    """One repository, its server and its caller."""

    repository: ModelRepository
    server: ModelServerProcess
    caller: Caller
    kills: dict[str, int] = field(default_factory=dict)
    ended_before_the_kill: int = 0
    live_after_the_kill: dict[str, int] = field(default_factory=dict)
    longest_completion_seconds: float = 0.0

    def promote(self, version, moment):
        """Exit code; negative where a signal ended it."""
        arguments = [str(self.repository.directory.parent), str(version), f"127.0.0.1:{self.server.port}", moment]
        command = [sys.executable, "-m", "tests.support.dying_promoter", *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
        assert done.returncode in {0, -9}, done.stderr[-2000:]
        return done.returncode

    def kill_once(self, moment, moments):
        """Promote the version that is not live, die at the moment, look, and run the command again."""
        live = self.repository.pin().version
        target = 3 - live
        before = self.records()
        at = f"{moments.uniform(0.0, UNDISTURBED_SECONDS):.3f}" if moment == RANDOM else moment
        if self.promote(target, at) == 0:
            # Only a random moment can come too late: another one is drawn.
            assert moment == RANDOM
            self.ended_before_the_kill += 1
            self.kill_once(moment, moments)
            return
        self.kills[moment] = self.kills.get(moment, 0) + 1
        pinned = self.repository.pin().version
        assert pinned in {live, target}
        assert pinned in served(self.repository), "what is pinned is always served"
        if pinned == target:
            self.live_after_the_kill[moment] = self.live_after_the_kill.get(moment, 0) + 1
        began = time.monotonic()
        assert self.promote(target, "never") == 0
        self.longest_completion_seconds = max(self.longest_completion_seconds, time.monotonic() - began)
        assert (self.repository.pin().version, served(self.repository)) == (target, (target,))
        assert journal(self.repository) is None
        added = self.records()[len(before) :]
        assert [(record.action, record.number, record.recovered) for record in added] == [("promote", target, False)]

    def records(self):
        return [record for record in self.repository.history() if record.action not in {Action.PUBLISH, Action.APPROVE}]


@pytest.fixture
def make_lane(tmp_path):
    """Versions 1 and 2, of which 1 is live, and somebody who asks for it."""
    started = []

    def make(number):
        repository = ModelRepository(tmp_path / f"lane-{number}")
        for _ in range(2):
            publish_toy(repository)
        write_first_config(repository)
        flags = [
            f"--model_config_file={repository.directory / 'models.config'}",
            "--model_config_file_poll_wait_seconds=1",
            "--max_num_load_retries=0",
        ]
        server = ModelServerProcess(*flags)
        server.__enter__()
        started.append(server.__exit__)
        caller = Caller(repository, f"127.0.0.1:{server.port}")
        lane = Lane(repository, server, caller)
        lane.promote(1, "never")
        thread = threading.Thread(target=caller.run)
        thread.start()
        started.append(lambda: (caller.stopping.set(), thread.join()))
        return lane

    yield make
    for stop in reversed(started):
        stop()


def run_campaign(make_lane, kills, lanes, moments=MOMENTS):
    """Every moment `kills` times, spread over the lanes; what was found."""
    began = time.monotonic()
    with ThreadPoolExecutor(lanes) as pool:
        running = list(pool.map(make_lane, range(lanes)))
        work = [moment for moment in moments for _ in range(kills)]
        random.Random(1).shuffle(work)

        def work_through(number):
            chance = random.Random(number)
            for moment in work[number::lanes]:
                running[number].kill_once(moment, chance)

        list(pool.map(work_through, range(lanes)))
    found = {
        "kills": {moment: sum(lane.kills.get(moment, 0) for lane in running) for moment in moments},
        "live_after_the_kill": {
            moment: sum(lane.live_after_the_kill.get(moment, 0) for lane in running) for moment in moments
        },
        "random_kills_that_came_too_late": sum(lane.ended_before_the_kill for lane in running),
        "answers": sum(sum(lane.caller.answers.values()) for lane in running),
        "answers_by_version": {
            str(version): sum(lane.caller.answers.get(version, 0) for lane in running) for version in (1, 2)
        },
        "failed_answers": [failure for lane in running for failure in lane.caller.failures],
        "longest_completion_seconds": round(max(lane.longest_completion_seconds for lane in running), 1),
        "seconds": round(time.monotonic() - began),
        "lanes": lanes,
    }
    assert found["failed_answers"] == []
    assert min(found["answers_by_version"].values()) > 100, "the caller must have met both versions"
    return found


def test_killed_around_the_move_of_the_pin_no_answer_fails_and_the_same_command_completes(make_lane):
    """The other steps: the campaign below, and in one process `tests/serving/repository/test_promotion_resumed.py`."""
    found = run_campaign(make_lane, kills=1, lanes=1, moments=("ask", "move", "record", "unload"))
    assert not found["live_after_the_kill"]["ask"]
    assert not found["live_after_the_kill"]["move"]
    assert found["live_after_the_kill"]["record"]
    assert found["live_after_the_kill"]["unload"]


@pytest.mark.long
def test_killed_again_and_again_at_each_step(make_lane):
    kills = int(os.environ.get("SYMMETRA_KILLS", "20"))
    found = run_campaign(make_lane, kills, LANES)
    found = {"what": "python -m serving.repository promote, killed by SIGKILL, then run again", **found}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
