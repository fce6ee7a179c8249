"""Old versions are removed, those that somebody could need never."""

import json

import pytest

from serving.repository import RecordUnreadable
from serving.repository.collection import collect, plan_collection
from serving.repository.errors import PromotionRunning
from serving.repository.history import HISTORY_NAME, Action, HistoryRecord, append_record
from serving.repository.journal import JOURNAL_NAME, Promotion
from serving.repository.promotion_files import PromotionFiles
from serving.repository.promotion_lock import promotion_lock


@pytest.fixture
def eight(repository, publish_approved):
    """Versions 1 to 8, of which 2 and then 4 went live."""
    for _ in range(8):
        publish_approved(repository)
    repository.set_pin(2)
    repository.set_pin(4)
    return repository


def removed(repository):
    return [record.number for record in repository.history() if record.action is Action.REMOVE]


def test_a_plan_changes_nothing_and_says_why_each_version_stays(eight):
    PromotionFiles(eight).serve({3, 4})
    plan = plan_collection(eight, keep=2)
    assert plan.removable == (1, 5, 6)
    assert plan.kept == {
        2: "rollback returns to it",
        3: "models.config names it",
        4: "it is pinned",
        7: "one of the newest",
        8: "one of the newest",
    }
    assert eight.versions() == tuple(range(1, 9))


def test_what_is_collected_is_gone_and_in_the_history_and_no_number_comes_back(eight, publish):
    plan = collect(eight, 2, "A. Person", "disk")
    assert plan.removable == (1, 3, 5, 6)
    assert eight.versions() == (2, 4, 7, 8)
    assert not list(eight.directory.glob("removed-*"))
    assert removed(eight) == [1, 3, 5, 6]
    assert (eight.history()[-1].by, eight.history()[-1].why) == ("A. Person", "disk")
    assert publish(eight)[0] == 9
    assert collect(eight, 3, "A. Person", "disk").removable == ()


def test_at_least_the_newest_stays(repository, publish):
    for _ in range(3):
        publish(repository)
    assert plan_collection(repository, keep=0).removable == (1, 2)


def test_both_ends_of_a_promotion_that_is_under_way_stay(eight):
    said = {"digest": eight.digest(5), "from_version": 3, "from_digest": eight.digest(3), "by": "x", "why": ""}
    promotion = Promotion(Action.PROMOTE, "toy", 5, **said, started="2026-11-24T00:00:00+00:00")
    (eight.directory / JOURNAL_NAME).write_text(promotion.to_json())
    plan = plan_collection(eight, keep=1)
    assert plan.removable == (1, 6, 7)
    assert (plan.kept[3], plan.kept[5]) == ("a promotion from it is under way", "a promotion of it is under way")


def test_what_was_not_published_from_here_stays_and_a_damaged_version_goes(eight):
    (eight.directory / "5" / "manifest.json").unlink()
    (eight.directory / "6" / "saved_model.pb").write_bytes(b"x")
    plan = collect(eight, 1, "A. Person", "disk")
    assert plan.kept[5] == "not published from here"
    assert 6 in plan.removable


@pytest.mark.parametrize("when", ["before the record", "before the deletion"])
def test_a_collection_that_died_is_finished_by_the_next(eight, when):
    (eight.directory / "1").rename(eight.directory / "removed-1")
    if when == "before the deletion":
        append_record(eight.directory / HISTORY_NAME, HistoryRecord.now(Action.REMOVE, 1, ""))
    assert eight.versions()[0] == 2
    assert plan_collection(eight, keep=8).leftovers == (1,)
    collect(eight, 8, "A. Person", "disk")
    assert not (eight.directory / "removed-1").exists()
    assert removed(eight) == [1]


@pytest.mark.parametrize("name", ["pin.json", "models.config", JOURNAL_NAME])
def test_where_a_record_cannot_be_read_nothing_is_removed(eight, name):
    PromotionFiles(eight).serve({4})
    (eight.directory / name).write_text(json.dumps({"schema": "x"}))
    with pytest.raises(RecordUnreadable, match=name):
        collect(eight, 1, "A. Person", "disk")
    assert len(eight.versions()) == 8


def test_nothing_is_collected_while_a_promotion_is_at_work(eight):
    with promotion_lock(eight.directory, "promote 8"), pytest.raises(PromotionRunning, match="promote 8"):
        collect(eight, 1, "A. Person", "disk")
