"""The generated rule files: which there are, and their text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from monitoring.objectives import Objectives
from monitoring.rules.burn_alerts import burn_alerts
from monitoring.rules.drift_alerts import drift_alert_groups
from monitoring.rules.drift_rules import drift_groups
from monitoring.rules.durations import Pace
from monitoring.rules.page_alerts import page_alerts
from monitoring.rules.rule import Alert, Group, rule_file
from monitoring.rules.slo_rules import slo_groups
from monitoring.rules.ticket_alerts import ticket_alerts

RULES_FOLDER: Final = Path(__file__).resolve().parent
SLO_RULES: Final = "slo.rules.yaml"
ALERT_RULES: Final = "alerts.rules.yaml"
DRIFT_RULES: Final = "drift.rules.yaml"


def generated_alerts(objectives: Objectives, pace: Pace = Pace()) -> list[Alert]:  # noqa: B008 - frozen
    """Every alert but those on drift (`monitoring.rules.drift_alerts`), which are in a file of their own."""
    return [*page_alerts(objectives, pace), *burn_alerts(objectives, pace), *ticket_alerts(objectives, pace)]


def generated_files(objectives: Objectives, pace: Pace = Pace()) -> dict[str, str]:  # noqa: B008 - frozen
    """Name of each rule file -> its text.

    Args:
        objectives: From `slo.yaml`.
        pace: Faster than real time for trials; a site's rules run at 1.
    """
    alerts = Group(
        "symmetra-alerts", pace.text(objectives.intervals.short_rules_seconds), generated_alerts(objectives, pace)
    )
    return {
        SLO_RULES: rule_file(slo_groups(objectives, pace)),
        ALERT_RULES: rule_file([alerts]),
        DRIFT_RULES: rule_file([*drift_groups(pace), *drift_alert_groups(pace)]),
    }
