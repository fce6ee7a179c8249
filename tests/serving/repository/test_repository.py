"""Publishing, checking and pinning versions."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import pytest

from serving.contract.policy import Policy
from serving.contract.severity import Thresholds
from serving.repository import (
    ModelRepository,
    NothingPinned,
    PolicyOutdated,
    RecordUnreadable,
    VersionDamaged,
    VersionIncomplete,
    VersionMissing,
    VersionState,
    VersionTaken,
)
from serving.repository.errors import ModelNameInvalid
from serving.repository.history import Action


def test_an_empty_repository_says_so_and_writes_nothing(repository):
    assert repository.versions() == ()
    assert repository.list() == ()
    assert repository.history() == ()
    assert repository.next_version() == 1
    assert repository.policy() == Policy()
    assert repository.remove_abandoned() == ()
    with pytest.raises(NothingPinned):
        repository.pin()
    assert not repository.directory.exists()


def test_versions_count_up_and_carry_their_contract(repository, publish):
    first, _ = publish(repository)
    second, digest = publish(repository)
    assert (first, second) == (1, 2)
    assert repository.versions() == (1, 2)
    assert repository.contract(2).version == 2
    manifest = (repository.version_path(2) / "manifest.json").read_bytes()
    assert digest == repository.digest(2) == repository.verify(2) == hashlib.sha256(manifest).hexdigest()


def test_the_digest_is_of_content_alone(tmp_path, publish):
    digests = {publish(ModelRepository(tmp_path / name, "toy"))[1] for name in ("here", "there")}
    assert len(digests) == 1


def test_nothing_is_visible_before_the_end(repository, write_files):
    with repository.staging() as staging:
        write_files(staging.path, staging.version)
        assert staging.path.name == "tmp-1"
        assert repository.versions() == ()
        assert [(entry.version, entry.state) for entry in repository.list()] == [(1, VersionState.BEING_WRITTEN)]
        repository.publish(staging)
        assert repository.versions() == (1,)
    assert sorted(path.name for path in repository.directory.iterdir()) == [".lock", "1", "history.jsonl"]


def test_a_staging_that_fails_leaves_nothing(repository):
    with pytest.raises(ZeroDivisionError), repository.staging() as staging:
        (staging.path / "half").write_text("written")
        raise ZeroDivisionError
    assert sorted(path.name for path in repository.directory.iterdir()) == [".lock"]


def test_two_stagings_have_two_numbers(repository, write_files):
    with repository.staging() as first, repository.staging() as second:
        assert (first.version, second.version) == (1, 2)
        write_files(second.path, second.version)
        repository.publish(second)
        write_files(first.path, first.version)
        repository.publish(first)
    assert repository.versions() == (1, 2)


def test_a_number_is_never_used_twice(repository, publish):
    publish(repository)
    publish(repository)
    for path in sorted(repository.version_path(2).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    repository.version_path(2).rmdir()
    assert repository.next_version() == 3
    with pytest.raises(VersionTaken, match="next is 3"), repository.staging(2):
        pass
    with repository.staging(9) as staging:
        assert staging.version == 9


def remove(name):
    return lambda path, _: (path / name).unlink()


def replace_contract(**changes):
    def change(path, contract):
        fields = json.loads(contract.to_json()) | changes
        (path / "assets.extra" / "contract.json").write_text(json.dumps(fields))

    return change


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (remove("saved_model.pb"), "saved_model.pb is missing"),
        (remove("assets.extra/contract.json"), "contract.json is missing"),
        (replace_contract(schema="other/1"), "contract.json cannot be used"),
        (replace_contract(version=8), "version 8, but this would become toy version 1"),
        (replace_contract(model_name="other"), "for other version 1"),
        (lambda path, _: (path / "link").symlink_to("saved_model.pb"), "link is not a plain file"),
        (lambda path, _: (path / "folder").symlink_to("variables"), "folder is not a plain file"),
        (lambda path, _: os.mkfifo(path / "pipe"), "pipe is not a plain file"),
    ],
)
def test_what_lacks_a_part_does_not_become_a_version(repository, write_files, spoil, sentence):
    with repository.staging() as staging:
        contract = write_files(staging.path, staging.version)
        spoil(staging.path, contract)
        with pytest.raises(VersionIncomplete, match=sentence):
            repository.publish(staging)
    assert repository.versions() == ()


def test_every_tampered_missing_and_extra_file_is_named(repository, publish):
    publish(repository)
    version = repository.version_path(1)
    (version / "saved_model.pb").write_bytes(b"graph 2")
    (version / "variables" / "variables.index").unlink()
    (version / "assets.extra" / "new").write_text("")
    with pytest.raises(VersionDamaged) as damage:
        repository.verify(1)
    assert damage.value.changed == ("saved_model.pb",)
    assert damage.value.missing == ("variables/variables.index",)
    assert damage.value.extra == ("assets.extra/new",)
    for name in ("saved_model.pb", "variables/variables.index", "assets.extra/new"):
        assert name in str(damage.value)


def test_any_single_flipped_byte_is_noticed(repository, publish_approved):
    publish_approved(repository)
    pinned = repository.set_pin(1)
    for path in [path for path in repository.version_path(1).rglob("*") if path.is_file()]:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with contextlib.suppress(VersionDamaged):
            assert repository.verify(1) != pinned.digest, "another manifest, so another digest"
        path.write_bytes(content)
    assert repository.verify(1) == pinned.digest


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "other", "files": {}}', '{"files": 3}'])
def test_a_manifest_that_cannot_be_used_is_damage(repository, publish, content):
    publish(repository)
    (repository.version_path(1) / "manifest.json").write_text(content)
    with pytest.raises(VersionDamaged, match=r"manifest\.json"):
        repository.verify(1)


def test_a_directory_without_manifest_is_listed_as_such_and_not_trusted(repository, publish):
    publish(repository)
    (repository.directory / "7").mkdir()
    assert [(entry.version, entry.state) for entry in repository.list()] == [
        (1, VersionState.PUBLISHED),
        (7, VersionState.NO_MANIFEST),
    ]
    with pytest.raises(VersionDamaged):
        repository.set_pin(7)
    assert publish(repository)[0] == 8
    assert [record.number for record in repository.history()] == [1, 8]


def test_names_that_are_no_version_are_passed_over(repository, publish):
    publish(repository)
    for name in ("v2", "3.tmp", "04", "0", "-1", "models.config"):
        (repository.directory / name).mkdir()
    assert repository.versions() == (1,)


def test_a_missing_version_names_those_there_are(repository, publish):
    publish(repository)
    for version in (2, 0, -1):
        with pytest.raises(VersionMissing, match="published: 1"):
            repository.verify(version)


@pytest.mark.parametrize("name", ["", ".", "..", "../other", "a/b", ".hidden", "a b"])
def test_a_model_name_cannot_leave_its_root(tmp_path, name):
    with pytest.raises(ModelNameInvalid):
        ModelRepository(tmp_path, name)


def test_a_pin_carries_all_that_a_gateway_needs(repository, publish_approved):
    _, digest = publish_approved(repository)
    made = repository.set_pin(1)
    pin = ModelRepository(repository.directory.parent, "toy").pin()
    assert pin == made
    assert (pin.model, pin.version, pin.digest) == ("toy", 1, digest)
    assert pin.contract == repository.contract(1)
    assert [entry.state for entry in repository.list()] == [VersionState.PINNED]


def test_a_tampered_version_is_not_pinned_and_the_old_pin_stays(repository, publish_approved):
    publish_approved(repository)
    publish_approved(repository)
    repository.set_pin(1)
    (repository.version_path(2) / "saved_model.pb").write_bytes(b"other")
    with pytest.raises(VersionDamaged):
        repository.set_pin(2)
    assert repository.pin().version == 1


@pytest.mark.parametrize(
    "change", ["version", "model", "schema", "digest", "contract", "half", "not json", "not utf-8"]
)
def test_a_pin_that_was_edited_is_not_believed(repository, publish_approved, change):
    publish_approved(repository)
    repository.set_pin(1)
    path = repository.directory / "pin.json"
    fields = json.loads(path.read_text())
    if change == "half":
        path.write_text(path.read_text()[:100])
    elif change == "not json":
        path.write_text("\x00")
    elif change == "not utf-8":
        path.write_bytes(b"\xff\xfe")
    else:
        fields[change] = {"version": 2, "model": "other", "schema": "x", "digest": 5, "contract": {}}[change]
        path.write_text(json.dumps(fields))
    with pytest.raises(RecordUnreadable):
        repository.pin()
    # The command that replaces the broken record still works.
    assert repository.set_pin(1).version == 1


def test_policies_rise_and_the_same_one_may_be_set_again(repository):
    strict = Policy(number=2, thresholds=Thresholds(200_000, 500_000))
    repository.set_policy(strict)
    repository.set_policy(strict)
    assert repository.policy() == strict
    with pytest.raises(PolicyOutdated, match="number 2"):
        repository.set_policy(Policy(number=2))
    assert [record.number for record in repository.history() if record.action is Action.POLICY] == [2]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{"])
def test_a_policy_that_cannot_be_read_is_not_believed(repository, publish_approved, content):
    publish_approved(repository)
    (repository.directory / "policy.json").write_bytes(content)
    with pytest.raises(RecordUnreadable, match=r"policy\.json"):
        repository.policy()
    assert repository.set_pin(1).version == 1, "what has nothing to do with it still works"


@pytest.mark.parametrize("write", ["staging", "policy"])
def test_every_new_directory_is_flushed_in_its_parent(tmp_path, monkeypatch, write):
    flushed = []
    flush = os.fsync

    def note(descriptor):
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    repository = ModelRepository(tmp_path / "new" / "models", "toy")
    if write == "staging":
        with repository.staging():
            pass
    else:
        repository.set_policy(Policy(number=2))
    expected = [str(tmp_path), str(tmp_path / "new"), str(tmp_path / "new" / "models")]
    assert flushed[:3] == expected


def test_history_tells_what_happened_in_order(repository, publish_approved):
    _, first = publish_approved(repository)
    repository.set_pin(1)
    _, second = publish_approved(repository)
    repository.set_pin(2)
    told = [(record.action, record.number, record.digest) for record in repository.history()]
    assert told == [
        (Action.PUBLISH, 1, first),
        (Action.APPROVE, 1, first),
        (Action.PIN, 1, first),
        (Action.PUBLISH, 2, second),
        (Action.APPROVE, 2, second),
        (Action.PIN, 2, second),
    ]
    assert not any(record.recovered for record in repository.history())
    assert [record.at for record in repository.history()] == sorted(record.at for record in repository.history())


def test_a_record_cut_short_by_a_crash_is_made_good(repository, publish):
    publish(repository)
    _, digest = publish(repository)
    path = repository.directory / "history.jsonl"
    path.write_text(path.read_text()[:-20])
    assert [record.number for record in repository.history()] == [1]
    publish(repository)
    assert [(record.number, record.recovered) for record in repository.history()] == [(1, False), (2, True), (3, False)]
    assert repository.history()[1].digest == digest


def test_a_history_that_somebody_else_wrote_is_not_believed(repository, publish):
    publish(repository)
    with (repository.directory / "history.jsonl").open("a") as file:
        file.write('{"action": "sing"}\n')
    with pytest.raises(RecordUnreadable, match="line 2"):
        repository.history()


def test_reading_needs_no_write_access(repository, publish_approved):
    publish_approved(repository)
    repository.set_pin(1)
    before = {path: path.stat().st_mtime_ns for path in repository.directory.rglob("*")}
    repository.list(), repository.verify(1), repository.pin(), repository.policy(), repository.history()
    assert {path: path.stat().st_mtime_ns for path in repository.directory.rglob("*")} == before
