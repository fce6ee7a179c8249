"""Was a model server merely busy? A busy server is a healthy one: taking it out of service would only load the others more.

What TensorFlow Serving says when it has more to do than it can take (`tensorflow_serving/batching`, gRPC's resource quota):
its batching queue is full, its threads are all in use, or the answer came too late.
"""

from __future__ import annotations

from typing import Final

import grpc

from serving.wire.errors import CallFailed

QUEUE_FULL: Final = "The batch scheduling queue to which this task was submitted is full"
"""How the message of UNAVAILABLE begins when the batching queue is full; every other UNAVAILABLE is a server that is away."""
_BUSY: Final = frozenset({grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED})


def is_busy(error: CallFailed) -> bool:
    """Whether a call failed because the server had too much to do, and for no other reason that it names."""
    if error.code is grpc.StatusCode.UNAVAILABLE:
        return error.details.startswith(QUEUE_FULL)
    return error.code in _BUSY
