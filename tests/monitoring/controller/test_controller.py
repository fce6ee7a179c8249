"""The controller through restarts, rollouts, outages and changes, with a clock of its own."""

import pytest

from monitoring.controller.controller import ControllerSettings
from monitoring.controller.heights import Budget
from monitoring.controller.places import Place
from monitoring.controller.restarts import FOLDER_NAME, Restart, ask_for
from monitoring.controller.watch import WatchSettings
from tests.support.drift_trial import CAMERA, START, VERSION, Trial
from tests.support.scripted_counters import SHARES, make_references

STATED = ControllerSettings(WatchSettings(stated_per_day=2_000))
"""Traffic as a site states it, so that heights do not depend on how long a trial has gone on."""


def test_every_photo_is_taken_once_through_restarts_and_a_rollout():
    trial = Trial(pods=8)
    trial.run(10, 60)
    gone = trial.source.pods[0]
    trial.source.remove(gone)  # after its last scrape: nothing of it is lost
    trial.start_pod(gone.target)
    trial.run(5, 60)
    for pod in list(trial.source.pods):
        trial.source.remove(pod)
        trial.start_pod(f"{pod.target}-new")
        trial.run(1, 60)
    assert trial.watch.photos + trial.watch.waiting == trial.photos
    assert trial.events() == ["began"]


def test_an_outage_of_prometheus_loses_nothing_and_invents_nothing():
    trial = Trial()
    trial.run(5, 60)
    trial.source.away = True
    for _ in range(30):
        trial.screen(60)
        trial.wait(scrape=False)
    assert trial.shown()["symmetra_drift_state", VERSION, "stale"] == 1
    trial.source.away = False
    trial.run(5, 60)
    assert trial.watch.photos + trial.watch.waiting == trial.photos
    assert trial.shown()["symmetra_drift_state", VERSION, "stale"] == 0


@pytest.mark.parametrize("answered", range(7))
def test_an_answer_that_breaks_off_half_way_loses_nothing_and_counts_nothing_twice(answered):
    trial = Trial()
    trial.run(3, 60)
    trial.source.fails_after = answered
    trial.screen(60)
    trial.start_pod("gateway late:9108")
    trial.wait()
    trial.source.fails_after = None
    trial.run(3, 60)
    daily = trial.watch.daily
    assert {signal: daily.photos_since(signal, START) for signal in make_references()} == dict.fromkeys(
        make_references(), trial.photos
    )


def test_a_controller_that_was_away_catches_up_in_stretches(tmp_path):
    trial = Trial(state=tmp_path / "drift.json")
    trial.run(3, 60)
    for _ in range(120):
        trial.screen(60)
        trial.wait(look=False)
    trial.controller = trial.make_controller()
    trial.controller.look()
    assert trial.watch.photos + trial.watch.waiting == trial.photos
    assert trial.watch.followed["severity"].detector.updates == 3 + 12, "one for each stretch of ten minutes"


def test_another_camera_is_alarmed_and_the_alarm_stays_until_somebody_takes_it_up(tmp_path):
    trial = Trial(state=tmp_path / "drift.json", settings=STATED)
    trial.run(40, 60)
    assert trial.events() == ["began"]
    changed = trial.now
    trial.run(10, 60, CAMERA)
    shown = trial.shown()
    assert shown["symmetra_drift_alarm", VERSION, "alarm"] == 1
    assert trial.events()[-1] == "alarm"
    assert shown["symmetra_drift_loudest", VERSION, "face_size"] == 0
    assert abs(shown["symmetra_drift_since_seconds", VERSION] - changed) <= 180
    trial.run(60, 60)
    shown = trial.shown()
    assert shown["symmetra_drift_alarm", VERSION, "alarm"] == 1, "it is over, and nobody has looked"
    assert shown["symmetra_drift_alarm", VERSION, "warning"] == 0, "a warning ends by itself"
    ask_for(tmp_path / FOLDER_NAME, Restart("ada", "new camera taken out again", trial.now))
    trial.run(1, 60)
    assert trial.shown()["symmetra_drift_alarm", VERSION, "alarm"] == 0
    last = trial.controller.history[-1]
    assert (last.what, last.by, last.why) == ("taken up, began anew", "ada", "new camera taken out again")
    assert not list((tmp_path / FOLDER_NAME).glob("*.json"))


def test_a_kill_between_two_looks_changes_nothing(tmp_path):
    one, other = Trial(state=tmp_path / "a" / "drift.json"), Trial(state=tmp_path / "b" / "drift.json")
    for step in range(40):
        for trial in (one, other):
            trial.run(1, 60, CAMERA)
        if step % 7 == 3:
            other.controller = other.make_controller()
    assert other.shown() == one.shown()
    assert other.watch.to_json() == one.watch.to_json()


@pytest.mark.parametrize("damage", [lambda text: text[:-9], lambda text: text.replace("7", "8", 5), lambda _: "?"])
def test_a_damaged_state_is_put_aside_and_said(tmp_path, damage, capsys):
    trial = Trial(state=tmp_path / "drift.json")
    trial.run(5, 60)
    trial.state.write_text(damage(trial.state.read_text()))
    trial.controller = trial.make_controller()
    assert "state damaged, began anew" in trial.events()
    assert "beginning anew" in capsys.readouterr().err
    (aside,) = tmp_path.glob("drift.json.damaged-*")
    assert aside.stat().st_size > 0
    trial.controller.look()
    trial.run(3, 60)
    assert trial.watch.photos == 180 + 240, "since then, and what lies between the samples of the five minutes before"


def test_a_state_that_cannot_be_kept_is_no_update(tmp_path):
    trial = Trial(state=tmp_path / "drift.json")
    trial.run(1, 60)
    kept = trial.shown()["symmetra_drift_last_update_seconds",]
    trial.controller.state_path = tmp_path / "drift.json" / "below-a-file" / "drift.json"
    trial.run(2, 60)
    assert trial.shown()["symmetra_drift_last_update_seconds",] == kept


def test_a_rollout_begins_anew_and_alarms_nobody():
    """Version 8 scores otherwise and has a profile that says so; version 7's evidence does not pass to it."""
    trial = Trial(settings=STATED)
    trial.run(20, 60)
    new = Place("", "8")
    references = make_references()
    trial.source.references[new] = references
    shares = {signal: reference.shares for signal, reference in references.items()}
    for pod in trial.source.pods:
        pod.serve("8")
        trial.source.pinned = frozenset({*trial.source.pinned, new})
        trial.screen(60, shares, "8")
        trial.wait()
    trial.source.pinned = frozenset({new})
    for _ in range(20):
        trial.screen(60, shares, "8")
        trial.wait()
    assert trial.events() == ["began", "began"]
    assert trial.controller.watches[new].photos == 22 * 60


def test_a_version_that_comes_back_begins_anew():
    trial = Trial()
    trial.run(5, 60)
    trial.source.pinned = frozenset({Place("", "8")})
    trial.run(2, 0)
    trial.source.pinned = frozenset({Place("", VERSION)})
    trial.run(1, 60)
    assert "back in service, began anew" in trial.events()
    assert trial.watch.photos == 60


def test_a_version_that_no_gateway_counts_any_more_is_forgotten():
    trial = Trial()
    trial.run(3, 60)
    pod = trial.source.pods[0]
    for other in trial.source.pods:
        other.counters = {}
    pod.serve("8")
    for _ in range(70):
        trial.wait()
    assert list(trial.controller.watches) == [Place("", "8")]
    assert trial.events()[-1] == "no longer in service"


def test_states_are_said():
    trial = Trial(profile=False)
    trial.run(1, 10)
    assert trial.shown()["symmetra_drift_state", VERSION, "no_profile"] == 1
    trial.source.references[Place("", VERSION)] = make_references()
    trial.run(1, 10)
    assert trial.shown()["symmetra_drift_state", VERSION, "insufficient_data"] == 1
    trial.run(2, 60)
    assert trial.shown()["symmetra_drift_state", VERSION, "watching"] == 1
    for _ in range(11):
        trial.wait(scrape=False)
    assert trial.shown()["symmetra_drift_state", VERSION, "stale"] == 1


def test_without_photos_there_is_no_evidence_rather_than_none_of_drift():
    assert not [key for key in Trial().shown() if key[0] == "symmetra_drift_log_evidence"]


def test_few_photos_a_day_make_an_update_a_day():
    trial = Trial()
    trial.run(10 * 24, 1, seconds=3600)
    assert trial.watch.followed["severity"].detector.updates == pytest.approx(10, abs=1)
    assert trial.watch.per_day(trial.now) == pytest.approx(24, rel=0.2)


def test_heights_follow_from_the_traffic_that_was_counted():
    trial = Trial()
    trial.run(5 * 24, 125, seconds=3600)
    shown = trial.shown()
    budget = Budget().log_heights(trial.watch.per_day(trial.now))
    assert shown["symmetra_drift_alarm_height", VERSION, "alarm"] == pytest.approx(budget["alarm"])
    assert trial.watch.per_day(trial.now) == pytest.approx(3000, rel=0.1)


def test_photos_of_one_person_at_many_gateways_share_a_weight():
    """Three equal photos of everybody: with a subject each, and the weight, they alarm nobody; without, they do."""
    outcomes = {}
    for with_subject in (True, False):
        trial = Trial(pods=8, settings=STATED)
        for _ in range(150):
            for _ in range(20):
                bins = {signal: int(trial.rng.choice(10, p=shares)) for signal, shares in SHARES.items()}
                for pod in trial.rng.choice(8, 3, replace=False):
                    trial.source.pods[pod].count(VERSION, bins, with_subject=with_subject)
            trial.wait()
        outcomes[with_subject] = "alarm" in trial.events()
    assert outcomes == {True: False, False: True}
