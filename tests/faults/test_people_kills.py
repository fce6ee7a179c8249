"""The gateway and PostgreSQL killed with SIGKILL while people are screened, reviewed and followed up: nothing acknowledged is lost.

The long campaign goes on until loadtests/results/people_kills.json counts SYMMETRA_PEOPLE_KILLS kills (500), whatever an
earlier one reached; after each session what it did is added there.
"""

import json
import os
import platform
import random
import secrets

import pytest

from tests.support.gateway import VERSION
from tests.support.gateway_process import PROJECT
from tests.support.people_campaign import Scenario, Session
from tests.support.postgresql import PostgresqlServer
from tests.support.stub_model_server import StubModelServer

RESULTS = PROJECT / "loadtests" / "results" / "people_kills.json"
KILLS = int(os.environ.get("SYMMETRA_PEOPLE_KILLS", "500"))
KILLS_OF_A_SESSION = 10
SCENARIOS = (Scenario("postgresql", "refuse"), Scenario("postgresql", "spool"), Scenario("sqlite", "refuse"))


def run_session(folder, scenario, kills, *, stub, postgresql, seed):
    session = Session(folder, scenario, stub=stub, postgresql=postgresql, moments=random.Random(seed))
    return session.run(kills)


@pytest.mark.needs_system("postgres")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_people_were_told_is_kept_whoever_is_killed(tmp_path, postgresql, scenario):
    with StubModelServer(VERSION) as stub:
        counts = run_session(tmp_path, scenario, 2, stub=stub, postgresql=postgresql, seed=scenario.name)
    assert counts["kills"] == 2
    assert counts["screenings"] >= counts["reviews"] >= counts["outcomes"]


@pytest.mark.long
@pytest.mark.needs_system("postgres")
def test_the_same_many_times(tmp_path):
    results = read_results()
    with PostgresqlServer(is_durable=True) as postgresql, StubModelServer(VERSION) as stub:
        number = 0
        while (done := sum(each["kills"] for each in results["scenarios"].values())) < KILLS:
            scenario = min(SCENARIOS, key=lambda each: results["scenarios"].get(each.name, {"kills": 0})["kills"])
            folder = tmp_path / str(number)
            folder.mkdir()
            number += 1
            seed, kills = secrets.token_hex(8), min(KILLS_OF_A_SESSION, KILLS - done)
            print(f"{done} of {KILLS}: {scenario.name}, seed {seed}")
            counts = run_session(folder, scenario, kills, stub=stub, postgresql=postgresql, seed=seed)
            add_results(results, scenario, counts)
    assert sum(each["screenings"] for each in results["scenarios"].values()) > KILLS


def read_results():
    if RESULTS.exists():
        return json.loads(RESULTS.read_text())
    return {
        "schema": "symmetra.people_kills/1",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "lost": 0,
        "twice": 0,
        "scenarios": {},
    }


def add_results(results, scenario, counts):
    """A session that finds something lost or twice fails, and is not added: whoever sees that looks into it."""
    before = results["scenarios"].get(scenario.name, {})
    added = {name: before.get(name, 0) + counts.get(name, 0) for name in sorted({*before, *counts})}
    results["scenarios"][scenario.name] = added
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
