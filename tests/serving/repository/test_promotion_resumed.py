"""A promotion whose process died: what the next command makes of it."""

import json
import os
from pathlib import Path

import pytest

from serving.repository import RecordUnreadable, Statement, VersionDamaged
from serving.repository.history import Action
from serving.repository.journal import JOURNAL_NAME, Promotion
from serving.repository.promotion import Step
from serving.repository.rollout import Patience
from tests.support.promoting import Died, has, journal, lived, served


@pytest.mark.parametrize("step", list(Step))
def test_after_a_death_at_any_step_the_same_command_completes_with_one_record(repository, server, promote, step):
    promote(1, server)
    has(server, 2)
    with pytest.raises(Died):
        promote(2, server, die_at=step)
    promote(2, server)
    assert (repository.pin().version, served(repository), journal(repository)) == (2, (2,), None)
    assert lived(repository) == [("promote", 1), ("promote", 2)]
    assert not any(record.recovered for record in repository.history())


@pytest.mark.parametrize("step", list(Step))
def test_another_promotion_ends_the_dead_one_first(repository, server, promote, step):
    promote(1, server)
    has(server, 2)
    with pytest.raises(Died):
        promote(2, server, die_at=step)
    went_live = repository.pin().version == 2
    has(server, 3)
    promote(3, server)
    assert (repository.pin().version, served(repository), journal(repository)) == (3, (3,), None)
    noted = step not in {Step.VERIFY, Step.NOTE}
    middle = [("promote", 2)] if went_live else [("abandon", 2)] if noted else []
    assert lived(repository) == [("promote", 1), *middle, ("promote", 3)]
    assert repository.history()[-1].details["from"]["version"] == (2 if went_live else 1)


def test_a_rollback_only_undoes_what_has_not_gone_live(repository, server, promote):
    promote(1, server)
    promote(1, server)
    has(server, 2)
    promote(2, server)
    has(server, 3)
    with pytest.raises(Died):
        promote(3, server, die_at=Step.MOVE)
    assert promote.back(server).version == 2
    assert (served(repository), lived(repository)[-1]) == ((2,), ("abandon", 3))


def test_a_rollback_from_a_version_that_just_went_live_waits_for_no_grace(repository, server, promote):
    promote(1, server)
    has(server, 2)
    with pytest.raises(Died):
        promote(2, server, die_at=Step.GRACE)
    has(server, 1)
    patient = Patience(deadline_seconds=5.0, grace_seconds=3600.0)
    with pytest.raises(Died):
        promote.back(server, patience=patient, die_at=Step.GRACE)
    assert repository.pin().version == 1, "it got as far as its own grace"
    assert promote.back(server).version == 1, "and goes on as the same rollback"
    assert lived(repository) == [("promote", 1), ("promote", 2), ("rollback", 1)]


def test_a_version_that_is_tampered_with_after_a_death_is_undone(repository, server, promote):
    promote(1, server)
    has(server, 2)
    with pytest.raises(Died):
        promote(2, server, die_at=Step.ASK)
    (repository.version_path(2) / "saved_model.pb").write_bytes(b"tampered")
    with pytest.raises(VersionDamaged):
        promote(2, server)
    assert (served(repository), journal(repository), lived(repository)[-1]) == ((1,), None, ("abandon", 2))


def test_another_writer_records_a_dead_promotion_once_and_with_its_own_time(repository, server, promote, monkeypatch):
    promote(1, server)
    has(server, 2)
    with monkeypatch.context() as patch:
        patch.setattr("serving.repository.repository.append_record", lambda *_: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            promote(2, server)
    assert (repository.pin().version, lived(repository)) == (2, [("promote", 1)])
    repository.refuse(3, Statement("B. Person", "no", {}))
    record = next(record for record in repository.history() if record.action is Action.PROMOTE and record.number == 2)
    assert (record.at, record.by, record.recovered) == (journal(repository).moved, "A. Person", False)
    promote(2, server)
    assert lived(repository) == [("promote", 1), ("promote", 2), ("refuse", 3)]


def test_a_journal_with_fields_of_other_types_is_not_believed(repository, server, promote):
    promote(1, server)
    has(server, 2)
    with pytest.raises(Died):
        promote(2, server, die_at=Step.ASK)
    text = (repository.directory / JOURNAL_NAME).read_text()
    for field, value in (("version", "2"), ("started", 5), ("schema", "x"), ("action", "sing")):
        with pytest.raises(RecordUnreadable, match=JOURNAL_NAME):
            Promotion.from_json(json.dumps(json.loads(text) | {field: value}))


def test_a_death_at_any_write_is_made_good(repository, promote, server, monkeypatch):
    """Every file that is opened, flushed, renamed or removed is a moment to die at, before and after."""
    promote(1, server)
    moments = {"left": -1}

    def count():
        moments["left"] -= 1
        if not moments["left"]:
            raise Died

    def dying(function):
        def run(*arguments, **options):
            count()
            result = function(*arguments, **options)
            count()
            return result

        return run

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
        monkeypatch.setattr(owner, name, dying(getattr(owner, name)))
    live, deaths = 1, 0
    while True:
        # From one to the other and back, dying one moment later each time.
        target = 3 - live
        has(server, target)
        moments["left"] = deaths + 1
        try:
            promote(target, server)
            break
        except Died:
            deaths += 1
            assert repository.pin().version in {live, target}
            assert {repository.pin().version} <= set(served(repository))
            moments["left"] = -1
            promote(target, server)
        live = target
        assert (repository.pin().version, served(repository), journal(repository)) == (target, (target,), None)
    assert deaths > 30, "a promotion should have many moments to die at"
    told = lived(repository)
    assert told == [("promote", 1), *(("promote", 2 - index % 2) for index in range(deaths + 1))], (
        "each is recorded once"
    )
