"""Everything that is searched, by kind: logs, pages, databases, folders, core files; and what was found where."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.privacy.search import Hit, Searcher, pictures_in

KINDS: Final = (
    "log", "metrics", "prometheus", "database", "temporary", "core", "trace", "state", "response", "system calls",
)  # fmt: skip
CONTROL: Final = "control"
MAX_FILE_BYTES: Final = 1 << 30
PICTURES_BYTES: Final = 64 * 1024 * 1024
"""Larger files are not looked through for whole pictures, only for pieces of ours."""
PICTURES_ELSEWHERE: Final = ("response", "core")
"""Where whole pictures are no leak by themselves: a page shows its own crop, and libraries keep icons in memory."""
HITS_SHOWN: Final = 20
"""Of one place and one marker: the rest are only counted."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing found where it must not be."""

    kind: str
    where: str
    what: str
    form: str
    offset: int

    def __str__(self) -> str:
        """A line of the report."""
        return f"{self.kind}: {self.where}, byte {self.offset}: {self.what} ({self.form})"


@dataclass(slots=True)
class Searched:
    """How much of one kind was searched."""

    files: int = 0
    count_bytes: int = 0
    places: list[str] = field(default_factory=list)


class Evidence:
    """Searches as it is shown things, and keeps count.

    Args:
        searcher: For the markers and the pieces of photos; and for what the proof itself plants, to see that it would be found:
            its names have `CONTROL` in them.
    """

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self.searched = {kind: Searched() for kind in KINDS}
        self.leaks: list[Leak] = []
        self.controls_found: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self._allowed_pictures: set[bytes] = set()
        self.left_out: list[str] = []
        """What could not be searched, with the reason."""

    def allow_pictures(self, folder: Path) -> None:
        """Pictures that a folder holds already, such as a model version's golden photos, may be there afterwards."""
        for path in files_below(folder):
            self.allow_pictures_in(path.read_bytes())

    def allow_pictures_in(self, content: bytes) -> None:
        """The same of one file."""
        self._allowed_pictures |= {picture.tobytes() for _, picture in pictures_in(content)}

    def add_bytes(self, kind: str, where: str, content: bytes) -> None:
        """Search a byte string."""
        self._note(kind, where, len(content), list(self._searcher.find(content)))
        if kind not in PICTURES_ELSEWHERE:
            self._note_pictures(kind, where, content)

    def add_file(self, kind: str, path: Path, where: str | None = None, *, pictures: bool = True) -> None:
        """Search a file; one that is gone meanwhile was somebody else's."""
        where = where or str(path)
        try:
            size = path.stat().st_size
            if size > MAX_FILE_BYTES:
                self.left_out.append(f"{where}: {size} bytes")
                return
            with path.open("rb") as stream:
                count_bytes, hits = self._searcher.find_in_stream(stream)
            self._note(kind, where, count_bytes, hits)
            if pictures and size <= PICTURES_BYTES and kind not in PICTURES_ELSEWHERE:
                self._note_pictures(kind, where, path.read_bytes())
        except FileNotFoundError:
            return
        except OSError as error:
            self.left_out.append(f"{where}: {type(error).__name__}")

    def add_folder(self, kind: str, folder: Path) -> None:
        """Search every file below a folder, and the names of all."""
        for path in files_below(folder):
            self.add_file(kind, path)
        names = "\n".join(str(path) for path in sorted(folder.rglob("*"))).encode()
        self.add_bytes(kind, f"names in {folder}", names)

    def add_leak(self, leak: Leak) -> None:
        """Something that was found otherwise."""
        self.leaks.append(leak)

    def _note(self, kind: str, where: str, count_bytes: int, hits: list[Hit]) -> None:
        searched = self.searched[kind]
        searched.files += 1
        searched.count_bytes += count_bytes
        searched.places.append(where)
        self.controls_found[kind] |= {hit.name for hit in hits if CONTROL in hit.name}
        others = [hit for hit in hits if CONTROL not in hit.name]
        self.leaks += [Leak(kind, where, hit.name, hit.form, hit.offset) for hit in thinned(others)]

    def _note_pictures(self, kind: str, where: str, content: bytes) -> None:
        for offset, picture in pictures_in(content):
            if picture.tobytes() in self._allowed_pictures:
                continue
            what = f"a whole picture, {picture.width} x {picture.height} pixels"
            self.add_leak(Leak(kind, where, what, "as it is", offset))


def thinned(hits: list[Hit]) -> list[Hit]:
    """Not every one of a thousand pieces of a photo; and a whole marker is not a cut-off one as well."""
    kept: list[Hit] = []
    counts: dict[tuple[str, str], int] = {}
    whole = {(hit.form, hit.offset) for hit in hits if hit.name != CUT_OFF}
    for hit in hits:
        if hit.name == CUT_OFF and (hit.form, hit.offset) in whole:
            continue
        counts[hit.name, hit.form] = counts.get((hit.name, hit.form), 0) + 1
        if counts[hit.name, hit.form] <= HITS_SHOWN:
            kept.append(hit)
    return kept


CUT_OFF: Final = "any marker, cut off"


class FolderState:
    """Which files a folder that others use too held before: afterwards only new and changed ones are searched."""

    def __init__(self, *folders: Path) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._before = dict(self._files())

    def changed(self, *, except_below: tuple[Path, ...] = ()) -> list[Path]:
        """New and changed files, apart from those in folders that are searched by themselves."""
        return [
            path
            for path, signature in self._files()
            if self._before.get(path) != signature and not any(path.is_relative_to(folder) for folder in except_below)
        ]

    def _files(self) -> Iterator[tuple[Path, tuple[int, int, int]]]:
        for folder in self._folders:
            for entry in _entries_below(folder):
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    yield Path(entry.path), (status.st_ino, status.st_size, status.st_mtime_ns)


def files_below(folder: Path) -> Iterator[Path]:
    """Plain files below a folder; what vanishes meanwhile, or may not be read, is passed over."""
    return (Path(entry.path) for entry in _entries_below(folder))


def _entries_below(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _entries_below(entry.path)
        elif entry.is_file(follow_symlinks=False):
            yield entry
