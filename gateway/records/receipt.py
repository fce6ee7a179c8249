"""The receipt: the record of one answer. No photo, no file name, nothing that a camera wrote, no secret of a caller.

What a person reads beside an answer is not kept but said again, in the reader's language, from the codes that are kept.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, Final

from gateway.answer import Answer
from gateway.answer_json import answer_json
from gateway.languages import ENGLISH

RECEIPT_SCHEMA: Final = 2
"""A reader reads this one and the one before. Receipts of 1 have no `NOTICE_VERSION`, `BAND_COUNTS` and `AFTER_VIEW` in `content`."""

KEPT: Final = (
    "abstained", "severity_percent", "severity_spread_ppm", "quality", "model", "policy", "fingerprints", "timings_seconds",
)  # fmt: skip
"""Members of the answer that `content` keeps as they were given."""
SAID_AGAIN: Final = ("reasons", "notice")
"""Members that are sentences: made again from codes and from the version's evidence."""
NOTICE_VERSION: Final = "notice_version"
"""Member of `content`, where a notice of the site was confirmed for the photo."""
AFTER_VIEW: Final = "after_view"
"""Member of `content` that is true where whoever asked was to say first which band they expect; absent otherwise."""
BAND_COUNTS: Final = "band_counts"
"""Member of `content` with what the version's contract says of its bands; absent where it says nothing."""
DROPPED: Final = ("explanation",)
"""A map of a face is never kept."""
IN_COLUMNS: Final = ("id", "band", "severity_ppm", "p_no_depression", "preprocessing_version")
"""Members that have a column of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One answer. The fields are the columns of the table.

    Attributes:
        id: Of the answer; a random UUID.
        receipt_schema: `RECEIPT_SCHEMA` of whoever wrote it.
        answered_at_us: When, in microseconds since 1970-01-01 UTC, by the gateway's clock.
        model_name: Name of the model.
        model_version: The version that answered.
        model_digest: Its digest.
        policy_number: The policy in force.
        policy_digest: Its digest.
        preprocessing_version: How the crop was made.
        severity_ppm: 0 to 1,000,000.
        p_no_depression: Probability of NOT being depressed.
        band: None where the policy declined to give one.
        traffic: Class of the caller's traffic.
        caller: Name of the key, as the site chose it; of a token `token:` and a keyed digest of its subject.
        subject_digest: Keyed digest of the site's pseudonym; None where none was given.
        photo_digest: Keyed digest of the photo's bytes, which finds the answers to a photo that the site still has.
        content: JSON: why there is no band, quality, timings, and what the version said of itself.
    """

    id: str
    receipt_schema: int
    answered_at_us: int
    model_name: str
    model_version: int
    model_digest: str
    policy_number: int
    policy_digest: str
    preprocessing_version: str
    severity_ppm: int
    p_no_depression: float
    band: str | None
    traffic: str
    caller: str
    subject_digest: str | None
    photo_digest: str
    content: str

    @classmethod
    def of(cls, answer: Answer, *, answered_at_us: int, traffic: str, caller: str, photo_digest: str) -> Receipt:
        """The receipt of an answer."""
        given = answer_json(answer, ENGLISH)
        content = {name: given[name] for name in KEPT} | {"doubts": [doubt.value for doubt in answer.doubts]}
        if answer.model.contract.band_counts is not None:
            content[BAND_COUNTS] = dataclasses.asdict(answer.model.contract.band_counts)
        if answer.after_view:
            content[AFTER_VIEW] = True
        if answer.notice_version is not None:
            content[NOTICE_VERSION] = answer.notice_version
        return cls(
            id=answer.id,
            receipt_schema=RECEIPT_SCHEMA,
            answered_at_us=answered_at_us,
            model_name=answer.model.name,
            model_version=answer.model.version,
            model_digest=answer.model.digest,
            policy_number=answer.model.policy.number,
            policy_digest=given["policy"]["digest"],  # the policy itself would calculate it anew
            preprocessing_version=given["preprocessing_version"],
            severity_ppm=answer.severity_ppm,
            p_no_depression=answer.p_no_depression,
            band=None if answer.band is None else answer.band.value,
            traffic=traffic,
            caller=caller,
            subject_digest=answer.subject_digest,
            photo_digest=photo_digest,
            content=json.dumps(content, separators=(",", ":")),
        )

    @property
    def answered_at(self) -> str:
        """When, UTC, ISO 8601 with microseconds."""
        return iso_of(self.answered_at_us)


def iso_of(microseconds: int) -> str:
    """A moment as text: UTC, ISO 8601, always with microseconds.

    >>> iso_of(1_700_000_000_000_001)
    '2023-11-14T22:13:20.000001+00:00'
    """
    return moment_of(microseconds).isoformat(timespec="microseconds")


def moment_of(microseconds: int) -> dt.datetime:
    """A moment, UTC, from how receipts count it; exact, without floating point.

    >>> moment_of(1_700_000_000_000_001)
    datetime.datetime(2023, 11, 14, 22, 13, 20, 1, tzinfo=datetime.timezone.utc)
    """
    seconds, rest = divmod(microseconds, 1_000_000)
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(microsecond=rest)


def microseconds_of(moment: dt.datetime) -> int:
    """A moment with its time zone, as receipts count it; exact, without floating point.

    >>> microseconds_of(dt.datetime(2023, 11, 14, 22, 13, 20, 1, dt.UTC))
    1700000000000001
    """
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def members_of(receipt: Receipt) -> dict[str, Any]:
    """What `content` keeps."""
    content: dict[str, Any] = json.loads(receipt.content)
    return content
