"""The single questions that a run is asked, each with its figures: latency, errors, wrong answers, distribution of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from loadtests.run.format import ABSTAINED, ANSWERED, OK_OUTCOMES, WRONG, FinishedRun
from loadtests.verdict.intervals import percentile_interval, share_interval
from loadtests.verdict.objectives import LatencyObjective, Objectives

PASSED: Final = "passed"
MISSED: Final = "missed"
NOT_ASKED: Final = "not asked"
"""The run has nothing to answer it with; says why, and is neither good nor bad."""
MIN_ANSWERS: Final = 50
"""Under which a distribution is not compared."""
MAX_MOVED_BINS: Final = 0.05
"""A photo whose right severities lie on both sides of an edge may be counted beside its bin."""
MAX_MOVED_BANDS: Final = 0.01
"""The expected band already allows for both sides of an edge."""
PHOTO: Final = "photo"


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer.

    Attributes:
        name: Of the question, as a test of JUnit has one.
        status: `PASSED`, `MISSED` or `NOT_ASKED`.
        says: The answer in a sentence, with its figures.
        figures: The same figures for a program; seconds and shares.
    """

    name: str
    status: str
    says: str
    figures: dict[str, float]


def ask(run: FinishedRun, objectives: Objectives) -> tuple[Check, ...]:
    """Every question, in the order of a report."""
    return (
        *(_ask_latency(run, objective) for objective in objectives.latency),
        *_ask_errors(run, objectives.availability),
        _ask_wrong(run, objectives.wrong_answers),
        *_ask_distribution(run),
    )


def _ask_latency(run: FinishedRun, objective: LatencyObjective) -> Check:
    name = f"latency: {objective.words}"
    histogram = run.latency.get(PHOTO)
    if histogram is None or not histogram.count:
        return Check(name, NOT_ASKED, "The run sent no photo.", {})
    within = histogram.count_at_most(objective.within_seconds)
    share = within / histogram.count
    percent = 100 * objective.share
    reached = histogram.percentile(percent)
    low, high = percentile_interval(histogram, percent)
    says = (
        f"p{percent:g} was {reached * 1000:.0f} ms (95 % interval {low * 1000:.0f} to {high * 1000:.0f} ms); {share:.2%} of "
        f"{histogram.count} photos ended within {objective.within_seconds * 1000:g} ms, {objective.share:.2%} are wanted."
    )
    figures = {"seconds": reached, "low_seconds": low, "high_seconds": high, "share": share, "wanted": objective.share}
    return Check(name, PASSED if share >= objective.share else MISSED, says, figures)


def _ask_errors(run: FinishedRun, wanted: float) -> Iterator[Check]:
    for user_type, outcomes in run.summary.outcomes.items():
        total = sum(outcomes.values())
        bad = {name: count for name, count in sorted(outcomes.items()) if name not in OK_OUTCOMES and count}
        name = f"errors: {user_type}"
        if not total:
            yield Check(name, NOT_ASKED, "Nothing was sent.", {})
            continue
        good = total - sum(bad.values())
        low, high = share_interval(good, total)
        kinds = ", ".join(f"{count} {kind}" for kind, count in bad.items()) or "No error"
        says = (
            f"{good} of {total} ended as they should, {good / total:.2%} (95 % interval {low:.2%} to {high:.2%}); "
            f"{wanted:.2%} are wanted. {kinds}."
        )
        figures = {"share": good / total, "low": low, "high": high, "wanted": wanted}
        yield Check(name, PASSED if good / total >= wanted else MISSED, says, figures)


def _ask_wrong(run: FinishedRun, allowed: int) -> Check:
    wrong, unchecked = run.summary.count(WRONG), run.summary.answers.unchecked
    checkable = {name: counts for name, counts in run.summary.outcomes.items() if name != "page"}
    answered = sum(counts.get(each, 0) for counts in checkable.values() for each in (ANSWERED, ABSTAINED, WRONG))
    known = (
        f" {unchecked} of {answered} could not be checked: the pack does not know this version." if unchecked else ""
    )
    status = PASSED if wrong <= allowed else MISSED
    if status == PASSED and unchecked >= answered:
        status = NOT_ASKED
    figures = {"wrong": float(wrong), "allowed": float(allowed), "unchecked": float(unchecked)}
    return Check("answers: none wrong", status, f"{wrong} wrong answers, {allowed} are allowed.{known}", figures)


def _ask_distribution(run: FinishedRun) -> Iterator[Check]:
    answers = run.summary.answers
    for name, seen, expected, allowed in (
        ("answers: severity bins", answers.bins, answers.expected_bins, MAX_MOVED_BINS),
        ("answers: bands", answers.bands, answers.expected_bands, MAX_MOVED_BANDS),
    ):
        if answers.unchecked:
            says = f"The pack does not know what {answers.unchecked} of the answers should have been."
            yield Check(name, NOT_ASKED, says, {})
        elif sum(expected.values()) < MIN_ANSWERS:
            says = f"{sum(expected.values())} answers are too few to compare; {MIN_ANSWERS} are needed."
            yield Check(name, NOT_ASKED, says, {})
        else:
            moved = share_moved(seen, expected)
            says = (
                f"{moved:.2%} of the answers lie elsewhere than the photo mix should give; {allowed:.0%} are allowed."
            )
            yield Check(name, PASSED if moved <= allowed else MISSED, says, {"moved": moved, "allowed": allowed})


def share_moved(seen: Mapping[str, int], expected: Mapping[str, int]) -> float:
    """Total variation distance of two distributions: the smallest share that has to move to make one of the other, 0 to 1."""
    of_seen, of_expected = sum(seen.values()), sum(expected.values())
    if not of_seen or not of_expected:
        return float(of_seen != of_expected)
    names = seen.keys() | expected.keys()
    return sum(abs(seen.get(name, 0) / of_seen - expected.get(name, 0) / of_expected) for name in names) / 2
