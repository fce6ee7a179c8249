"""The verdict on a run, and the exit code that a program makes of it.

| code | when |
| --- | --- |
| 0 | every objective that could be asked is met |
| 1 | there is no verdict: no run, no objectives, or something else went wrong |
| 2 | the command line was not understood |
| 3 | the run is INVALID; it says nothing about its target, good or bad |
| 4 | an objective is missed |

An INVALID run that also misses an objective ends with 3: its figures are shown and decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loadtests.run.format import FinishedRun, InvalidReason
from loadtests.verdict.bottleneck import Bottleneck, find_bottleneck
from loadtests.verdict.checks import MISSED, NOT_ASKED, Check, ask
from loadtests.verdict.objectives import Objectives

MET, NO_VERDICT, INVALID, MISSED_OBJECTIVE = 0, 1, 3, 4
WORDS: Final = {MET: "MET", INVALID: "INVALID", MISSED_OBJECTIVE: "MISSED"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one run.

    Attributes:
        code: The exit code.
        objectives: From where they were read.
        invalid_reasons: Why the run says nothing; empty where it is valid.
        checks: Every question with its answer.
        bottleneck: What limited the run.
    """

    code: int
    objectives: str
    invalid_reasons: tuple[InvalidReason, ...]
    checks: tuple[Check, ...]
    bottleneck: Bottleneck

    @property
    def word(self) -> str:
        """MET, MISSED or INVALID."""
        return WORDS[self.code]


def decide(run: FinishedRun, objectives: Objectives) -> Verdict:
    """Hold a run against objectives; a run of which nothing could be asked meets none."""
    checks = ask(run, objectives)
    code = MET
    if any(check.status == MISSED for check in checks) or all(check.status == NOT_ASKED for check in checks):
        code = MISSED_OBJECTIVE
    if not run.summary.valid:
        code = INVALID
    return Verdict(code, objectives.source, run.summary.invalid_reasons, checks, find_bottleneck(run))
