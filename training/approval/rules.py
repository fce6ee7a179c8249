"""Each rule of a change policy, held against what was measured: a finding with the value, the limit and the verdict."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from serving.contract.model import Evidence
from training.approval.figures import CANDIDATE, GAIN
from training.evaluation.subgroups import MINIMUM_SUBJECTS

if TYPE_CHECKING:
    from serving.contract.model import ModelContract
    from training.approval.change_policy import ChangePolicy
    from training.approval.comparison import Comparison, Figures
    from training.evaluation.bootstrap import Estimate

_STRENGTH = list(Evidence)
"""Weakest first."""
ECE_PHOTOS_MIN = 1_000
"""With fewer the ECE of even a calibrated model scatters too much to hold anything against it."""


class Verdict(enum.StrEnum):
    """What a rule says."""

    PASSED = "passed"
    FAILED = "FAILED"
    WAIVED = "waived"
    """Not met, and the policy says that this does not refuse a first version of demo evidence."""
    NOT_JUDGED = "not judged"
    """Too few photos, or nothing to hold it against."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule applied."""

    rule: str
    measured: str
    limit: str
    verdict: Verdict

    def as_dict(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.verdict:<10} {self.rule}: {self.measured} ({self.limit})"


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known of the two versions beside their answers.

    Attributes:
        candidate: Its contract.
        champion: Its contract; None for a first version.
        thresholds_changed: Whether other thresholds are in force than when the champion was approved.
        baseline_gains: Baseline -> low end of the 95 % interval of the accuracy above it, measured by the run itself.
    """

    candidate: ModelContract
    champion: ModelContract | None
    thresholds_changed: bool
    baseline_gains: Mapping[str, float]


def judge(comparison: Comparison, sides: Sides, policy: ChangePolicy) -> tuple[Finding, ...]:
    """Apply every rule of the policy; all must be met, so that their number does not make a wrong approval likelier.

    A candidate that could not be compared (no champion, or one of other crops) must beat the baselines instead.
    """
    findings = [*_judge_change(sides, policy), *_judge_limits(comparison, policy)]
    if GAIN not in comparison.figures:
        findings += _judge_baselines(comparison, sides, policy)
        first = sides.champion is None
        if first and sides.candidate.evidence is Evidence.DEMO and not policy.demo_needs_floors:
            # Only what the version is worth is waived, never what may change.
            findings = [_waive(finding) for finding in findings]
        return tuple(findings)
    findings += _judge_losses(comparison.figures, policy.allowed_loss, "")
    findings += _judge_bands(comparison, policy)
    for group in comparison.groups:
        name = f" where {group.column} is {group.value}"
        if group.figures is None:
            measured = f"{group.photos} photos of {group.subjects} subjects, which is insufficient"
            limit = f"judged from {policy.smallest_photos} photos and {MINIMUM_SUBJECTS} subjects of each label on"
            findings.append(Finding(f"loss{name}", measured, limit, Verdict.NOT_JUDGED))
        else:
            findings += _judge_losses(group.figures, policy.allowed_loss_in_subgroup, name)
    return tuple(findings)


def failed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that refuse the version."""
    return tuple(finding for finding in findings if finding.verdict is Verdict.FAILED)


def _judge_change(sides: Sides, policy: ChangePolicy) -> Iterator[Finding]:
    candidate, champion = sides.candidate, sides.champion
    if champion is None:
        return
    weaker = _STRENGTH.index(candidate.evidence) < _STRENGTH.index(champion.evidence)
    changes: dict[str, tuple[bool, Any, Any]] = {
        "architecture": (
            candidate.architecture != champion.architecture,
            champion.architecture,
            candidate.architecture,
        ),
        "crop": (candidate.crop != champion.crop, champion.crop, candidate.crop),
        "thresholds": (sides.thresholds_changed, "those at the champion's approval", "those in force now"),
        "weaker_evidence": (weaker, champion.evidence, candidate.evidence),
    }
    for name, (changed, old, new) in changes.items():
        allowed = policy.may_change[name]
        yield Finding(
            f"change of {name.replace('weaker_evidence', 'evidence')}",
            f"from {old} to {new}" if changed else "none",
            "may change" if allowed else "must not " + ("become weaker" if name == "weaker_evidence" else "change"),
            Verdict.PASSED if allowed or not changed else Verdict.FAILED,
        )


def _judge_limits(comparison: Comparison, policy: ChangePolicy) -> Iterator[Finding]:
    figures: Mapping[str, Estimate] = comparison.figures[CANDIDATE]
    for limits, word, sign in ((policy.floors, "at least", 1.0), (policy.ceilings, "at most", -1.0)):
        for name, limit in limits.items():
            value = float(figures[name].value)
            if name == "ece":
                yield _judge_ece(comparison, value, f"{word} {limit:g} above it", sign, limit)
                continue
            good = sign * value >= sign * limit
            yield Finding(name, f"{value:.3f}", f"{word} {limit:g}", Verdict.PASSED if good else Verdict.FAILED)


def _judge_ece(comparison: Comparison, ece: float, said: str, sign: float, limit: float) -> Finding:
    """Against what a perfectly calibrated model would show on as many photos: chance alone makes an ECE large."""
    rule, measured = "ece", f"{ece:.3f}, a calibrated model {comparison.calibrated_ece:.3f}"
    if comparison.photos < ECE_PHOTOS_MIN:
        return Finding(rule, measured, f"{said}; judged from {ECE_PHOTOS_MIN:,} photos on", Verdict.NOT_JUDGED)
    good = sign * (ece - comparison.calibrated_ece) >= sign * limit
    return Finding(rule, measured, said, Verdict.PASSED if good else Verdict.FAILED)


def _judge_baselines(comparison: Comparison, sides: Sides, policy: ChangePolicy) -> Iterator[Finding]:
    gains = {**sides.baseline_gains, "prevalence": float(comparison.gain_over_prevalence.low)}
    for name in policy.beat:
        rule, limit = f"accuracy above the baseline {name}", "lower end of the 95 % interval above 0"
        if name not in gains:
            # Not measuring must not be the easier way.
            measured = "not measured: run `python -m training report --run RUN`, then approve again"
            yield Finding(rule, measured, limit, Verdict.FAILED)
        else:
            good = gains[name] > 0.0
            yield Finding(rule, f"{gains[name]:+.3f}", limit, Verdict.PASSED if good else Verdict.FAILED)


def _judge_losses(figures: Figures, allowed: Mapping[str, float], where: str) -> Iterator[Finding]:
    for name, loss in allowed.items():
        gain = figures[GAIN][name]
        rule = f"gain in {name}{where}"
        limit = f"lower end of the paired 95 % interval at least {-loss:g}"
        low, high = float(gain.low), float(gain.high)
        if math.isnan(low):
            # One label only: of the whole hold-out that refuses, within a subgroup it is no one's fault.
            yield Finding(rule, "undefined", limit, Verdict.NOT_JUDGED if where else Verdict.FAILED)
            continue
        # Rounded before it is written: a loss of 1e-17 is no "-0.000".
        value, low_shown, high_shown = (round(end, 3) + 0.0 for end in (float(gain.value), low, high))
        measured = f"{value:+.3f} (95 % {low_shown:+.3f} to {high_shown:+.3f})"
        yield Finding(rule, measured, limit, Verdict.PASSED if low >= -loss else Verdict.FAILED)


def _judge_bands(comparison: Comparison, policy: ChangePolicy) -> Iterator[Finding]:
    for rule, share, largest in (
        ("photos whose band changes", comparison.share_changed, policy.largest_share_changed),
        ("photos whose band changes over two", comparison.share_over_two, policy.largest_share_over_two),
    ):
        if share is not None:
            good = share <= largest
            yield Finding(rule, f"{share:.1%}", f"at most {largest:.1%}", Verdict.PASSED if good else Verdict.FAILED)


def _waive(finding: Finding) -> Finding:
    if finding.verdict is not Verdict.FAILED:
        return finding
    limit = f"{finding.limit}; the policy does not ask it of a first version of demo evidence"
    return Finding(finding.rule, finding.measured, limit, Verdict.WAIVED)
