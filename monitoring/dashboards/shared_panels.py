"""Panels and sentences that more than one reader needs."""

from __future__ import annotations

from typing import Final

from monitoring.dashboards.panel import GREEN, ORANGE, RED, Panel, Query
from monitoring.objectives import Objectives
from monitoring.rules.slo_rules import COUNTED, DAY_SECONDS, FAILED, series

HONEST: Final = (
    "**What these numbers are not.** Severity is what a model says of a photo: not PHQ-9, not a confidence, not a diagnosis, and nobody is ill or "
    "well because of it. The bundled model learned from drawn faces; it is a demo model. Counts are of photos, and of people only "
    "where a subject is given with each photo."
)
NOTHING_WRONG: Final = "shown only while there is one"


def honest_text(more: str = "", *, width: int = 24, height: int = 3) -> Panel:
    """What must be said on every dashboard, and more that this one must say."""
    return Panel("Read this first", "text", says="\n\n".join(filter(None, (HONEST, more))), width=width, height=height)


def availability_of_period(objectives: Objectives) -> Panel:
    """Against the objective."""
    seconds, objective = objectives.period_days * DAY_SECONDS, objectives.availability.objective
    return Panel(
        f"Screenings that did not fail, {objectives.period_days} days",
        "stat",
        "percentunit",
        [Query(f"1 - {series(FAILED, seconds)} / {series(COUNTED, seconds)}", "did not fail", over_time=False)],
        f"Of patients' screenings. The objective is {objective:.1%}. A photo that the model should not judge is no failure. Empty before the first.",
        steps=[(0, RED), (objective, GREEN)],
        alert="AvailabilityBurn",
    )


def gateways_up() -> Panel:
    """How many answer Prometheus."""
    return Panel(
        "Gateways", "stat", "short", [Query('sum(up{job="gateway"})', "run"), Query('count(up{job="gateway"})', "known")],
        "Replicas that Prometheus reaches, of those that it knows. None runs: nobody can screen a photo.",
        steps=[(0, RED), (1, GREEN)], alert="AllReplicasDown",
    )  # fmt: skip


def paused() -> Panel:
    """Whether screening is paused."""
    return Panel(
        "Paused", "stat", "short", [Query("max(symmetra_paused)", "paused")],
        "While screening is paused, every photo is refused. Wrong golden answers pause it, and people can.",
        words={0: ("no", GREEN), 1: ("PAUSED", RED)}, alert="ScreeningPaused",
    )  # fmt: skip


def golden_right() -> Panel:
    """What the sentinel outside found."""
    return Panel(
        "Golden photos, latest look", "stat", "short", [Query("symmetra_blackbox_in_a_row > 0", "{{result}}")],
        "Drawn faces with known answers, sent through the front door every few minutes. Anything but `right` needs somebody.",
        names=True, alert="WrongAnswers",
    )  # fmt: skip


def alerts() -> Panel:
    """What fires."""
    query = Query(
        'count by (alertname, severity) (ALERTS{alertstate="firing",alertname!="DeadMansSwitch"})',
        quiet="a healthy system has no alert", over_time=False,
    )  # fmt: skip
    return Panel(
        "Alerts now",
        "table",
        "short",
        [query],
        "Each is a heading of the runbook.",
        width=12,
        height=6,
        empty="none",
        alert="Pages",
    )


def certificates(objectives: Objectives) -> Panel:
    """Days until the front door's ends."""
    return Panel(
        "Days left of the certificate", "stat", "short",
        [Query(f"(symmetra_certificate_expires_seconds - time()) / {DAY_SECONDS}", "{{target}}", quiet="a front door without TLS has none")],
        "Of the front door, as the sentinel sees it.", steps=[(0, RED), (7, ORANGE), (objectives.certificates.ticket_days, GREEN)],
        empty="no TLS", alert="CertificateExpiring",
    )  # fmt: skip


def disks(objectives: Objectives) -> Panel:
    """Free share of the watched disks."""
    return Panel(
        "Free on watched disks", "stat", "percentunit", [Query("symmetra_disk_free_share", "{{disk}}")],
        "By the sentinel.", steps=[(0, RED), (objectives.disk.free_share, GREEN)], alert="DiskAlmostFull",
    )  # fmt: skip
