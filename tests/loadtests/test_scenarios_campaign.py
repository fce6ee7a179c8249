"""The committed scenarios on the whole system, one by one (`-k dark_camera`): each as expected, and kept in `loadtests/results/scenarios.json`.

The first run makes the demo's version and faces below `.run/demo`, where there are none, which takes some minutes. A busy machine may send
photos late, and a scenario is INVALID then; it may also tell late, which is a failure here.
"""

import json
import os
from pathlib import Path

import pytest

from loadtests.scenarios.alerts import read_known
from loadtests.scenarios.preparing import prepare
from loadtests.scenarios.reading import committed_scenarios, read_scenario
from loadtests.scenarios.report import as_json, describe
from loadtests.scenarios.running import run_scenario
from loadtests.scenarios.timeline import draw_timeline
from serving.local.stack import Interpreters
from tests.bench.machine import commit_of_tree, machine_facts

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_system("prometheus"),
    pytest.mark.needs_system("prometheus-alertmanager"),
    pytest.mark.needs_system("strace"),
]
PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "loadtests" / "results"


@pytest.fixture(scope="module")
def prepared():
    return prepare(PROJECT / ".run" / "demo", Interpreters.this_one())


def keep(outcome):
    """Write down what one scenario showed and of which commit, beside the others, and its picture."""
    path = RESULTS / "scenarios.json"
    kept = json.loads(path.read_text())["scenarios"] if path.exists() else {}
    found = as_json(outcome) | {
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "load_average_at_the_end": os.getloadavg(),
    }
    path.write_text(
        json.dumps({"scenarios": dict(sorted({**kept, outcome.scenario.name: found}.items()))}, indent=1) + "\n"
    )
    (RESULTS / "scenarios").mkdir(exist_ok=True)
    (RESULTS / "scenarios" / f"{outcome.scenario.name}.svg").write_text(draw_timeline(outcome))


@pytest.mark.parametrize("path", committed_scenarios(), ids=lambda path: path.stem)
def test_a_committed_scenario_is_as_expected(tmp_path, prepared, path):
    scenario = read_scenario(path, read_known())
    outcome = run_scenario(scenario, tmp_path / "run", prepared, Interpreters.this_one(), print)
    print(describe(outcome))
    # What is INVALID says nothing, and takes no earlier result's place.
    assert outcome.is_valid, describe(outcome)
    keep(outcome)
    assert outcome.is_kept, describe(outcome)
