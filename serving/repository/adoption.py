"""Taking over an approval that was made elsewhere, together with the version that it speaks of: models travel to sites without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.repository.approval import Approval, ApprovalState, Decision, Statement
from serving.repository.errors import ApprovalInvalid, RecordUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from serving.repository.repository import ModelRepository


def adopt(repository: ModelRepository, path: Path) -> tuple[int, bool]:
    """Write an approval of exactly the content that lies in the repository, with its maker, reason and figures; it says that it came along.

    Args:
        repository: Holds the version.
        path: The maker's `approvals/<n>.json`.

    Returns:
        The version, and whether something was written: an approval that stands is kept.

    Raises:
        RecordUnreadable: The file is no approval.
        ApprovalInvalid: It is a refusal, or of another model or content; or this repository refused the version, which stands.
        VersionMissing, VersionDamaged: The version is not there as it was published.
    """
    try:
        approval = Approval.from_json(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise RecordUnreadable(message) from error
    name = f"Version {approval.version} of {approval.model}"
    if approval.model != repository.model_name:
        message = f"{path.name} speaks of the model {approval.model}, and this is {repository.model_name}."
        raise ApprovalInvalid(message)
    if approval.decision is not Decision.APPROVED:
        message = f"{name} was refused by {approval.by} at {approval.at}: {approval.why}"
        raise ApprovalInvalid(message)
    digest = repository.verify(approval.version)
    if digest != approval.digest:
        message = f"{name} is not what {approval.by} approved: digest {approval.digest[:12]} there, {digest[:12]} here. Get version and approval from the same place."
        raise ApprovalInvalid(message)
    stands = repository.approval(approval.version)
    if stands is not None and stands.digest == digest:
        if stands.decision is Decision.REFUSED:
            message = f"{name} was refused here by {stands.by} at {stands.at}: {stands.why} Only a new judgement of this site can change that."
            raise ApprovalInvalid(message)
        return approval.version, False
    why = f"{approval.why} ({ApprovalState.APPROVED} {approval.at}, came with the version)"
    statement = Statement(approval.by, why, approval.evidence, approval.change_policy)
    repository.approve(approval.version, statement, judged_digest=digest)
    return approval.version, True
