"""What the upload page needs of reviews: the form under an answer, and whether a view comes before the score."""

from __future__ import annotations

from typing import Any

from gateway.access.scopes import Scope
from gateway.answer import Answer
from gateway.caller import Caller
from gateway.languages import Catalogue
from gateway.reviews.crop_seal import CropSeals
from gateway.reviews.form_views import commit_view, review_view
from gateway.reviews.review import Review

OFF: dict[str, Any] = {"off": True}
"""In place of the form, where records are off: nobody could keep what is said."""


class ReviewForms:
    """Makes the forms that stand on the upload page.

    Args:
        seals: Of the crops that go out with them.
        records: Whether reviews can be kept.
        view_first: Whether whoever asks is to say which band they expect before they see the score.
    """

    def __init__(self, seals: CropSeals, *, records: bool, view_first: bool) -> None:
        self._seals = seals
        self._records = records
        self._view_first = view_first

    def ask_view_first(self, caller: Caller) -> bool:
        """Whether this caller's answers wait for a view; whoever may give none is shown them at once."""
        return self._view_first and Scope.REVIEW in caller.scopes

    def under(
        self,
        answer: Answer,
        language: Catalogue,
        caller: Caller,
        *,
        picture: str | None,
        review: Review | None = None,
        message: str | None = None,
        map_gone: bool = False,
    ) -> dict[str, Any] | None:
        """The form under an answer; None for whoever may not review.

        Args:
            answer: That is judged.
            language: To say it in.
            caller: Who is to judge.
            picture: Of the crop, where it is known.
            review: What the caller said so far.
            message: Why the form was not taken.
            map_gone: Whether the answer was explained when it was given, and is shown again without.
        """
        if not self._records:
            return OFF
        if Scope.REVIEW not in caller.scopes:
            return None
        seal = None if picture is None else self._seals.seal(answer.id, picture)
        view = review_view(answer, language, review=review, picture=picture, seal=seal, message=message)
        return view | {"map_gone": map_gone}

    def before(self, answer: Answer, language: Catalogue, *, picture: str | None) -> dict[str, Any]:
        """The form that stands in place of an answer which waits for a view."""
        seal = None if picture is None else self._seals.seal(answer.id, picture)
        return commit_view(answer, language, picture=picture, seal=seal)

    def picture_of(self, receipt_id: str, picture: str, seal: str) -> str | None:
        """The crop that came back with a form; None where it is not the one that went out with this answer."""
        return self._seals.picture_of(receipt_id, picture, seal)
