"""What the API and the page call: takes reviews and outcomes, in a native thread, and counts each once."""

from __future__ import annotations

import uuid
from typing import Final

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.caller import Caller
from gateway.errors import ScreeningUnknown
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.trail import AuditTrail
from gateway.records.database_threads import DatabaseThreads
from gateway.records.kept_names import kept_name, kept_names
from gateway.reviews.outcome import Finding, Outcome
from gateway.reviews.outcome_store import OutcomeStore, Reported
from gateway.reviews.review import Opinion, Review
from gateway.reviews.review_store import Given, ReviewStore
from gateway.reviews.revisions import Once
from monitoring.review_metrics import ReviewMetrics

FIRST: Final = "first"
CORRECTION: Final = "correction"
TAKEN_BACK: Final = "taken_back"


class ReviewDesk:
    """Takes what clinicians say of answers.

    Args:
        reviews: Keeps reviews.
        outcomes: Keeps outcomes.
        trail: Keeps who read them; who gave them stands in the transaction of each.
        keys: Of the records: for the digests of Idempotency-Keys, and the names of callers.
        metrics: Told of every new row.
    """

    def __init__(
        self,
        reviews: ReviewStore,
        outcomes: OutcomeStore,
        trail: AuditTrail,
        keys: SecretKeys,
        metrics: ReviewMetrics,
    ) -> None:
        self._trail = trail
        self._reviews = reviews
        self._outcomes = outcomes
        self._keys = keys
        self._metrics = metrics
        self._threads = DatabaseThreads("review or outcome not kept or read")

    def give_review(self, screening_id: str, caller: Caller, opinion: Opinion, key: str | None = None) -> Given:
        """Keep a review; see `ReviewStore.give`. The key is the caller's Idempotency-Key, where one came."""
        receipt_id, reviewer, once = _id_of(screening_id), self._names_of(caller), self._once(key)
        given = self._threads.ask(lambda: self._reviews.give(receipt_id, reviewer, opinion, once))
        verdict = given.review.opinion.verdict
        if given.is_new and verdict is not None and opinion.verdict is not None:
            kind = FIRST if given.before is None else CORRECTION
            self._metrics.count_review(verdict.value, given.band, kind, given.traffic)
        return given

    def report_outcome(self, screening_id: str, caller: Caller, finding: Finding, key: str | None = None) -> Reported:
        """Keep an outcome; see `OutcomeStore.report`."""
        receipt_id, reporter, once = _id_of(screening_id), self._names_of(caller), self._once(key)
        reported = self._threads.ask(lambda: self._outcomes.report(receipt_id, reporter, finding, once))
        outcome = reported.outcome
        if reported.is_new:
            kind = TAKEN_BACK if outcome.score is None else FIRST if outcome.revision == 1 else CORRECTION
            self._metrics.count_outcome(outcome.instrument.value, kind, reported.traffic)
        return reported

    def reviews_of(self, screening_id: str, caller: Caller) -> list[Review]:
        """Every revision of every reviewer; see `ReviewStore.history`. Colleagues' verdicts wait for the caller's view too."""
        receipt_id, reader = _id_of(screening_id), self._names_of(caller)

        def ask() -> list[Review]:
            self._reviews.require_view_given(receipt_id, reader)
            found = self._reviews.history(receipt_id)
            self._trail.write(_reading(reader[0], receipt_id, "reviews", len(found)))
            return found

        return self._threads.ask(ask)

    def review_of(self, screening_id: str, caller: Caller) -> Review | None:
        """The newest revision of the caller's own review; None where they gave none."""
        receipt_id, reviewer = _id_of(screening_id), self._names_of(caller)
        return self._threads.ask(lambda: self._reviews.newest_of(receipt_id, reviewer))

    def outcomes_of(self, screening_id: str, caller: Caller) -> list[Outcome]:
        """Every revision of every instrument; see `OutcomeStore.history`."""
        receipt_id, reader = _id_of(screening_id), self.name_of(caller)

        def ask() -> list[Outcome]:
            found = self._outcomes.history(receipt_id)
            self._trail.write(_reading(reader, receipt_id, "outcomes", len(found)))
            return found

        return self._threads.ask(ask)

    def require_view_given(self, screening_id: str, caller: Caller) -> None:
        """Go on only if the caller may see the answer's score; see `ReviewStore.require_view_given`."""
        receipt_id, reader = _id_of(screening_id), self._names_of(caller)
        self._threads.ask(lambda: self._reviews.require_view_given(receipt_id, reader))

    def name_of(self, caller: Caller) -> str:
        """A caller as records name them."""
        return kept_name(caller.name, self._keys)

    def _names_of(self, caller: Caller) -> tuple[str, ...]:
        return kept_names(caller.name, self._keys)

    def _once(self, key: str | None) -> Once:
        return Once(() if key is None else self._keys.digests(Purpose.ONCE, key))

    def close(self) -> None:
        """End the threads."""
        self._threads.close()


def _reading(reader: str, receipt_id: str, what: str, rows: int) -> AuditEvent:
    return AuditEvent(AuditKind.RECORDS_READ, reader, receipt_id, {"what": what, "rows": rows})


def _id_of(screening_id: str) -> str:
    """An id as receipts have it.

    Raises:
        ScreeningUnknown: it is none.
    """
    try:
        return str(uuid.UUID(screening_id))
    except ValueError:
        raise ScreeningUnknown from None
