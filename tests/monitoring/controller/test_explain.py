"""`drift explain` after a change, without one, and where there is nothing to say."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from monitoring.commands.drift import run
from monitoring.controller.controller import ControllerSettings
from monitoring.controller.watch import WatchSettings
from monitoring.drift.explanation import compare
from monitoring.drift.reference import Reference
from tests.support.drift_trial import Trial, tilted
from tests.support.scripted_counters import SHARES

STATED = ControllerSettings(WatchSettings(stated_per_day=2_000))
DARKER = {name: tilted(shares, -1.5) if name == "luminance" else shares for name, shares in SHARES.items()}


def explain(trial, *more):
    out, err = io.StringIO(), io.StringIO()
    code = run(["explain", "--state", str(trial.state), "--per-day", "2000", *more], {}, out, err)
    return code, out.getvalue(), err.getvalue()


def row(text, signal):
    (line,) = re.findall(rf"^  {signal}  +.*$", text, flags=re.MULTILINE)
    return line


def test_it_says_what_moved_and_since_when_and_draws_it(tmp_path):
    trial = Trial(state=tmp_path / "drift.json", settings=STATED)
    trial.run(30, 60, seconds=3600)
    changed = trial.now
    trial.run(20, 60, DARKER, seconds=3600)
    picture = tmp_path / "drift.svg"
    code, out, err = explain(trial, "--picture", str(picture))
    assert (code, err) == (0, "")
    assert "ALARM" in out
    assert "luminance moved most" in out
    assert row(out, "luminance").endswith("lower")
    assert row(out, "contrast").endswith("as expected")
    assert "photos, not people" in out
    since = trial.watch.followed["luminance"].onset.since
    assert abs(since - changed) <= 2 * 3600
    root = ET.fromstring(picture.read_text())  # noqa: S314 - our own
    assert "luminance: lower" in "".join(root.itertext())
    assert len([one for one in root.iter() if one.tag.endswith("rect")]) >= 5 * 20


def test_without_a_change_it_says_that_there_is_none(tmp_path):
    trial = Trial(state=tmp_path / "drift.json", settings=STATED)
    trial.run(20, 60)
    _, out, _ = explain(trial)
    assert "No warning and no alarm" in out
    assert row(out, "severity").endswith("as expected")


def test_few_photos_are_too_few_to_say(tmp_path):
    trial = Trial(state=tmp_path / "drift.json", settings=STATED)
    trial.run(2, 60)
    assert row(explain(trial)[1], "severity").endswith("too few photos to say")


@pytest.mark.parametrize(("profile", "says"), [(True, "photos wait for their first update"), (False, "no profile")])
def test_where_nothing_can_be_said_it_says_why(tmp_path, profile, says):
    trial = Trial(state=tmp_path / "drift.json", profile=profile)
    trial.run(1, 10)
    assert says in explain(trial)[1]


def test_without_a_state_there_is_a_sentence(tmp_path):
    out, err = io.StringIO(), io.StringIO()
    assert run(["explain", "--state", str(tmp_path / "none.json")], {}, out, err) == 1
    assert "is the controller running" in err.getvalue()


def test_a_change_of_spread_is_named():
    reference = Reference.from_counts([500] * 10)
    ends = np.array([400, 300, 50, 20, 10, 10, 20, 50, 300, 400.0])
    assert compare(ends, reference).says == "others, with the same mean"
