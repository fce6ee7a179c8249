"""What `drift plan` promises: the detector's own arithmetic, and days that hold when the controller meets the change."""

import io
import json
import math

import numpy as np
import pytest

from monitoring.commands.drift import run
from monitoring.controller.heights import Budget
from monitoring.controller.places import Place
from monitoring.controller.watch import Watch, WatchSettings
from monitoring.drift.detector import Detector
from monitoring.drift.outlook import CHANGES, Situation, days_until_alarm, look_ahead, shares_after
from monitoring.drift.reference import Reference
from monitoring.reference_metrics import SIGNALS
from tests.support.profiles import make_profile
from tests.support.scripted_counters import SEVERITY_COUNTS, TENTHS

REFERENCE = Reference.from_counts(SEVERITY_COUNTS)
CAMERA, BLUR = CHANGES[0], CHANGES[2]


def test_it_is_the_detectors_own_arithmetic():
    after, situation = shares_after(REFERENCE.shares, CAMERA), Situation(500, 10, math.log(900))
    delays, _ = days_until_alarm(REFERENCE, after, situation, streams=1, seed=(3,))
    rng = np.random.default_rng((3,))
    (counted,) = rng.multinomial(REFERENCE.photos, REFERENCE.shares, size=1)
    detector = Detector(Reference.from_counts(counted.tolist()))
    updates = next(n for n in range(1, 900) if detector.update(rng.multinomial(50, after, size=1)[0]) >= math.log(900))
    assert delays[0] == updates / 10


def test_changes_are_what_their_names_say():
    severities = (np.arange(10) + 0.5) / 10
    mean = float((REFERENCE.shares * severities).sum())
    for change in CHANGES:
        after = shares_after(REFERENCE.shares, change)
        assert after.sum() == pytest.approx(1)
        if change.logit_added or change.more_of_high > 1:
            assert (after * severities).sum() > mean
    spread = lambda shares: (shares * (severities - (shares * severities).sum()) ** 2).sum()  # noqa: E731 - a formula
    assert spread(shares_after(REFERENCE.shares, BLUR)) < spread(REFERENCE.shares)


def days_of_the_controller(per_day, change, streams):
    """Days until a watch of all five signals alarms, of which severity alone moves; looked at as often as the controller would."""
    after, budget = shares_after(REFERENCE.shares, change), Budget()
    looks_per_day = min(1_440.0, max(24.0, per_day / 25))
    found = []
    for stream in range(streams):
        rng = np.random.default_rng((77, int(per_day), stream))
        counted = {
            signal: Reference.from_counts(rng.multinomial(2_111, np.array(counts) / sum(counts)).tolist())
            for signal, counts in ((name, SEVERITY_COUNTS if name == "severity" else TENTHS) for name in SIGNALS)
        }
        watch = Watch(Place("", "7"), WatchSettings(budget, stated_per_day=per_day), 0.0)
        watch.expect(counted)
        tenth = np.full(10, 0.1)
        for look in range(1, int(90 * looks_per_day)):
            at, photos = look * 86_400 / looks_per_day, int(rng.poisson(per_day / looks_per_day))
            if photos:
                counts = {name: rng.multinomial(photos, after if name == "severity" else tenth) for name in SIGNALS}
                watch.count({name: of.astype(float) for name, of in counts.items()}, photos, at)
            if watch.is_due(at):
                watch.update(1.0, at)
            if watch.alarm_since is not None:
                found.append(at / 86_400)
                break
        else:
            found.append(math.inf)
    return np.array(found)


@pytest.mark.parametrize("per_day", [50, 500, 5_000, 50_000])
def test_the_days_that_are_promised_hold_in_simulation(per_day):
    """Other seeds than the plan's own, the whole controller's arithmetic, Poisson arrivals."""
    budget = Budget()
    situation = Situation(per_day, budget.updates_per_day(per_day), budget.log_heights(per_day)["alarm"] + math.log(5))
    promised = next(iter(look_ahead(REFERENCE, situation)))
    found = days_of_the_controller(per_day, CAMERA, streams=30)
    update = 1 / situation.updates_per_day
    assert np.median(found) <= 1.35 * promised.median_days + update
    assert np.median(found) >= promised.median_days / 1.35 - update
    inside = np.mean((found >= promised.low_days - update) & (found <= promised.high_days + update))
    assert inside >= 0.6, "eight of ten are promised; thirty streams may miss some"


def command(*arguments):
    out, err = io.StringIO(), io.StringIO()
    return run(["plan", *arguments], {}, out, err), out.getvalue(), err.getvalue()


def test_the_command_says_it_in_days_and_the_same_each_time(tmp_path):
    path = tmp_path / "profile.json"
    path.write_text(make_profile(7).to_json())
    asked = ("--per-day", "50", "--profile", str(path), "--streams", "40")
    code, out, err = command(*asked)
    assert (code, err) == (0, "")
    assert "not in" in out
    assert "days" in out
    assert command(*asked)[1] == out
    figures = json.loads(command(*asked, "--json")[1])
    assert len(figures["changes"]) == len(CHANGES)
    assert figures["changes"][-1]["median_days"] is None, "nobody could see one in a hundred"
    more = json.loads(command(*asked, "--json", "--odds", "9")[1])["changes"]
    assert more[:-1] == figures["changes"]
    assert more[-1]["change"] == "asked for (odds x 9)"
    assert more[-1]["median_days"] < figures["changes"][4]["median_days"], "it is seen sooner than odds of 1.8"


def test_without_a_reference_there_is_a_sentence(tmp_path):
    code, out, err = command("--per-day", "50", "--state", str(tmp_path / "drift.json"))
    assert (code, out) == (1, "")
    assert "--profile FILE" in err
