"""A finished run in a few lines, for a terminal or a log."""

from __future__ import annotations

from loadtests.run.format import OK_OUTCOMES, RunSummary


def describe(summary: RunSummary) -> str:
    """What a person wants to know first: whether it can be believed, what was achieved, how long it took."""
    lines = [
        "VALID" if summary.valid else "INVALID: this run says nothing about its target",
        *(f"  {reason.code}: {reason.detail}" for reason in summary.invalid_reasons),
        (
            f"{summary.started_count} of {summary.wanted} requests started, {summary.achieved_rate:.2f} of {summary.wanted_rate:.2f} "
            f"per second; {summary.completed_rate:.2f} per second ended as they should"
        ),
        (
            f"late starts: {summary.generator.late_start_p99_seconds * 1000:.2f} ms at the 99th percentile; "
            f"busiest generator process: {summary.generator.cpu_share_max:.0%} of its core"
        ),
    ]
    for user_type, outcomes in summary.outcomes.items():
        figures = summary.latency[user_type]
        said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        errors = sum(count for outcome, count in outcomes.items() if outcome not in OK_OUTCOMES)
        lines.append(
            f"{user_type}: {figures.count} ({said}; {errors} errors), seconds from the intended start: p50 {figures.p50:.4f}, "
            f"p95 {figures.p95:.4f}, p99 {figures.p99:.4f}, max {figures.max:.4f}"
        )
    return "\n".join(lines)
