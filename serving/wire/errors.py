"""What can go wrong between our arrays and a model server. No TensorFlow, and no table to HTTP: that is the gateway's.

WireError
├── TensorError
│   ├── TensorMalformed      a TensorProto that holds no tensor: sizes, shape or field do not agree
│   └── TensorUnsupported    a dtype that this wire does not carry
├── WarmupMalformed          a warm-up file that is no TFRecord of PredictionLog
├── GoldenUnreadable         a version's golden crops that cannot be read
└── CallError                a call to a model server
    ├── CallFailed           the server or the channel answered with a status; `code` says which
    └── AnswerMalformed      an answer that is no message of the expected kind, or one that lacks a part
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Training and the repository read warm-up files and tensors without ever meeting gRPC.
    import grpc


class WireError(Exception):
    """Root of the tree."""


class TensorError(WireError):
    """A tensor that cannot be read or written."""


class TensorMalformed(TensorError):
    """Shape, dtype and content do not agree, or the shape itself is impossible."""


class TensorUnsupported(TensorError):
    """A dtype that this wire does not carry."""


class WarmupMalformed(WireError):
    """Not a TFRecord file, or a record that is no PredictionLog."""


class GoldenUnreadable(WireError):
    """No golden crops, or not in the form that the export writes."""


class CallError(WireError):
    """A call to a model server that gave no usable answer."""


class CallFailed(CallError):
    """The call ended with a gRPC status other than OK.

    Args:
        method: Name of the method, such as "Predict".
        code: The status code; deciding what it means for a caller is the gateway's work.
        details: The status message, as the server or the channel wrote it.
    """

    def __init__(self, method: str, code: grpc.StatusCode, details: str) -> None:
        super().__init__(f"{method}: {code.name}: {details}")
        self.method = method
        self.code = code
        self.details = details


class AnswerMalformed(CallError):
    """The status was OK but the answer is not what the method promises."""
