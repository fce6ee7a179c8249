"""Alerts on drift: for the clinical lead and for tickets, never pages. The answers are not known to be wrong.

What the detector of the controller says has a budget of false alarms; the jumps of shares beside it compare the last day with the week
before, and ask for a difference that matters and one that chance does not make, also where everybody sends three photos.
"""

from __future__ import annotations

from typing import Final

from monitoring.rules.drift_rules import INTERVAL_SECONDS, PLACE, window_text
from monitoring.rules.durations import Pace
from monitoring.rules.rule import Alert, Group, Record
from monitoring.rules.slo_rules import DAY_SECONDS, HOUR_SECONDS

PATIENT: Final = 'traffic="patient"'
WEEK_SECONDS: Final = 7 * DAY_SECONDS
STALE_SECONDS: Final = 900
"""The controller looks every minute; without a kept look for so long it is blind."""
INSUFFICIENT_DAYS: Final = 7
"""That a site may plan to go without enough photos."""
LEAST_OF_A_DAY: Final = 200
"""Photos, below which a day's share says too little."""
LEAST_DIFFERENCE: Final = 0.05
"""Five points: less matters to nobody (drift.md, 4a)."""
DEVIATIONS: Final = 3.3
PHOTOS_OF_A_PERSON: Final = 3
"""Shares are of photos; so many of one person are nearly one answer, so the variance may be so many times what it seems."""
DISAGREEMENT: Final = 0.05
"""Share of other bands that a shadow version may give."""


def drift_alert_groups(pace: Pace = Pace()) -> list[Group]:  # noqa: B008 - frozen
    """What is counted for the jumps, and the alerts."""
    return [
        Group("symmetra-drift-shares", pace.text(INTERVAL_SECONDS), _shares(pace)),
        Group("symmetra-drift-alerts", pace.text(60), drift_alerts(pace)),
    ]


def drift_alerts(pace: Pace = Pace()) -> list[Alert]:  # noqa: B008 - frozen
    """All of them."""
    return [*_detector_alerts(pace), _blind(pace), *_share_alerts(pace)]


def _detector_alerts(pace: Pace) -> list[Alert]:
    which = (
        '{{ with printf `symmetra_drift_loudest{model_version="%s",site="%s"} == 1` $labels.model_version $labels.site | query }}'
        "{{ . | first | label `signal` }}{{ else }}unknown{{ end }}"
    )
    alarm, warning = (f'max by ({PLACE}) (symmetra_drift_alarm{{tier="{tier}"}}) == 1' for tier in ("alarm", "warning"))
    where = "version {{ $labels.model_version }}{{ with $labels.site }} at {{ . }}{{ end }}"
    return [
        Alert(
            name="DriftAlarm",
            severity="clinical_lead",
            expression=alarm,
            waits="0s",
            # While the controller starts again nobody must read "over".
            keeps=pace.text(STALE_SECONDS),
            summary="Answers or photos are no longer those that the version was measured on: what answers mean must be judged anew.",
            description=f"{where}: the signal that moved most is {which}. It stays until somebody takes it up.",
        ),
        Alert(
            name="DriftWarning",
            severity="ticket",
            expression=f"{warning}\nunless on ({PLACE})\n{alarm}",
            waits="0s",
            summary="Answers or photos may be leaving what the version was measured on.",
            description=f"{where}: the signal that moved most is {which}. It ends by itself, or becomes an alarm.",
        ),
    ]  # fmt: skip


def _blind(pace: Pace) -> Alert:
    # At the same site, where the controller tells sites apart; where it does not, at any.
    pinned = (
        f"on ({PLACE}) (max by ({PLACE}) (symmetra_model_info) or max by (model_version) (symmetra_model_info)) == 1"
    )
    hours = INSUFFICIENT_DAYS * DAY_SECONDS // HOUR_SECONDS
    week = f"[{pace.text(INSUFFICIENT_DAYS * DAY_SECONDS)}:{pace.text(HOUR_SECONDS)}]"
    return Alert(
        name="DriftBlind",
        severity="ticket",
        expression=(
            # Over a day, because the figure of a controller that is gone is forgotten within minutes.
            f"(time() - max(last_over_time(symmetra_drift_last_update_seconds[{pace.text(DAY_SECONDS)}])) > {pace.seconds(STALE_SECONDS):g})\n"
            f'or\n(max by ({PLACE}, state) (symmetra_drift_state{{state=~"no_profile|stale"}}) == 1 and {pinned})\n'
            # A site whose gateways are all gone has nothing pinned any more.
            f'or\n(max by ({PLACE}, state) (symmetra_drift_state{{state="stale",site!=""}}) == 1'
            " unless on (site) max by (site) (symmetra_model_info))\n"
            # All but the edges: which of them counts changed with Prometheus 3.
            f'or\n(max by ({PLACE}, state) (sum_over_time(symmetra_drift_state{{state="insufficient_data"}}{week})) >= {hours - 2}'
            f" and {pinned})"
        ),
        waits=pace.text(900),
        summary="A change of answers or photos would not be seen.",
        description=(
            "{{ with $labels.state }}{{ . }}{{ else }}the controller keeps no looks{{ end }}: no reference, no counts of any gateway, or"
            f" for {INSUFFICIENT_DAYS} days fewer photos than the site planned."
        ),
    )


def _shares(pace: Pace) -> list[Record]:
    """Photos with the highest band, without a band, with another band of the shadow, and all of each, in the last day and the week before."""
    hour, per_hour = pace.text(HOUR_SECONDS), HOUR_SECONDS // INTERVAL_SECONDS
    bands, shadow = f"symmetra_bands_total{{{PATIENT}", f"symmetra_shadow_answers_total{{{PATIENT}"
    screened = f"symmetra_screenings_total{{{PATIENT},outcome"
    counted = {
        "high_band": (f'sum by ({PLACE}) (increase({bands},band="high"}}[{hour}]))', f"sum by ({PLACE}) (increase({bands}}}[{hour}]))"),
        "abstained": (f'sum by (site) (increase({screened}="abstained"}}[{hour}]))', f'sum by (site) (increase({screened}=~"answered|abstained"}}[{hour}]))'),
        "shadow": (f'sum by (site) (increase({shadow},result="disagree"}}[{hour}]))', f"sum by (site) (increase({shadow}}}[{hour}]))"),
    }  # fmt: skip
    records = []
    for name, (part, whole) in counted.items():
        for kind, expression in (("part", part), ("whole", whole)):
            series = f"symmetra:share_{name}_{kind}"
            day, week = window_text(DAY_SECONDS, pace), window_text(WEEK_SECONDS, pace)
            records += [
                Record(f"{series}:increase1h", expression),
                Record(f"{series}:increase1d", f"sum_over_time({series}:increase1h[{day}]) / {per_hour}"),
                Record(
                    f"{series}:week_before",
                    f"sum_over_time({series}:increase1h[{week}] offset {pace.text(DAY_SECONDS)}) / {per_hour}",
                ),
            ]
        records.append(Record(f"symmetra:share_{name}:day", f"symmetra:share_{name}_part:increase1d / symmetra:share_{name}_whole:increase1d"))  # fmt: skip
        records.append(Record(f"symmetra:share_{name}:usual", f"symmetra:share_{name}_part:week_before / symmetra:share_{name}_whole:week_before"))  # fmt: skip
    return records


def _share_alerts(pace: Pace) -> list[Alert]:
    waits = pace.text(HOUR_SECONDS)
    disagreement = "symmetra:share_shadow_whole:increase1d"
    chance = f"{DEVIATIONS} * sqrt({PHOTOS_OF_A_PERSON} * {DISAGREEMENT * (1 - DISAGREEMENT):g} / {disagreement})"
    percent = "{{ $value | humanizePercentage }}"
    return [
        Alert(
            name="AbstentionShareJump",
            severity="ticket",
            expression=_jump("abstained"),
            waits=waits,
            summary="More photos than usual get no band, and their people must be seen without one.",
            description=f"{percent} of the last day's answers had no band, far more than in the week before.",
        ),
        Alert(
            name="HighBandShareJump",
            severity="clinical_lead",
            expression=_jump("high_band"),
            waits=waits,
            summary="More people than usual are told the highest band.",
            description=f"{percent} of the last day's answers by version {{{{ $labels.model_version }}}} were in the highest band, far more than in the week before.",
        ),
        Alert(
            name="ShadowDisagreement",
            severity="ticket",
            expression=(
                f"(symmetra:share_shadow:day > {DISAGREEMENT} + {chance}\nand {disagreement} >= {LEAST_OF_A_DAY})"
            ),
            waits=waits,
            summary="The shadow version gives other bands than the one that answers; nobody is told them.",
            description=f"{percent} of the last day's photos got another band from the shadow version.",
        ),
    ]


def _jump(name: str) -> str:
    """The last day's share, where it is above the week's by more than chance makes and by what matters."""
    day, usual = f"symmetra:share_{name}:day", f"symmetra:share_{name}:usual"
    photos, before = f"symmetra:share_{name}_whole:increase1d", f"symmetra:share_{name}_whole:week_before"
    # Half a photo more, so that a share that was 0 all week has a variance too.
    pooled = f"(symmetra:share_{name}_part:week_before + 0.5) / ({before} + 1)"
    variance = f"{PHOTOS_OF_A_PERSON} * {pooled} * (1 - {pooled}) * (1 / {photos} + 1 / {before})"
    return (
        f"{day}\n> {usual} + {DEVIATIONS} * sqrt({variance})\n"
        f"and {day} > {usual} + {LEAST_DIFFERENCE}\nand {photos} >= {LEAST_OF_A_DAY}\nand {before} >= {LEAST_OF_A_DAY}"
    )
