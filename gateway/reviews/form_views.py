"""What the templates of reviews and outcomes show: choices, what is chosen now, and what goes out to come back."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from gateway.answer import Answer
from gateway.languages import Catalogue
from gateway.records.receipt import moment_of
from gateway.reviews.outcome import Instrument, Outcome
from gateway.reviews.review import OF_A_BAND, Opinion, Reason, Review, Verdict
from serving.contract.severity import Band

SEPARATOR: Final = ":"
"""Between a disagreement and its reason: one choice of a form is both, so that none can be sent without the other."""


def choice_of(verdict: Verdict, reason: Reason | None = None) -> str:
    """A verdict and its reason as the value of one choice."""
    return verdict.value if reason is None else f"{verdict.value}{SEPARATOR}{reason.value}"


CHOICES: Final = {
    choice_of(verdict, reason): Opinion(verdict=verdict, reason=reason)
    for verdict, reasons in ((Verdict.AGREE, (None,)), (Verdict.DISAGREE, tuple(Reason)), (Verdict.UNSURE, (None,)))
    for reason in reasons
}
"""By the value of the choice, in the order in which they are shown."""


def review_view(
    answer: Answer,
    language: Catalogue,
    *,
    review: Review | None = None,
    picture: str | None,
    seal: str | None,
    message: str | None = None,
) -> dict[str, Any]:
    """The form under an answer.

    Args:
        answer: That is judged.
        language: To say it in.
        review: What the reader said so far.
        picture: The crop, where it is known.
        seal: Of the picture.
        message: Why the form was not taken.
    """
    chosen, committed, time = None, None, None
    if review is not None:
        opinion = review.opinion
        chosen = None if opinion.verdict is None else choice_of(opinion.verdict, opinion.reason)
        committed = None if opinion.committed_band is None else language.band_words[opinion.committed_band]
        time = language.page["utc"].format(time=f"{moment_of(review.given_at_us):%Y-%m-%d %H:%M:%S}")
    choices = [
        {"value": value, "words": language.page[_words_of(opinion)], "chosen": value == chosen}
        for value, opinion in CHOICES.items()
        if answer.band is not None or opinion.reason not in OF_A_BAND
    ]
    return {
        "receipt": answer.id,
        "picture": picture,
        "seal": seal,
        "explained": answer.explanation is not None,
        "choices": choices,
        "said": next((choice["words"] for choice in choices if choice["chosen"]), None),
        "time": time,
        "revision": None if review is None else review.revision,
        "committed": committed,
        "message": message,
    }


def commit_view(answer: Answer, language: Catalogue, *, picture: str | None, seal: str | None) -> dict[str, Any]:
    """The form before the score is shown; nothing of the score is in it."""
    choices = [{"value": band.value, "words": language.band_words[band]} for band in Band]
    return {"receipt": answer.id, "picture": picture, "seal": seal, "choices": choices}


def outcome_view(
    language: Catalogue, fields: dict[str, str], *, outcome: Outcome | None = None, message: str | None = None
) -> dict[str, Any]:
    """The form for a questionnaire's score.

    Args:
        language: To say it in.
        fields: What was typed before.
        outcome: What was kept of it.
        message: Why it was not kept.
    """
    words = {each: language.page[f"instrument_{each.value}"] for each in Instrument}
    kept = None
    if outcome is not None:
        said = "outcome_taken_back" if outcome.score is None else "outcome_kept"
        kept = language.page[said].format(
            instrument=words[outcome.instrument],
            score=outcome.score,
            date=outcome.assessed_on.isoformat(),
            revision=outcome.revision,
        )
    return {
        "fields": fields,
        "instruments": [
            {"value": each.value, "words": words[each], "chosen": fields.get("instrument") == each.value}
            for each in Instrument
        ],
        "most": max(each.max_score for each in Instrument),
        "today": dt.datetime.now(dt.UTC).date().isoformat(),
        "kept": kept,
        "message": message,
    }


def _words_of(opinion: Opinion) -> str:
    if opinion.reason is not None:
        return f"review_{opinion.reason.value}"
    return f"review_{opinion.verdict}"
