"""For whoever keeps it running: objectives, saturation, the model server, what watches."""

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
from monitoring.metrics import SERIES_BUDGET
from monitoring.objectives import Objectives
from monitoring.objectives.objectives import LatencyObjective
from monitoring.rules.durations import duration
from monitoring.rules.slo_rules import COUNTED, DAY_SECONDS, FAILED, MEASURED, series, slow

QUANTILES = ((0.5, "half"), (0.95, "95 of 100"), (0.99, "99 of 100"))


def sre(objectives: Objectives) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        uid="symmetra-service",
        title="Symmetra: service",
        says="For whoever keeps it running: objectives of slo.yaml, saturation, model server, and what watches all of it.",
        rows=[
            Row("Now", [honest_text(), gateways_up(), paused(), golden_right(), Panel(
                "Version that answers", "stat", "short", [Query("count by (model_version, evidence) (symmetra_model_info == 1)", "{{model_version}}, {{evidence}}")],
                "All gateways should answer with one.", names=True, alert="VersionMismatch",
            ), alerts(), _outcomes(objectives)]),
            Row("Objectives (only patients count)", _objectives(objectives)),
            Row("Where time goes", _latency(objectives)),
            Row("Saturation", _saturation(objectives)),
            Row("Model server", _model_server()),
            Row("What watches", _watching(objectives)),
        ],
    )  # fmt: skip


def latency_panel(objectives: Objectives, traffic: str, title: str) -> Panel:
    """Quantiles of a class of traffic, with the objectives' bounds as lines."""
    bucket = f'sum by (le) (rate(symmetra_stage_seconds_bucket{{stage="total",traffic="{traffic}"}}[$__rate_interval]))'
    bounds = objectives.latency.objectives
    return Panel(
        title, "timeseries", "s", [Query(f"histogram_quantile({share}, {bucket})", words) for share, words in QUANTILES],
        f"From the complete photo to the answer, estimated between the histogram's edges. {_promises(bounds.usual)}; {_promises(bounds.slowest)}.",
        width=12, height=7, steps=[(0, GREEN), (bounds.usual.within_seconds, ORANGE), (bounds.slowest.within_seconds, RED)],
        empty="no photo", alert="LatencyBurn",
    )  # fmt: skip


def stages_panel(traffic: str) -> Panel:
    """Mean time by stage of a class of traffic."""
    parts = (
        f'sum by (stage) (rate(symmetra_stage_seconds_{part}{{stage!="total",traffic="{traffic}"}}[$__rate_interval]))'
        for part in ("sum", "count")
    )
    return Panel(
        "Mean time by stage", "timeseries", "s", [Query(" / ".join(parts), "{{stage}}")], "Stages of one screening.", width=12, height=7,
    )  # fmt: skip


def _promises(objective: LatencyObjective) -> str:
    return f"{objective.objective:.0%} within {objective.within_seconds:g} s"


def _outcomes(objectives: Objectives) -> Panel:
    rate = f'sum by (outcome) (rate(symmetra_screenings_total{{traffic="{objectives.traffic}"}}[$__rate_interval])) > 0'
    return Panel(
        "Patients' screenings by outcome",
        "timeseries",
        "reqps",
        [Query(rate, "{{outcome}}")],
        width=12,
        height=6,
        empty="no photo",
    )


def _objectives(objectives: Objectives) -> list[Panel]:
    availability, bounds = objectives.availability, objectives.latency.objectives
    rates = availability.burn_rates
    windows = {seconds for rate in (rates.fast, rates.slow) for seconds in (rate.short_seconds, rate.long_seconds)}
    period = objectives.period_days * DAY_SECONDS
    burning = [
        Query(f"{series(FAILED, each)} / {series(COUNTED, each)} / {availability.allowed:g}", duration(each))
        for each in sorted(windows)
    ]
    left = f"1 - {series(FAILED, period)} / {series(COUNTED, period)} / {availability.allowed:g}"
    quick = [
        Panel(
            f"Answered within {each.within_seconds:g} s", "stat", "percentunit",
            [Query(f"1 - {series(slow(name), period)} / {series(MEASURED, period)}", "quick enough", over_time=False)],
            f"Over {objectives.period_days} days; the objective is {each.objective:.0%}.", steps=[(0, RED), (each.objective, GREEN)],
            alert="LatencyBurn",
        )
        for name, each in (("usual", bounds.usual), ("slowest", bounds.slowest))
    ]  # fmt: skip
    return [
        availability_of_period(objectives),
        Panel(
            "Left of what may fail", "stat", "percentunit", [Query(left, "left", over_time=False)],
            "Of the error budget. Below zero the objective is missed.", steps=[(-1000, RED), (0, ORANGE), (0.25, GREEN)], alert="FailureEveryDay",
        ),
        *quick,
        Panel(
            "How fast the error budget burns", "timeseries", "short", burning,
            "1 uses it up exactly at the end of the period. A page needs both windows of a pair and a number of failures.",
            width=24, height=7, steps=[(0, GREEN), (rates.slow.burn_rate, ORANGE), (rates.fast.burn_rate, RED)], alert="AvailabilityBurn",
        ),
    ]  # fmt: skip


def _latency(objectives: Objectives) -> list[Panel]:
    kinds = "sum by (kind) (rate(symmetra_http_request_seconds_{part}[$__rate_interval]))"
    return [
        latency_panel(objectives, objectives.traffic, "Time of patients' screenings"),
        stages_panel(objectives.traffic),
        Panel(
            "Mean time of HTTP requests", "timeseries", "s",
            [Query(f"{kinds.format(part='sum')} / {kinds.format(part='count')}", "{{kind}}")], "The upload included.", width=12, height=6,
        ),
        Panel(
            "HTTP requests", "timeseries", "reqps",
            [Query("sum by (route, status) (rate(symmetra_http_requests_total[$__rate_interval])) > 0", "{{route}} {{status}}")], width=12, height=6,
        ),
    ]  # fmt: skip


def _saturation(objectives: Objectives) -> list[Panel]:
    return [
        Panel(
            "In flight and waiting", "timeseries", "short", [Query("sum(symmetra_in_flight)", "in flight"), Query("max(symmetra_queue_length)", "longest queue")],
            "Photos.", width=8, height=6, steps=[(0, GREEN), (objectives.saturation.queue_length, ORANGE)], alert="Saturated",
        ),
        Panel(
            "Refused to protect others", "timeseries", "reqps", [Query("sum by (reason) (rate(symmetra_shed_total[$__rate_interval]))", "{{reason}}")],
            "Under load, by reason.", width=8, height=6, alert="Saturated",
        ),
        Panel("Uploads in memory", "timeseries", "bytes", [Query("sum(symmetra_upload_memory_bytes)", "held")], width=8, height=6),
        Panel(
            "Processor of a gateway", "timeseries", "percentunit", [Query('rate(process_cpu_seconds_total{job="gateway"}[$__rate_interval])', "{{instance}}")],
            "Of one core.", width=8, height=6,
        ),
        Panel("Memory of a gateway", "timeseries", "bytes", [Query('process_resident_memory_bytes{job="gateway"}', "{{instance}}")], width=8, height=6),
        Panel(
            "Receipts that went to a disk first", "timeseries", "short", [Query("sum(increase(symmetra_receipts_spooled_total[$__rate_interval]))", "spooled")],
            "Because the database was away.", width=8, height=6, alert="JournalWaiting",
        ),
    ]  # fmt: skip


def _model_server() -> list[Panel]:
    serving = ":tensorflow:serving:"
    batch = f"rate({serving}batching_session:processed_batch_size_{{part}}[$__rate_interval])"
    return [
        Panel(
            "Calls by result", "timeseries", "reqps", [Query("sum by (result) (rate(symmetra_model_calls_total[$__rate_interval]))", "{{result}}")],
            "Each attempt, as gateways see them.", width=8, height=6,
        ),
        Panel(
            "State by version", "stat", "short", [Query("max by (model_version, state) (symmetra_model_state) == 1", "{{model_version}}: {{state}}")],
            "By the latest call.", names=True, width=4, height=6,
        ),
        Panel(
            "Circuit", "stat", "short", [Query("max by (state) (symmetra_model_circuit) == 1", "{{state}}")],
            "Open: calls are refused at once, because the model server failed again and again.", names=True, width=4, height=6,
        ),
        Panel(
            "Photos per batch", "timeseries", "short", [Query(f"{batch.format(part='sum')} / {batch.format(part='count')}", "mean")],
            "What the model server put together.", width=8, height=6,
        ),
        Panel(
            "Answers that are no probability", "timeseries", "short",
            [Query("sum by (model_version) (increase(symmetra_model_answers_invalid_total[$__rate_interval]))", "{{model_version}}")],
            "None of them became a band.", width=12,
        ),
        Panel(
            "Time of a call inside the server", "timeseries", "µs",
            [Query(
                f"sum by (entrypoint) (rate({serving}request_latency_sum[$__rate_interval])) / sum by (entrypoint) (rate({serving}request_latency_count[$__rate_interval]))",
                "{{entrypoint}}",
            )],
            "Mean.", width=12,
        ),
    ]  # fmt: skip


def _watching(objectives: Objectives) -> list[Panel]:
    return [
        Panel(
            "Looks of the gateways' sentinels", "timeseries", "short",
            [Query("sum by (result) (increase(symmetra_sentinel_looks_total[$__range])) > 0", "{{result}}")], width=8, height=6, alert="WrongAnswers",
        ),
        Panel(
            "Looks through the front door", "timeseries", "short",
            [Query("sum by (result) (increase(symmetra_blackbox_looks_total[$__range])) > 0", "{{result}}")], width=8, height=6, alert="SentinelBlind",
        ),
        Panel(
            "Gateways that watch", "stat", "short", [Query("sum(symmetra_sentinel_watching)", "watch")],
            "With golden crops to ask about.", steps=[(0, RED), (1, GREEN)], width=4, height=6, alert="SentinelBlind",
        ),
        Panel(
            "Since the last look for drift", "stat", "s", [Query("time() - max(symmetra_drift_last_update_seconds)", "ago")],
            "Of the drift controller.", steps=[(0, GREEN), (900, RED)], width=4, height=6, alert="DriftBlind",
        ),
        certificates(objectives), disks(objectives),
        Panel(
            "Rules that failed", "timeseries", "short", [Query("sum(increase(prometheus_rule_evaluation_failures_total[$__rate_interval]))", "rules")],
            "Of Prometheus.", alert="MonitoringImpaired",
        ),
        Panel(
            "Series of a gateway", "timeseries", "short", [Query('max(scrape_samples_scraped{job="gateway"})', "series")],
            f"At most {SERIES_BUDGET:,} (METRICS.md).", steps=[(0, GREEN), (SERIES_BUDGET, RED)],
        ),
        Panel(
            "Dropped observations", "stat", "short", [Query("sum(symmetra_non_finite_observations_total)", "dropped")],
            "They would have poisoned a sum.", steps=[(0, GREEN), (1, ORANGE)],
        ),
        Panel(
            "Spans", "timeseries", "short", [Query("sum by (result) (increase(symmetra_spans_total[$__rate_interval]))", "{{result}}")],
            "Traces that the site's collector took or not.",
        ),
    ]  # fmt: skip
