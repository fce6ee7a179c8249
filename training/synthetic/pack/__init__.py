"""The pack: a few drawn photo files in many sizes, formats and states, with what is to be expected of each.

    for photo in load_pack():
        answer = screen(photo.content)          # 'answered', or refused with the code `photo.expected`

For the demo, tests and load. Made by `python -m training synthesize --pack DIR`; the people do not exist.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

ANSWERED = "answered"
PACK_SCHEMA = "symmetra.pack/1"


@dataclass(frozen=True, slots=True)
class PackPhoto:
    """One file of the pack.

    Attributes:
        name: File name.
        description: What it is, in a sentence.
        expected: `answered`, or the stable code of the refusal (`serving.contract.errors`).
        media_type: What an honest client declares.
    """

    name: str
    description: str
    expected: str
    media_type: str

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return resources.files(__name__).joinpath(self.name).read_bytes()


def load_pack() -> tuple[PackPhoto, ...]:
    """All files of the pack, in the order of `pack.json`."""
    index = json.loads(resources.files(__name__).joinpath("pack.json").read_text())
    return tuple(PackPhoto(**entry) for entry in index["photos"])
