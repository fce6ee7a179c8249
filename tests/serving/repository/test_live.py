"""What was live when, and what a rollback returns to."""

import datetime as dt

import pytest

from serving.repository.errors import NothingToRollBackTo
from serving.repository.history import Action, HistoryRecord
from serving.repository.live import find_live, find_rollback_target


def at(hour):
    return dt.datetime(2026, 11, 24, hour, tzinfo=dt.UTC)


def told(*changes):
    """Records of one change per hour, from one o'clock on; other things happen in between."""
    records = []
    for hour, (action, number) in enumerate(changes, start=1):
        records += [
            HistoryRecord(at(hour).isoformat(timespec="microseconds"), Action(action), number, f"digest {number}"),
            HistoryRecord(at(hour).isoformat(timespec="microseconds"), Action.APPROVE, 9, "digest 9"),
            HistoryRecord(at(hour).isoformat(timespec="microseconds"), Action.ABANDON, 9, "digest 9"),
        ]
    return records


def test_before_the_first_version_nothing_was_live():
    records = told(("promote", 1))
    assert find_live([]) is None
    assert find_live(records, at(0)) is None
    assert find_live(records, at(1)).version == 1, "from its own moment on"


def test_each_moment_has_one_version_with_its_digest_and_since():
    records = told(("pin", 1), ("promote", 2), ("promote", 2), ("rollback", 1))
    found = [find_live(records, at(hour)) for hour in (1, 2, 3, 4, 23)]
    assert [(live.version, live.digest, live.since[11:13]) for live in found] == [
        (1, "digest 1", "01"),
        (2, "digest 2", "02"),
        (2, "digest 2", "02"),
        (1, "digest 1", "04"),
        (1, "digest 1", "04"),
    ]


def test_a_moment_of_another_time_zone_is_the_same_moment():
    records = told(("promote", 1), ("promote", 2))
    berlin = dt.timezone(dt.timedelta(hours=1))
    assert find_live(records, dt.datetime(2026, 11, 24, 2, 59, tzinfo=berlin)).version == 1
    assert find_live(records, dt.datetime(2026, 11, 24, 3, 0, tzinfo=berlin)).version == 2


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ([("promote", 1), ("promote", 2)], 1),
        ([("pin", 1), ("promote", 2), ("promote", 3), ("rollback", 2)], 1),
        ([("promote", 1), ("promote", 2), ("promote", 3), ("rollback", 1), ("promote", 3)], 1),
        ([("promote", 1), ("promote", 2), ("promote", 1)], 2),
        ([("promote", 1), ("promote", 2), ("rollback", 7)], 2),
    ],
)
def test_a_rollback_goes_to_what_was_live_before_and_never_to_what_was_rolled_back_from(changes, target):
    assert find_rollback_target(told(*changes), "toy") == target


@pytest.mark.parametrize("changes", [[], [("promote", 1)], [("promote", 1), ("promote", 2), ("rollback", 1)]])
def test_there_may_be_nothing_to_roll_back_to(changes):
    with pytest.raises(NothingToRollBackTo, match="rollback --to N"):
        find_rollback_target(told(*changes), "toy")
