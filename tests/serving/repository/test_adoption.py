"""An approval that comes along with a version counts for exactly that content, and never against a site's own refusal."""

import io
import json
import shutil

import pytest

from serving.repository import (
    ApprovalInvalid,
    ChangePolicyUsed,
    ModelRepository,
    RecordUnreadable,
    Statement,
    VersionMissing,
)
from serving.repository.__main__ import main
from serving.repository.adoption import adopt

GOOD = Statement("The maker", "better on every figure", {"accuracy": 0.9}, ChangePolicyUsed("strict", "ab" * 32))


@pytest.fixture
def maker(tmp_path, publish):
    """A repository elsewhere with an approved version 1."""
    made = ModelRepository(tmp_path / "elsewhere", "toy")
    publish(made)
    made.approve(1, GOOD)
    return made


@pytest.fixture
def site(repository, maker):
    """This repository, with the same version."""
    with repository.staging(1) as staging:
        shutil.copytree(maker.version_path(1), staging.path, dirs_exist_ok=True)
        (staging.path / "manifest.json").unlink()
        repository.publish(staging)
    return repository


def file_of(maker):
    return maker.directory / "approvals/1.json"


def test_a_version_can_go_live_by_the_approval_that_came_with_it(site, maker):
    assert adopt(site, file_of(maker)) == (1, True)
    kept = site.approval(1)
    assert (kept.by, kept.evidence, kept.change_policy) == (GOOD.by, GOOD.evidence, GOOD.change_policy)
    assert kept.why == f"{GOOD.why} (approved {maker.approval(1).at}, came with the version)"
    assert [record.action for record in site.history()] == ["publish", "approve"]
    assert site.set_pin(1).version == 1


def test_once_more_changes_nothing(site, maker):
    adopt(site, file_of(maker))
    before = site.history()
    assert adopt(site, file_of(maker)) == (1, False)
    assert site.history() == before


def test_other_content_is_not_what_was_approved(repository, maker, write_files):
    with repository.staging(1) as staging:
        write_files(staging.path, 1, "toy")
        (staging.path / "saved_model.pb").write_bytes(b"another graph")
        repository.publish(staging)
    with pytest.raises(ApprovalInvalid, match="is not what The maker approved"):
        adopt(repository, file_of(maker))
    assert repository.approval(1) is None


def test_a_refusal_of_this_site_stands(site, maker):
    site.refuse(1, Statement("This site", "worse for our patients", {}))
    with pytest.raises(ApprovalInvalid, match="was refused here by This site"):
        adopt(site, file_of(maker))


def test_a_refusal_is_no_approval(site, maker):
    maker.refuse(1, Statement("The maker", "a mistake", {}))
    with pytest.raises(ApprovalInvalid, match="was refused by The maker"):
        adopt(site, file_of(maker))


def test_an_approval_of_another_model_or_without_a_version_is_refused(repository, maker):
    with pytest.raises(VersionMissing):
        adopt(repository, file_of(maker))
    with pytest.raises(ApprovalInvalid, match="speaks of the model toy"):
        adopt(ModelRepository(repository.directory.parent, "other"), file_of(maker))


@pytest.mark.parametrize("text", [None, "", "{}", json.dumps({"schema": "symmetra.approval/1"})])
def test_what_is_no_approval_is_a_sentence(site, tmp_path, text):
    path = tmp_path / "approval.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RecordUnreadable, match=r"approval\.json .*cannot be read|approval\.json is not"):
        adopt(site, path)


def test_the_command_says_what_it_did(site, maker):
    said = []
    for _ in range(2):
        out, err = io.StringIO(), io.StringIO()
        code = main(
            ["--repository", str(site.directory.parent), "--model", "toy", "adopt", str(file_of(maker))], {}, out, err
        )
        said.append((code, out.getvalue(), err.getvalue()))
    assert said == [(0, "toy version 1 is approved\n", ""), (0, "toy version 1 was already approved\n", "")]


def test_a_job_publishes_and_adopts_and_can_be_tried_again(repository, maker):
    root = ["--repository", str(repository.directory.parent), "--model", "toy"]
    order = [*root, "publish", str(maker.version_path(1)), "--approval", str(file_of(maker))]
    said = []
    for _ in range(2):
        out, err = io.StringIO(), io.StringIO()
        said.append((main(order, {}, out, err), out.getvalue().splitlines()[-1], err.getvalue()))
    assert said == [(0, "toy version 1 is approved", ""), (0, "toy version 1 was already approved", "")]
    assert repository.set_pin(1).version == 1
    err = io.StringIO()
    assert main([*root, "publish", str(maker.version_path(1))], {}, io.StringIO(), err) == 1
