"""The sentinel against a real gateway with a real version in the embedded model server, as a process of its own."""

import json

import pytest

from gateway.access.scopes import Scope
from serving.repository import ModelRepository
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from tests.support.access import add_key
from tests.support.gateway_process import GatewayProcess
from tests.support.model_server_process import ModelServerProcess
from tests.support.monitored_site import run_once
from tests.support.tiny_version import copy_tiny_repository

MODEL = "depression_severity"


class Site:
    """A gateway that answers from `root`, and the keys of a sentinel."""

    def __init__(self, folder, root, gateway):
        self.folder, self.root, self.gateway = folder, root, gateway

    def look(self, *arguments, key="sentinel.key"):
        """One look: exit code and the finding as logged."""
        url = f"--url=http://127.0.0.1:{self.gateway.port}"
        done = run_once(url, f"--repository={self.root}", f"--key-file={self.folder / key}", *arguments)
        lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        return done.returncode, next(line for line in lines if line["event"] == "look")


@pytest.fixture(scope="module")
def model_server(tmp_path_factory):
    models = ModelRepository(copy_tiny_repository(tmp_path_factory.mktemp("served") / "models"), MODEL)
    write_first_config(models, served_from=str(models.directory))
    with ModelServerProcess(f"--model_config_file={models.directory / SERVED_NAME}") as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory, model_server):
    folder = tmp_path_factory.mktemp("site")
    root = copy_tiny_repository(folder / "models")
    keys = folder / "keys.json"
    (folder / "sentinel.key").write_text(add_key(keys, Scope.SCREEN, traffic=("sentinel",)))
    (folder / "reader.key").write_text(add_key(keys, Scope.READ_MODELS))
    with GatewayProcess(root, model_server, api_keys_file=keys) as gateway:
        yield Site(folder, root, gateway)


def patients_series(metrics):
    return [line for line in metrics.splitlines() if 'traffic="patient"' in line]


def test_golden_photos_of_a_real_version_are_answered_as_promised_and_count_as_no_patients(site):
    before = patients_series(site.gateway.metrics())
    code, found = site.look()
    assert (code, found["result"], found["code"]) == (0, "right", "as_promised")
    metrics = site.gateway.metrics()
    assert patients_series(metrics) == before
    assert 'symmetra_screenings_total{outcome="answered",traffic="sentinel"} 8.0' in metrics
    assert 'symmetra_screenings_total{outcome="no_face",traffic="sentinel"} 1.0' in metrics


def test_a_key_that_may_not_screen_makes_it_blind(site):
    code, found = site.look(key="reader.key")
    assert (code, found["result"], found["code"]) == (1, "blind", "key_not_accepted")


def test_another_version_than_the_pinned_one_is_seen(site, tmp_path):
    other = copy_tiny_repository(tmp_path / "models")
    pin = other / MODEL / "pin.json"
    pin.write_text(json.dumps({**json.loads(pin.read_text()), "digest": "ab" * 32}))
    code, found = site.look(f"--repository={other}")
    assert (code, found["result"]) == (1, "other_version")


def test_thresholds_that_nobody_put_in_force_are_wrong(site):
    policy = ModelRepository(site.root, MODEL).directory / "policy.json"
    as_set = policy.read_text() if policy.exists() else None
    content = json.loads(ModelRepository(site.root, MODEL).policy().to_json())
    content["thresholds"] = {"none_max_ppm": 600_000, "mild_max_ppm": 900_000}
    policy.write_text(json.dumps(content, sort_keys=True, indent=2) + "\n")
    try:
        code, found = site.look()
    finally:
        policy.unlink() if as_set is None else policy.write_text(as_set)
    assert (code, found["result"], found["code"]) == (1, "wrong", "policy_not_recorded")
    assert site.look()[0] == 0


def test_nobody_behind_the_door_is_no_answer(site):
    code, found = site.look("--url=http://127.0.0.1:9")
    assert (code, found["result"], found["code"]) == (1, "unanswered", "no_connection")
