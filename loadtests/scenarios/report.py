"""What scenarios showed: in lines for a terminal, as JSON, as JUnit XML."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any, Final

from loadtests.scenarios.judging import KEPT, LATE_START_SECONDS
from loadtests.scenarios.running import Outcome, has_burst

SCHEMA: Final = "symmetra.scenario-result/1"
AS_EXPECTED, NOT_AS_EXPECTED, INVALID = 0, 1, 3
"""Exit codes; INVALID as of a run of load."""


def code_of(outcomes: Sequence[Outcome]) -> int:
    """Of all together: what is not as expected first, then what says nothing."""
    if any(outcome.is_valid and not outcome.is_kept for outcome in outcomes):
        return NOT_AS_EXPECTED
    return AS_EXPECTED if all(outcome.is_valid for outcome in outcomes) else INVALID


def word_of(outcome: Outcome) -> str:
    """The verdict in a word."""
    if not outcome.is_valid:
        return "INVALID"
    return "AS EXPECTED" if outcome.is_kept else "NOT AS EXPECTED"


def describe(outcome: Outcome) -> str:
    """The word first, then every check, then how the photos went."""
    lines = [f"{word_of(outcome)}: {outcome.scenario.name}: {outcome.scenario.about}"]
    if not outcome.is_valid:
        lines.append(f"  this machine had no time: {_busy(outcome)}")
    lines += [f"  {check.result}: {check.name}: {check.says}" for check in outcome.checks]
    told = (
        f"{each.alert} to {each.receiver} ({each.status}) at minute {outcome.scenario.minutes(each.second):.1f}"
        for each in outcome.told
    )
    lines.append(f"  told: {'; '.join(told) or 'nobody'}")
    lines.append(f"  patients' photos: {_statuses(outcome.sending.by_status)}")
    if outcome.bad.due:
        lines.append(f"  bad photos: {_statuses(outcome.bad.by_status)}")
    return "\n".join(lines) + "\n"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Content of `result.json`."""
    scenario = outcome.scenario
    return {
        "schema": SCHEMA,
        "scenario": scenario.name,
        "about": scenario.about,
        "verdict": word_of(outcome),
        "started": outcome.started,
        "times_faster": scenario.times_faster,
        "checks": [dataclasses.asdict(check) for check in outcome.checks],
        "told": [
            dataclasses.asdict(told) | {"minute": round(scenario.minutes(told.second), 1)} for told in outcome.told
        ],
        "moments_seconds": dataclasses.asdict(outcome.moments),
        "slowest_scrape_seconds": outcome.slowest_scrape_seconds,
        "photos": dataclasses.asdict(outcome.sending),
        "heartbeat_age_seconds": outcome.heartbeat_age_seconds,
        "bad_photos": dataclasses.asdict(outcome.bad),
    }


def as_junit(outcomes: Sequence[Outcome]) -> str:
    """A suite for each scenario, a test case for each check; an INVALID run is an error, and its checks are skipped."""
    root = ET.Element("testsuites", name="scenarios")
    for outcome in outcomes:
        broken = [check for check in outcome.checks if not check.is_kept] if outcome.is_valid else []
        suite = ET.SubElement(
            root,
            "testsuite",
            name=outcome.scenario.name,
            tests=str(len(outcome.checks) + 1),
            failures=str(len(broken)),
            errors=str(int(not outcome.is_valid)),
            skipped=str(0 if outcome.is_valid else len(outcome.checks)),
            time=f"{outcome.moments.finished:.3f}",
        )
        sent = ET.SubElement(suite, "testcase", classname=outcome.scenario.name, name="the machine had time")
        if not outcome.is_valid:
            ET.SubElement(sent, "error", message="INVALID").text = _busy(outcome)
        for check in outcome.checks:
            case = ET.SubElement(suite, "testcase", classname=outcome.scenario.name, name=check.name)
            if not outcome.is_valid:
                ET.SubElement(case, "skipped", message="The run is INVALID.")
            elif check.result != KEPT:
                ET.SubElement(case, "failure", message=check.result).text = check.says
            else:
                ET.SubElement(case, "system-out").text = check.says
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _statuses(by_status: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in by_status.items()) or "none"


def _busy(outcome: Outcome) -> str:
    slowest = outcome.slowest_scrape_seconds
    scraped = "could not be scraped" if slowest is None else f"took {slowest:.1f} s to be scraped"
    late = f"{outcome.sending.late} of {outcome.sending.due} photos were sent more than {LATE_START_SECONDS:g} s late"
    says = [late, f"a part that nothing is wrong with {scraped}"]
    if has_burst(outcome.scenario):
        says.append(f"{outcome.bad.late} of {outcome.bad.due} bad photos were late")
    if not outcome.scenario.expect:
        age = outcome.heartbeat_age_seconds
        says.append("no heartbeat came" if age is None else f"the last heartbeat came {age:.0f} s before the end")
    return "; ".join(says)
