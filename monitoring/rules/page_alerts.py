"""The other alerts that wake somebody: wrong answers, nobody there, records that are not kept, and monitoring itself."""

from __future__ import annotations

from monitoring.objectives import Objectives
from monitoring.rules.burn_alerts import HALF
from monitoring.rules.durations import Pace
from monitoring.rules.rule import KEPT_SECONDS, Alert

MISMATCHES = "golden_mismatch|polarity_reversed|digest_mismatch"
"""Reasons of a pause that a gateway's sentinel threw."""


def page_alerts(objectives: Objectives, pace: Pace = Pace()) -> list[Alert]:  # noqa: B008 - frozen
    """Four alerts; with those on availability and latency, six page."""
    looks, records = objectives.correctness.looks_in_a_row, objectives.records
    window = pace.text(records.within_seconds)
    refused = f'sum(increase(symmetra_screenings_total{{outcome="records_unavailable"}}[{window}]))'
    refused_patients = refused.replace("outcome=", f'traffic="{objectives.traffic}",outcome=')
    return [
        Alert(
            name="WrongAnswers",
            severity="page",
            expression=(
                f'(max(symmetra_paused{{reason=~"{MISMATCHES}"}}) == 1)\nor\n(max(symmetra_blackbox_in_a_row{{result="wrong"}}) >= {looks})'
            ),
            waits="0s",
            summary="Answers about patients were wrong; nobody should rely on today's.",
            keeps=pace.text(KEPT_SECONDS),
            description=(
                "A golden photo or crop did not get the answer that its version promises, or the version's files are not those that were "
                "published. Screening is paused, or must be now; answers since the last right look have to be recalled."
            ),
        ),
        Alert(
            name="AllReplicasDown",
            severity="page",
            expression='(sum(up{job="gateway"}) or vector(0)) == 0',
            waits=pace.text(120),
            summary="No gateway runs: nobody can screen a photo.",
            description="Prometheus reaches no gateway, or knows of none.",
        ),
        Alert(
            name="RecordsNotKept",
            severity="page",
            # The first branch counts answers that were given without a receipt: each failed receipt, less those whose answer was refused.
            expression=(
                f'(sum(increase(symmetra_receipts_total{{result="failed"}}[{window}])) - {refused} > {records.lost + HALF})\n'
                f"or\n({refused_patients} > {records.refused - HALF})"
            ),
            waits=pace.text(60),
            summary="Answers are given without a record, or refused because none can be kept.",
            description="{{ $value | humanize }} within the window. What was given without a record cannot be recalled or audited later.",
        ),
        Alert(
            name="DeadMansSwitch",
            severity="page",
            expression="vector(1)",
            waits="0s",
            summary="Monitoring is alive. It is silence of this alert that wakes somebody.",
            description="Always firing. Whoever receives it outside this system must call the one on call when it stops coming.",
        ),
    ]
