"""A request -> the bytes of exactly one photo, in memory only.

A photo comes as the part `photo` of a multipart form, or as the body itself. What it is gets decided by its magic bytes
later, never by the type or the name that the client states; the name is not even kept.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast

import flask
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wsgi import get_input_stream

from gateway.admission.upload_memory import UploadMemory
from gateway.body import READ_BYTES, BoundedBody, read_all, receiving_within
from gateway.errors import PhotoMissing, TooManyParts, UploadMalformed, UploadTypeUnsupported
from serving.contract.errors import PhotoTooLarge

PHOTO_PART = "photo"
FORM_OVERHEAD_BYTES = 64 * 1024
"""Boundaries, part headers and small fields beside the photo."""
MAX_PARTS = 8
MAX_FIELD_BYTES = 2 * READ_BYTES
"""Werkzeug applies this to its read buffer too, which holds a piece and the rest of the one before."""


class InMemoryRequest(flask.Request):
    """A request whose form parts can only ever be in memory: Werkzeug's own factory spools 500 KiB and more to a disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - Werkzeug's signature
        content_type: str | None,  # noqa: ARG002 - the same
        filename: str | None = None,  # noqa: ARG002 - the same
        content_length: int | None = None,  # noqa: ARG002 - the same
    ) -> IO[bytes]:
        return io.BytesIO()


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """What one request brought.

    Attributes:
        photo: The bytes.
        fields: Text fields of the form by name; empty for a raw body. They may name a person: read, never keep.
    """

    photo: bytes
    fields: dict[str, list[str]]


class UploadReader:
    """Takes photos out of requests.

    Args:
        max_photo_bytes: Of one photo.
        body_deadline_seconds: For receiving one body.
        memory: That all uploads share.
    """

    def __init__(self, *, max_photo_bytes: int, body_deadline_seconds: float, memory: UploadMemory) -> None:
        self._max_photo_bytes = max_photo_bytes
        self._body_deadline_seconds = body_deadline_seconds
        self._memory = memory

    @contextmanager
    def upload_of(self, request: flask.Request) -> Generator[Upload, None, None]:
        """The photo's bytes and the form's fields; their share of the memory is given back at the end of the block.

        Raises:
            RequestError: no photo, several, or a body that cannot be read.
            PhotoTooLarge: more bytes than `max_photo_bytes`.
            UploadMemoryFull: too many uploads at once.
        """
        is_form = request.mimetype == "multipart/form-data"
        if request.headers.get("Content-Encoding", "identity").lower() != "identity" or not (
            is_form or request.mimetype.startswith("image/") or request.mimetype in ("", "application/octet-stream")
        ):
            raise UploadTypeUnsupported
        with self._memory.share() as share:
            with receiving_within(self._body_deadline_seconds):
                body = BoundedBody(
                    get_input_stream(request.environ),
                    max_bytes=self._max_photo_bytes + (FORM_OVERHEAD_BYTES if is_form else 0),
                    announced_bytes=request.content_length,
                    share=share,
                )
                upload = _parse_form(request, body) if is_form else Upload(read_all(body), {})
            if not upload.photo and not request.mimetype:
                raise PhotoMissing
            if len(upload.photo) > self._max_photo_bytes:
                raise PhotoTooLarge
            yield upload


def _parse_form(request: flask.Request, body: BoundedBody) -> Upload:
    """The one file part named `photo`, and the small text fields beside it."""
    parser = FormDataParser(
        stream_factory=lambda *_, **__: io.BytesIO(),
        max_form_memory_size=MAX_FIELD_BYTES,
        max_form_parts=MAX_PARTS,
        silent=False,
    )
    try:
        _, fields, files = parser.parse(
            cast("IO[bytes]", body), request.mimetype, request.content_length, request.mimetype_params
        )
    except RequestEntityTooLarge as error:
        raise TooManyParts from error
    except ValueError as error:
        raise UploadMalformed from error
    parts = [(name, part) for name, values in files.lists() for part in values]
    if len(parts) > 1:
        raise TooManyParts
    if not parts or parts[0][0] != PHOTO_PART:
        raise PhotoMissing
    return Upload(cast("io.BytesIO", parts[0][1].stream).getvalue(), dict(fields.lists()))
