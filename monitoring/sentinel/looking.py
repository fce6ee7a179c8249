"""One look: every golden photo through the front door, and what is to be thought of the answers."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from monitoring.sentinel.errors import GoldenPhotosUnreadable, NoAnswer
from monitoring.sentinel.front_door import Reply
from monitoring.sentinel.golden_photos import GoldenPhoto, GoldenSet
from serving.contract.errors import PhotoError
from serving.contract.severity import band_of

ANSWERED: Final = 200
NOT_ALLOWED: Final = (401, 403)
SEVERITY: Final = "severity_ppm"
"""The member without which an object is no answer of ours."""
OWN_RATE: Final = "client_rate_exceeded"
"""This sentinel asks more often than its key may: that says nothing about patients."""


def _codes_below(kind: type[PhotoError]) -> frozenset[str]:
    return frozenset({kind.code}).union(*(_codes_below(below) for below in kind.__subclasses__()))


PHOTO_REFUSALS: Final = _codes_below(PhotoError)
"""Codes by which the contract says that a photo gets no score."""


class LookResult(enum.StrEnum):
    """What a look found; the worst of its photos, in this order."""

    WRONG = "wrong"
    """An answer that the version does not promise: nobody should rely on any."""
    OTHER_VERSION = "other_version"
    """A version answers that is not pinned."""
    UNANSWERED = "unanswered"
    """Nobody gets answers: no connection, a certificate that is over, a failure of the gateway."""
    BLIND = "blind"
    """It could not ask, or has nothing to compare with: nothing was learned."""
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found, or one photo of it.

    Attributes:
        result: What.
        code: Why, in one fixed word.
        photo: Name of the golden photo's file; "" where it is about none.
    """

    result: LookResult
    code: str
    photo: str = ""


Screen = Callable[[bytes], Reply]


def look(read: Callable[[], GoldenSet], screen: Screen) -> Finding:
    """Ask for every golden photo, and return the worst finding.

    Args:
        read: What must be answered now.
        screen: Sends a photo, and returns what came back; raises NoAnswer where nothing did.
    """
    try:
        golden = read()
    except GoldenPhotosUnreadable:
        return Finding(LookResult.BLIND, "golden_photos_unreadable")
    order = list(LookResult)
    worst = Finding(LookResult.RIGHT, "as_promised")
    for photo in golden.photos:
        found = _ask(photo, golden, screen)
        if order.index(found.result) < order.index(worst.result):
            worst = found
        if found.result in (LookResult.UNANSWERED, LookResult.BLIND):
            break  # the others would wait as long for as little
    return worst


def judge(reply: Reply, photo: GoldenPhoto, golden: GoldenSet) -> Finding:
    """What is to be thought of one reply."""
    code = str(reply.content.get("code", "no_problem"))
    if reply.status in NOT_ALLOWED:
        return Finding(LookResult.BLIND, "key_not_accepted", photo.name)
    if code == OWN_RATE:
        return Finding(LookResult.BLIND, code, photo.name)
    if reply.status == ANSWERED and SEVERITY in reply.content:
        return Finding(*_judge_answer(reply, photo, golden), photo.name)
    if code not in PHOTO_REFUSALS:
        # An ingress's own page, a limit in front of the gateway, an overload: nobody judged the photo, so no judgement is wrong.
        return Finding(LookResult.UNANSWERED, code, photo.name)
    if code == photo.refusal:
        return Finding(LookResult.RIGHT, "refused_as_promised", photo.name)
    return Finding(LookResult.WRONG, "refusal_differs", photo.name)


def _ask(photo: GoldenPhoto, golden: GoldenSet, screen: Screen) -> Finding:
    try:
        reply = screen(photo.content)
    except NoAnswer as error:
        return Finding(LookResult.UNANSWERED, error.code, photo.name)
    return judge(reply, photo, golden)


def _judge_answer(reply: Reply, photo: GoldenPhoto, golden: GoldenSet) -> tuple[LookResult, str]:
    answer = reply.content
    try:
        model, policy_digest = answer["model"], answer["policy"]["digest"]
        severity, band, abstained = int(answer[SEVERITY]), answer["band"], bool(answer["abstained"])
        pinned = (model["version"], model["digest"]) == (golden.version, golden.digest)
    except (KeyError, TypeError, ValueError):
        return LookResult.WRONG, "answer_malformed"
    if not pinned:
        return LookResult.OTHER_VERSION, "not_the_pinned_version"
    wrong = _what_is_wrong(severity, band, photo, golden, abstained=abstained, policy_digest=policy_digest)
    return (LookResult.RIGHT, "as_promised") if wrong is None else (LookResult.WRONG, wrong)


def _what_is_wrong(
    severity: int, band: object, photo: GoldenPhoto, golden: GoldenSet, *, abstained: bool, policy_digest: str
) -> str | None:
    if photo.severity_ppm is None:
        return "not_refused"
    if abs(severity - photo.severity_ppm) > golden.tolerance_ppm:
        return "severity_differs"
    if golden.policy is None or policy_digest != golden.policy.digest:
        return "policy_not_recorded"
    # Which photos abstain depends on the policy, and nobody promised it: without a band there is none to compare.
    expected = (
        None if abstained and golden.policy.abstention is not None else band_of(severity, golden.policy.thresholds)
    )
    return "band_differs" if band != expected else None
