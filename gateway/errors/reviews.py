"""Reviews and outcomes."""

from __future__ import annotations

from gateway.errors.request import RequestError


class ViewNotGiven(RequestError):
    """Whoever asked for this answer is to say what they expect before the score is shown to them, and has not yet."""

    code = "view_not_given"
    sentence = "This score is shown after you have said which band you expect."
    advice = "Say it on the page that came with this answer, or send the photo again."


class ViewGivenAlready(RequestError):
    """A band to commit to that comes after something else was said: the score may have been seen by then."""

    code = "view_given_already"
    sentence = "You have reviewed this answer before, so the band that you expected can no longer be added or changed."
    advice = "Say whether you agree with the answer."


class OutcomeUnknown(RequestError):
    """An outcome that is not there cannot be taken back."""

    code = "outcome_unknown"
    sentence = "There is no score of this questionnaire to take back."
    advice = "Check the receipt number and the questionnaire."
