"""What a person has not taken up stands, whatever else begins anew; and nothing passes for quiet that only began anew."""

import numpy as np
import pytest

from monitoring.controller.controller import ControllerSettings
from monitoring.controller.estimates import estimate_of
from monitoring.controller.heights import Budget
from monitoring.controller.places import Place
from monitoring.controller.restarts import FOLDER_NAME, Restart, ask_for
from monitoring.controller.watch import WEEK_SECONDS, Watch, WatchSettings
from monitoring.drift.errors import CountsUnusable
from tests.support.drift_trial import CAMERA, VERSION, Trial
from tests.support.scripted_counters import make_references

STATED = ControllerSettings(WatchSettings(stated_per_day=2_000))
ALARM = ("symmetra_drift_alarm", VERSION, "alarm")


def alarmed(tmp_path) -> Trial:
    trial = Trial(state=tmp_path / "drift.json", settings=STATED)
    trial.run(5, 60)
    trial.run(10, 60, CAMERA)
    assert trial.shown()[ALARM] == 1
    return trial


def test_an_alarm_stands_through_another_reference_and_a_version_that_comes_back(tmp_path):
    trial = alarmed(tmp_path)
    changed = {
        name: type(each)(each.positions, each.shares[::-1], each.photos) for name, each in make_references().items()
    }
    trial.source.references[Place("", VERSION)] = changed
    trial.run(1, 60)
    assert "reference changed, began anew" in trial.events()
    assert trial.shown()[ALARM] == 1
    trial.source.pinned = frozenset({Place("", "8")})
    trial.run(2, 60)
    trial.source.pinned = frozenset({Place("", VERSION)})
    trial.run(1, 60)
    assert "back in service, began anew" in trial.events()
    assert trial.shown()[ALARM] == 1


def test_an_alarm_stands_when_its_version_goes_out_of_service_until_it_is_taken_up(tmp_path):
    trial = alarmed(tmp_path)
    for pod in trial.source.pods:
        pod.counters = {}
    trial.source.pods[0].serve("8")
    for _ in range(70):
        trial.wait()
    assert trial.shown()[ALARM] == 1
    ask_for(trial.state.parent / FOLDER_NAME, Restart("ada", "camera repaired", trial.now))
    for _ in range(2):
        trial.wait()
    assert list(trial.controller.watches) == [Place("", "8")]


def test_an_alarm_is_shown_before_the_first_look_of_a_controller_that_starts_again(tmp_path):
    trial = alarmed(tmp_path)
    trial.controller = trial.make_controller()
    assert trial.shown()[ALARM] == 1


def test_a_state_that_cannot_be_read_just_now_is_no_damage(tmp_path, monkeypatch):
    trial = alarmed(tmp_path)

    def fail(*_, **__):
        raise PermissionError(13, "not now")

    monkeypatch.setattr("pathlib.Path.read_text", fail)
    with pytest.raises(PermissionError):
        trial.make_controller()
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["drift.json"]


def test_a_restart_counts_once_however_often_a_look_fails(tmp_path):
    trial = alarmed(tmp_path)
    ask_for(trial.state.parent / FOLDER_NAME, Restart("ada", "x", trial.now))
    trial.source.away = True
    trial.run(3, 60)
    trial.source.away = False
    trial.run(1, 60)
    assert trial.events().count("taken up, began anew") == 1
    assert not list((tmp_path / FOLDER_NAME).iterdir())
    ask_for(trial.state.parent / FOLDER_NAME, Restart("bob", "again", trial.now))
    trial.run(1, 60)
    assert trial.events().count("taken up, began anew") == 2


def test_a_restart_that_nobody_can_read_is_put_aside_and_said(tmp_path):
    trial = alarmed(tmp_path)
    (tmp_path / FOLDER_NAME).mkdir(exist_ok=True)
    (tmp_path / FOLDER_NAME / "a.json").write_text("{")
    trial.run(2, 60)
    assert [path.name.partition(".json")[2][:9] for path in (tmp_path / FOLDER_NAME).iterdir()] == [".damaged-"]
    assert trial.shown()[ALARM] == 1


def test_a_place_that_cannot_be_judged_costs_the_others_no_photo(monkeypatch):
    trial = Trial(settings=STATED)
    other = Place("", "8")
    trial.source.references[other] = make_references()
    trial.source.pods[0].serve("8")
    update = Watch.update

    def refuse(watch, *arguments):
        if watch.place.version == VERSION:
            raise CountsUnusable("eleven bins")
        return update(watch, *arguments)

    monkeypatch.setattr(Watch, "update", refuse)
    for _ in range(5):
        trial.screen(60)
        trial.screen(60, version="8")
        trial.wait()
    assert trial.controller.watches[other].photos == 5 * 60
    assert trial.watch.photos == 0


def test_a_busy_site_s_alarm_hangs_high_from_the_first_minutes_of_a_version():
    """50,000 a day: as many as 35 a minute. A day's worth of photos that has just begun must not pass for a quiet site's."""
    trial = Trial()
    trial.run(10, 35)
    trial.run(1, 35)
    full = Budget().log_heights(50_000)["alarm"]
    assert trial.watch.heights(trial.now)["alarm"] == pytest.approx(full, abs=0.5)
    for pod in trial.source.pods:
        pod.serve("8")
    trial.source.references[Place("", "8")] = make_references()
    trial.screen(5, version="8")
    trial.wait()
    assert trial.controller.watches[Place("", "8")].heights(trial.now)["alarm"] == pytest.approx(full, abs=0.5)


def test_an_estimate_is_not_valid_until_the_detectors_saw_all_of_its_photos():
    trial = Trial(settings=STATED)
    p_of_bins = tuple(np.linspace(0.95, 0.05, 10))
    trial.run(20, 60)
    assert estimate_of(trial.watch, p_of_bins, trial.now).valid
    trial.watch.take_up(trial.now)
    trial.run(5, 60)
    assert not estimate_of(trial.watch, p_of_bins, trial.now).valid
    trial.run(9, 120, seconds=WEEK_SECONDS / 7)
    assert estimate_of(trial.watch, p_of_bins, trial.now).valid
