"""A verdict in lines for a terminal or the log of a Job, and the same for a program."""

from __future__ import annotations

import dataclasses
from typing import Any

from loadtests.compare.comparison import Comparison
from loadtests.run.format import FinishedRun
from loadtests.verdict.decision import Verdict
from loadtests.verdict.gateway_share import say_share, share_of_gateway

SCHEMA = "symmetra.loadtest-verdict/1"


def describe_verdict(verdict: Verdict, finished: FinishedRun) -> str:
    """The word first, then why, then every check, then what limited the run and what of it is the gateway."""
    bottleneck = verdict.bottleneck
    held = "" if bottleneck.behind is None else f", behind it {bottleneck.behind}"
    share = say_share(share_of_gateway(finished))
    lines = [
        f"{verdict.word} ({verdict.objectives})",
        *(f"  {reason.code}: {reason.detail}" for reason in verdict.invalid_reasons),
        *(f"{check.status}: {check.name}: {check.says}" for check in verdict.checks),
        f"limited by {bottleneck.name}{held}: {bottleneck.says}",
        f"next: {bottleneck.next_thing}",
        *([share] if share else []),
    ]
    return "\n".join(lines) + "\n"


def as_json(verdict: Verdict, finished: FinishedRun, comparison: Comparison | None) -> dict[str, Any]:
    """Content of `verdict.json`: the verdict, and enough of the run to know which one it is on."""
    summary = finished.summary
    return {
        "schema": SCHEMA,
        "verdict": verdict.word,
        "exit_code": verdict.code,
        "run": {
            "started": summary.started,
            "seconds": summary.seconds,
            "target": summary.target,
            "model_version": summary.model_version,
            "machine": summary.machine,
            "pack": summary.pack,
            "achieved_rate": summary.achieved_rate,
            "completed_rate": summary.completed_rate,
        },
        "gateway_share": [dataclasses.asdict(row) for row in share_of_gateway(finished)],
        "comparison": None if comparison is None else dataclasses.asdict(comparison),
        **{name: value for name, value in dataclasses.asdict(verdict).items() if name != "code"},
    }
