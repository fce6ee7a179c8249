"""Whether a photo was answered as it should: the answer itself is looked at, not only its status."""

from __future__ import annotations

import json
from typing import Any, Final

from loadtests.photos import ABSTAINED as NO_BAND
from loadtests.photos import PackPhoto
from loadtests.run.format import ABSTAINED, ANSWERED, FAILED, REFUSED_PHOTO, SHED, THROTTLED, WRONG
from loadtests.run.recording import Said
from loadtests.users.http_exchange import Response
from loadtests.users.sending import Sent

OK: Final = 200
SHED_STATUSES: Final = (429, 503)
SHED_CODES: Final = (
    "gateway_overloaded",
    "wait_too_long",
    "deadline_passed",
    "upload_memory_full",
    "connections_full",
    "model_busy",
)
"""Problems with which the gateway protects those whom it has accepted."""
THROTTLED_CODE: Final = "client_rate_exceeded"
PHOTO_STATUSES: Final = (413, 415, 422)
"""With which a gateway says that a photo is not one it can judge."""


def judge_photo(photo: PackPhoto, response: Response) -> Sent:
    """What became of a photo."""
    status = str(response.status)
    content = _json_of(response.body)
    if content is None:
        return Sent(FAILED, status)
    if response.status == OK:
        return _judge_answer(photo, content)
    code = str(content.get("code", ""))
    if code and code == photo.problem:
        return Sent(REFUSED_PHOTO, status, Said(problem=code, expected_problem=code))
    if response.status in SHED_STATUSES and code in (*SHED_CODES, THROTTLED_CODE):
        return Sent(THROTTLED if code == THROTTLED_CODE else SHED, status)
    if response.status in PHOTO_STATUSES:
        return Sent(WRONG, status, Said(problem=code, expected_problem=photo.problem))
    return Sent(FAILED, status)


def _judge_answer(photo: PackPhoto, content: dict[str, Any]) -> Sent:
    try:
        version = str(content["model"]["version"])
        severity_ppm = int(content["severity_ppm"])
        band = NO_BAND if content["abstained"] else str(content["band"])
    except (KeyError, TypeError, ValueError):
        return Sent(FAILED, str(OK))
    if photo.problem is not None:
        return Sent(WRONG, str(OK), Said(severity_ppm, band, None, version, expected_problem=photo.problem))
    outcome = ABSTAINED if band == NO_BAND else ANSWERED
    right = photo.answers.get(version)
    if right is None:
        return Sent(outcome, str(OK), Said(severity_ppm, band, None, version, checked=False))
    smallest, largest = right.severity_ppm
    is_right = smallest <= severity_ppm <= largest and band in right.bands
    # Where several bands are right, because the severity lies at an edge, the answered one is expected.
    expected_band = band if band in right.bands else right.bands[0]
    said = Said(severity_ppm, band, None, version, right.middle_ppm, expected_band)
    return Sent(outcome if is_right else WRONG, str(OK), said)


def _json_of(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
