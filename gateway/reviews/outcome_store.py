"""Outcomes in the database. Rows are only added: the highest revision of an answer and an instrument counts, whoever said it."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from gateway.errors import IdempotencyKeyReused, OutcomeUnknown
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.receipt import moment_of
from gateway.records.tables import OUTCOMES
from gateway.reviews.outcome import Finding, Instrument, Outcome
from gateway.reviews.revisions import Names, Once, in_one_transaction, newest, reviewed


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of an outcome that was sent.

    Attributes:
        outcome: The revision that says it.
        is_new: Whether a row was added: not where the request was a repetition, or said what was said already.
        traffic: Class of the traffic that asked for the answer.
    """

    outcome: Outcome
    is_new: bool
    traffic: str


class OutcomeStore:
    """The table of outcomes. Every method may be called from any native thread; errors are ours and SQLAlchemy's.

    Args:
        engine: Of a database with the tables of this release.
        chain: Takes the audit events.
    """

    def __init__(self, engine: Engine, chain: AuditChain) -> None:
        self._engine = engine
        self._chain = chain

    def report(self, receipt_id: str, reporter: Names, finding: Finding, once: Once) -> Reported:
        """Keep what an instrument said, with its audit event; on the disk when this returns.

        What equals the newest revision adds nothing, unless it comes with an Idempotency-Key, which must be remembered.

        Raises:
            ScreeningUnknown: no answer has this id.
            ParameterInvalid: the day does not fit the answer.
            OutcomeUnknown: there is nothing to take back.
            IdempotencyKeyReused: the key came before with another outcome.
            RecordsUnavailable: others wrote at the same time, again and again.
        """

        def attempt(connection: Connection) -> Reported:
            answer = reviewed(connection, receipt_id)
            finding.require_fits(moment_of(answer.answered_at_us), dt.datetime.now(dt.UTC))
            repeated = self._repeated(connection, reporter, once)
            if repeated is not None:
                if repeated.receipt_id != receipt_id or not _says(repeated, finding):
                    raise IdempotencyKeyReused
                return Reported(repeated, is_new=False, traffic=answer.traffic)
            last = newest(_outcomes(connection, receipt_id, finding.instrument))
            if last is not None and once.kept is None and _says(last, finding):
                return Reported(last, is_new=False, traffic=answer.traffic)
            assessed_on = finding.assessed_on
            if assessed_on is None:
                if last is None or last.score is None:
                    raise OutcomeUnknown
                assessed_on = last.assessed_on
            outcome = Outcome(
                id=str(uuid.uuid4()),
                receipt_id=receipt_id,
                revision=1 if last is None else last.revision + 1,
                instrument=finding.instrument,
                score=finding.score,
                assessed_on=assessed_on,
                reporter=reporter[0],
                given_at_us=time.time_ns() // 1000,
            )
            self._add(connection, outcome, once)
            return Reported(outcome, is_new=True, traffic=answer.traffic)

        return in_one_transaction(self._engine, attempt)

    def history(self, receipt_id: str) -> list[Outcome]:
        """Every revision of every instrument's outcome beside an answer, by instrument and revision.

        Raises:
            ScreeningUnknown: no answer has this id.
        """
        with self._engine.connect() as connection:
            reviewed(connection, receipt_id)
            return _outcomes(connection, receipt_id)

    def _repeated(self, connection: Connection, reporter: Names, once: Once) -> Outcome | None:
        if not once.digests:
            return None
        columns = OUTCOMES.c
        query = select(OUTCOMES).where(columns.reporter.in_(reporter), columns.idempotency_digest.in_(once.digests))
        row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _outcome(row)

    def _add(self, connection: Connection, outcome: Outcome, once: Once) -> None:
        connection.execute(
            insert(OUTCOMES).values(
                id=outcome.id,
                receipt_id=outcome.receipt_id,
                revision=outcome.revision,
                instrument=outcome.instrument.value,
                score=outcome.score,
                assessed_on=outcome.assessed_on.isoformat(),
                reporter=outcome.reporter,
                given_at_us=outcome.given_at_us,
                idempotency_digest=once.kept,
            )
        )
        # Who and when, not the score: the trail outlives the outcome, and is read by other people.
        details: dict[str, str | int | None] = {"instrument": outcome.instrument.value, "revision": outcome.revision}
        event = AuditEvent(AuditKind.OUTCOME, outcome.reporter, outcome.receipt_id, details)
        self._chain.append(connection, [event])


def _says(outcome: Outcome, finding: Finding) -> bool:
    """Whether a revision says what is said now."""
    return (outcome.instrument, outcome.score) == (finding.instrument, finding.score) and (
        finding.assessed_on in (None, outcome.assessed_on)
    )


def _outcomes(connection: Connection, receipt_id: str, instrument: Instrument | None = None) -> list[Outcome]:
    query = select(OUTCOMES).where(OUTCOMES.c.receipt_id == receipt_id)
    if instrument is not None:
        query = query.where(OUTCOMES.c.instrument == instrument.value)
    return [_outcome(row) for row in connection.execute(query.order_by(OUTCOMES.c.instrument, OUTCOMES.c.revision))]


def _outcome(row: Row[Any]) -> Outcome:
    return Outcome(
        id=row.id,
        receipt_id=row.receipt_id,
        revision=row.revision,
        instrument=Instrument(row.instrument),
        score=row.score,
        assessed_on=dt.date.fromisoformat(row.assessed_on),
        reporter=row.reporter,
        given_at_us=row.given_at_us,
    )
