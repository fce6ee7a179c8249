"""For whoever runs a load test: what the system did with `loadtest` traffic, and that patients' was left alone."""

from __future__ import annotations

from monitoring.dashboards.panel import GREEN, RED, Dashboard, Panel, Query, Row
from monitoring.dashboards.shared_panels import honest_text
from monitoring.dashboards.sre import latency_panel, stages_panel
from monitoring.objectives import Objectives

LOADTEST = "loadtest"


def load_tester(objectives: Objectives) -> Dashboard:
    """The dashboard."""
    screenings = f'symmetra_screenings_total{{traffic="{LOADTEST}"}}'
    failed = "|".join(objectives.availability.outcomes.failed)
    counted = "|".join(objectives.availability.outcomes.uncounted)
    of_load = f'symmetra_screenings_total{{traffic="{LOADTEST}",outcome'
    share = f'sum(increase({of_load}=~"{failed}"}}[$__range])) / sum(increase({of_load}!~"{counted}"}}[$__range]))'
    return Dashboard(
        uid="symmetra-load-test",
        title="Symmetra: load test",
        says="For whoever runs a load test: traffic of the class `loadtest`, beside what it costs.",
        shows="now-30m",
        rows=[
            Row("What was asked, and answered", [
                honest_text(
                    "The verdict on a load test comes from its own run, measured at the client from the intended start of each request; what a gateway "
                    "measures begins when it has the whole photo, and cannot see requests that never came. The bars are those of `slo.yaml`.", height=4,
                ),
                Panel(
                    "Screenings by outcome", "timeseries", "reqps", [Query(f"sum by (outcome) (rate({screenings}[$__rate_interval])) > 0", "{{outcome}}")],
                    "Of load tests alone.", width=12, height=7, empty="no load test",
                ),
                latency_panel(objectives, LOADTEST, "Time of load tests' screenings"),
                Panel(
                    "Failed", "stat", "percentunit", [Query(share, "failed", over_time=False)],
                    f"Over the time that is shown; at most {objectives.availability.allowed:.1%} may.",
                    steps=[(0, GREEN), (objectives.availability.allowed, RED)], empty="no load test",
                ),
                Panel(
                    "Patients' photos meanwhile", "timeseries", "reqps",
                    [Query(f'sum(rate(symmetra_screenings_total{{traffic="{objectives.traffic}"}}[$__rate_interval]))', "patients")],
                    "A load test must not count as patients: watch that this stays what it was.", width=18,
                ),
            ]),
            Row("What it costs", [
                stages_panel(LOADTEST),
                Panel(
                    "In flight and waiting", "timeseries", "short",
                    [Query("sum(symmetra_in_flight)", "in flight"), Query("sum(symmetra_queue_length)", "waiting")], "Of all traffic.", width=12, height=7,
                ),
                Panel(
                    "Refused to protect others", "timeseries", "reqps",
                    [Query("sum by (reason) (rate(symmetra_shed_total[$__rate_interval]))", "{{reason}}")], "Of all traffic.", width=8, height=6, alert="Saturated",
                ),
                Panel(
                    "Processor by gateway", "timeseries", "percentunit",
                    [Query('rate(process_cpu_seconds_total{job="gateway"}[$__rate_interval])', "{{instance}}")], "Of one core.", width=8, height=6,
                ),
                Panel(
                    "Memory by gateway", "timeseries", "bytes", [Query('process_resident_memory_bytes{job="gateway"}', "{{instance}}")], width=8, height=6,
                ),
            ]),
        ],
    )  # fmt: skip
