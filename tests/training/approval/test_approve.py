"""`python -m training approve` on a real version, through the real model server."""

import json
import shutil

import pytest

from serving.repository import ApprovalState, Decision, ModelRepository, NotApproved
from serving.repository.history import Action
from tests.support.tiny_faces import write_tiny_run
from tests.support.tiny_version import copy_tiny_repository
from training.__main__ import main
from training.approval.change_policy import DEFAULT_PATH

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_tiny_run(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def repository(tmp_path):
    """Version 1 is live; version 2, with the same network, waits."""
    repository = ModelRepository(copy_tiny_repository(tmp_path / "models"))
    with repository.staging() as staging:
        shutil.copytree(repository.version_path(1), staging.path, dirs_exist_ok=True)
        contract = staging.path / "assets.extra" / "contract.json"
        contract.write_text(json.dumps(json.loads(contract.read_text()) | {"version": 2}))
        repository.publish(staging)
    return repository


@pytest.fixture
def write_policy(tmp_path):
    """The default policy with changes."""

    def write(*changes):
        text = DEFAULT_PATH.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "tiny.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def approve(run, repository, write_policy):
    policy = f"--change-policy={write_policy()}"

    def command(*options):
        root = f"--repository={repository.directory.parent}"
        return main(["approve", f"--run={run}", root, "--by=A. Tester", "--why=A test.", policy, *options])

    return command


def test_a_candidate_as_good_as_the_champion_is_approved_with_its_evidence_and_can_be_pinned(
    approve, repository, capsys
):
    assert approve() == 0
    said = capsys.readouterr().out
    assert "version 2 is compared with version 1, which is live" in said
    assert "passed     golden crops in the model server: largest difference" in said
    assert "not judged ece: 0." in said
    assert "passed     gain in accuracy: +0.000 (95 % +0.000 to +0.000)" in said
    approval = repository.approval(2)
    assert (approval.decision, approval.by, approval.why) == (Decision.APPROVED, "A. Tester", "A test.")
    assert approval.digest == repository.verify(2)
    evidence = approval.evidence
    assert (evidence["candidate"]["version"], evidence["champion"]["version"]) == (2, 1)
    assert evidence["champion"]["digest"] == repository.pin().digest
    assert evidence["comparison"]["photos"] == 48
    assert evidence["comparison"]["figures"]["candidate"] == evidence["comparison"]["figures"]["champion"]
    assert any("favours the champion" in caveat for caveat in evidence["caveats"])
    assert any("says anything about any person" in caveat for caveat in evidence["caveats"])
    report = (repository.directory / "approvals" / "2.md").read_text()
    assert "| passed | gain in accuracy |" in report
    assert repository.set_pin(2).version == 2

    # The same again keeps what stands, also now that the version is live.
    before = repository.history()
    assert approve() == 0
    assert "approved before by A. Tester" in capsys.readouterr().out
    assert (repository.approval(2), repository.history()) == (approval, before)


def test_a_worse_candidate_is_refused_in_the_history_and_cannot_be_pinned(approve, repository, write_policy, capsys):
    strict = write_policy(("auroc = 0.80", "auroc = 1.0"), ('name = "default"', 'name = "strict"'))
    assert approve(f"--change-policy={strict}") == 1
    written = capsys.readouterr()
    assert "FAILED     auroc: 0." in written.out
    assert "version 2 is refused. 1 rule(s) broken: auroc: 0." in written.err
    assert "(at least 1)" in written.err
    record = repository.history()[-1]
    assert (record.action, record.number, record.by) == (Action.REFUSE, 2, "A. Tester")
    assert "auroc" in record.why
    refusal = repository.approval(2)
    assert (refusal.decision, refusal.change_policy.name) == (Decision.REFUSED, "strict")
    assert refusal.evidence["asked_because"] == "A test."
    with pytest.raises(NotApproved, match=r"was refused by A\. Tester .* auroc"):
        repository.set_pin(2)
    assert repository.pin().version == 1


def test_a_tampered_weight_file_is_refused_by_name(approve, repository, capsys):
    weights = max(repository.version_path(2).rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    assert approve() == 1
    name = weights.relative_to(repository.version_path(2)).as_posix()
    assert f"Version 2 is not what was published: changed {name}." in capsys.readouterr().err
    assert [entry.approval for entry in repository.list()] == [ApprovalState.APPROVED, ApprovalState.REFUSED]
    assert name in repository.history()[-1].why


def test_a_damaged_champion_is_a_sentence_and_decides_nothing(approve, repository, capsys):
    (repository.version_path(1) / "saved_model.pb").write_bytes(b"x")
    assert approve() == 1
    assert "Version 1 is not what was published: changed saved_model.pb" in capsys.readouterr().err
    assert repository.approval(2) is None


def test_a_version_of_another_run_is_not_judged(approve, repository, tmp_path, capsys):
    other = write_tiny_run(tmp_path / "other")
    split = json.loads((other / "split.json").read_text())
    split["subjects"]["train"] = split["subjects"]["test"][:4]
    split["subjects"]["test"] = split["subjects"]["test"][4:]
    (other / "split.json").write_text(json.dumps(split))
    assert approve(f"--run={other}") == 1
    assert (
        "was not exported from this run: its contract says that its hold-out has photos 48" in capsys.readouterr().err
    )
    assert repository.approval(2) is None


@pytest.mark.parametrize("options", [["--by= "], ["--why="], ["--version=0"]])
def test_a_decision_needs_a_name_and_a_reason(approve, options, capsys):
    with pytest.raises(SystemExit) as stopped:
        approve(*options)
    assert stopped.value.code == 2
    assert options[0].partition("=")[0] in capsys.readouterr().err


def test_a_repository_without_versions_is_a_sentence(run, tmp_path, capsys):
    assert main(["approve", f"--run={run}", f"--repository={tmp_path}", "--by=A", "--why=B"]) == 1
    assert "has no versions yet; `python -m training export` publishes one" in capsys.readouterr().err
