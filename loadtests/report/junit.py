"""A verdict as JUnit XML, which continuous integration shows as a list of tests."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from loadtests.run.format import RunSummary
from loadtests.verdict.checks import MISSED, NOT_ASKED
from loadtests.verdict.decision import INVALID, Verdict


def as_junit(verdict: Verdict, summary: RunSummary) -> str:
    """One test case for validity, then one for each check.

    An INVALID run is an error and no failure, and its checks are skipped: they say nothing about the target.
    """
    is_invalid = verdict.code == INVALID
    missed = [] if is_invalid else [check for check in verdict.checks if check.status == MISSED]
    skipped = [check for check in verdict.checks if is_invalid or check.status == NOT_ASKED]
    suite = ET.Element(
        "testsuite",
        name="loadtests",
        tests=str(len(verdict.checks) + 1),
        failures=str(len(missed)),
        errors=str(int(is_invalid)),
        skipped=str(len(skipped)),
        time=f"{summary.seconds:.3f}",
        timestamp=summary.started,
    )
    valid = ET.SubElement(suite, "testcase", classname="loadtests.run", name="the run is valid")
    if is_invalid:
        reasons = "\n".join(f"{reason.code}: {reason.detail}" for reason in verdict.invalid_reasons)
        ET.SubElement(valid, "error", message="INVALID").text = reasons
    for check in verdict.checks:
        case = ET.SubElement(suite, "testcase", classname="loadtests.verdict", name=check.name)
        if check in missed:
            ET.SubElement(case, "failure", message=check.says)
        elif check in skipped:
            ET.SubElement(case, "skipped", message="The run is INVALID." if is_invalid else check.says)
        else:
            ET.SubElement(case, "system-out").text = check.says
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"
