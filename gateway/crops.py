"""The CPU work on photos: a thread per core, each task with a face detector of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from gateway.deadline import Deadline
from gateway.errors import DeadlinePassed
from gateway.greenlets import wait_for
from serving.contract.crop import PreparedCrop, add_copies
from serving.contract.model import CropSpec
from serving.contract.photo import PhotoLimits

Detector = TypeVar("Detector")


class CropMaker(Protocol):
    """What a screening needs: photo bytes in, crop out."""

    def make(self, photo: bytes, spec: CropSpec, deadline: Deadline, *, with_copies: bool = False) -> PreparedCrop:
        """Make the crop, with its jittered copies on request.

        Raises `PhotoError`, or `DeadlinePassed` where its turn came too late.
        """
        ...


class CropPool(Generic[Detector]):
    """Decodes photos and finds faces on `cores` threads, which release the GIL while they do.

    More threads than cores would only make each photo slower and hold more decoded pixels in memory.

    Args:
        cores: Threads, and detectors.
        make_detector: Called `cores` times, now.
        make_crop: `serving.contract.crop.make_crop`.
        limits: Of photos.
    """

    def __init__(
        self,
        cores: int,
        make_detector: Callable[[], Detector],
        make_crop: Callable[[bytes, CropSpec, Detector, PhotoLimits], PreparedCrop],
        limits: PhotoLimits,
    ) -> None:
        self._make_crop = make_crop
        self._limits = limits
        self._detectors: SimpleQueue[Detector] = SimpleQueue()
        for _ in range(cores):
            self._detectors.put(make_detector())
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="crop")

    def make(self, photo: bytes, spec: CropSpec, deadline: Deadline, *, with_copies: bool = False) -> PreparedCrop:
        """Make the crop on a thread, while other requests go on.

        Raises:
            PhotoError: the photo gets no score.
            DeadlinePassed: its turn came too late, or it took too long.
        """
        handed_over = [photo]
        work = self._threads.submit(self._run, handed_over, spec, deadline, with_copies=with_copies)
        try:
            return wait_for(work, deadline.remaining_seconds)
        except TimeoutError as error:
            raise DeadlinePassed from error
        finally:
            # Cancelled work stays in the executor's queue until its turn; its photo must not (`UploadMemory`).
            if work.cancel():
                handed_over.clear()

    def _run(
        self, handed_over: list[bytes], spec: CropSpec, deadline: Deadline, *, with_copies: bool = False
    ) -> PreparedCrop:
        if deadline.has_passed:
            raise DeadlinePassed
        photo = handed_over.pop()
        detector = self._detectors.get()
        try:
            prepared = self._make_crop(photo, spec, detector, self._limits)
        finally:
            self._detectors.put(detector)
        return add_copies(prepared) if with_copies else prepared

    def close(self) -> None:
        """End the threads, after the work they have."""
        self._threads.shutdown()
