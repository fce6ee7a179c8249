"""What a language is: every sentence that the gateway says to a person, under the same names in every language.

Codes, names of fields and the paper's band names are never translated; nor is what a site wrote into the contract of its own
model version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from serving.contract.abstention import Doubt
from serving.contract.model import Evidence, ModelContract
from serving.contract.severity import Band


class Told(NamedTuple):
    """What was wrong, and what the person can do about it."""

    detail: str
    advice: str


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One language, compared by identity so that what is ready-made in it can be kept.

    Attributes:
        tag: BCP 47, the value of Content-Language.
        notice: Beside every answer.
        demo_notice: Beside every answer of a demo model.
        demo_page_notice: On the page, before there is an answer.
        knows_nothing_notice: Beside every answer of a version that did little better than guessing.
        explanation_caption: Beside every attribution map and asymmetry.
        band_words: Headline of a band.
        band_meanings: What a band does and does not say.
        evidence_words: What stands behind a version.
        quality_words: Names of the measures of a photo.
        region_words: Names of the regions of asymmetry.
        doubts: Why no band is given, and what to do.
        titles: Of problems, by their English title; None means that the English titles are this language's.
        problems: By code; None means that the errors' own sentences, which may hold figures, are this language's.
        occurrences: Details with figures of one occurrence, and advice, by the English template; those that are not here are
            told in the sentences of their code.
        limits: Of model versions, by the English sentence, where our own training wrote it.
        thousands: Between groups of three digits.
        direction: In which it is written, as HTML says it: "ltr" or "rtl".
        reviewed: Whether somebody who speaks it at work has read it; where not, every page says so.
        pauses: Why screening is paused, by class of reason; None means that the errors' own sentences are this language's.
        figure_words: Names of the figures of a hold-out.
        stage_words: Names of the stages of a screening.
        page: Everything else on the page, by place; braces are filled in.
        operator: The operator page, by place.
    """

    tag: str
    notice: str
    demo_notice: str
    demo_page_notice: str
    knows_nothing_notice: str
    explanation_caption: str
    band_words: Mapping[Band, str]
    band_meanings: Mapping[Band, str]
    evidence_words: Mapping[Evidence, str]
    quality_words: Mapping[str, str]
    region_words: Mapping[str, str]
    doubts: Mapping[Doubt, Told]
    figure_words: Mapping[str, str]
    stage_words: Mapping[str, str]
    page: Mapping[str, str]
    operator: Mapping[str, str]
    titles: Mapping[str, str] | None = None
    problems: Mapping[str, Told] | None = None
    pauses: Mapping[str, str] | None = None
    occurrences: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    thousands: str = ","
    direction: Literal["ltr", "rtl"] = "ltr"
    reviewed: bool = False

    def limits_of(self, contract: ModelContract) -> list[str]:
        """What a version must not be used for; sentences of its own makers as they wrote them."""
        return [self.limits.get(sentence, sentence) for sentence in contract.limits]
