"""Whoever pauses or resumes may die at any moment."""

import json
import subprocess
import sys

from tests.support.gateway_process import PROJECT

DYING_SWITCH = PROJECT / "tests" / "support" / "dying_switch.py"


def test_death_at_every_step_leaves_the_old_state_or_the_new_and_each_change_noted_once(tmp_path):
    done = subprocess.run([sys.executable, DYING_SWITCH, tmp_path], check=True, capture_output=True, text=True)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) > 15, "there should be many steps to die at"
    assert [report["died"] for report in reports] == [True] * (len(reports) - 1) + [False]
    order = ["start", "ada", "bob", "sentinel"]
    reached = []
    for report in reports:
        who = (report["in_force"] or "start").split()[0]
        reached.append(order.index(who) if who in order else 0)
        assert report["read_as"] == {"ada": "operator", "sentinel": "golden_mismatch"}.get(who)
        assert report["twice"] == 0
        # Everything that was ever in force is in the history, whenever its writer died; nothing else is.
        assert [by.split()[0] for by in report["noted"]] == order[1 : reached[-1] + 1]
    assert reached == sorted(reached), "the later the death, the further it came"
    assert set(reached) == {0, 1, 2, 3}
    assert max(report["unreadable"] for report in reports) == 0
