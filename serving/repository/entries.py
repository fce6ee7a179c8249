"""What `ModelRepository.list` says of each version."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from serving.repository.approval import ApprovalState


class VersionState(enum.StrEnum):
    """What `ModelRepository.list` says of an entry. It looks at manifests only; `verify` looks at every byte."""

    PINNED = "pinned"
    PUBLISHED = "published"
    NO_MANIFEST = "no manifest"
    BEING_WRITTEN = "being written"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """One line of `ModelRepository.list`. `digest` is None where there is no manifest (yet)."""

    version: int
    state: VersionState
    digest: str | None
    approval: ApprovalState = ApprovalState.NONE
