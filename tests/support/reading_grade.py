"""How hard a page is to read: the Flesch-Kincaid grade of its prose.

J. P. Kincaid and others, "Derivation of New Readability Formulas" (1975): 0.39 words per sentence + 11.8 syllables per word
- 15.59. Prose is every full sentence in a block of text, one that ends with a full stop or the like: labels, headings, lists of
figures, codes and digests are none. They would only make a page easier, with fewer words to a sentence. Numbers are no words.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

BLOCKS = {
    "p", "li", "h1", "h2", "h3", "dt", "dd", "td", "th", "caption", "label", "button", "figcaption", "summary", "legend", "textarea",
    "div", "section", "form", "figure", "tr", "ul", "dl", "option", "br",
}  # fmt: skip
UNREAD = {"code", "svg", "script", "style", "head"}
WORD = re.compile(r"(?<![\w-])[A-Za-z]+(?:'[a-z]+)?(?![\w])")
SPOKEN_APART = re.compile(r"[^cgstx]i[aou]|[^gq]ua[lt]|[aeiou]ing$")
SILENT = re.compile(r"[aeiouy]le$|[^aeiouyl]e$|[^aeiouydt]ed$|[^aeiouycgsxzl]es$|[aeiouy]les$")
SYLLABLES = {"people": 2, "idea": 3, "area": 3, "science": 2, "created": 3, "quiet": 2, "because": 2}
"""Words that the rules would miscount."""


class _Prose(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = [""]
        self._unread = 0
        self._keeps_lines = False

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD:
            self._unread += 1
        if tag in BLOCKS:
            self.blocks.append("")
        self._keeps_lines = tag == "textarea"

    def handle_endtag(self, tag: str) -> None:
        if tag in UNREAD:
            self._unread -= 1
        if tag in BLOCKS:
            self.blocks.append("")
        self._keeps_lines = False

    def handle_data(self, data: str) -> None:
        if self._keeps_lines:
            self.blocks += data.splitlines()
        elif not self._unread:
            self.blocks[-1] += data


def sentences_of(page: str) -> list[str]:
    """The sentences of a page's prose."""
    prose = _Prose()
    prose.feed(page)
    found = []
    for block in prose.blocks:
        text = " ".join(block.split())
        parts = re.split(r"(?<=[.!?])\s+(?=\S)", text)
        found += [part for part in parts if WORD.search(part) and part.endswith((".", "!", "?"))]
    return found


def syllables_in(word: str) -> int:
    """Groups of vowels, more where two are spoken apart, fewer where an e is silent.

    >>> [syllables_in(each) for each in ("depression", "severity", "score", "clinician", "validated", "able", "tested", "faces")]
    [3, 4, 1, 3, 4, 2, 2, 2]
    """
    lowered = word.lower().removesuffix("'s")
    count = len(re.findall(r"[aeiouy]+", lowered)) + len(re.findall(SPOKEN_APART, lowered))
    return SYLLABLES.get(lowered, max(1, count - len(re.findall(SILENT, lowered))))


def reading_grade(sentences: list[str]) -> float:
    """The Flesch-Kincaid grade: the school year, in the United States, of whoever reads it with ease."""
    words = [word for sentence in sentences for word in WORD.findall(sentence)]
    syllables = sum(syllables_in(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
