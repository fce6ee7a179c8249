"""Whom to call when a person is in danger: said on every page, in every state. A site puts its own words in place of ours.

The site's text is a file in UTF-8 without any markup: an empty line ends a paragraph, other line ends stay line ends. Beside
`crisis.txt` a `crisis.de.txt` is its German; a language without a file of its own gets the text of `crisis.txt`, because the
number to call matters more than the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import flask

from gateway.errors import SettingsInvalid
from gateway.languages import CATALOGUES, Catalogue

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
    paragraphs: tuple[tuple[str, ...], ...]


class CrisisTexts:
    """The text in every language.

    Args:
        own: The site's paragraphs by tag; none at all where it says nothing of its own.
        default: Tag of the language whose text is given where a language has none.
    """

    def __init__(self, own: Mapping[str, tuple[tuple[str, ...], ...]], default: str) -> None:
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
        own = {languages[0]: _paragraphs_of(path)}
        for tag in languages[1:]:
            sibling = path.with_name(f"{path.stem}.{tag}{path.suffix}")
            if sibling.exists():
                own[tag] = _paragraphs_of(sibling)
        return cls(own, languages[0])

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


def _paragraphs_of(path: Path) -> tuple[tuple[str, ...], ...]:
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise _invalid(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise _invalid(path, "is not UTF-8") from None
    if len(content) > MAX_BYTES:
        raise _invalid(path, f"is longer than {MAX_BYTES} bytes")
    blocks = re.split(r"\n\s*\n", "\n".join(text.splitlines()).strip())
    paragraphs = tuple(tuple(line.strip() for line in block.splitlines()) for block in blocks if block.strip())
    if not paragraphs:
        raise _invalid(path, "is empty")
    return paragraphs


def _invalid(path: Path, why: str) -> SettingsInvalid:
    return SettingsInvalid(f"SYMMETRA_CRISIS_TEXT_FILE: {path} {why}: whom should a person in danger call?")
