"""Reading a request's body: bounded in bytes, in time and in memory, with every way it can fail mapped to a name."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from gateway.admission.upload_memory import UploadShare
from gateway.errors import GatewayError, UploadInterrupted, UploadMalformed, UploadTimedOut
from gateway.greenlets import time_limit
from serving.contract.errors import PhotoTooLarge

READ_BYTES = 64 * 1024


class BoundedBody:
    """A body as a stream that cannot outgrow its limit, whatever was announced.

    Args:
        source: The server's stream, which ends where the body ends.
        max_bytes: Of the whole body.
        announced_bytes: Content-Length, or None for a chunked body.
        share: Of the memory for uploads; grows with every byte received.
    """

    def __init__(self, source: IO[bytes], *, max_bytes: int, announced_bytes: int | None, share: UploadShare) -> None:
        if announced_bytes is not None and announced_bytes > max_bytes:
            raise PhotoTooLarge
        self._source = source
        self._max_bytes = max_bytes
        self._announced_bytes = announced_bytes
        self._share = share
        self._received_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `READ_BYTES` of them; empty at the end of the body.

        Raises:
            PhotoTooLarge: more than `max_bytes`.
            UploadMemoryFull: all uploads together hold too much.
            UploadTimedOut: nothing arrived within the read timeout.
            UploadInterrupted: the connection ended before the body did.
            UploadMalformed: broken chunked framing.
        """
        with names_for_failures():
            data = self._source.read(min(size, READ_BYTES) if size >= 0 else READ_BYTES)
        self._received_bytes += len(data)
        if self._received_bytes > self._max_bytes:
            raise PhotoTooLarge
        if not data and self._announced_bytes is not None and self._received_bytes < self._announced_bytes:
            raise UploadInterrupted
        self._share.grow(len(data))
        return data


def read_all(body: BoundedBody) -> bytes:
    """The whole body as bytes; raises what `BoundedBody.read` raises."""
    received = io.BytesIO()  # hands its buffer over without a second copy of the photo
    while piece := body.read():
        received.write(piece)
    return received.getvalue()


@contextmanager
def receiving_within(seconds: float) -> Generator[None, None, None]:
    """Limit the time that the whole body may take.

    Raises:
        UploadTimedOut: a client that trickles passes every read timeout, but not this one.
    """
    with time_limit(seconds, UploadTimedOut()):
        yield


@contextmanager
def names_for_failures() -> Generator[None, None, None]:
    """Whatever a server's stream raises: a timeout, a broken connection, or its own word for broken chunks."""
    try:
        yield
    except (GatewayError, RequestEntityTooLarge):
        raise  # the body deadline, and a limit that has a name already
    except TimeoutError as error:
        raise UploadTimedOut from error
    except (ClientDisconnected, OSError) as error:
        raise UploadInterrupted from error
    except Exception as error:
        raise UploadMalformed from error
