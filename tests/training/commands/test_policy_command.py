"""From a run's calibration to the policy that receipts name."""

import dataclasses
import json

import pytest

from serving.contract.policy import Abstention, Policy, QualityLimit
from serving.contract.severity import Thresholds
from serving.repository import ModelRepository
from training.__main__ import main
from training.calibration.calibrate import CALIBRATION_SCHEMA

ABSTENTION = Abstention(120_000, 0.9, 0.91, quality={"sharpness": QualityLimit(min=0.2)})


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    content = {"schema": CALIBRATION_SCHEMA, "abstention": {"policy": ABSTENTION.as_dict()}}
    (folder / "calibration.json").write_text(json.dumps(content))
    return folder


def write_policy(run, root):
    return main(["policy", "--run", str(run), "--repository", str(root)])


def test_chosen_abstention_comes_into_force_beside_the_thresholds_of_before(run, tmp_path, capsys):
    repository = ModelRepository(tmp_path / "models")
    repository.set_policy(Policy(3, Thresholds(200_000, 500_000)))
    assert write_policy(run, tmp_path / "models") == 0
    policy = repository.policy()
    assert policy == Policy(4, Thresholds(200_000, 500_000), ABSTENTION)
    said = capsys.readouterr().out
    assert f"policy 4, digest {policy.digest}" in said
    assert "does not withhold bands yet" in said
    assert [record.number for record in repository.history()] == [3, 4]


def test_same_abstention_again_writes_no_further_policy(run, tmp_path):
    for _ in range(2):
        assert write_policy(run, tmp_path / "models") == 0
    assert ModelRepository(tmp_path / "models").policy().number == 2


def test_run_without_calibration_is_a_sentence(tmp_path, capsys):
    assert write_policy(tmp_path, tmp_path / "models") == 1
    assert "calibration.json cannot be read" in capsys.readouterr().err


def test_calibration_of_another_schema_is_a_sentence(run, tmp_path, capsys):
    (run / "calibration.json").write_text(json.dumps({"schema": "other", "abstention": dataclasses.asdict(ABSTENTION)}))
    assert write_policy(run, tmp_path / "models") == 1
    assert CALIBRATION_SCHEMA in capsys.readouterr().err
