"""Photos and people that change under a running site, and bursts of bad photos."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

from loadtests.scenarios.faults import PERSON
from loadtests.scenarios.judging import KEPT, Check, Sending
from loadtests.scenarios.photos import AS_THEY_COME, BLURRED, DARKER, HIGHER, PatientPhotos, bad_photos
from loadtests.scenarios.sending import EvenTraffic, PhotoSender
from loadtests.scenarios.site import Site

PHOTOS_OF: Final[Mapping[str, str]] = {"camera_darker": DARKER, "camera_blurred": BLURRED, "prevalence": HIGHER}
BUSY: Final = "429"
"""Refuses whoever sends, and no photo."""


class OtherPhotos:
    """Photos become others; at the end they are as before, and somebody takes the alarm up.

    Args:
        site: Whose drift controller is told.
        photos: That are sent.
        kind: What they become.
    """

    def __init__(self, site: Site, photos: PatientPhotos, kind: str) -> None:
        self._site, self._photos, self._kind = site, photos, kind

    def begin(self) -> None:
        """From the next photo on."""
        self._photos.kind = self._kind

    def end(self) -> None:
        """As before; the alarm stands until a person takes it up, by the runbook's command."""
        if self._photos.kind == AS_THEY_COME:
            return
        self._photos.kind = AS_THEY_COME
        stack = self._site.stack
        state = stack.watching / "drift.json"
        self._site.run_program(
            stack.python.monitoring,
            "monitoring",
            "drift",
            "restart",
            f"--state={state}",
            PERSON,
            "--why=the photos are as before",
        )


class BadPhotos:
    """More photos than usual, and bad ones.

    Args:
        sender: Sends them.
        a_second: In real time.
        face: JPEG of somebody, for the one that is cut off.
    """

    def __init__(self, sender: PhotoSender, a_second: float, face: bytes) -> None:
        photos = itertools.cycle(bad_photos(face))
        self._traffic = EvenTraffic(sender, a_second, lambda: next(photos))
        self._has_begun = False

    def begin(self) -> None:
        """They come."""
        self._has_begun = True
        self._traffic.__enter__()

    def end(self) -> None:
        """No more."""
        if self._has_begun:
            self._has_begun = False
            self._traffic.__exit__(None, None, None)


def check_refused(sending: Sending) -> Check:
    """That every bad photo was refused as one: a burst that gets answers, or finds nobody to refuse it, is none."""
    refused = sum(count for status, count in sending.by_status.items() if status.startswith("4") and status != BUSY)
    of = sum(sending.by_status.values())
    is_kept = 0 < refused == of
    return Check(
        "every bad photo is refused", KEPT if is_kept else "not refused", f"{refused} of {of} were refused as bad"
    )
