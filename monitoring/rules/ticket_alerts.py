"""What somebody must do in working hours: nobody is woken, and nothing is forgotten."""

from __future__ import annotations

from monitoring.objectives import Objectives
from monitoring.rules.burn_alerts import HALF
from monitoring.rules.durations import Pace
from monitoring.rules.rule import KEPT_SECONDS, Alert
from monitoring.rules.slo_rules import DAY_SECONDS

OVERLOAD = "gateway_overloaded|wait_too_long|upload_memory_full|deadline_passed|connections_full"
"""Outcomes of screenings that found no room."""
EVERYWHERE = ("drift-controller", "sentinel")
"""Of these one runs at every site."""
PARTS = "drift-controller|sentinel|model-server|alertmanager"
"""Scrape jobs, the gateway's and Prometheus' own apart."""


def ticket_alerts(objectives: Objectives, pace: Pace = Pace()) -> list[Alert]:  # noqa: B008 - frozen
    """All of them."""
    return [*_serving_alerts(objectives, pace), *_keeping_alerts(objectives, pace), *_watching_alerts(objectives, pace)]


def _serving_alerts(objectives: Objectives, pace: Pace) -> list[Alert]:
    saturation, looks = objectives.saturation, objectives.availability.from_outside.looks_without_answer
    window, traffic = pace.text(saturation.for_seconds), f'traffic="{objectives.traffic}"'
    shed = f'sum(increase(symmetra_screenings_total{{{traffic},outcome=~"{OVERLOAD}"}}[{window}]))'
    asked = f"sum(increase(symmetra_screenings_total{{{traffic}}}[{window}]))"
    return [
        Alert(
            name="Saturated",
            severity="ticket",
            expression=(
                f"({shed} / {asked} > {saturation.shed_share:g} and {shed} > {saturation.min_shed - HALF})\n"
                # Seconds waited within a second: how many patients' photos wait at a time (Little's law). The queue's length has no class.
                f'or\n(max(rate(symmetra_stage_seconds_sum{{stage="queue",{traffic}}}[{window}])) >= {saturation.queue_length})'
            ),
            waits=pace.text(300),
            summary="Patients' photos are refused for want of room, or wait for it all the time.",
            description="{{ $value | humanize }}: the share that was refused, or the number that waits. The site needs more replicas.",
        ),
        Alert(
            name="ReplicaDown",
            severity="ticket",
            expression='count(up{job="gateway"} == 0) > 0',
            waits=pace.text(600),
            summary="A gateway does not answer; the others carry its patients.",
            description="{{ $value }} gateways cannot be scraped.",
        ),
        Alert(
            name="VersionMismatch",
            severity="ticket",
            expression=(
                "(count(count by (model_version, digest) (symmetra_model_info == 1)) > 1)\n"
                f'or\n(max(symmetra_blackbox_in_a_row{{result="other_version"}}) >= {looks})'
            ),
            waits=pace.text(900),
            summary="Gateways answer with another model version than they should: one face would get two answers.",
            keeps=pace.text(KEPT_SECONDS),
            description="Gateways disagree, or one answers with a version that is not pinned. A promotion moves all within seconds.",
        ),
        Alert(
            name="ModelServerNotOnGpu",
            severity="ticket",
            expression="count(symmetra_probe_gpu_missing == 1) > 0",
            waits=pace.text(600),
            summary="A model server that was given a GPU runs on the CPU: answers stay right and become slow.",
            keeps=pace.text(KEPT_SECONDS),
            description=(
                "The probe beside {{ $value }} model servers sees a process that holds no GPU open. TensorFlow Serving falls back without "
                "a word and has no metric for it."
            ),
        ),
        Alert(
            name="ScreeningPaused",
            severity="ticket",
            expression='max(symmetra_paused{reason=~"operator|state_unreadable"}) == 1',
            waits=pace.text(3600),
            summary="Screening has been paused for an hour; patients' photos are refused.",
            description="Somebody paused it, or the record of pauses cannot be read. A pause ends only when somebody ends it.",
        ),
    ]


def _keeping_alerts(objectives: Objectives, pace: Pace) -> list[Alert]:
    certificates, disk = objectives.certificates, objectives.disk
    left = f"(symmetra_certificate_expires_seconds - time()) / {DAY_SECONDS}"
    return [
        Alert(
            name="JournalWaiting",
            severity="ticket",
            expression="max(symmetra_journal_bytes) > 0",
            waits=pace.text(3600),
            summary="Receipts have waited on a gateway's disk for an hour, because the database does not take them.",
            description="{{ $value | humanize1024 }}B wait. They are safe while that disk is; answers cannot be read again meanwhile.",
        ),
        Alert(
            name="RetentionFailing",
            severity="ticket",
            expression=(
                f'sum(increase(symmetra_retention_runs_total{{result="failed"}}[{pace.text(DAY_SECONDS)}])) > {3 - HALF}\n'
                f'and sum(increase(symmetra_retention_runs_total{{result="done"}}[{pace.text(DAY_SECONDS)}])) < {HALF}'
            ),
            waits="0s",
            summary="Records whose time is over are not deleted.",
            description="{{ $value | humanize }} attempts failed within a day, and none was done.",
        ),
        Alert(
            name="CertificateExpiring",
            severity="ticket",
            # One that is over keeps everybody out, which AvailabilityBurn says.
            expression=f"min by (target) ({left}) < {certificates.ticket_days}\nand min by (target) ({left}) > 0",
            waits="0s",
            summary="The certificate of {{ $labels.target }} ends soon; after that nobody can screen a photo.",
            keeps=pace.text(KEPT_SECONDS),
            description="{{ $value | humanize }} days are left.",
        ),
        Alert(
            name="DiskAlmostFull",
            severity="ticket",
            # A disk that is gone reads NaN, which differs from itself and is below nothing.
            expression=(
                f"min by (disk) (symmetra_disk_free_share) < {disk.free_share:g}\n"
                "or\nmax by (disk) (symmetra_disk_free_share != symmetra_disk_free_share)"
            ),
            waits=pace.text(900),
            summary="The disk of {{ $labels.disk }} is almost full, or gone.",
            keeps=pace.text(KEPT_SECONDS),
            description="{{ $value | humanizePercentage }} is free. A full one loses no answer without a word, and stops them all.",
        ),
    ]


def _watching_alerts(objectives: Objectives, pace: Pace) -> list[Alert]:
    looks = 10 * objectives.correctness.look_seconds
    return [
        Alert(
            name="MonitoringPartDown",
            severity="ticket",
            # What is not even known, because its address is gone with it, is as down as what does not answer.
            expression=(
                f'(max by (job) (up{{job=~"{PARTS}"}}) == 0)\nor\n'
                + "\nor\n".join(f'absent(up{{job="{part}"}})' for part in EVERYWHERE)
            ),
            # Longer than an outage behind it takes to be told, seen from outside where nobody asks.
            waits=pace.text(900),
            summary="{{ $labels.job }} is down: what it watches for would go unseen.",
            description="Prometheus cannot scrape any {{ $labels.job }}, or knows of none. Patients get their answers all the same.",
        ),
        Alert(
            name="SentinelBlind",
            severity="ticket",
            expression=(
                f"(time() - max(last_over_time(symmetra_blackbox_last_look_seconds[{pace.text(DAY_SECONDS)}])) > {pace.seconds(looks):g})\n"
                f'or\n(max(symmetra_blackbox_in_a_row{{result="blind"}}) >= {objectives.availability.from_outside.looks_without_answer})\n'
                'or\n(min(symmetra_sentinel_watching) == 0 and sum(up{job="gateway"}) > 0)'
            ),
            waits=pace.text(600),
            summary="A sentinel cannot tell whether answers are right: wrong ones would not stop the system.",
            keeps=pace.text(KEPT_SECONDS),
            description="The one outside does not look or may not ask, or a gateway's own has no golden crops to compare with.",
        ),
        Alert(
            name="MonitoringImpaired",
            severity="ticket",
            expression=(
                f"(sum(increase(prometheus_rule_evaluation_failures_total[{pace.text(900)}])) > {HALF})\n"
                f"or\n(sum(increase(prometheus_notifications_dropped_total[{pace.text(900)}])) > {HALF})\n"
                "or\n(max(prometheus_config_last_reload_successful == bool 0) == 1)\n"
                # Objectives are of one site: of two, a quiet one would hide behind a busy one.
                'or\n(count(count by (site) (up{job="gateway"})) > 1)'
            ),
            waits=pace.text(300),
            summary="Prometheus fails at some rules, drops notifications, runs with an older configuration, or takes several sites for one.",
            description="An alert may be missing. Its log says which rule, or which Alertmanager; sites are told apart by the label `site`.",
        ),
    ]
