"""A site's own profile: signed by a person, followed by the controller, refused where it was changed."""

import io
import json

import pytest

from monitoring.commands.drift import run
from monitoring.controller.controller import ControllerSettings
from monitoring.controller.watch import WatchSettings
from tests.support.drift_trial import CAMERA, VERSION, Trial, tilted
from tests.support.scripted_counters import SHARES

STATED = ControllerSettings(WatchSettings(stated_per_day=2_000))


def command(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return run(arguments, {}, out, err), out.getvalue(), err.getvalue()


@pytest.fixture
def trial(tmp_path):
    return Trial(state=tmp_path / "drift.json", settings=STATED)


def sign(trial, *more):
    return command("sign-profile", "--state", str(trial.state), "--by", "ada", "--why", "our cameras", *more)


def test_after_a_profile_was_signed_the_alarm_is_about_changes_from_it(trial):
    trial.run(10, 60, CAMERA)
    assert trial.shown()["symmetra_drift_alarm", VERSION, "alarm"] == 1
    assert command("restart", "--state", str(trial.state), "--by", "ada", "--why", "new cameras stay")[0] == 0
    trial.run(40, 60, CAMERA)
    code, out, err = sign(trial)
    assert (code, err) == (0, "")
    assert "2,400 photos" in out
    assert "photos, not people" in out
    trial.run(30, 60, CAMERA)
    shown = trial.shown()
    assert shown["symmetra_drift_alarm", VERSION, "alarm"] == 0
    assert shown["symmetra_drift_site_profile", VERSION] == 1
    assert shown["symmetra_drift_outside_version", VERSION] == 1, "the photos are still others than the version's"
    darker = {signal: tilted(CAMERA[signal], -0.9) if signal == "luminance" else CAMERA[signal] for signal in SHARES}
    trial.run(15, 60, darker)
    shown = trial.shown()
    assert shown["symmetra_drift_alarm", VERSION, "alarm"] == 1
    assert shown["symmetra_drift_loudest", VERSION, "site_luminance"] == 1


def test_it_says_who_when_and_why_and_is_bound_by_its_digest(trial, capsys):
    trial.run(40, 60)
    sign(trial)
    path = trial.state.with_name("site_profile.json")
    kept = json.loads(path.read_text())
    (profile,) = kept["profiles"]
    assert (profile["by"], profile["why"], profile["model_version"]) == ("ada", "our cameras", VERSION)
    profile["counts"]["severity"][0] += 1
    path.write_text(json.dumps(kept))
    trial.run(1, 60)
    assert "site profile not followed" in capsys.readouterr().err
    assert trial.shown()["symmetra_drift_site_profile", VERSION] == 0


def test_it_is_followed_on_after_a_restart_of_the_controller(trial):
    trial.run(40, 60)
    sign(trial)
    trial.run(5, 60)
    evidence = trial.watch.evidence()
    trial.controller = trial.make_controller()
    assert trial.watch.evidence() == evidence
    trial.run(1, 60)
    assert trial.events().count("site profile followed") == 1
    trial.state.with_name("site_profile.json").unlink()
    trial.run(1, 60)
    assert trial.events()[-1] == "site profile taken away"
    assert trial.shown()["symmetra_drift_site_profile", VERSION] == 0


def test_too_few_photos_are_no_profile(trial):
    trial.run(30, 60)
    code, _, err = sign(trial)
    assert code == 1
    assert "needs 2,000" in err


@pytest.mark.parametrize(
    "wrong",
    [
        ("sign-profile", "--by", "ada", "--why", "x", "--model-version", "99"),
        ("restart", "--by", "ada", "--why", "x", "--site", "nowhere"),
    ],
)
def test_what_is_not_watched_is_a_sentence(trial, wrong):
    trial.run(1, 60)
    code, out, err = command(*wrong, "--state", str(trial.state))
    assert (code, out) == (1, "")
    assert "there is: version 7" in err


@pytest.mark.parametrize("name", ["sign-profile", "restart"])
def test_without_a_state_there_is_a_sentence(tmp_path, name):
    code, _, err = command(name, "--state", str(tmp_path / "drift.json"), "--by", "ada", "--why", "x")
    assert code == 1
    assert "is the controller running" in err


def test_nobody_signs_without_a_name():
    with pytest.raises(SystemExit):
        command("sign-profile", "--by", " ", "--why", "x")


def test_a_command_of_drift_that_there_is_not_is_code_2():
    assert command("paint")[0] == 2
    assert command("--help")[0] == 0
