"""One run of the proof: its markers, its photos, its folder, what was sent, and what is searched."""

from __future__ import annotations

import json
import re
import resource
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from serving.contract.model import CropSpec
from tests.privacy.evidence import CONTROL, Evidence, FolderState, Leak
from tests.privacy.marked_photos import MarkedPhoto, mark_jpeg, marked_photos, refused_photos
from tests.privacy.marked_requests import Answer, Request, send
from tests.privacy.markers import Markers
from tests.privacy.pieces import pieces_of
from tests.privacy.search import Searcher
from tests.privacy.watch import Allowed, calls_seen, read_trace, strace_command
from tests.support.system_programs import find_program

SHARED_FOLDERS: Final = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
CORE_PATTERN: Final = Path("/proc/sys/kernel/core_pattern")
CROP_IN_A_PAGE: Final = re.compile(rb'(?<=")data:image/png;base64,[A-Za-z0-9+/=]+(?=")')
MOST_BODY_BYTES: Final = 4 * 1024 * 1024
"""Of a request that is searched for the markers in it, packed and encoded ones too; larger ones are photos over and over."""
DIES: Final = """
import os, sys
from pathlib import Path
held = Path(sys.argv[1]).read_bytes()
os.abort()
"""
WRITES: Final = """
import os, sys
path, word = sys.argv[1:]
with open(path, "w") as file:
    os.unlink(path)
    file.write(word)
"""


@dataclass
class Run:
    """A run.

    Attributes:
        folder: For everything that its processes write; searched as a whole at the end.
        notes: For what the proof itself keeps meanwhile; not searched.
        shared_folders: Folders that other programs use too, in which only what is new is searched.
        most_photos: How many photos are marked and looked for; all where nothing is said.
        left_out: What this machine lacks for the whole proof, by name.
    """

    folder: Path
    notes: Path
    shared_folders: Sequence[Path] = SHARED_FOLDERS
    most_photos: int | None = None
    markers: Markers = field(default_factory=Markers.fresh)
    secret_words: dict[str, bytes] = field(default_factory=dict)
    """Further words to look for, such as a key that opens the gateway."""
    left_out: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    """Requests by the scene and the status that came back."""
    places_sent: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    """Rows searched, by table."""
    syscalls: Counter[str] = field(default_factory=Counter)
    writes: dict[str, str] = field(default_factory=dict)
    """Why each path that was written may be."""
    proven: dict[str, bool] = field(default_factory=dict)
    """Statements that must hold for the result to mean something."""

    def __post_init__(self) -> None:
        self.photos = marked_photos(self.markers, self.most_photos)
        self.refused = refused_photos(self.markers, self.most_photos)
        control = Markers.fresh("ct")
        self.control_word = control.family + "control0"
        self.control_photo = MarkedPhoto(CONTROL, "image/jpeg", mark_jpeg("face_tilted.jpg", control))
        self.evidence = Evidence(self.searcher)
        self.evidence.allow_pictures_in(self.control_photo.content)
        self.shared = FolderState(*dict.fromkeys(self.shared_folders))
        self.stops: list[str] = []

    @cached_property
    def searcher(self) -> Searcher:
        """For the markers, for pieces of all photos, and for the control's."""
        photos = [*self.photos, *self.refused, self.control_photo]
        words = self.markers.literals() | self.secret_words | {CONTROL: self.control_word.encode()}
        return Searcher(words, pieces_of(photos, CropSpec()))

    def send(self, scene: str, port: int, requests: Sequence[Request], host: str = "127.0.0.1") -> list[Answer]:
        """Send requests one after the other; every answer is searched."""
        answers = []
        for request in requests:
            answer = send(host, port, request)
            self.note_sent(scene, request, answer)
            answers.append(answer)
        return answers

    def note_sent(self, scene: str, request: Request, answer: Answer) -> None:
        """Keep count of a request, and search what came back."""
        self.sent[f"{scene}: {answer.status or 'no answer'}"] += 1
        if len(request.body) <= MOST_BODY_BYTES:
            self.places_sent |= self.markers.words.keys() & {hit.name for hit in self.searcher.find(request.content)}
        self.evidence.add_bytes(
            "response", f"{scene}: {request.method} {request.path.split('?')[0]}", told_to_others(answer)
        )

    def note_log(self, name: str, path: Path) -> None:
        """Search a log, after writing the control into it as its process did."""
        with path.open("ab") as log:
            log.write(json.dumps({"event": "control", "word": self.control_word}).encode() + b"\n")
        self.evidence.add_file("log", path, f"log of {name}")

    def note_trace(self, name: str, trace: Path, allowed: Sequence[Allowed]) -> None:
        """Search what strace saw of a process; what was written elsewhere than allowed is a leak by itself."""
        text = trace.read_text(errors="replace")
        self.syscalls += calls_seen(text)
        count_bytes = 0
        for written in read_trace(text, allowed, self.searcher):
            count_bytes += written.count_bytes
            where = f"{name} wrote {written.path}"
            if written.reason is None:
                calls = ", ".join(sorted(written.calls))
                self.evidence.add_leak(
                    Leak("system calls", where, f"a file that nothing may write ({calls})", "as it is", 0)
                )
            else:
                self.writes[_without_numbers(written.path, self.folder)] = written.reason
            if written.was_cut:
                self.evidence.left_out.append(f"{where}: more than strace shows")
            for hit in written.hits:
                self.evidence.add_leak(Leak("system calls", where, hit.name, hit.form, hit.offset))
        self.evidence.add_bytes("system calls", f"strace of {name}", text.encode())
        self.evidence.searched["system calls"].count_bytes += count_bytes

    def plant_controls(self) -> None:
        """Leave the control where the search must find it: in files of each folder that is searched, and in a core file."""
        content = self.control_word.encode() + b"\n" + self.control_photo.content
        for place in (self.folder, *dict.fromkeys(self.shared_folders)):
            if place.is_dir():
                path = place / f"symmetra-privacy-control-{secrets.token_hex(4)}"
                path.write_bytes(content)
                self.stops.append(str(path))
        page = CollectorRegistry()
        Gauge("privacy_control", "Planted.", ("word",), registry=page).labels(self.control_word)
        self.evidence.add_bytes("metrics", "control", generate_latest(page))
        self.evidence.add_bytes("trace", "control", self.control_word.encode())
        self.evidence.add_bytes("response", "control", self.control_word.encode())
        self._plant_core()
        self._plant_write()

    def _plant_core(self) -> None:
        """A process that holds the control in memory, and aborts where core files are allowed."""
        held, folder = self.notes / "held.bin", self.notes / "core"
        folder.mkdir()
        held.write_bytes(self.control_word.encode() + self.control_photo.content)
        subprocess.run(
            [sys.executable, "-c", DIES, str(held)],
            cwd=folder,
            preexec_fn=allow_core_files,
            check=False,
            capture_output=True,
        )
        cores = [path for path in folder.iterdir() if path.is_file()]
        if not cores:
            pattern = CORE_PATTERN.read_text().strip() if CORE_PATTERN.exists() else "unknown"
            self.left_out.append(
                f"core files: a process that aborts leaves none in its folder here (core_pattern {pattern!r})"
            )
        for core in cores:
            self.evidence.add_file("core", core)
            core.unlink()

    def _plant_write(self) -> None:
        """A process that writes the control into a file, and takes the file away again, while strace watches."""
        if find_program("strace") is None:
            return
        trace = self.notes / "control.strace"
        program = [sys.executable, "-c", WRITES, str(self.notes / "written"), self.control_word]
        subprocess.run([*strace_command(trace), *program], check=True, capture_output=True)
        found = [hit for written in read_trace(trace.read_text(), [], self.searcher) for hit in written.hits]
        self.evidence.controls_found["system calls"] |= {hit.name for hit in found}

    def search_folders(self) -> None:
        """Search everything below the run's own folder, and what is new in the folders that all share."""
        for path in sorted(self.folder.rglob("core*")):
            if path.is_file():
                self.evidence.add_file("core", path)
        self.evidence.add_folder("temporary", self.folder)
        # Whole pictures of others are their own affair; pieces of ours are looked for.
        for path in self.shared.changed(except_below=(self.folder.parent,)):
            self.evidence.add_file("temporary", path, pictures=False)

    def clean(self) -> None:
        """Take the controls away again."""
        for path in self.stops:
            Path(path).unlink(missing_ok=True)


@contextmanager
def new_run(**options: Any) -> Iterator[Run]:
    """A run in a folder of its own, which is gone afterwards; options are fields of `Run`."""
    with tempfile.TemporaryDirectory(prefix="symmetra-privacy-") as name:
        folder, notes = Path(name, "run"), Path(name, "notes")
        folder.mkdir()
        notes.mkdir()
        run = Run(folder, notes, **options)
        try:
            yield run
        finally:
            run.clean()


def allow_core_files() -> None:
    """Between fork and exec: as large as this machine lets a child have."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def _without_numbers(path: str, folder: Path) -> str:
    """A path for the report, without what differs from run to run."""
    shown = path.replace(str(folder), "RUN")
    return re.sub(r"(wgunicorn-|/gateway-|\bsem\.|joblib-|/proc/|task/|tmp/)[\w-]{4,}", r"\1...", shown)


def told_to_others(answer: Answer) -> bytes:
    """An answer without the crop that a page shows to whoever sent its photo: there it belongs, and nowhere else."""
    is_page = any(name.lower() == "content-type" and value.startswith("text/html") for name, value in answer.headers)
    return CROP_IN_A_PAGE.sub(b"", answer.content) if is_page else answer.content
