"""The whole proof on this machine: every scene, then the search, then what the result rests on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.access.key_text import KeyText
from tests.privacy.crash_scene import crashes
from tests.privacy.evidence import CONTROL
from tests.privacy.fault_scene import model_faults
from tests.privacy.markers import PLACES
from tests.privacy.people_scene import ApiKey, people
from tests.privacy.report import Report
from tests.privacy.run import Run, new_run
from tests.privacy.whole_scene import whole
from tests.support.system_programs import find_program

CONTROLLED: Final = (
    "log",
    "metrics",
    "prometheus",
    "database",
    "temporary",
    "core",
    "trace",
    "response",
    "system calls",
)
"""Kinds of places in which the proof plants something of its own each time, and must find it."""
NOT_SENT_HERE: Final = {"token_name", "token_email"}
"""Sent by the identity provider, not by a client."""


def prove(say: Callable[[str], None], *, scenes: tuple[str, ...] = ()) -> Report:
    """Run it.

    Args:
        say: Told what happens.
        scenes: Of `SCENES`; all where nothing is said.
    """
    began = time.monotonic()
    key = ApiKey(KeyText.random())
    with new_run(secret_words={"api key": key.secret_word}) as run:
        watched = find_program("strace") is not None
        if not watched:
            run.left_out.append("system calls: strace is not installed (`make system-deps`)")
        for name in scenes or SCENES:
            say(f"{name} ...")
            SCENES[name](run, key, watched)
        say("searching ...")
        run.plant_controls()
        run.search_folders()
        run.clean()
        report = _report(run, watched=watched, whole_proof=not scenes)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def _people(run: Run, key: ApiKey, watched: bool) -> None:
    if find_program("postgres") is None:
        run.left_out.append(
            "people, reviews, outcomes and PostgreSQL: PostgreSQL is not installed (`make system-deps`)"
        )
        return
    people(run, key, watched=watched)


SCENES: Final[dict[str, Callable[[Run, ApiKey, bool], None]]] = {
    "whole": lambda run, _key, watched: whole(run, watched=watched),
    "people": _people,
    "faults": lambda run, _key, watched: model_faults(run, watched=watched),
    "crashes": lambda run, _key, watched: crashes(run, watched=watched),
}


def _report(run: Run, *, watched: bool, whole_proof: bool) -> Report:
    evidence = run.evidence
    if whole_proof:
        missing = {place for place in PLACES if place not in run.places_sent} - NOT_SENT_HERE
        run.proven["every marker was sent"] = not missing
    left_out = [*run.left_out, *evidence.left_out]
    excused = " ".join(left_out)
    for kind in CONTROLLED:
        is_missing = not evidence.searched[kind].files
        if is_missing and (
            not whole_proof or kind.split()[0] in excused.lower() or (kind == "system calls" and not watched)
        ):
            continue
        run.proven[f"what was planted in '{kind}' was found"] = any(
            CONTROL in name for name in evidence.controls_found[kind]
        )
    for kind in ("temporary", "core"):
        if evidence.controls_found[kind]:
            run.proven[f"pieces of a planted photo were found in '{kind}'"] = (
                f"file of '{CONTROL}'" in evidence.controls_found[kind]
            )
    return Report(
        leaks=[str(leak) for leak in evidence.leaks],
        left_out=left_out,
        proven=dict(run.proven),
        sent=dict(run.sent),
        searched={
            kind: {"files": found.files, "bytes": found.count_bytes}
            for kind, found in evidence.searched.items()
            if found.files
        },
        markers=len(run.markers.words) + 1,
        photos=len(run.photos) + len(run.refused),
        needles=run.searcher.count,
        rows=dict(run.rows),
        syscalls=dict(run.syscalls),
        writes=dict(sorted(run.writes.items())),
        has_all=whole_proof,
    )


def write_report(report: Report, folder: Path) -> None:
    """The report as JSON and as text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "privacy_proof.json").write_text(report.as_json(), encoding="utf-8")
    (folder / "privacy_proof.md").write_text(report.as_text(), encoding="utf-8")
