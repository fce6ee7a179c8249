"""Who let a version go live, or refused it, and that nothing else goes live."""

import json

import pytest

from serving.repository import (
    ApprovalInvalid,
    ApprovalState,
    ChangePolicyUsed,
    Decision,
    ModelRepository,
    NotApproved,
    RecordUnreadable,
    Statement,
    VersionDamaged,
    VersionMissing,
)
from serving.repository.history import Action

GOOD = Statement(
    "A. Person", "better on every figure", {"accuracy": 0.9}, ChangePolicyUsed("strict", "ab" * 32), "# Why"
)
BAD = Statement("A. Person", "worse in the subgroup site=north", {"accuracy": 0.6})


def states(repository):
    return [entry.approval for entry in repository.list()]


def test_an_approval_is_kept_with_its_evidence_and_recorded(repository, publish):
    _, digest = publish(repository)
    assert repository.approval(1) is None
    made = repository.approve(1, GOOD)
    kept = ModelRepository(repository.directory.parent, "toy").approval(1)
    assert kept == made
    assert (kept.decision, kept.digest, kept.by, kept.why) == (Decision.APPROVED, digest, GOOD.by, GOOD.why)
    assert (kept.evidence, kept.change_policy) == (GOOD.evidence, GOOD.change_policy)
    record = repository.history()[-1]
    assert (record.action, record.number, record.digest) == (Action.APPROVE, 1, digest)
    assert (record.by, record.why, record.at) == (GOOD.by, GOOD.why, kept.at)
    assert (repository.directory / "approvals" / "1.md").read_text() == "# Why"
    assert {path.name for path in (repository.directory / "approvals").iterdir()} == {"1.json", "1.md"}
    assert states(repository) == [ApprovalState.APPROVED]
    assert repository.set_pin(1).version == 1


def test_a_version_that_nobody_approved_cannot_be_pinned(repository, publish):
    publish(repository)
    with pytest.raises(NotApproved, match=r"only an approved version .* Run: python -m training approve .*--version 1"):
        repository.set_pin(1)
    assert not (repository.directory / "pin.json").exists()


def test_a_refused_version_cannot_be_pinned_and_the_sentence_says_why(repository, publish):
    publish(repository)
    repository.refuse(1, BAD)
    assert states(repository) == [ApprovalState.REFUSED]
    with pytest.raises(NotApproved, match=r"refused by A\. Person at .*: worse in the subgroup site=north"):
        repository.set_pin(1)
    record = repository.history()[-1]
    assert (record.action, record.by, record.why) == (Action.REFUSE, BAD.by, BAD.why)


def test_the_latest_decision_counts_and_both_are_in_the_history(repository, publish):
    publish(repository)
    repository.approve(1, GOOD)
    repository.set_pin(1)
    repository.refuse(1, BAD)
    assert repository.pin().version == 1, "what is live changes only by a pin"
    with pytest.raises(NotApproved):
        repository.set_pin(1)
    repository.approve(1, GOOD)
    assert repository.set_pin(1).version == 1
    assert [record.action for record in repository.history()] == [
        "publish",
        "approve",
        "pin",
        "refuse",
        "approve",
        "pin",
    ]


def test_an_approval_is_of_content_and_not_of_a_number(repository, publish):
    publish(repository)
    repository.approve(1, GOOD)
    manifest = repository.version_path(1) / "manifest.json"
    # The same files, listed in other bytes: a valid version with another digest.
    manifest.write_text(json.dumps(json.loads(manifest.read_text())))
    assert states(repository) == [ApprovalState.OTHER_CONTENT]
    with pytest.raises(NotApproved, match="is not what was approved"):
        repository.set_pin(1)


def test_a_tampered_weight_file_is_named_and_not_approved(repository, publish):
    publish(repository)
    (repository.version_path(1) / "variables" / "variables.index").write_bytes(b"weighty")
    with pytest.raises(VersionDamaged, match=r"changed variables/variables\.index"):
        repository.approve(1, GOOD)
    assert repository.approval(1) is None
    assert repository.refuse(1, BAD).digest == repository.digest(1), "but it can be refused"


def test_a_version_that_changed_while_it_was_judged_is_not_approved(repository, publish):
    publish(repository)
    with pytest.raises(ApprovalInvalid, match="changed while it was judged"):
        repository.approve(1, GOOD, judged_digest="ab" * 32)
    with pytest.raises(VersionMissing):
        repository.approve(2, GOOD)


def test_an_approval_beside_a_version_that_is_no_longer_live_is_none(repository, publish):
    for _ in range(3):
        publish(repository)
    repository.approve(1, GOOD, live_digest=None)
    repository.set_pin(1)
    digest = repository.digest(1)
    assert repository.approve(2, GOOD, live_digest=digest).decision is Decision.APPROVED
    assert repository.approve(1, GOOD, live_digest=None).decision is Decision.APPROVED, "it is live itself"
    repository.set_pin(2)
    for compared in (digest, None):
        with pytest.raises(ApprovalInvalid, match="Another version went live while version 3 was judged"):
            repository.approve(3, GOOD, live_digest=compared)
    assert repository.approval(3) is None


def test_a_writer_that_dies_leaves_no_text_that_tells_of_another_decision(repository, publish, monkeypatch):
    publish(repository)
    repository.approve(1, GOOD)
    monkeypatch.setattr("serving.repository.approval.write_atomically", lambda *_: None)
    repository.refuse(1, BAD)
    assert not (repository.directory / "approvals" / "1.md").exists()


@pytest.mark.parametrize(
    "statement", [Statement(" ", "why", {}), Statement("who", "", {}), Statement("who", "why", {"x": float("nan")})]
)
def test_a_decision_without_name_reason_or_figures_is_none(repository, publish, statement):
    publish(repository)
    with pytest.raises(ApprovalInvalid):
        repository.approve(1, statement)
    assert repository.approval(1) is None
    assert [record.action for record in repository.history()] == ["publish"]


@pytest.mark.parametrize(
    "change", ["version", "model", "schema", "decision", "digest", "by", "half", "list", "not utf-8"]
)
def test_an_approval_that_was_edited_is_not_believed(repository, publish, change):
    publish(repository)
    repository.approve(1, GOOD)
    path = repository.directory / "approvals" / "1.json"
    if change in {"half", "list", "not utf-8"}:
        path.write_bytes({"half": path.read_bytes()[:100], "list": b"[]", "not utf-8": b"\xff\xfe"}[change])
    else:
        edited = {"version": 2, "model": "other", "schema": "x", "decision": "perhaps", "digest": 5, "by": ""}[change]
        path.write_text(json.dumps(json.loads(path.read_text()) | {change: edited}))
    with pytest.raises(RecordUnreadable, match=r"approvals/1\.json"):
        repository.set_pin(1)
    assert states(repository) == [ApprovalState.UNREADABLE]
    repository.approve(1, GOOD)
    assert repository.set_pin(1).version == 1, "the command that replaces the broken record works"


def die(*_):
    raise KeyboardInterrupt


def test_a_decision_whose_writer_died_before_the_record_is_recorded_late_once(repository, publish, monkeypatch):
    _, digest = publish(repository)
    with monkeypatch.context() as patch:
        patch.setattr("serving.repository.repository.append_record", die)
        with pytest.raises(KeyboardInterrupt):
            repository.refuse(1, BAD)
    assert repository.approval(1).decision is Decision.REFUSED
    publish(repository)
    publish(repository)
    late = [record for record in repository.history() if record.action is Action.REFUSE]
    assert [(record.number, record.digest, record.by, record.why, record.recovered) for record in late] == [
        (1, digest, BAD.by, BAD.why, True)
    ]


def test_lines_of_earlier_releases_stay_readable(repository, publish):
    publish(repository)
    path = repository.directory / "history.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        del line["by"], line["why"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [(record.by, record.why) for record in repository.history()] == [("", "")]


def test_a_manifest_that_was_changed_is_not_recorded_as_a_publication(repository, publish):
    publish(repository)
    (repository.version_path(1) / "manifest.json").write_text("{}")
    publish(repository)
    assert [record.number for record in repository.history()] == [1, 2]
