"""One answer for a request that a client sends again under the same `Idempotency-Key`: the model is asked once.

Kept in memory, per gateway, for a while: a repetition that reaches another gateway, or this one after a restart, is answered
anew. Neither the photo nor the caller's key is kept, only digests under a key of this process, and the answer.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from gevent.event import Event

from gateway.answer import Answer
from gateway.deadline import Deadline
from gateway.errors import IdempotencyInProgress, IdempotencyKeyReused
from gateway.options import Options

DIGEST_BYTES = 32


@dataclass(slots=True)
class _Entry:
    request_digest: bytes
    terms: Hashable
    began_seconds: float
    ended: Event = field(default_factory=Event)
    answer: Answer | None = None


class Repetitions:
    """Remembers answers by caller, class of traffic and key. Used by the greenlets of one thread only.

    Args:
        window_seconds: How long an answer is remembered, from when its request began.
        max_entries: Remembered at once; beyond that the oldest are forgotten early.
    """

    def __init__(self, *, window_seconds: float, max_entries: int) -> None:
        self._window_seconds = window_seconds
        self._max_entries = max_entries
        self._secret = secrets.token_bytes(DIGEST_BYTES)
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def answer_once(
        self,
        caller: str,
        traffic: str,
        options: Options,
        photo: bytes,
        *,
        terms: Hashable,
        deadline: Deadline,
        answer: Callable[[], Answer],
    ) -> Answer:
        """The answer; that of an earlier request carries that request's id.

        A failure is not remembered: whoever waited for it tries for itself.

        Args:
            caller: Name of who asks.
            traffic: Class of their traffic: an answer of one class counts for it alone, and is none of another.
            options: What was asked for, with the key.
            photo: The bytes.
            terms: Under which the answer would be given, such as the version, its policy, and that no pause came between: an
                answer that was given under others may be the wrong one that they were changed for, and is not repeated.
            deadline: For the answer.
            answer: Gives it.

        Raises:
            IdempotencyKeyReused: the key was used for another photo, or with other options.
            IdempotencyInProgress: the first request of this key did not end before the deadline.
        """
        if options.idempotency_key is None:
            return answer()
        name = self._digest(caller.encode(), traffic.encode(), options.idempotency_key.encode())
        request_digest = self._digest(
            photo,
            b"explain" if options.explain else b"",
            b"after_view" if options.after_view else b"",
            (options.subject_digest or "").encode(),
        )
        while (entry := self._find(name)) is not None and entry.terms == terms:
            if entry.request_digest != request_digest:
                raise IdempotencyKeyReused
            if entry.answer is not None:
                return entry.answer
            if not entry.ended.wait(deadline.remaining_seconds):
                raise IdempotencyInProgress
        self._entries.pop(name, None)  # so that the newest entry is always the last
        entry = self._entries[name] = _Entry(request_digest, terms, time.monotonic())
        try:
            entry.answer = answer()
        finally:
            if entry.answer is None and self._entries.get(name) is entry:
                del self._entries[name]
            entry.ended.set()
        return entry.answer

    def _find(self, name: bytes) -> _Entry | None:
        """The entry of a name, after forgetting what is too old or too much. Requests that are under way stay."""
        oldest_seconds = time.monotonic() - self._window_seconds
        surplus = len(self._entries) + 1 - self._max_entries
        first = next(iter(self._entries.values()), None)
        if first is not None and (surplus > 0 or first.began_seconds <= oldest_seconds):
            for known, entry in list(self._entries.items()):
                if entry.began_seconds > oldest_seconds and surplus <= 0:
                    break
                if entry.answer is not None:
                    del self._entries[known]
                    surplus -= 1
        return self._entries.get(name)

    def _digest(self, *parts: bytes) -> bytes:
        digest = hashlib.blake2b(key=self._secret, digest_size=DIGEST_BYTES)
        for part in parts:
            digest.update(len(part).to_bytes(8) + part)
        return digest.digest()
