"""Of the load tests themselves: the generator, capacity, tuning, scenarios."""

from loadtests.capacity.search import NOT_SUSTAINED, SUSTAINED
from loadtests.report.plots import draw_bars
from tests.bench.results_page.section import Bar, Body, Result

PERCENTS = ("50", "95", "99")
WANTED_SCENARIOS = 8
NOT_FINISHED = Body(bars=[Bar("the campaign is not finished", "its bars, at its end", None)])
COMMIT_NOT_KEPT = "commit not kept"


def read_stall(content: dict, _others: dict[str, dict]) -> Body:
    """A stall of ten seconds, as it was, as ours saw it, as a closed loop saw it."""
    named = {
        "as it was (analytic)": content["analytic_seconds"],
        "ours": content["ours_seconds"],
        "closed loop": content["closed_loop_locust_seconds"],
    }
    analytic = content["analytic_seconds"]["99"]
    off = content["ours_seconds"]["99"] / analytic - 1
    hidden = content["closed_loop_locust_seconds"]["99"]
    return Body(
        bars=[
            Bar(f"our p99 is {off:+.2%} off the analytic value", "within 5 %", abs(off) <= 0.05),
            Bar(f"a closed loop's p99 is {hidden:.3f} s", "under 5 % of the analytic value: it hides the stall", hidden < 0.05 * analytic),
        ],
        plots=[
            draw_bars(
                "Latency through a stall of 10 s in 120 s", "seconds", [f"p{each}" for each in PERCENTS],
                [(name, [float(values[each]) for each in PERCENTS]) for name, values in named.items()],
            )
        ],
    )  # fmt: skip


def read_validity(content: dict, _others: dict[str, dict]) -> Body:
    """Healthy generators, and starved ones."""
    healthy = sum(not run["invalid_reasons"] for run in content["healthy"])
    starved = sum(bool(run["invalid_reasons"]) for run in content["starved"])
    of_healthy, of_starved = len(content["healthy"]), len(content["starved"])
    return Body(
        bars=[
            Bar(f"{healthy} of {of_healthy} healthy runs are valid", "all of 50", healthy == of_healthy >= 50),
            Bar(f"{starved} of {of_starved} starved runs are INVALID", "all of 50", starved == of_starved >= 50),
        ]
    )


def read_500(content: dict, _others: dict[str, dict]) -> Body:
    """Five hundred starts a second."""
    run = content["run"]
    late, reasons = run["late_start_p99_seconds"], run["invalid_reasons"]
    return Body(
        [f"{run['achieved_rate']:.1f} of {run['wanted_rate']:.1f} starts per second."],
        [
            Bar(
                f"late by {late * 1000:.2f} ms at p99; the run is {'INVALID: ' + ', '.join(reasons) if reasons else 'valid'}",
                "at most 5 ms, or INVALID",
                late <= 0.005 or "late_starts" in reasons,
            )
        ],
    )


def read_scripted_capacity(content: dict, _others: dict[str, dict]) -> Body:
    """The search on a script of known capacity."""
    if not content.get("is_finished"):
        return NOT_FINISHED
    found = content["found"]
    off = [*found["off_by"]]
    held, too_much = found["at_80_percent"], found["at_120_percent"]
    return Body(
        bars=[
            Bar(
                f"{' and '.join(f'{rate:.1f}' for rate in found['found_rates'])} per second of {found['true_capacity']:.1f}: "
                f"{' and '.join(f'{each:+.1%}' for each in off)}",
                "within 5 %, twice in a row",
                len(off) == 2 and max(map(abs, off)) <= 0.05,
            ),
            Bar(f"80 % of it for ten minutes: {held}", "sustained", held == SUSTAINED),
            Bar(f"120 % of it: {too_much}", "not sustained", too_much == NOT_SUSTAINED),
        ]
    )


def read_real_capacity(content: dict, _others: dict[str, dict]) -> Body:
    """The search on the real system, with one gateway and with two."""
    if not content.get("is_finished"):
        return NOT_FINISHED
    found = content["found"]
    rates, off = found["one_gateway_rates"], found["forecast_off_by"]
    has_cores = found["machine_has_the_cores"]
    return Body(
        [found["forecast_says"], found["finding"]],
        [
            Bar(
                f"{rates[0]:.2f} and {rates[1]:.2f} per second with one gateway: {found['differ_by']:.1%} apart",
                "the same number twice within 10 %",
                found["differ_by"] <= 0.1,
            ),
            Bar(
                f"two gateways: {found['two_gateways_rate']:.2f} per second, {off:+.1%} off the forecast {found['forecast_rate']:.2f}",
                "within 10 % where the machine has the cores" if has_cores else "no bar here: the machine has not the cores",
                abs(off) <= 0.1 if has_cores else None,
            ),
        ],
        plots=[
            draw_bars(
                "Largest sustainable rate", "photos per second", ["one gateway", "once more", "forecast for two", "two gateways"],
                [("", [*rates, found["forecast_rate"], found["two_gateways_rate"]])],
            )
        ],
    )  # fmt: skip


def read_tuning(content: dict, _others: dict[str, dict]) -> Body:
    """Batching and threads of the model server.

    That nothing gains is shown where more than one candidate was confirmed, and the interval of each ends below the bar.
    """
    gain = content["gains"][-1]["throughput"] if content["gains"] else None
    confirmed = [each["throughput"] for each in content.get("confirmed", {}).values() if each]
    of_several = len(content.get("confirmed", ())) > 1
    says = (
        "no configuration has a p95 as good"
        if gain is None
        else f"the best gains {gain['middle']:.2f} times, 95 % interval {gain['low']:.2f} to {gain['high']:.2f}"
    )
    says += f"; looked at {len(content['scores'])}, {len(content['confirmed']) if of_several else 'one'} confirmed"
    is_below = all(each["high"] < content["bar"] for each in confirmed or ([gain] if gain else []))
    is_shown_that_none_does = is_below and (True if of_several else None)
    is_met = content["meets_bar"] or is_shown_that_none_does
    return Body(
        [content["sentence"]], [Bar(says, f"{content['bar']} times, or shown that nothing gains so much", is_met)]
    )


def read_scenarios(content: dict, _others: dict[str, dict]) -> Body:
    """Scenarios on the whole system."""
    rows = [
        (
            name.replace("_", " "),
            each["verdict"].lower(),
            each["started"],
            each.get("commit", COMMIT_NOT_KEPT),
            f"{each['machine']['cores']} cores, {each['machine']['cpu']}",
        )
        for name, each in content["scenarios"].items()
    ]
    commits = sorted({row[3] for row in rows})
    several = [f"The rows are of several commits: {', '.join(commits)}."] if len(commits) > 1 else []
    green = sum(row[1] == "as expected" for row in rows)
    bar = Bar(
        f"{green} of {len(rows)} scenarios as expected", "at least eight, all", green == len(rows) >= WANTED_SCENARIOS
    )
    return Body(several, [bar], ("scenario", "shown", "when", "commit", "machine"), rows)


RESULTS = (
    Result("generator_stall.json", "A stall of ten seconds", "make test-long TEST_ARGS=tests/loadtests/test_campaigns.py", read_stall),
    Result("generator_validity.json", "Healthy and starved generators", "make test-long TEST_ARGS=tests/loadtests/test_campaigns.py", read_validity),
    Result("generator_500.json", "Five hundred starts a second", "make test-long TEST_ARGS=tests/loadtests/test_campaigns.py", read_500),
    Result("capacity_scripted.json", "Capacity of a script that is known", "make test-long TEST_ARGS='tests/loadtests/test_capacity_campaign.py -k scripted'", read_scripted_capacity),
    Result("capacity_real.json", "Capacity of the real system", "make test-long TEST_ARGS='tests/loadtests/test_capacity_campaign.py -k real'", read_real_capacity),
    Result("tune.json", "Batching and threads, tuned", "python -m pytest -m long -n0 tests/loadtests/test_tune_campaign.py", read_tuning),
    Result("scenarios.json", "Scenarios: faults, drift and who is told", "make test-long TEST_ARGS=tests/loadtests/test_scenarios_campaign.py", read_scenarios),
)  # fmt: skip
