"""What rules make of made-up series, by the real promtool: what is recorded and which alerts fire, at any moment.

A scenario's series are written in promtool's notation (`0x9 1x10`: ten times 0, then eleven times 1).
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitoring.objectives import Objectives, read_objectives
from monitoring.rules.writing import ALERT_RULES, SLO_RULES, generated_files

if TYPE_CHECKING:
    from pathlib import Path

UP = {
    'up{job="gateway",instance="a"}': "1x100000",
    'up{job="drift-controller"}': "1x100000",
    'up{job="sentinel"}': "1x100000",
}
"""A gateway and what watches it are there: without any, that is what fires."""
ALWAYS = "DeadMansSwitch"
READ_BY_SLO_RULES = ("symmetra_screenings_total", "symmetra_stage_seconds")


@dataclass
class Scenario:
    """Series, and which alerts fire when.

    Attributes:
        series: Series -> values.
        firing: Moment (`5m`) -> names of all the alerts that fire then, the one that always does apart.
        interval: Between two values.
        objectives: That the rules are made from.
        but: The alert that is left out of `firing`.
        ever: Whether `firing` names what fired at any time until then.
        rules: File name -> text; the committed ones, those on drift apart, where None. Those that record objectives are left out where
            no series is of anything that they read: they would record nothing, and most of the time goes into them.
    """

    series: dict[str, str]
    firing: dict[str, set[str]]
    interval: str = "1m"
    objectives: Objectives = field(default_factory=read_objectives)
    but: str = ALWAYS
    ever: bool = False
    rules: dict[str, str] | None = None

    def failures(self, folder: Path) -> str:
        """Run it: "" where everything is as said, promtool's words otherwise."""
        generated = generated_files(self.objectives)
        rules = {name: generated[name] for name in self._needed()} if self.rules is None else self.rules
        for name, text in rules.items():
            (folder / name).write_text(text)
        alerts = f'ALERTS{{alertstate="firing",alertname!="{self.but}"}}'
        if self.ever:
            alerts = f"count_over_time({alerts}[365d])"
        expressions = [
            {
                "expr": f"count by (alertname) ({alerts})",
                "eval_time": moment,
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)],
            }
            for moment, names in self.firing.items()
        ]
        series = [{"series": name, "values": values} for name, values in (UP | self.series).items()]
        test = {
            "rule_files": list(rules),
            # promtool evaluates every group at this one interval, whatever the groups say.
            "evaluation_interval": f"{self.objectives.intervals.short_rules_seconds}s",
            "tests": [{"interval": self.interval, "input_series": series, "promql_expr_test": expressions}],
        }
        path = folder / "scenario.test.yaml"
        path.write_text(json.dumps(test))
        done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def _needed(self) -> tuple[str, ...]:
        read = any(series.startswith(READ_BY_SLO_RULES) for series in self.series)
        return (SLO_RULES, ALERT_RULES) if read else (ALERT_RULES,)
