"""The page that says what `tests.bench.overload` measured."""

from tests.bench.paced_model_server import PACED_AT_ONCE, PACED_MILLISECONDS

HEAD = """# Overload

What callers see at twice and five times the load that can be sustained. Written by `make bench-overload`; the raw figures are
in `overload.json`. Arrivals are a Poisson process that waits for nobody, latency counts from the moment a call was meant
to start, goodput from a fifth of a step to its end, once queues have filled. Every call has a connection of its own, but for the
rows that say otherwise. The generator shares the cores with what it measures; "machine" is the CPU of all processes, of as many
cores as there are. "Given up" are photos that were let in and not answered in time.
"""
EXPLAINED = {
    "paced": "Against a model server that only takes time ({milliseconds} ms, {at_once} at once): cores are free, and the figures"
    " show what admission does.",
    "embedded": "Against the embedded model server with the default architecture: gateway, model and generator share the cores.",
}


def report_as_markdown(report: dict, measured: list[str]) -> str:
    """The whole page."""
    machine = report["machine"]
    lines = [HEAD]
    lines.append(
        f"{report['at']}, commit {report['commit']}, {machine['cores']} cores, {machine['cpu']}, load before"
        f" {machine['load_before']:.1f}; deadline {report['deadline_seconds']} s.\n"
    )
    for name in measured:
        lines += _section(name, report[name], report["deadline_seconds"])
    return "\n".join(lines)


def _section(name: str, measured: dict, deadline_seconds: float) -> list[str]:
    peak = measured["peak_goodput"]
    columns = (
        "step", "offered /s", "good /s", "of peak", "statuses", "accepted p50, p99 s", "refused p99 s", "without Retry-After",
        "given up", "probes failed", "slowest probe s", "MiB before, peak, after", "CPU gateway, generator, machine",
    )  # fmt: skip
    rates = "Peak goodput {peak_goodput:.1f}/s, sustainable {sustainable_rate:.1f}/s, closed loop of 32 clients "
    lines = [
        f"## {name}\n",
        EXPLAINED[name].format(milliseconds=PACED_MILLISECONDS, at_once=PACED_AT_ONCE) + "\n",
        (rates + "{closed_loop_photos_per_second:.1f}/s.\n").format(**measured),
        f"| {' | '.join(columns)} |",
        "| --- " * len(columns) + "|",
    ]
    lines += [_row(step, peak) for step in measured["steps"]]
    lines.append("")
    lines += [
        f"- {said}; bar: {bar}; {'met' if met else 'NOT met'}" for said, bar, met in bars_of(measured, deadline_seconds)
    ]
    return [*lines, ""]


def _row(step: dict, peak: float) -> str:
    statuses = ", ".join(f"{count} x {status}" for status, count in step["statuses"].items())
    failed = sum(probes["failed"] for probes in step["probes"].values())
    slowest = max(probes["slowest_seconds"] for probes in step["probes"].values())
    memory = "{resident_mebibytes_before:.0f}, {resident_mebibytes_peak:.0f}, {resident_mebibytes_after:.0f}".format(
        **step
    )
    cells = (
        step["name"] + ("" if step["is_valid"] else " (INVALID: the generator was late)"),
        f"{step['rate']:.1f}",
        f"{step['goodput']:.1f}",
        f"{step['goodput'] / peak:.2f}",
        statuses,
        f"{step['accepted_p50_seconds']:.2f}, {step['accepted_p99_seconds']:.2f}",
        f"{step['refused_p99_seconds']:.2f}",
        str(step["refused_without_retry_after"]),
        str(step["given_up"]),
        str(failed),
        f"{slowest:.2f}",
        memory,
        f"{step['gateway_cpu_share']:.2f}, {step['generator_cpu_share']:.2f}, {step['machine_cpu_share']:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def bars_of(measured: dict, deadline_seconds: float) -> tuple[tuple[str, str, bool], ...]:
    """What was measured, the bar, whether it is met."""
    peak, steps = measured["peak_goodput"], measured["steps"]
    recoveries = [step for step in steps if step["name"].startswith("after")]
    overloads = [step for step in steps if step["name"].endswith("x") and step not in recoveries]
    worst = min(step["goodput"] / peak for step in overloads)
    slowest = max(step["accepted_p99_seconds"] for step in overloads)
    others = sum(
        count for step in overloads for status, count in step["statuses"].items() if status not in ("200", "429", "503")
    )
    given_up = sum(step["given_up"] for step in overloads)
    silent = sum(step["refused_without_retry_after"] for step in overloads)
    recovered = max(step["seconds_until_recovered"] for step in recoveries)
    unready = sum(step["probes"]["/readyz"]["failed"] for step in steps)
    growth = max(step["resident_mebibytes_after"] for step in overloads) - overloads[0]["resident_mebibytes_before"]
    return (
        (f"goodput of peak, worst: {worst:.2f}", "at least 0.9", worst >= 0.9),
        (
            f"p99 of accepted calls, worst: {slowest:.2f} s",
            f"at most {deadline_seconds} s",
            slowest <= deadline_seconds,
        ),
        (f"other answers than 200, 429 and 503: {others}", "none", others == 0),
        (f"photos let in and not answered in time: {given_up}", "none", given_up == 0),
        (f"refusals without Retry-After: {silent}", "none", silent == 0),
        (f"last refusal after the overload ended: {recovered:.2f} s", "within 5 s", recovered <= 5.0),
        (f"/readyz not 200: {unready}", "never", unready == 0),
        (f"memory after the overloads against before: {growth:+.0f} MiB", "flat", abs(growth) <= 16),
    )
