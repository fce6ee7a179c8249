"""Plain texts that a site writes for its pages: UTF-8 without markup, an empty line ends a paragraph, other line ends stay.

Beside `words.txt` a `words.de.txt` is its German.
"""

from __future__ import annotations

import re
from pathlib import Path

Paragraphs = tuple[tuple[str, ...], ...]
"""Each a tuple of lines."""


def read_paragraphs(path: Path, *, max_bytes: int) -> Paragraphs:
    """The text of a file.

    Raises:
        ValueError: it cannot be read, is empty, too long or not UTF-8; the message says which.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise ValueError(message) from error
    except UnicodeDecodeError:
        message = f"{path} is not UTF-8"
        raise ValueError(message) from None
    if len(content) > max_bytes:
        message = f"{path} is longer than {max_bytes} bytes"
        raise ValueError(message)
    blocks = re.split(r"\n\s*\n", "\n".join(text.splitlines()).strip())
    paragraphs = tuple(tuple(line.strip() for line in block.splitlines()) for block in blocks if block.strip())
    if not paragraphs:
        message = f"{path} is empty"
        raise ValueError(message)
    return paragraphs


def read_languages(path: Path, languages: tuple[str, ...], *, max_bytes: int) -> dict[str, Paragraphs]:
    """The text by tag: the file's is the first language's, and others have theirs beside it where there is one.

    Raises:
        ValueError: see `read_paragraphs`.
    """
    texts = {languages[0]: read_paragraphs(path, max_bytes=max_bytes)}
    for tag in languages[1:]:
        sibling = path.with_name(f"{path.stem}.{tag}{path.suffix}")
        if sibling.exists():
            texts[tag] = read_paragraphs(sibling, max_bytes=max_bytes)
    return texts
