"""The gateway killed with SIGKILL while it answers, keeps receipts and is paused: nothing acknowledged is lost, nothing damaged.

The long campaign kills SYMMETRA_KILLS times (100) and writes loadtests/results/record_kills.json; a short one kills twice.

A caller counts an answer when all of it has arrived. A gateway that was killed may have kept a receipt whose answer nobody
got: that is counted apart, and is no loss.
"""

import http.client
import json
import os
import platform
import random
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

import pytest

from gateway.stop.stop_switch import StopSwitch
from serving.repository import ModelRepository
from tests.support.drawn_faces import drawn_face
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import PROJECT, GatewayProcess, wait_until
from tests.support.records import make_records, open_store
from tests.support.stub_model_server import StubModelServer

RESULTS = PROJECT / "loadtests" / "results" / "record_kills.json"
KILLS = int(os.environ.get("SYMMETRA_KILLS", "100"))
CALLERS = 4
MOST_ANSWERS = 20
"""A gateway is killed after so many at most: its end then lies at the same place of the work however busy the machine is."""
LATEST_KILL_SECONDS = 0.05
"""After the last of them."""
END_OF_TIME = 2**62


@dataclass
class Campaign:
    """What happened."""

    kills: int = 0
    answered: int = 0
    refused_while_paused: int = 0
    receipts: int = 0
    receipts_nobody_got_an_answer_for: int = 0
    missing: int = 0
    """Answers that arrived, of all gateways so far, and have no receipt now."""
    orders: int = 0
    """Pauses and resumes that came to their end."""
    killed_after_answers: list[int] = field(default_factory=list)


class Callers:
    """Ask until the gateway is gone, and keep the id of every answer that arrived whole."""

    def __init__(self, gateway, photo):
        self.gateway, self.photo = gateway, photo
        self.ids = []
        self.refused = 0

    def run(self):
        while True:
            try:
                status, body = self.gateway.screen(self.photo)
            except (OSError, ValueError, http.client.HTTPException):
                return
            if status == 200:
                self.ids.append(body["id"])
            else:
                assert body["code"] == "screening_paused", body
                self.refused += 1


def give_orders(directory, gone, campaign):
    """Pause and resume until the gateway is gone, as people on another machine."""
    switch = StopSwitch(directory)
    while not gone.wait(0.05):
        switch.pause(by="ada", why="x" * 2000)
        switch.resume(by="bob", why="", details={})
        campaign.orders += 2


def kill(gateway):
    """The whole process group at once, as a machine that loses its power."""
    os.killpg(gateway._process.pid, signal.SIGKILL)
    gateway._process.wait()


def kill_once(root, settings, campaign, *, stub, photo, answers, seconds):
    gone = threading.Event()
    directory = ModelRepository(root).directory
    with GatewayProcess(root, stub.address, **settings) as gateway, ThreadPoolExecutor(CALLERS + 1) as threads:
        callers = [Callers(gateway, photo) for _ in range(CALLERS)]
        asking = [threads.submit(each.run) for each in callers]
        ordering = threads.submit(give_orders, directory, gone, campaign)
        try:
            wait_until(lambda: sum(len(each.ids) for each in callers) >= answers)
            time.sleep(seconds)  # the moment of the kill is what is varied here
            kill(gateway)
            for future in asking:
                future.result(60)
        finally:
            gone.set()
        ordering.result(60)
    campaign.kills += 1
    campaign.killed_after_answers.append(answers)
    campaign.refused_while_paused += sum(each.refused for each in callers)
    return [screening_id for each in callers for screening_id in each.ids]


def check_records(settings, answered, campaign):
    """The database is whole and holds no receipt twice; count answers that arrived and have none."""
    store = open_store(settings["records_url"])
    kept = [receipt.id for receipt in store.between(0, END_OF_TIME)]
    store.close()
    connection = sqlite3.connect(settings["records_url"].removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert len(kept) == len(set(kept))
    campaign.answered, campaign.receipts = len(answered), len(kept)
    campaign.receipts_nobody_got_an_answer_for = len(set(kept) - set(answered))
    campaign.missing = len(set(answered) - set(kept))


def check_pauses(root, campaign):
    switch = StopSwitch(ModelRepository(root).directory)
    assert switch.state() is None or switch.state().action in {"pause", "resume"}
    changes, unreadable = switch.history()
    assert unreadable == 0
    assert len({change.id for change in changes}) == len(changes) == campaign.orders


def run_campaign(folder, kills):
    make_repository(folder)
    settings = make_records(folder) | {"sentinel_interval_seconds": 0.2}
    moments = random.Random("kill -9 gateway")
    campaign, answered, photo = Campaign(), [], drawn_face()
    with StubModelServer(VERSION) as stub:
        for _ in range(kills):
            answers, seconds = moments.randrange(MOST_ANSWERS + 1), moments.uniform(0.0, LATEST_KILL_SECONDS)
            answered += kill_once(folder, settings, campaign, stub=stub, photo=photo, answers=answers, seconds=seconds)
            check_records(settings, answered, campaign)
            check_pauses(folder, campaign)
    return campaign


def test_what_was_answered_is_kept_whenever_the_gateway_is_killed(tmp_path):
    campaign = run_campaign(tmp_path, 2)
    assert campaign.kills == 2
    assert campaign.missing == 0
    assert campaign.answered >= sum(campaign.killed_after_answers)
    assert campaign.orders > 0


@pytest.mark.long
def test_the_same_many_times(tmp_path):
    campaign = run_campaign(tmp_path, KILLS)
    assert campaign.answered > KILLS
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "callers": CALLERS}
    RESULTS.write_text(
        json.dumps({"schema": "symmetra.record_kills/1", **machine, **asdict(campaign)}, indent=1) + "\n"
    )
    # After what was found is kept, so that a loss is on the page too.
    assert campaign.missing == 0, f"{campaign.missing} answers arrived and have no receipt"
