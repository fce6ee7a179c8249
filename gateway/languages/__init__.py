"""The languages that people are spoken to in, and which one a request asks for.

A further language is a module beside `en` and `de` with a complete `Catalogue`, and a row in `CATALOGUES`; a test compares
keys and placeholders.
"""

from __future__ import annotations

from typing import Final

from werkzeug.datastructures import LanguageAccept

from gateway.languages.catalogue import Catalogue, Told
from gateway.languages.de import GERMAN
from gateway.languages.en import ENGLISH

__all__ = ["CATALOGUES", "ENGLISH", "GERMAN", "Catalogue", "Told", "negotiate"]

CATALOGUES: Final[dict[str, Catalogue]] = {each.tag: each for each in (ENGLISH, GERMAN)}


def negotiate(accepted: LanguageAccept) -> Catalogue:
    """The best of our languages for a header Accept-Language; English where it names none of them.

    >>> negotiate(LanguageAccept([("fr", 1), ("de-AT", 0.8)])).tag
    'de'
    """
    return CATALOGUES[accepted.best_match(list(CATALOGUES), default=ENGLISH.tag)]
