"""What a screening does with its answer before it is given: a receipt, or an honest refusal."""

from __future__ import annotations

import hmac
import logging
import time
from typing import Final, Protocol

from gateway.access.secret_keys import Purpose, SecretKeys
from gateway.answer import Answer
from gateway.caller import Caller
from gateway.deadline import Deadline
from gateway.errors import RecordsUnavailable
from gateway.greenlets import wait_for
from gateway.logs import log_event
from gateway.records.away.when_away import WhenAway
from gateway.records.kept_names import kept_name
from gateway.records.receipt import Receipt, microseconds_of
from gateway.records.writer import ReceiptWriter
from monitoring.metrics import Metrics

MIN_SECONDS: Final = 1.0
"""For the database, also where the answer took nearly all of its time: the work is done, and losing it would not undo it."""
MAX_SECONDS: Final = 5.0


class Recorder(Protocol):
    """Keeps answers, or does not."""

    def record(self, answer: Answer, photo: bytes, caller: Caller, deadline: Deadline) -> None:
        """Keep the receipt of an answer.

        Raises:
            RecordsUnavailable: it could not be kept, and the site wants no answer without one.
        """
        ...


class ReceiptRecorder:
    """Keeps a receipt of every answer.

    Args:
        writer: Writes them.
        keys: Of the records: the digests of a photo and of a person are worth nothing without it.
        when_away: What becomes of an answer whose receipt cannot be kept.
        metrics: Told what became of each.
    """

    def __init__(self, writer: ReceiptWriter, keys: SecretKeys, *, when_away: WhenAway, metrics: Metrics) -> None:
        self._writer = writer
        self._keys = keys
        self._photo_key = keys.derive(Purpose.PHOTO)[0]  # made once: a screening waits for it
        self._required = when_away is not WhenAway.ANSWER
        self._metrics = metrics

    def record(self, answer: Answer, photo: bytes, caller: Caller, deadline: Deadline) -> None:
        """Keep the receipt of an answer; see `Recorder.record`."""
        began = time.perf_counter()
        receipt = Receipt.of(
            answer,
            answered_at_us=microseconds_of(answer.answered_at),
            traffic=caller.traffic,
            caller=kept_name(caller.name, self._keys),
            photo_digest=hmac.digest(self._photo_key, photo, "sha256").hex(),
        )
        try:
            wait_for(self._writer.submit(receipt), min(MAX_SECONDS, max(MIN_SECONDS, deadline.remaining_seconds)))
        except Exception as error:  # noqa: BLE001 - drivers have errors of their own, and no answer may be lost to one
            self._metrics.count_receipt("failed")
            # The class of the error alone: a driver's message repeats the row.
            log_event("receipt not kept", {"request_id": answer.id}, level=logging.ERROR, error=error)
            if self._required:
                raise RecordsUnavailable from None
            return
        finally:
            self._metrics.observe_stage("record", time.perf_counter() - began, caller.traffic)
        self._metrics.count_receipt("written")
