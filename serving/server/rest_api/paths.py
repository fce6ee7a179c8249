"""What a REST path asks for (tensorflow_serving/model_servers/http_rest_api_util.cc)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from serving.server.errors import InvalidArgument
from serving.wire import predict_pb2 as pb

_INFER_PATH: Final = re.compile(
    r"/v1/models/([^/:]+)(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?:(classify|regress|predict)",
    re.IGNORECASE | re.ASCII,
)
_MODEL_PATH: Final = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?(?:/(metadata))?", re.IGNORECASE | re.ASCII
)
_API_PREFIX: Final = re.compile(r"/v1/.*", re.IGNORECASE | re.ASCII)
# What libevent takes for a path and a query; what it does not is answered before any of this is looked at.
_PCHAR: Final = r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2}"
_TARGET: Final = re.compile(rf"(?:https?://[^/?#]*)?((?:{_PCHAR})*)(?:\?(?:{_PCHAR}|\?)*)?(?:#(?:{_PCHAR}|\?)*)?")
_INT64_DIGITS: Final = 19
_INT64_MAX: Final = 2**63 - 1

INFERENCES: Final = frozenset({"predict", "classify", "regress"})
METADATA: Final = "metadata"


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is about.

    Attributes:
        spec: Model, and version or label where the path names one; the name may be empty.
        action: `predict`, `classify`, `regress`, `metadata`, or the empty text for a model's status.
    """

    spec: pb.ModelSpec
    action: str


def path_of(target: str) -> str | None:
    """The path in the target of a request line; None where it is no URI."""
    match = _TARGET.fullmatch(target)
    if match is None:
        return None
    return match[1] or "/"


def is_api_path(path: str) -> bool:
    """Whether the API answers here, be it with an error."""
    return _API_PREFIX.fullmatch(path) is not None


def read_route(method: str, path: str) -> Route:
    """Understand a request.

    Raises:
        InvalidArgument: No such path, the wrong verb for it, or a version that is no int64.
    """
    pattern = {"POST": _INFER_PATH, "GET": _MODEL_PATH}.get(method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        raise _malformed(method, path)
    name, version, label, action = match.groups()
    spec = pb.ModelSpec(name=_decoded(name or ""))
    if version is not None:
        digits = version.lstrip("0") or "0"
        if len(digits) > _INT64_DIGITS or int(digits) > _INT64_MAX:
            message = f"Failed to convert version: {version} to numeric."
            raise InvalidArgument(message)
        spec.version.value = int(digits)
    if label is not None:
        spec.version_label = _decoded(label)
    # The path matches in any case, but an inference's name counts as written, and metadata is the status otherwise.
    if method == "POST" and action not in INFERENCES:
        raise _malformed(method, path)
    return Route(spec, action if action in INFERENCES or action == METADATA else "")


def _malformed(method: str, path: str) -> InvalidArgument:
    return InvalidArgument(f"Malformed request: {method} {path}")


def _decoded(text: str) -> str:
    # A message carries UTF-8 only, and no model has a name of other bytes.
    return unquote_to_bytes(text).decode("utf-8", "replace")
