"""The languages that people are spoken to in, and which one a request asks for.

A further language is a module beside `en` and `de` with a complete `Catalogue`, and a row in `CATALOGUES`; a test compares
keys and placeholders. Only English is imported before somebody asks for another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from werkzeug.datastructures import LanguageAccept

from gateway.languages.catalogue import Catalogue, Told
from gateway.languages.en import ENGLISH

__all__ = ["CATALOGUES", "ENGLISH", "Catalogue", "Told", "negotiate"]


def _german() -> Catalogue:
    from gateway.languages.de import GERMAN  # noqa: PLC0415 - when first asked for

    return GERMAN


CATALOGUES: Final[dict[str, Callable[[], Catalogue]]] = {"en": lambda: ENGLISH, "de": _german}
"""By tag, BCP 47."""


def negotiate(accepted: LanguageAccept, offered: tuple[str, ...]) -> Catalogue:
    """The best of the languages that a site offers for a header Accept-Language; the first where it names none of them.

    >>> negotiate(LanguageAccept([("fr", 1), ("de-AT", 0.8)]), ("en", "de")).tag
    'de'
    """
    return CATALOGUES[accepted.best_match(offered, default=offered[0])]()
