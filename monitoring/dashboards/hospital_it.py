"""For the hospital's IT: does it run, and does anything need us?"""

from __future__ import annotations

from monitoring.dashboards.panel import GREEN, ORANGE, RED, Dashboard, Panel, Query, Row
from monitoring.dashboards.shared_panels import (
    alerts,
    availability_of_period,
    certificates,
    disks,
    gateways_up,
    golden_right,
    honest_text,
    paused,
)
from monitoring.objectives import Objectives
from monitoring.rules.ticket_alerts import PARTS


def hospital_it(objectives: Objectives) -> Dashboard:
    """The dashboard."""
    traffic = f'traffic="{objectives.traffic}"'
    outcomes = f"sum by (outcome) (increase(symmetra_screenings_total{{{traffic}}}[$__range]))"
    return Dashboard(
        uid="symmetra-hospital-it",
        title="Symmetra: does it run?",
        says="For the hospital's IT: whether patients can be screened, what is kept, what runs out.",
        shows="now-24h",
        rows=[
            Row("Can patients be screened?", [
                honest_text("Nothing here can be clicked that changes anything. What to do at each alert, and who may: the runbook."),
                gateways_up(), paused(), golden_right(), availability_of_period(objectives),
                alerts(),
                Panel(
                    "What became of patients' photos", "bargauge", "short", [Query(f"{outcomes} > 0", "{{outcome}}", over_time=False)],
                    "Over the time that is shown. `abstained` and refusals for the photo are answers too: a person looks instead.",
                    width=12, height=6, empty="no photo yet", whole=True,
                ),
            ]),
            Row("Is everything kept, and deleted in time?", [
                Panel(
                    "Receipts", "timeseries", "short",
                    [Query("sum by (result) (increase(symmetra_receipts_total[$__rate_interval]))", "{{result}}")],
                    "A record is written before its answer is given. One that failed is lost or its answer was refused.",
                    width=8, height=6, alert="RecordsNotKept",
                ),
                Panel(
                    "Waiting on a gateway's disk", "timeseries", "bytes", [Query("sum(symmetra_journal_bytes)", "waiting")],
                    "Receipts that the database did not take yet.", width=8, height=6, alert="JournalWaiting",
                ),
                Panel(
                    "Deletion of what is over", "timeseries", "short",
                    [Query("sum by (result) (increase(symmetra_retention_runs_total[$__range]))", "{{result}}")],
                    "Looks for records whose time is over; `elsewhere` where another gateway was at it.",
                    width=8, height=6, alert="RetentionFailing",
                ),
            ]),
            Row("What runs out, and who watches", [
                certificates(objectives), disks(objectives),
                Panel(
                    "Parts that run", "stat", "short", [Query(f'up{{job=~"gateway|{PARTS}"}}', "{{job}} {{instance}}")],
                    "As Prometheus reaches them.", words={1: ("up", GREEN), 0: ("DOWN", RED)}, width=12, alert="MonitoringPartDown",
                ),
                Panel(
                    "Since the last right look", "stat", "s", [Query("time() - symmetra_blackbox_last_right_seconds", "ago")],
                    "At golden photos, through the front door.",
                    steps=[(0, GREEN), (3 * objectives.correctness.look_seconds, ORANGE)], alert="SentinelBlind",
                ),
                Panel(
                    "Not let in", "timeseries", "short",
                    [Query("sum by (reason) (increase(symmetra_access_refused_total[$__rate_interval]))", "{{reason}}")],
                    "Requests without a key or session that is good for what they asked.", width=9,
                ),
                Panel(
                    "What runs", "table", "short",
                    [Query("count by (version, preprocessing_version) (symmetra_build_info)", over_time=False)], "Releases of the gateways.", width=9,
                ),
            ]),
        ],
    )  # fmt: skip
