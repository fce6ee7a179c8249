"""A pin.json that cannot be read: gateways hold to what it said, so that version stays loaded until they follow the next one."""

import pytest

from serving.repository import RecordUnreadable
from serving.repository.promotion import Step
from serving.repository.rollout import Patience
from tests.support.promoting import Died, column, has, journal, lived, served

PATIENT = Patience(deadline_seconds=5.0, grace_seconds=3600.0)


def damage(repository):
    (repository.directory / "pin.json").write_text("{")


def test_the_version_that_it_named_stays_loaded_for_the_time_of_grace(repository, server, promote, monkeypatch):
    promote(1, server)
    damage(repository)
    has(server, 2)
    loaded = []

    def sleep(seconds):
        loaded.append((round(seconds), served(repository)))

    monkeypatch.setattr("serving.repository.promotion.time.sleep", sleep)
    promote(2, server, patience=PATIENT)
    assert loaded == [(3600, (1, 2))]
    assert (repository.pin().version, served(repository), journal(repository)) == (2, (2,), None)
    assert repository.history()[-1].details["from"]["version"] == 1


def test_its_gateways_are_waited_for(repository, server, promote, monkeypatch):
    promote(1, server)
    damage(repository)
    has(server, 2)
    asked = []
    monkeypatch.setattr(
        "serving.repository.promotion.find_stragglers", lambda gateways, *pin: asked.append((gateways, pin[0])) or []
    )
    promote(2, server, gateways=["http://127.0.0.1:1"])
    assert [version for _, version in asked] == [2]


@pytest.mark.parametrize("step", [Step.NOTE, Step.LOAD, Step.ASK, Step.MOVE, Step.GRACE, Step.UNLOAD, Step.FINISH])
def test_promoting_the_live_version_once_more_writes_the_pin_again(repository, server, promote, step):
    promote(1, server)
    damage(repository)
    with pytest.raises(Died):
        promote(1, server, die_at=step)
    assert 1 in served(repository)
    promote(1, server)
    assert (repository.pin().version, served(repository), journal(repository)) == (1, (1,), None)


def test_a_promotion_that_fails_leaves_the_version_loaded(repository, server, promote):
    promote(1, server)
    damage(repository)
    server.p_no_depression = column("reversed")
    for version in (1, 2):
        has(server, version)
        with pytest.raises(Exception, match="wrongly"):
            promote(version, server)
        assert served(repository) == (1,)


def test_a_rollback_goes_to_what_was_live_where_a_promotion_died(repository, server, promote):
    promote(1, server)
    has(server, 2)
    promote(2, server)
    has(server, 3)
    with pytest.raises(Died):
        promote(3, server, die_at=Step.ASK)
    damage(repository)
    has(server, 2)
    assert promote.back(server).version == 2
    assert (repository.pin().version, served(repository)) == (2, (2,))
    assert ("abandon", 3) in lived(repository)


def test_without_a_history_nobody_guesses(repository, server, promote):
    damage(repository)
    with pytest.raises(RecordUnreadable, match="must stay loaded"):
        promote(1, server)
    assert journal(repository) is None
