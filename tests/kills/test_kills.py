"""Crop caching, fit, export and approve survive kill -9 at any moment (issue 3, bar 4).

`SYMMETRA_KILLS` says how often each is killed (20). The result is written to training/results/kills.json, stage by stage.

After every kill the same command goes on from what the kill left, and everything visible is looked into. Stages that keep
what they had done (crops, fit) are killed several times on the way to one end, the others begin anew, so that one kill before
each end shows as much.
"""

import json
import os
import platform
import shutil
from pathlib import Path

import numpy as np
import pytest

from serving.repository import ApprovalState, Decision, ModelRepository, VersionState
from serving.repository.history import Action
from tests.kills.killing import (
    PROJECT,
    Campaign,
    check_arrays,
    check_repository,
    check_run,
    kill_again_and_again,
    read_shards,
    read_weights,
    run_to_end,
)

KILLS = int(os.environ.get("SYMMETRA_KILLS", "20"))
PHOTOS, EPOCHS = 60, 4
MANY_PHOTOS = 640
"""Five shards, of which a killed command leaves some finished."""
KILLS_BEFORE_END = {"crops": 3, "fit": 3, "export": 1, "approve": 1}
SCHEMA = "symmetra.kills/2"
RESULTS = PROJECT / "training" / "results" / "kills.json"

pytestmark = pytest.mark.long


def crops_command(data, crops):
    return ["crops", f"--data={data}", f"--crops={crops}", "--processes=2"]


def fit_command(data, crops, run):
    return ["fit", f"--data={data}", f"--crops={crops}", f"--out={run}", "--arch=twin", f"--epochs={EPOCHS}"]


def export_command(run, root):
    return ["export", f"--run={run}", f"--repository={root}"]


def approve_command(run, root):
    return ["approve", f"--run={run}", f"--repository={root}", "--by=kill campaign", "--why=A test of kills."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def data(folder):
    """Drawn faces."""
    options = ["synthesize", f"--out={folder / 'faces'}", f"--photos={PHOTOS}", "--photos-per-subject=2", "--quiet"]
    run_to_end(options, folder / "synthesize.log")
    return folder / "faces"


@pytest.fixture(scope="module")
def many_data(folder):
    """Enough small drawn faces for several shards."""
    out = folder / "many-faces"
    options = ["synthesize", f"--out={out}", f"--photos={MANY_PHOTOS}", "--size=160", "--quiet"]
    run_to_end(options, folder / "synthesize.log")
    return out


@pytest.fixture(scope="module")
def many_crops(many_data, folder):
    """Their crops, without a kill, and the processor seconds that took."""
    crops = folder / "calm-many-crops"
    return crops, run_to_end(crops_command(many_data, crops), folder / "calm.log")


@pytest.fixture(scope="module")
def undisturbed(data, folder):
    """Every stage once, without a kill, and the processor seconds each took."""
    crops, run, root = folder / "calm-crops", folder / "calm-run", folder / "calm-models"
    run_to_end(crops_command(data, crops), folder / "calm.log")
    seconds = {
        "fit": run_to_end(fit_command(data, crops, run), folder / "calm.log"),
        "export": run_to_end(export_command(run, root), folder / "calm.log"),
        "approve": run_to_end(approve_command(run, root), folder / "calm.log"),
    }
    return {"crops": crops, "run": run, "root": root, "seconds": seconds}


@pytest.fixture
def campaign(request):
    if request.param == "crops":
        seconds = request.getfixturevalue("many_crops")[1]
    else:
        seconds = request.getfixturevalue("undisturbed")["seconds"][request.param]
    campaign = Campaign(request.param, kills_before_end=KILLS_BEFORE_END[request.param], undisturbed_seconds=seconds)
    yield campaign
    if campaign.kills < KILLS:
        return  # it failed: nothing to keep
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if kept.get("schema") != SCHEMA:
        kept = {"schema": SCHEMA, "stages": {}}
    kept |= {
        "photos": PHOTOS,
        "photos_of_crops": MANY_PHOTOS,
        "epochs": EPOCHS,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    kept["stages"][campaign.stage] = campaign.as_dict()
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


def forget(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.parametrize("campaign", ["crops"], indirect=True)
def test_crops_end_byte_for_byte_as_without_kills_and_finished_shards_stay(campaign, many_data, folder, many_crops):
    crops = folder / "crops"
    finished = {}

    def check_visible():
        check_arrays(crops)
        now = {path.name: path.stat().st_mtime_ns for path in crops.glob("shard-*.json")}
        again = [name for name, when in finished.items() if now.get(name) != when]
        assert not again, f"finished shards were made again: {again}"
        finished.update(now)

    def check_end():
        check_visible()
        assert len(finished) > 1
        assert read_shards(crops) == read_shards(many_crops[0])

    def start_over():
        forget(crops)
        finished.clear()

    kill_again_and_again(
        campaign,
        crops_command(many_data, crops),
        folder,
        kills=KILLS,
        check_visible=check_visible,
        check_end=check_end,
        start_over=start_over,
    )


@pytest.mark.parametrize("campaign", ["fit"], indirect=True)
def test_fit_ends_with_the_same_weights_and_loses_one_epoch_at_most(campaign, data, folder, undisturbed):
    run = folder / "run"
    expected = read_weights(undisturbed["run"] / "model.keras")

    def check_end():
        found = read_weights(run / "model.keras")
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)
        calm, killed = (json.loads((path / "evaluation.json").read_text()) for path in (undisturbed["run"], run))
        assert killed == calm

    kill_again_and_again(
        campaign,
        fit_command(data, undisturbed["crops"], run),
        folder,
        kills=KILLS,
        check_visible=lambda: check_run(run),
        check_end=check_end,
        start_over=lambda: forget(run),
    )


@pytest.mark.parametrize("campaign", ["export"], indirect=True)
def test_export_shows_whole_versions_only(campaign, folder, undisturbed):
    root = folder / "export-models"
    repository = ModelRepository(root)

    def check_end():
        version = max(repository.versions())
        assert repository.contract(version).holdout == ModelRepository(undisturbed["root"]).contract(1).holdout
        repository.remove_abandoned()
        assert {entry.state for entry in repository.list()} == {VersionState.PUBLISHED}
        recorded = [record.number for record in repository.history() if record.action is Action.PUBLISH]
        assert sorted(recorded) == list(repository.versions())

    kill_again_and_again(
        campaign,
        export_command(undisturbed["run"], root),
        folder,
        kills=KILLS,
        check_visible=lambda: check_repository(root),
        check_end=check_end,
        start_over=lambda: None,
    )


@pytest.mark.parametrize("campaign", ["approve"], indirect=True)
def test_approve_ends_with_one_approval_and_never_shows_half_of_it(campaign, folder, undisturbed):
    root = folder / "approve-models"

    def start_over():
        forget(root)
        shutil.copytree(undisturbed["root"], root)
        shutil.rmtree(root / "depression_severity" / "approvals")
        history = root / "depression_severity" / "history.jsonl"
        history.write_text(history.read_text().splitlines(keepends=True)[0])

    def check_end():
        repository = ModelRepository(root)
        approval, calm = repository.approval(1), ModelRepository(undisturbed["root"]).approval(1)
        assert (approval.decision, approval.digest) == (Decision.APPROVED, repository.verify(1))
        assert approval.evidence["comparison"] == calm.evidence["comparison"]
        assert [entry.approval for entry in repository.list()] == [ApprovalState.APPROVED]
        assert repository.set_pin(1).version == 1
        actions = [record.action for record in repository.history()]
        assert actions == [Action.PUBLISH, Action.APPROVE, Action.PIN], "each is recorded once"

    start_over()
    kill_again_and_again(
        campaign,
        approve_command(undisturbed["run"], root),
        folder,
        kills=KILLS,
        check_visible=lambda: check_repository(root),
        check_end=check_end,
        start_over=start_over,
    )
