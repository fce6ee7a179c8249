"""The sentences and the table that say how often a band is wrong, in a reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.answer import Answer
from gateway.band_meaning import PREVALENCES_PERCENT, can_tell, depressed_among, depressed_in
from gateway.languages import Catalogue
from gateway.pin import PinnedModel
from serving.contract.band_counts import BandCounts
from serving.contract.model import Evidence
from serving.contract.severity import Band


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands below a band.

    Attributes:
        sentences: In order.
        conditions: Under which they hold, below the table.
        table: (Depressed of 100 among all, depressed of 100 in this band) where the site's own share is not known.
        method: How it was counted.
    """

    sentences: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    table: tuple[tuple[str, str], ...] = ()
    method: str | None = None


def meaning_of(answer: Answer, language: Catalogue, site_prevalence_percent: float | None) -> Meaning | None:
    """What the band of an answer means; None where there is no band."""
    band = answer.band
    if band is None:
        return None
    say, counts = language.page, counts_for(answer.model)
    if counts is None:
        return Meaning((say["meaning_not_measured"],))
    sentences = []
    if answer.model.contract.evidence is Evidence.DEMO:
        sentences.append(say["meaning_demo"])
    if band is Band.NONE:
        sentences.append(_miss_rate(counts, language))
    table: tuple[tuple[str, str], ...] = ()
    if site_prevalence_percent is None:
        rows = [(f"{percent}", _range(band, counts, percent, language)) for percent in PREVALENCES_PERCENT]
        table = tuple(rows)
    else:
        share = _range(band, counts, site_prevalence_percent, language)
        sentences.append(say["meaning_at_site"].format(prevalence=f"{site_prevalence_percent:g}", share=share))
    method = _method(band, counts, language)
    if answer.model.policy.abstention is not None:
        method = f"{method} {say['meaning_without_abstention']}"
    return Meaning(tuple(sentences), (say["meaning_assumes"],), table, method)


def counts_for(model: PinnedModel) -> BandCounts | None:
    """The version's own counts; None where it has none, or where the policy in force draws the bands elsewhere."""
    counts = model.contract.band_counts
    if counts is None or counts.thresholds != model.policy.thresholds or not can_tell(counts):
        return None
    return counts


def _miss_rate(counts: BandCounts, language: Catalogue) -> str:
    low, high = depressed_in(Band.NONE, counts).of_100
    missed, total = counts.depressed[Band.NONE], counts.depressed_subjects
    return language.page["meaning_missed"].format(
        about=round(100 * missed / total), low=low, high=high, count=round(missed), total=total
    )


def _range(band: Band, counts: BandCounts, prevalence_percent: float, language: Catalogue) -> str:
    low, high = depressed_among(band, counts, prevalence_percent / 100).of_100
    return language.page["meaning_range"].format(low=low, high=high)


def _method(band: Band, counts: BandCounts, language: Catalogue) -> str:
    return language.page["meaning_method"].format(
        depressed=_count(counts.depressed[band]),
        depressed_total=counts.depressed_subjects,
        others=_count(counts.not_depressed[band]),
        others_total=counts.not_depressed_subjects,
    )


def _count(subjects: float) -> str:
    """Whole, or with one digit where subjects count by the share of their photos."""
    return f"{subjects:.1f}".removesuffix(".0")
