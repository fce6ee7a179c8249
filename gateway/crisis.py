"""Whom to call when a person is in danger: said on every page, in every state. A site puts its own words in place of ours.

The site's text is a file (`site_text`); a language without one of its own gets that of the first language, because the number to
call matters more than the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import flask

from gateway.errors import SettingsInvalid
from gateway.languages import CATALOGUES, Catalogue
from gateway.site_text import Paragraphs, read_languages

MAX_BYTES: Final = 4096
"""It stands on every page, above nothing and below everything: who needs it must not have to search in it."""


@dataclass(frozen=True, slots=True)
class CrisisText:
    """What a page says, in one language.

    Attributes:
        tag: BCP 47, of the words below.
        direction: "ltr" or "rtl".
        heading: Above it.
        paragraphs: Each a list of lines.
    """

    tag: str
    direction: str
    heading: str
    paragraphs: Paragraphs


class CrisisTexts:
    """The text in every language.

    Args:
        own: The site's paragraphs by tag; none at all where it says nothing of its own.
        default: Tag of the language whose text is given where a language has none.
    """

    def __init__(self, own: Mapping[str, Paragraphs], default: str) -> None:
        self._own = own
        self._default = default

    @classmethod
    def read(cls, path: Path | None, languages: tuple[str, ...]) -> Self:
        """From the site's files, once.

        Args:
            path: Of the first language's text; None where the site has none.
            languages: Tags in which pages are given, the default first.

        Raises:
            SettingsInvalid: a file that is there cannot be read, is empty, too long or not UTF-8; or the first is not there.
        """
        if path is None:
            return cls({}, languages[0])
        try:
            return cls(read_languages(path, languages, max_bytes=MAX_BYTES), languages[0])
        except ValueError as error:
            message = f"SYMMETRA_CRISIS_TEXT_FILE: {error}: whom should a person in danger call?"
            raise SettingsInvalid(message) from error

    def of(self, language: Catalogue) -> CrisisText:
        """What is said to a reader of this language."""
        spoken = language
        paragraphs = self._own.get(language.tag)
        if paragraphs is None and self._own:
            spoken, paragraphs = CATALOGUES[self._default](), self._own[self._default]
        elif paragraphs is None:
            paragraphs = ((language.page["crisis"],),)
        return CrisisText(spoken.tag, spoken.direction, spoken.page["crisis_heading"], paragraphs)


def add_crisis_text(app: flask.Flask, texts: CrisisTexts) -> None:
    """Give the templates of an application `crisis_text()`, which `crisis.html` shows."""
    app.jinja_env.globals["crisis_text"] = lambda: texts.of(flask.g.language)
