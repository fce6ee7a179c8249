"""The small bodies of reviews and outcomes: JSON from programs, forms from the page; bounded before anything is read of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import flask
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.body import names_for_failures, receiving_within
from gateway.errors import (
    BodyMalformed,
    BodyTooLarge,
    BodyTypeUnsupported,
    ParameterInvalid,
    RecordsOff,
    UploadInterrupted,
)

if TYPE_CHECKING:  # imported only where records are on
    from gateway.records.assembly import Records

MAX_JSON_BYTES: Final = 4096
MAX_FORM_BYTES: Final = 112 * 1024
"""A crop of 128 x 128 pixels as PNG is at most 50 KB, as text a third more; and below what a connection may hold
(`Settings.connections`)."""


def json_members(request: flask.Request, names: tuple[str, ...], *, within_seconds: float) -> dict[str, Any]:
    """The members of the JSON object in a request's body.

    Args:
        request: With the body.
        names: That it may have.
        within_seconds: For receiving it.

    Raises:
        BodyTypeUnsupported: it is not said to be JSON.
        BodyTooLarge: more than `MAX_JSON_BYTES`.
        BodyMalformed: no JSON object, or a member twice.
        ParameterInvalid: a member of another name.
        UploadTimedOut: it did not come in time.
        UploadInterrupted: it did not come whole.
    """
    _require_type(request, "application/json")
    if (request.content_length or 0) > MAX_JSON_BYTES:
        raise BodyTooLarge
    with receiving_within(within_seconds), names_for_failures():
        body = request.stream.read(MAX_JSON_BYTES + 1)
    if len(body) > MAX_JSON_BYTES:
        raise BodyTooLarge
    if request.content_length is not None and len(body) < request.content_length:
        raise UploadInterrupted
    try:
        members = json.loads(body.decode("utf-8"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise BodyMalformed from None
    if not isinstance(members, dict):
        raise BodyMalformed
    if not members.keys() <= set(names):
        message = "The body has a member that is not used here."
        raise ParameterInvalid(message)
    return members


def form_fields(request: flask.Request, *, within_seconds: float, max_bytes: int = MAX_FORM_BYTES) -> Mapping[str, str]:
    """The fields of a form of ours; of a name that is there twice the first.

    Raises:
        BodyTypeUnsupported: it is not said to be a form.
        BodyTooLarge: more than `max_bytes`.
        UploadTimedOut: it did not come in time.
        UploadInterrupted: it did not come whole.
    """
    _require_type(request, "application/x-www-form-urlencoded")
    request.max_content_length = request.max_form_memory_size = max_bytes
    if (request.content_length or 0) > max_bytes:
        raise BodyTooLarge
    try:
        with receiving_within(within_seconds), names_for_failures():
            return request.form
    except RequestEntityTooLarge:
        raise BodyTooLarge from None


def receipt_of(fields: Mapping[str, str]) -> str:
    """The id that a form names; it may have been typed."""
    return fields.get("receipt", "").strip()


def require_records(records: Records | None) -> Records:
    """What keeps records.

    Raises:
        RecordsOff: nothing does.
    """
    if records is None:
        raise RecordsOff
    return records


def _require_type(request: flask.Request, media_type: str) -> None:
    if request.mimetype != media_type or request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BodyTypeUnsupported


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member is there twice"
        raise ValueError(message)
    return members
