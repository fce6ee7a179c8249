"""What a caller may ask for beside the photo: form fields, and the same as a query parameter or header for raw bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import flask

from gateway.errors import ParameterInvalid
from gateway.subjects import SubjectDigests

EXPLAIN: Final = "explain"
SUBJECT: Final = "subject"
SUBJECT_HEADER: Final = "X-Subject"
NOTICE: Final = "notice_version"
NOTICE_HEADER: Final = "X-Notice-Version"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
IDEMPOTENCY_PATTERN: Final = r"^[\x21-\x7e]{1,128}$"
_IDEMPOTENCY_KEY: Final = re.compile(IDEMPOTENCY_PATTERN)
TRUTHS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Options:
    """Of one screening.

    Attributes:
        explain: Whether the attribution map and the asymmetry are wanted.
        subject_digest: Keyed digest of the site's pseudonym of the person, or None.
        notice_version: Of the site's notice that was confirmed for this photo, as the request names it; None where it names none.
        idempotency_key: Which requests are meant to be one, or None.
        after_view: Whether the score is shown only after whoever asks said which band they expect; never asked for by them.
    """

    explain: bool = False
    subject_digest: str | None = None
    notice_version: str | None = None
    idempotency_key: str | None = None
    after_view: bool = False


class OptionsReader:
    """Reads options, first those that are there before the body is.

    Args:
        subjects: Makes digests.
    """

    def __init__(self, subjects: SubjectDigests) -> None:
        self._subjects = subjects

    def of_head(self, request: flask.Request) -> Options:
        """Those of the query and of the headers.

        Raises:
            ParameterInvalid: a value that it cannot have, or two.
        """
        key = idempotency_key_of(request)
        explain = _single(EXPLAIN, request.args.getlist(EXPLAIN))
        subject = _single(SUBJECT_HEADER, request.headers.getlist(SUBJECT_HEADER))
        return Options(
            explain=explain is not None and _truth(explain),
            subject_digest=None if subject is None else self._subjects.of(subject),
            notice_version=_single(NOTICE_HEADER, request.headers.getlist(NOTICE_HEADER)),
            idempotency_key=key,
        )

    def with_fields(self, options: Options, fields: Mapping[str, Sequence[str]]) -> Options:
        """The same with those of a form, whose other fields are not used here and count for nothing.

        Raises:
            ParameterInvalid: a value that it cannot have, or two.
        """
        explain = _single(EXPLAIN, fields.get(EXPLAIN, ()))
        if explain is not None:
            options = replace(options, explain=options.explain or _truth(explain))
        notice_version = _single(NOTICE, fields.get(NOTICE, ()))
        if notice_version is not None:
            options = replace(options, notice_version=notice_version)
        subject = _single(SUBJECT, fields.get(SUBJECT, ()))
        if subject:  # a form may send its empty field
            digest = self._subjects.of(subject)
            if options.subject_digest not in (None, digest):
                message = "'{name}' and the header {header} name two different subjects."
                raise ParameterInvalid(message, figures={"name": SUBJECT, "header": SUBJECT_HEADER})
            options = replace(options, subject_digest=digest)
        return options


def idempotency_key_of(request: flask.Request) -> str | None:
    """The header by which a caller says which requests are meant to be one.

    Raises:
        ParameterInvalid: a value that it cannot have, or two.
    """
    key = _single(IDEMPOTENCY_HEADER, request.headers.getlist(IDEMPOTENCY_HEADER))
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        message = "'{name}' must be 1 to 128 visible ASCII characters."
        raise ParameterInvalid(message, figures={"name": IDEMPOTENCY_HEADER})
    return key


def _single(name: str, values: Sequence[str]) -> str | None:
    if len(values) > 1:
        message = "'{name}' is there more than once."
        raise ParameterInvalid(message, figures={"name": name})
    return values[0] if values else None


def _truth(text: str) -> bool:
    if text not in TRUTHS:
        message = "'{name}' must be true or false."
        raise ParameterInvalid(message, figures={"name": EXPLAIN})
    return TRUTHS[text]
