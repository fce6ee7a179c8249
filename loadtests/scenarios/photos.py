"""The photos of a scenario: drawn faces of people whom the version never saw, as they are or changed, and bad ones."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import Final

from PIL import Image

from serving.local.drift_demo import Face, photo_bytes

AS_THEY_COME: Final = ""
DARKER: Final = "darker"
BLURRED: Final = "blur"
HIGHER: Final = "higher"
"""Nine of ten of the third with the highest severities."""
MIXED_IN: Final = 10
BAD_PIXELS: Final = 256


class PatientPhotos:
    """Hands photos out, one after the other and from any thread; each face once, as long as there are others.

    The same faces again and again would be another distribution than the one they were drawn from, and so drift.

    Args:
        faces: In the order in which they are sent.
        higher: Those of the third with the highest severities.

    Attributes:
        kind: How the next ones are.
    """

    def __init__(self, faces: Sequence[Face], higher: frozenset[Face]) -> None:
        self.kind = AS_THEY_COME
        self._lock = threading.Lock()
        self._all = itertools.cycle(faces)
        self._higher = itertools.cycle([face for face in faces if face in higher] or faces)
        self._lower = itertools.cycle([face for face in faces if face not in higher] or faces)
        self._sent_higher = 0

    def take(self) -> bytes:
        """The next one, as a client sends it."""
        with self._lock:
            face, kind = next(self._next_faces()), self.kind
        return photo_bytes(face.path, kind)

    def _next_faces(self) -> Iterator[Face]:
        if self.kind != HIGHER:
            return self._all
        self._sent_higher += 1
        return self._lower if self._sent_higher % MIXED_IN == 0 else self._higher


def bad_photos(face: bytes) -> tuple[tuple[bytes, str], ...]:
    """Content and content type of photos that a gateway refuses, each for another reason."""
    return (
        (_plain(128), "image/jpeg"),
        (face[: len(face) // 2], "image/jpeg"),
        (_plain(0), "image/jpeg"),
        (b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "image/jpeg"),
    )


def _plain(level: int) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (BAD_PIXELS, BAD_PIXELS), (level, level, level)).save(kept, "JPEG")
    return kept.getvalue()
