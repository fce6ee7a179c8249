"""Recording rules of drift, for people to read without the controller: how far photos and answers are from the reference.

Everything is by site (where Prometheus has such a label) and model version, over patients' photos alone, one per person, day and gateway
process where a subject is given: with many gateways somebody who sends three photos may count three times, which the thresholds do not know, so
a distance may be called large without drift there (the controller weighs photos; PromQL cannot). Counts are added up over replicas first; a distance of a sum is not a sum of distances (drift.md, 4a).

The window is the shortest of six hours, a day and a week that holds enough photos. Where none does there is no distance at all, and
`symmetra:drift_insufficient` is 1: too few photos are never shown as no drift. A distance is compared with what so many photos have by
chance (`monitoring.drift.distances`); 0.1 and 0.2 mean nothing without their number. These looks overlap, so they alarm nobody: the
rate of false alarms is controlled by the controller alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitoring.drift.distances import CHANCE, LEAST_PHOTOS, chi_square_quantile
from monitoring.drift.reference import JEFFREYS
from monitoring.profile import MOST_BINS
from monitoring.reference_metrics import REFERENCE_PHOTOS, REFERENCE_SHARE, SEVERITY_SIGNAL
from monitoring.rules.durations import Pace, duration
from monitoring.rules.rule import Group, Record
from monitoring.rules.slo_rules import DAY_SECONDS, HOUR_SECONDS
from monitoring.subject_metrics import SUBJECT_IMAGE_QUALITY, SUBJECT_SEVERITY

INTERVAL_SECONDS: Final = 240
"""Less than the five minutes that Prometheus looks back: at five, a late evaluation leaves a moment without a sample, and `for` begins anew."""
WINDOWS_SECONDS: Final = (6 * HOUR_SECONDS, DAY_SECONDS, 7 * DAY_SECONDS)
PLACE: Final = "site, model_version"
SIGNAL: Final = f"{PLACE}, signal"
BIN: Final = f"{SIGNAL}, bin"
BAND_BINS: Final = {"none": ("0.1", "0.2", "0.3"), "mild": ("0.4", "0.5", "0.6"), "high": ("0.7", "0.8", "0.9", "1.0")}
"""The paper's bands; the edges of the bins coincide with theirs."""


def drift_groups(pace: Pace = Pace()) -> list[Group]:  # noqa: B008 - frozen
    """The one group; its order matters."""
    records = [*_counts(pace), *_chosen(), *_distances(), *_bands()]
    return [Group("symmetra-drift", pace.text(INTERVAL_SECONDS), records)]


def window_text(seconds: float, pace: Pace) -> str:
    """A range that holds the same number of evaluations whether or not its left edge counts (it did before Prometheus 3)."""
    return pace.text(seconds - INTERVAL_SECONDS / 2)


def _counts(pace: Pace) -> Iterator[Record]:
    hour, per_hour = pace.text(HOUR_SECONDS), HOUR_SECONDS // INTERVAL_SECONDS
    severity = f"sum by ({PLACE}, bin) (increase({SUBJECT_SEVERITY.name}_total[{hour}]))"
    quality = f"sum by ({PLACE}, statistic, bin) (increase({SUBJECT_IMAGE_QUALITY.name}_total[{hour}]))"
    yield Record(
        "symmetra:drift_bin:increase1h",
        f'label_replace({severity}, "signal", "{SEVERITY_SIGNAL}", "", "")\n'
        f'or sum by ({BIN}) (label_replace({quality}, "signal", "$1", "statistic", "(.+)"))',
    )
    for seconds in WINDOWS_SECONDS:
        # Of what was recorded: a week of every replica's own series would be too much to read again and again.
        text = f"sum_over_time(symmetra:drift_bin:increase1h[{window_text(seconds, pace)}]) / {per_hour}"
        yield Record(f"symmetra:drift_bin:increase{duration(seconds)}", text)
        photos = f"sum by ({SIGNAL}) (symmetra:drift_bin:increase{duration(seconds)})"
        yield Record(f"symmetra:drift_photos:increase{duration(seconds)}", photos)


def _chosen() -> Iterator[Record]:
    names = [duration(seconds) for seconds in WINDOWS_SECONDS]
    yield Record(
        "symmetra:drift_bin:chosen",
        "\nor ".join(
            f"(symmetra:drift_bin:increase{name} and on ({SIGNAL}) symmetra:drift_photos:increase{name} >= {LEAST_PHOTOS})"
            for name in names
        ),
    )
    yield Record("symmetra:drift_photos:chosen", f"sum by ({SIGNAL}) (symmetra:drift_bin:chosen)")
    yield Record(
        "symmetra:drift_window_hours",
        "\nor ".join(
            f"((symmetra:drift_photos:increase{duration(seconds)} >= {LEAST_PHOTOS}) * 0 + {seconds // HOUR_SECONDS})"
            for seconds in WINDOWS_SECONDS
        ),
    )
    yield Record("symmetra:drift_insufficient", f"symmetra:drift_photos:increase{names[-1]} < bool {LEAST_PHOTOS}")


def _distances() -> Iterator[Record]:
    yield Record("symmetra:drift_share:expected", f"max by ({BIN}) ({REFERENCE_SHARE.name})")
    yield Record("symmetra:drift_bins", f"count by ({SIGNAL}) (symmetra:drift_share:expected)")
    yield Record(
        "symmetra:drift_share",
        f"(symmetra:drift_bin:chosen + {JEFFREYS:g})\n/ on ({SIGNAL}) group_left ()"
        f" (symmetra:drift_photos:chosen + {JEFFREYS:g} * symmetra:drift_bins)",
    )
    q, p = "symmetra:drift_share", "symmetra:drift_share:expected"
    yield Record("symmetra:drift_psi", f"sum by ({SIGNAL}) (({q} - {p}) * ln({q} / {p}))")
    middle = f"(({q} + {p}) / 2)"
    yield Record(
        "symmetra:drift_jensen_shannon",
        f"(sum by ({SIGNAL}) ({p} * ln({p} / {middle}))\n+ sum by ({SIGNAL}) ({q} * ln({q} / {middle}))) / 2",
    )
    yield Record(
        "symmetra:drift_psi:threshold",
        f"({_quantiles()})\n* (1 / symmetra:drift_photos:chosen + 1 / max by ({SIGNAL}) ({REFERENCE_PHOTOS.name}))",
    )
    yield Record("symmetra:drift_psi:exceeded", "symmetra:drift_psi > bool symmetra:drift_psi:threshold")


def _quantiles() -> str:
    """For each number of bins the chi-square quantile of one degree less."""
    return "\nor ".join(
        f"(symmetra:drift_bins == {bins}) * 0 + {chi_square_quantile(1.0 - CHANCE, bins - 1):.3f}"
        for bins in range(MOST_BINS, 1, -1)
    )


def _bands() -> Iterator[Record]:
    """Shares of the paper's bands among the answers, and what the reference expects of each."""
    for name, of in (("symmetra:drift_band_share", "symmetra:drift_share"), ("symmetra:drift_band_share:expected", "symmetra:drift_share:expected")):  # fmt: skip
        yield Record(
            name,
            "\nor ".join(
                f'label_replace(sum by ({PLACE}) ({of}{{signal="{SEVERITY_SIGNAL}",bin=~"{_any_of(bins)}"}}), "band", "{band}", "", "")'
                for band, bins in BAND_BINS.items()
            ),
        )


def _any_of(bins: tuple[str, ...]) -> str:
    return "|".join(bins).replace(".", "[.]")
