"""Reviews in the database. Rows are only added: the highest revision of an answer and a reviewer counts."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from gateway.errors import IdempotencyKeyReused, ScreeningUnknown, ViewGivenAlready, ViewNotGiven
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.receipt import AFTER_VIEW
from gateway.records.tables import REVIEWS
from gateway.reviews.review import Opinion, Reason, Review, Verdict
from gateway.reviews.revisions import Names, Once, Reviewed, in_one_transaction, newest, reviewed
from serving.contract.severity import Band


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a review that was sent.

    Attributes:
        review: The revision that says it.
        before: The verdict of the revision before; None where there was none.
        is_new: Whether a row was added: not where the request was a repetition, or said what was said already.
        band: Of the answer.
        traffic: Class of the traffic that asked for the answer.
    """

    review: Review
    before: Verdict | None
    is_new: bool
    band: str | None
    traffic: str


class ReviewStore:
    """The table of reviews. Every method may be called from any native thread; errors are ours and SQLAlchemy's.

    Args:
        engine: Of a database with the tables of this release.
        chain: Takes the audit events.
    """

    def __init__(self, engine: Engine, chain: AuditChain) -> None:
        self._engine = engine
        self._chain = chain

    def give(self, receipt_id: str, reviewer: Names, opinion: Opinion, once: Once) -> Given:
        """Keep what a reviewer says of an answer, with its audit event; on the disk when this returns.

        What equals the newest revision adds nothing, unless it comes with an Idempotency-Key, which must be remembered.

        Raises:
            ScreeningUnknown: no answer has this id.
            ParameterInvalid: the opinion does not fit the answer.
            IdempotencyKeyReused: the key came before with another review.
            ViewNotGiven: the score was not shown to this reviewer yet, so it cannot be judged.
            ViewGivenAlready: a band to commit to comes after the first review.
            RecordsUnavailable: others wrote at the same time, again and again.
        """

        def attempt(connection: Connection) -> Given:
            answer = reviewed(connection, receipt_id)
            opinion.require_fits(answer.band)
            repeated = self._repeated(connection, reviewer, once)
            if repeated is not None:
                if repeated.receipt_id != receipt_id or not _says(repeated, opinion):
                    raise IdempotencyKeyReused
                return Given(repeated, None, is_new=False, band=answer.band, traffic=answer.traffic)
            last = newest(_reviews(connection, receipt_id, reviewer))
            before = None if last is None else last.opinion.verdict
            if last is not None and once.kept is None and _says(last, opinion):
                return Given(last, before, is_new=False, band=answer.band, traffic=answer.traffic)
            review = _next_revision(receipt_id, reviewer, answer, last, opinion)
            self._add(connection, review, once)
            return Given(review, before, is_new=True, band=answer.band, traffic=answer.traffic)

        return in_one_transaction(self._engine, attempt)

    def history(self, receipt_id: str) -> list[Review]:
        """Every revision of every reviewer of an answer, in the order in which they were given.

        Raises:
            ScreeningUnknown: no answer has this id.
        """
        with self._engine.connect() as connection:
            reviewed(connection, receipt_id)
            return _reviews(connection, receipt_id)

    def newest_of(self, receipt_id: str, reviewer: Names) -> Review | None:
        """The revision of a reviewer's review that counts; None where they gave none."""
        with self._engine.connect() as connection:
            return newest(_reviews(connection, receipt_id, reviewer))

    def require_view_given(self, receipt_id: str, reader: Names) -> None:
        """Go on only if an answer's score may be shown to this reader; of an answer that is not there nothing can be shown.

        Raises:
            ViewNotGiven: they asked for it, and were to say first what they expect, which they have not done.
        """
        with self._engine.connect() as connection:
            try:
                answer = reviewed(connection, receipt_id)
            except ScreeningUnknown:
                return
            if _waits_for_view(answer, reader) and not _reviews(connection, receipt_id, reader):
                raise ViewNotGiven

    def _repeated(self, connection: Connection, reviewer: Names, once: Once) -> Review | None:
        if not once.digests:
            return None
        query = select(REVIEWS).where(REVIEWS.c.reviewer.in_(reviewer), REVIEWS.c.idempotency_digest.in_(once.digests))
        row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _review(row)

    def _add(self, connection: Connection, review: Review, once: Once) -> None:
        opinion = review.opinion
        connection.execute(
            insert(REVIEWS).values(
                id=review.id,
                receipt_id=review.receipt_id,
                revision=review.revision,
                verdict=opinion.verdict and opinion.verdict.value,
                reason=opinion.reason and opinion.reason.value,
                committed_band=opinion.committed_band and opinion.committed_band.value,
                reviewer=review.reviewer,
                given_at_us=review.given_at_us,
                idempotency_digest=once.kept,
            )
        )
        # Who and when, not what: the trail outlives the review, and is read by other people.
        event = AuditEvent(AuditKind.REVIEW, review.reviewer, review.receipt_id, {"revision": review.revision})
        self._chain.append(connection, [event])


def _next_revision(receipt_id: str, reviewer: Names, answer: Reviewed, last: Review | None, opinion: Opinion) -> Review:
    says_only_a_view = opinion.committed_band is not None and opinion.verdict is None
    if last is None and not says_only_a_view and _waits_for_view(answer, reviewer):
        raise ViewNotGiven
    if last is not None:
        committed = last.opinion.committed_band
        # Whoever has said something may have seen the score: a view that comes now was not there before it.
        if opinion.committed_band not in (None, committed):
            raise ViewGivenAlready
        verdict, reason = opinion.verdict, opinion.reason
        if verdict is None:  # the same view again: what was said since then stays
            verdict, reason = last.opinion.verdict, last.opinion.reason
        opinion = dataclasses.replace(opinion, verdict=verdict, reason=reason, committed_band=committed)
    return Review(
        id=str(uuid.uuid4()),
        receipt_id=receipt_id,
        revision=1 if last is None else last.revision + 1,
        opinion=opinion,
        reviewer=reviewer[0],
        given_at_us=time.time_ns() // 1000,
    )


def _waits_for_view(answer: Reviewed, reader: Names) -> bool:
    return answer.caller in reader and json.loads(answer.content).get(AFTER_VIEW) is True


def _says(review: Review, opinion: Opinion) -> bool:
    """Whether a revision says what is said now; what is not said now counts as said before."""
    kept = review.opinion
    said = opinion.verdict is None or (kept.verdict, kept.reason) == (opinion.verdict, opinion.reason)
    return said and opinion.committed_band in (None, kept.committed_band)


def _reviews(connection: Connection, receipt_id: str, reviewer: Names | None = None) -> list[Review]:
    """By time; those of one reviewer by revision, which no clock can mix up."""
    query = select(REVIEWS).where(REVIEWS.c.receipt_id == receipt_id)
    if reviewer is None:
        query = query.order_by(REVIEWS.c.given_at_us, REVIEWS.c.reviewer, REVIEWS.c.revision)
    else:
        query = query.where(REVIEWS.c.reviewer.in_(reviewer)).order_by(REVIEWS.c.revision)
    return [_review(row) for row in connection.execute(query)]


def _review(row: Row[Any]) -> Review:
    return Review(
        id=row.id,
        receipt_id=row.receipt_id,
        revision=row.revision,
        opinion=Opinion(
            verdict=None if row.verdict is None else Verdict(row.verdict),
            reason=None if row.reason is None else Reason(row.reason),
            committed_band=None if row.committed_band is None else Band(row.committed_band),
        ),
        reviewer=row.reviewer,
        given_at_us=row.given_at_us,
    )
