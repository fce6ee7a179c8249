"""What a site wants read and confirmed before a photo is sent: a notice, or that the person in the photo agreed.

The text is the site's, in a file (`site_text`), and so is what it means. Its version is a digest of the words, so that no change of
them can go unnoticed, and it is kept with the receipt of every answer. Photos of patients need it; those of tests and of the
sentinel show nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import flask

from gateway.caller import PATIENT_TRAFFIC
from gateway.errors import NoticeNotConfirmed, SettingsInvalid
from gateway.languages import CATALOGUES, Catalogue
from gateway.site_text import Paragraphs, read_languages

MAX_BYTES: Final = 4096
VERSION_CHARACTERS: Final = 12
"""48 bits: enough to tell the texts of one site apart, short enough to be said on the telephone."""
NOTICE_PATTERN: Final = rf"^[0-9a-f]{{{VERSION_CHARACTERS}}}$"


@dataclass(frozen=True, slots=True)
class Notice:
    """The text in one language.

    Attributes:
        version: Of these words.
        tag: BCP 47, of the words below.
        direction: "ltr" or "rtl".
        paragraphs: The words.
        is_required: Whether a photo is answered only with a confirmation.
    """

    version: str
    tag: str
    direction: str
    paragraphs: Paragraphs
    is_required: bool


class Notices:
    """The text in every language in which there is one.

    Args:
        texts: By tag; none where the site has none.
        default: Tag of the language whose text is given where a language has none.
        required: Whether a photo is answered only with a confirmation.
    """

    def __init__(self, texts: Mapping[str, Paragraphs], default: str, *, required: bool) -> None:
        self._texts = texts
        self._default = default
        self._versions = {tag: version_of(paragraphs) for tag, paragraphs in texts.items()}
        self._required = required

    @classmethod
    def read(cls, path: Path | None, languages: tuple[str, ...], *, required: bool) -> Self:
        """From the site's files, once.

        Args:
            path: Of the first language's text; None where the site has none.
            languages: Tags in which pages are given, the default first.
            required: Whether a photo is answered only with a confirmation.

        Raises:
            SettingsInvalid: a file that is there cannot be used, or the first is not there.
        """
        if path is None:
            return cls({}, languages[0], required=False)
        try:
            texts = read_languages(path, languages, max_bytes=MAX_BYTES)
        except ValueError as error:
            message = f"SYMMETRA_NOTICE_FILE: {error}: what should people confirm?"
            raise SettingsInvalid(message) from error
        return cls(texts, languages[0], required=required)

    def of(self, language: Catalogue) -> Notice | None:
        """What is to be read by a reader of this language; None where the site has no notice."""
        if not self._texts:
            return None
        tag = language.tag if language.tag in self._texts else self._default
        direction = CATALOGUES[tag]().direction
        return Notice(self._versions[tag], tag, direction, self._texts[tag], self._required)

    def confirmed(self, version: str | None, traffic: str) -> str | None:
        """The version that a screening confirms, to be kept with its answer; None where it confirms nothing and need not.

        Args:
            version: That the request names.
            traffic: Its class.

        Raises:
            NoticeNotConfirmed: none, though the site requires it, or one that is not in force.
        """
        if version is not None and version in self._versions.values():
            return version
        if version is None and not (self._required and traffic == PATIENT_TRAFFIC):
            return None
        if not self._versions:
            message = "This site has no notice to confirm, and the request confirms one."
            raise NoticeNotConfirmed(message)
        message = (
            "The notice of this site was not confirmed for this photo, or its words have changed since; version {version} is in "
            "force."
        )
        raise NoticeNotConfirmed(message, figures={"version": self._versions[self._default]})


def version_of(paragraphs: Paragraphs) -> str:
    """The first characters of SHA-256 of the words, whatever lines and blanks are around them.

    >>> version_of((("The person agreed.",),))
    '436a03c041ad'
    """
    words = "\n\n".join("\n".join(lines) for lines in paragraphs)
    return hashlib.sha256(words.encode()).hexdigest()[:VERSION_CHARACTERS]


def add_notice(app: flask.Flask, notices: Notices) -> None:
    """Give the templates of an application `site_notice()`, which `notice.html` shows."""
    app.jinja_env.globals["site_notice"] = lambda: notices.of(flask.g.language)
